"""What was said of a date, as days of the calendar, likeliest first.

Only the combinations of fields in the table ``_RESOLVERS`` have a meaning; any other is refused. A date without a year, a month or a week
takes the one that the context's policy says, or the first from an anchor on: the end of a range takes its start as anchor.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from model.values import stretches
from model.values.holidays import holiday_in, holiday_timex, nth_weekday
from model.values.occurrence import AFTER_NEXT, APART, WEEK_OF, Asked, Days, Occurrence, exactly, occurring, one, pick, shifted, valid
from model.values.said import Said
from model.values.stretches import monday, week
from model.values.value import Context, Refusal

_STRETCHES = ({"month"}, {"month", "year"}, {"month", "unit"}, {"season"}, {"season", "year"}, {"season", "unit"}, {"year"}, {"unit"})
_MONTHS_AHEAD = 4  # how far off "friday the 13th" may be
_CHECKED = {"day", "numeric", "offset", "holiday"}


def days_of(said: Said, context: Context, anchor: date | None = None) -> list[Days]:
    """The readings of the date, likeliest first. Refuses impossible dates and combinations of fields that have no meaning.

    "The month" is this one, or where what is meant of it is over, the one that the policy says.
    """
    if said.unit_modifier == WEEK_OF:
        return [week(monday(days.first)) for days in days_of(replace(said, unit=None, unit_modifier=None), context, anchor)]
    found = _named_days(said, context, anchor)
    if said.unit and said.unit_modifier is None:
        if context.policy == "future" and found[0].last < context.today:
            return _named_days(replace(said, unit_modifier="NEXT"), context, anchor)
        if context.policy == "past" and found[0].first > context.today:
            return _named_days(replace(said, unit_modifier="PREV"), context, anchor)
    return found


def _named_days(said: Said, context: Context, anchor: date | None) -> list[Days]:
    """The readings of the fields as they stand."""
    asked = Asked(said, context, anchor)
    names = set(said.said())
    shift = "shift" in names
    checked = "weekday" in names and "nth" not in names and bool(names & _CHECKED)
    key = frozenset(names - {"shift"} - ({"weekday"} if checked else set()))
    _check_accessories(said, key)
    if said.modifier == "LAST" and key in _LAST_OF:
        found = _nth(asked)
    elif not key and shift:
        found = [Days(context.today, context.today, "")]
    elif key in _RESOLVERS:
        found = _RESOLVERS[key](asked)
    else:
        raise Refusal("out_of_place", f"{', '.join(sorted(key)) or 'nothing'} together name no date")
    if checked:
        found = _on_weekday(found, said)
    if said.third or said.half or said.week:
        found = [stretches.part(days, said) for days in found]
    return [_moved(days, said) for days in found] if shift else found


def _check_accessories(said: Said, key: frozenset[str]) -> None:
    """Refuses a modifier or a part of a stretch beside fields that have no use for it."""
    alone = key in _MODIFIED or (said.modifier == "LAST" and key in _LAST_OF)
    if said.modifier and not alone:
        raise Refusal("out_of_place", f"{said.modifier} beside {', '.join(sorted(key)) or 'nothing'}")
    if said.third and (key not in _STRETCHES or said.modifier == AFTER_NEXT):
        raise Refusal("out_of_place", f"{said.third} of {', '.join(sorted(key)) or 'nothing'}")
    part = said.half or said.week
    if part and (key not in _STRETCHES or not (said.month or said.unit == "u_mo") or said.third or (said.half and said.week)):
        raise Refusal("out_of_place", "a half of no month")


def _on_weekday(found: list[Days], said: Said) -> list[Days]:
    """The readings that fall on the weekday that was said with them."""
    kept = [days for days in found if days.first.isoweekday() == said.weekday]
    if not kept:
        raise Refusal("contradiction", f"{found[0].first} is not weekday {said.weekday}")
    return kept


def _moved(days: Days, said: Said) -> Days:
    """A day moved by a length of whole days. Refuses to move a stretch, and by hours a date that has none."""
    assert said.shift
    sign, length = said.shift
    if days.first != days.last or length.seconds:
        raise Refusal("out_of_place", f"{length.timex} from {'a stretch of days' if days.first != days.last else 'a day'}")
    moved = shifted(days.first, length, sign)
    return Days(moved, moved, moved.isoformat())


def _numeric(asked: Asked) -> list[Days]:
    """3/4/26 and 3/4: every order of day and month that exists."""
    readings = []
    for year, month, day in asked.said.numeric:
        if year is not None:
            readings.append(one(valid(year, month, day), f"{year:04d}-{month:02d}-{day:02d}"))
        elif day <= 28 or valid(2000, month, day):
            readings.append(pick(asked, _yearly(asked, month, day, f"XXXX-{month:02d}-{day:02d}")))
    found = [days for days in readings if days]
    if not found:
        raise Refusal("impossible", "the calendar has no such day")
    return found


def _yearly(asked: Asked, month: int, day: int, timex: str) -> Occurrence:
    return lambda step: one(valid(asked.base.year + step, month, day), timex)


def _month_day(asked: Asked) -> list[Days]:
    """The 2nd of November, with or without a year or "next year"."""
    month, day, year = asked.said.month, asked.said.day, asked.said.year
    assert month
    assert day
    timex = f"{'XXXX' if year is None else f'{year:04d}'}-{month:02d}-{day:02d}"
    return [days._replace(timex=_dated(days, asked.said)) for days in occurring(asked, _yearly(asked, month, day, timex))]


def _dated(days: Days, said: Said) -> str:
    """The day's TIMEX, in full where a year was said or pointed at."""
    return days.first.isoformat() if said.unit or said.modifier else days.timex


