"""Values in one form that can be compared, whoever wrote them: ours, Duckling's, Recognizers-Text's, a data set's.

A key is a tuple: ("date", "2026-11-02"), ("dates", "2026-11-01", "2026-11-30"), ("time", "19:30"), ("times", "19:00", "21:00"),
("moment", "2026-11-02T19:30"), ("moments", start, end), ("number", 4), ("numbers", 2, None), ("duration", months, seconds),
("money", 300, "USD"), ("moneys", (None), (300, "USD")). The last day of a range of dates is in it; an open end is None.
"""

from datetime import date, timedelta

import regex

from model.values.value import Money, Value

Key = tuple[object, ...]

_DURATION = regex.compile(
    r"P(?:(\d+(?:\.\d+)?)Y)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?"
)
_NAMES = {"date_range": "date", "time_range": "time", "datetime": "moment", "datetime_range": "moment"}


def key_of(value: Value) -> Key:
    """The key of one of our values."""
    sides = [_plain(value.type, side) for side in ((value.start, value.end) if value.is_range else (value.value,))]
    said = [side for side in (value.start, value.end, value.value) if isinstance(side, str)]
    name = _NAMES.get(value.type, value.type)
    if name in ("date", "time", "moment") and said:
        name = "moment" if "T" in said[0] else "time" if ":" in said[0] else "date"
    if name == "duration" and not value.is_range:
        return ("duration", *duration(str(value.value)))
    return (f"{name}s" if value.is_range else name, *sides)


def _plain(kind: str, side: object) -> object:
    if isinstance(side, Money):
        return (round(float(side.value), 4), side.currency)
    if kind == "duration" and side is not None:
        return duration(str(side))
    return round(float(side), 4) if isinstance(side, int | float) else side


def duration(iso: str) -> tuple[float, float]:
    """Months and seconds of an ISO duration: a week is seven days, a day 24 hours. Raises ValueError for what is none."""
    match = _DURATION.fullmatch(iso)
    if not match or iso in ("P", "PT"):
        raise ValueError(f"{iso!r} is no duration")
    years, months, weeks, days, hours, minutes, seconds = (float(group or 0) for group in match.groups())
    return years * 12 + months, ((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60 + seconds


def days_from(first: date, unit: str, count: int = 1) -> Key:
    """The range of so many weeks, months or years that begins on a day."""
    if unit == "week":
        return ("dates", first.isoformat(), (first + timedelta(7 * count - 1)).isoformat())
    months = first.year * 12 + first.month - 1 + count * (12 if unit == "year" else 1)
    return ("dates", first.isoformat(), (date(months // 12, months % 12 + 1, 1) - timedelta(1)).isoformat())


def day_before(day: str) -> str:
    """2026-11-01 -> 2026-10-31: the last day of a range whose end is given as the first day behind it."""
    return (date.fromisoformat(day) - timedelta(1)).isoformat()
