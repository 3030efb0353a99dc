"""What the slots of one booking say about each other's values: "evening" beside "7", a return behind its departure.

A pure function over all slots that have values. It picks among a slot's own readings, or moves a date that left its year, month or week
open to the next one that fits; where nothing fits, the value stays as it was read. It never makes up a value.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from model.values.occurrence import valid
from model.values.value import Context, Value


class Filled(NamedTuple):
    """A slot with its value and the other readings, likeliest first."""

    name: str
    value: Value
    alternatives: tuple[Value, ...] = ()

    @property
    def readings(self) -> tuple[Value, ...]:
        """All readings, the value first."""
        return (self.value, *self.alternatives)

    def taking(self, value: Value) -> "Filled":
        """The same slot with another value; the old one becomes an alternative."""
        return self._replace(value=value, alternatives=tuple(reading for reading in self.readings if reading != value))


# (earlier, later, days between them at least)
ORDERED_DATES = (
    ("departure_date", "arrival_date", 0),
    ("departure_date", "return_date", 0),
    ("arrival_date", "return_date", 0),
    ("check_in_date", "check_out_date", 1),
    ("pickup_date", "dropoff_date", 0),
)
LEGS = ("", "departure_", "arrival_", "return_", "pickup_", "dropoff_")  # of one leg, PREFIXdate and PREFIXtime belong together
_TIMES = tuple((leg, f"{leg}time") for leg in LEGS)
ORDERED_TIMES = (("departure_", "arrival_", True), ("pickup_", "dropoff_", False))  # True: on one day unless the dates say otherwise
_PARTS = {"TMO": (0, 12), "TAF": (12, 19), "TEV": (16, 24), "TNI": (17, 24), "TMEB": (5, 12), "TMEL": (11, 16), "TMED": (17, 24)}
_FAR = 8 * 12  # months to look for an open date that fits


def related(slots: Sequence[Filled], context: Context) -> list[Filled]:
    """The slots in the same order, with the values that go together."""
    found = list(slots)
    names = {slot.name for slot in slots}
    for leg, time in _TIMES:
        if time in names:
            _fit_part(found, leg, context)
    for earlier, later, apart in ORDERED_DATES:
        if earlier in names and later in names:
            _put_in_order(found, earlier, later, apart)
    for first, second, same_day in ORDERED_TIMES:
        if f"{second}time" in names:
            _order_times(found, first, second, same_day)
    return found


def _place(slots: Sequence[Filled], name: str) -> int | None:
    """Where the only slot of a name stands; None where there is none or several."""
    places = [place for place, slot in enumerate(slots) if slot.name == name]
    return places[0] if len(places) == 1 else None


def _fit_part(slots: list[Filled], leg: str, context: Context) -> None:
    """Gives a time the half of the day that another slot of its leg names ("evening"), or for today one that is still to come."""
    beside = [slot for slot in slots if slot.name in (f"{leg}date", f"{leg}time")]
    parts = [_PARTS[part] for slot in beside if (part := _part(slot.value))]
    days = {slot.value.value for slot in beside if slot.value.type == "date"}
    for place, slot in enumerate(slots):
        if slot.name != f"{leg}time" or slot.value.type != "time":
            continue
        if len(parts) == 1:
            _pick(slots, place, _within(*parts[0]))
        elif not parts and days == {context.today.isoformat()} and context.policy == "future":
            _pick(slots, place, _later_than(f"{context.reference:%H:%M}"))


def _part(value: Value) -> str | None:
    """The part of the day that a value names, as its TIMEX; None for others."""
    if value.timex is None or value.type not in ("date", "datetime", "time_range"):
        return None
    return next((part for part in _PARTS if value.timex.endswith(part)), None)


def _within(begin: int, end: int) -> Callable[[Value], bool]:
    """Whether a value is a time between two hours."""
    return lambda value: value.type == "time" and begin <= int(str(value.value)[:2]) < end


def _later_than(time: str) -> Callable[[Value], bool]:
    """Whether a value is a time behind another one, "19:30"."""
    return lambda value: value.type == "time" and str(value.value) > time


def _pick(slots: list[Filled], place: int, fits: Callable[[Value], bool]) -> bool:
    """Takes the first reading that fits; False where none does."""
    for value in slots[place].readings:
        if fits(value):
            slots[place] = slots[place].taking(value)
            return True
    return False


def _first_day(value: Value) -> date | None:
    """The day of a value, or that on which it begins."""
    said = value.start if value.is_range else value.value
    return date.fromisoformat(str(said)[:10]) if said and value.type in ("date", "datetime", "date_range") else None


def _put_in_order(slots: list[Filled], earlier: str, later: str, apart: int) -> None:
    """Sees that one date is not before another: by a reading of the later one, then of the earlier one, then by an open year or week."""
    first, second = _place(slots, earlier), _place(slots, later)
    if first is None or second is None:
        return
    begin, end = _first_day(slots[first].value), _first_day(slots[second].value)
    if begin is None or end is None or end >= begin + timedelta(apart):
        return
    least, most = begin + timedelta(apart), end - timedelta(apart)
    if _pick(slots, second, lambda value: (day := _first_day(value)) is not None and day >= least):
        return
    if _pick(slots, first, lambda value: (day := _first_day(value)) is not None and day <= most):
        return
    if moved := _moved(slots[second].value, least):
        slots[second] = slots[second].taking(moved)


def _moved(value: Value, least: date) -> Value | None:
    """The next date of the same TIMEX that is not before a day; None where the TIMEX names its day or is no single one."""
    timex = value.timex or ""
    if value.type != "date" or not timex.startswith("XXXX-"):
        return None
    day = _next_of(timex[5:], least)
    return Value("date", day.isoformat(), timex=timex, grain=value.grain, approximate=value.approximate) if day else None


def _next_of(pattern: str, least: date) -> date | None:
    """The first day from one on of a pattern: "11-02", "XX-15", "WXX-5"."""
    if pattern.startswith("WXX-") and pattern[4:].isdigit():
        return least + timedelta((int(pattern[4:]) - least.isoweekday()) % 7)
    month, _, number = pattern.partition("-")
    if not number.isdigit():
        return None
    for step in range(_FAR + 1):
        year, index = divmod(least.year * 12 + least.month - 1 + step, 12)
        if month in ("XX", f"{index + 1:02d}") and (day := valid(year, index + 1, int(number))) and day >= least:
            return day
    return None


def _order_times(slots: list[Filled], first: str, second: str, same_day: bool) -> None:
    """Of one day's two times, gives the later one the reading behind the earlier one ("leave at 17:00, arrive at 7" is 19:00)."""
    earlier, later = _place(slots, f"{first}time"), _place(slots, f"{second}time")
    if earlier is None or later is None or slots[earlier].value.type != "time":
        return
    days = [_first_day(slots[place].value) for leg in (first, second) if (place := _place(slots, f"{leg}date")) is not None]
    if (len(days) == 2 and days[0] == days[1]) or (len(days) < 2 and same_day):
        _pick(slots, later, _later_than(str(slots[earlier].value.value)))