def _day(asked: Asked) -> list[Days]:
    """The 15th: of the month that the policy says, or of "next month"."""
    day, said = asked.said.day, asked.said
    assert day
    if said.unit is None:
        steps = range(_MONTHS_AHEAD) if said.weekday else ()
        for found in (_in_month(asked.base, step, day) for step in steps):
            if found and found >= asked.base and found.isoweekday() == said.weekday:
                return [Days(found, found, found.isoformat())]  # "friday the 13th"
        return [pick(asked, lambda step: one(_in_month(asked.base, step, day), f"XXXX-XX-{day:02d}"))]
    if said.unit != "u_mo":
        raise Refusal("out_of_place", f"the {day}th of a {said.unit}")
    found = _in_month(asked.context.today, APART[said.unit_modifier or "THIS"], day)
    return [exactly(one(found, found.isoformat() if found else ""))]


def _in_month(base: date, months: int, day: int) -> date | None:
    year, month = divmod(base.year * 12 + base.month - 1 + months, 12)
    return valid(year, month + 1, day)


def _offset(asked: Asked) -> list[Days]:
    assert asked.said.offset is not None
    day = asked.context.today + timedelta(asked.said.offset)
    return [Days(day, day, day.isoformat())]


def _holiday(asked: Asked) -> list[Days]:
    """A holiday of the year that is said or that the policy says."""
    name, said = asked.said.holiday, asked.said
    assert name

    def at(step: int) -> Days:
        day = holiday_in(name, asked.base.year + step)
        is_open = said.year is None and said.unit is None and said.modifier is None
        return Days(day, day, holiday_timex(name, day) if is_open else day.isoformat())

    return occurring(asked, at)


def _weekday(asked: Asked) -> list[Days]:
    """Friday: the one that the policy or the anchor says, or that of "next week", or what "next", "this" and "last" name.

    "next friday" is that of the next week, and the coming one is its other reading.
    """
    said, today = asked.said, asked.context.today
    assert said.weekday
    ahead = _toward(today, said.weekday, 1)
    behind = _toward(today, said.weekday, -1)
    if said.unit is not None:
        if said.unit != "u_w" or said.modifier:
            raise Refusal("out_of_place", f"a weekday of {said.unit}")
        return _days(monday(today, APART[said.unit_modifier or "THIS"]) + timedelta(said.weekday - 1))
    if said.modifier is None:
        return [days._replace(timex=f"XXXX-WXX-{said.weekday}") for days in _days(*_plain_weekday(asked, ahead, behind))]
    own = monday(today, APART[said.modifier]) + timedelta(said.weekday - 1)
    if said.modifier == "COMING":
        return _days(ahead)
    if said.modifier in ("PREV", "LAST"):
        return _days(behind, own)
    if said.modifier == "THIS":
        return _days(ahead, own) if own < today and asked.context.policy != "past" else _days(own)
    return _days(own, own - timedelta(7)) if own - timedelta(7) > today else _days(own)


