"""Which occurrence of a date is meant: the next, the last or the nearest year, month or week, or the one that "next" names."""

from calendar import monthrange
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

from model.values.quantity import Quantity
from model.values.said import Said
from model.values.value import Context, Refusal

AFTER_NEXT = "AFTER NEXT"
WEEK_OF = "OF"  # "the week of november 30th"
APART = {"THIS": 0, "NEXT": 1, "COMING": 1, "PREV": -1, "LAST": -1, AFTER_NEXT: 2}
_HORIZON = 9  # years or months to look for a date that only some have: 29 February may be 8 years off
Occurrence = Callable[[int], "Days | None"]  # of step 0, the base's own year, month or week, and the steps around it


class Days(NamedTuple):
    """One day or a stretch of days, both ends included."""

    first: date
    last: date
    timex: str
    grain: str = "day"


class Asked(NamedTuple):
    """What was said, in which context, and the day that the answer must not be before."""

    said: Said
    context: Context
    anchor: date | None = None

    @property
    def base(self) -> date:
        """The day around which a date is looked for."""
        return self.anchor or self.context.today


def pick(asked: Asked, at: Occurrence) -> Days:
    """The reading among a date's occurrences (0 is the base's own year, month or week) that the policy asks for."""
    base = asked.base
    policy = "future" if asked.anchor else asked.context.policy
    if policy == "nearest":
        near = [days for step in range(-_HORIZON, _HORIZON) if (days := at(step))]
        if near:
            return min(near, key=lambda days: (_distance(days, base), days.first < base))
    steps = range(-1, _HORIZON) if policy == "future" else range(1, -_HORIZON, -1)
    for step in steps:
        days = at(step)
        if days and (days.last >= base if policy == "future" else days.first <= base):
            return days
    raise Refusal("impossible", "no year or month has that day")


def _distance(days: Days, base: date) -> int:
    """Days between a stretch and a day; 0 within it."""
    return max((days.first - base).days, (base - days.last).days, 0)


def modified(asked: Asked, at: Occurrence, modifier: str) -> list[Days]:
    """The occurrence that "next", "this" or "last" names; "next may", said in February, may be this year's or the following one's."""
    today = asked.context.today
    steps = [days for step in range(-2, 4) if (days := at(step))]
    ahead = [days for days in steps if days.first > today]
    if modifier == "COMING":
        return ahead[:1]
    if modifier in ("PREV", "LAST"):
        return [days for days in steps if days.last < today][-1:]
    own = [days for days in steps if days.first.year == today.year] or ahead
    return own[:1] if modifier == "THIS" else ahead[:2] if ahead[:1] == own[:1] else ahead[:1]


def occurring(asked: Asked, at: Occurrence) -> list[Days]:
    """A date that comes every year: in the year said, in that of "next year", by its modifier, or by the policy."""
    said = asked.said
    if said.year is not None:
        return [exactly(at(said.year - asked.base.year))]
    if said.unit == "u_y":
        return [exactly(at(APART[said.unit_modifier or "THIS"] + asked.context.today.year - asked.base.year))]
    if said.unit is not None:
        raise Refusal("out_of_place", f"a date of every year and {said.unit}")
    return modified(asked, at, said.modifier) if said.modifier else [pick(asked, at)]


def exactly(days: Days | None) -> Days:
    """The day, refused where the calendar has none."""
    if days is None:
        raise Refusal("impossible", "no such day in that year")
    return days


def valid(year: int, month: int, day: int) -> date | None:
    """The day, None where the calendar has none."""
    return date(year, month, day) if 1 <= year <= 9999 and 1 <= day <= monthrange(year, month)[1] else None


def one(day: date | None, timex: str) -> Days | None:
    """A single day, if there is one."""
    return Days(day, day, timex) if day else None


def shifted(day: date, length: Quantity, sign: int = 1) -> date:
    """A day moved by calendar months and days: 31 January and a month is the last of February."""
    try:
        return day + relativedelta(months=sign * length.months, days=sign * length.days)
    except (OverflowError, ValueError) as error:
        raise Refusal("impossible", "beyond the calendar") from error
