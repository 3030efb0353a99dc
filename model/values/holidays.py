"""Holidays: on which day of a given year."""

from calendar import monthcalendar
from datetime import date, timedelta

from dateutil.easter import EASTER_ORTHODOX, EASTER_WESTERN, easter

_FIXED = {
    "h_newyear": (1, 1), "h_newyeareve": (12, 31), "h_christmas": (12, 25), "h_christmaseve": (12, 24), "h_orthodoxchristmas": (1, 7),
    "h_oldnewyear": (1, 14), "h_valentine": (2, 14), "h_defender": (2, 23), "h_women": (3, 8), "h_patrick": (3, 17), "h_fools": (4, 1),
    "h_may": (5, 1), "h_victory": (5, 9), "h_russia": (6, 12), "h_unity": (11, 4), "h_july4": (7, 4), "h_halloween": (10, 31),
    "h_boxing": (12, 26),
}  # fmt: skip
_FROM_EASTER = {"h_easter": 0, "h_goodfriday": -2, "h_eastermonday": 1}
_WEEKDAYS = {"h_thanksgiving": (11, 4, 4, 0), "h_blackfriday": (11, 4, 4, 1), "h_memorial": (5, 1, -1, 0), "h_labor": (9, 1, 1, 0)}


def holiday_in(name: str, year: int) -> date:
    """The day of a holiday in a year: "h_thanksgiving", 2026 -> 2026-11-26."""
    if name in _FIXED:
        return date(year, *_FIXED[name])
    if name in _FROM_EASTER:
        return easter(year, EASTER_WESTERN) + timedelta(_FROM_EASTER[name])
    if name == "h_orthodoxeaster":
        return easter(year, EASTER_ORTHODOX)
    month, weekday, nth, more = _WEEKDAYS[name]
    found = nth_weekday(year, month, weekday, nth)
    assert found
    return found + timedelta(more)


def holiday_timex(name: str, day: date) -> str:
    """A fixed holiday leaves its year open, "XXXX-12-25"; a computed one names its day."""
    return f"XXXX-{day:%m-%d}" if name in _FIXED else day.isoformat()


def nth_weekday(year: int, month: int, weekday: int, nth: int) -> date | None:
    """The nth weekday (1 Monday to 7 Sunday, 0 any day) of a month, -1 the last; None where the month has none."""
    weeks = monthcalendar(year, month)
    days = [day for week in weeks for day in (week if weekday == 0 else [week[weekday - 1]]) if day]
    if nth == 0 or not -len(days) <= nth <= len(days):
        return None
    return date(year, month, days[nth - 1 if nth > 0 else nth])