def _plain_weekday(asked: Asked, ahead: date, behind: date) -> list[date]:
    """The readings of a bare weekday; on that weekday, today is the second one, and the nearest."""
    assert asked.said.weekday
    if asked.anchor:
        return [_toward(asked.anchor, asked.said.weekday, 1)]
    today = asked.context.today
    own = [today] if today.isoweekday() == asked.said.weekday else []
    if asked.context.policy == "nearest":
        return own or [min((behind, ahead), key=lambda day: abs((day - today).days))]
    return [behind if asked.context.policy == "past" else ahead, *own]


def _toward(day: date, weekday: int, sign: int) -> date:
    """The first such weekday strictly after a day, or before it where the sign is negative."""
    apart = (weekday - day.isoweekday()) * sign % 7 or 7
    return day + timedelta(sign * apart)


def _days(*found: date) -> list[Days]:
    return [Days(day, day, day.isoformat()) for day in dict.fromkeys(found)]


def _nth(asked: Asked) -> list[Days]:
    """The last friday of may, the first monday of next month, the last day of the month."""
    said = asked.said
    nth = said.nth if said.nth is not None else -1
    weekday = said.weekday
    assert weekday is not None
    if said.unit is not None and said.month is None:
        if said.unit != "u_mo":
            raise Refusal("out_of_place", f"a weekday of {said.unit}")
        first = stretches.unit(asked)[0].first
        return [_named(nth_weekday(first.year, first.month, weekday, nth))]
    assert said.month

    def at(step: int) -> Days | None:
        found = nth_weekday(asked.base.year + step, said.month or 1, weekday, nth)
        return one(found, found.isoformat() if found else "")

    return occurring(asked._replace(said=_without_modifier(said)), at)


def _without_modifier(said: Said) -> Said:
    """The same with "last" of "last friday of may" taken for what it is, an ordinal."""
    return Said(year=said.year, unit=said.unit, unit_modifier=said.unit_modifier)


def _named(day: date | None) -> Days:
    return exactly(one(day, day.isoformat() if day else ""))


def _key(*names: str) -> frozenset[str]:
    return frozenset(names)


_LAST_OF = {_key("weekday", "month"), _key("weekday", "month", "year"), _key("weekday", "month", "unit"), _key("weekday", "unit")}
_MODIFIED = {_key("weekday"), _key("holiday"), _key("season"), _key("weekend"), _key("count"), _key("month")}
_RESOLVERS: dict[frozenset[str], Callable[[Asked], list[Days]]] = {
    _key("numeric"): _numeric,
    _key("month", "day"): _month_day,
    _key("month", "day", "year"): _month_day,
    _key("month", "day", "unit"): _month_day,
    _key("day"): _day,
    _key("day", "unit"): _day,
    _key("offset"): _offset,
    _key("holiday"): _holiday,
    _key("holiday", "year"): _holiday,
    _key("holiday", "unit"): _holiday,
    _key("weekday"): _weekday,
    _key("weekday", "unit"): _weekday,
    _key("weekday", "nth", "month"): _nth,
    _key("weekday", "nth", "month", "year"): _nth,
    _key("weekday", "nth", "month", "unit"): _nth,
    _key("weekday", "nth", "unit"): _nth,
    _key("month"): stretches.month,
    _key("month", "year"): stretches.month,
    _key("month", "unit"): stretches.month,
    _key("season"): stretches.season,
    _key("season", "year"): stretches.season,
    _key("season", "unit"): stretches.season,
    _key("year"): stretches.year,
    _key("unit"): stretches.unit,
    _key("weekend"): stretches.weekend,
    _key("weekend", "unit"): stretches.weekend,
    _key("count"): stretches.count,
}
