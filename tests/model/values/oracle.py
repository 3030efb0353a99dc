"""A calendar that knows nothing of the resolver: it walks day by day, or minute by minute, until what was asked for comes."""

from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

ONE = timedelta(1)
YEARS = 9


def walk(start: date, days: int) -> Iterator[date]:
    """So many days from one on, forwards or backwards."""
    step = ONE if days > 0 else -ONE
    for _ in range(abs(days)):
        yield start
        start += step


def first(start: date, fits: Callable[[date], bool], step: int = 1) -> date:
    """The first day from one on that fits, forwards or backwards."""
    return next(day for day in walk(start, step * YEARS * 366) if fits(day))


def nearest(today: date, fits: Callable[[date], bool]) -> date:
    """The nearest day that fits; of two as near the later one."""
    ahead, behind = first(today, fits), first(today, fits, -1)
    return ahead if ahead - today <= today - behind else behind


def by_policy(policy: str, today: date, fits: Callable[[date], bool]) -> date:
    """The day that a policy asks for, today included."""
    if policy == "nearest":
        return nearest(today, fits)
    return first(today, fits, 1 if policy == "future" else -1)


def month_days(year: int, month: int) -> list[date]:
    """The days of a month, by walking through the year."""
    return [day for day in walk(date(year, 1, 1), 366) if (day.year, day.month) == (year, month)]


def week_days(day: date) -> list[date]:
    """The seven days of a day's ISO week."""
    begin = first(day, lambda found: found.isocalendar().weekday == 1, -1)
    return list(walk(begin, 7))


def months_later(day: date, months: int) -> date:
    """The same day of another month, or its last one."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def western_easter(year: int) -> date:
    """The anonymous Gregorian algorithm (Meeus 1991, chapter 8)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e, g = b // 4, b % 4, (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def wall_times(day: date, zone: ZoneInfo) -> set[str]:
    """Every time, "02:30", that clocks of a zone show on a day, quarter by quarter."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=16)
    shown = ((start + timedelta(minutes=15 * step)).astimezone(zone) for step in range(4 * 56))
    return {f"{moment:%H:%M}" for moment in shown if moment.date() == day}
