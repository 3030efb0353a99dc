"""What one side of a phrase says of a date and of a time, field by field, before any calendar is asked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from model.values.quantity import Quantity
from model.values.tokens import Token
from model.values.value import Refusal

DATE_FIELDS = ("year", "month", "day", "weekday", "numeric", "offset", "nth", "holiday", "season", "weekend", "unit", "count", "shift")
ANY_DAY = 0  # as a weekday: "the last day of may"


class Line(NamedTuple):
    """The tokens of one side; what a bare number in it is: a "date", a "time" or nothing; how 3/4 is read; the year of speaking."""

    tokens: Sequence[Token]
    wants: str | None
    order: str
    year: int


@dataclass(slots=True)
class Said:
    """The parts of a date and a time; None for what was not said.

    ``numeric``: the readings of 3/4/26 as (year, month, day), likeliest first. ``offset``: days from today. ``nth``: which weekday of the
    month, -1 the last. ``modifier`` ("next") belongs to the weekday, holiday, month, season or weekend; ``unit`` has its own. ``count``:
    "the next 3 days". ``third``: BEG, MID or END of a month, year, week. ``half``: 1 or 2, and ``week``: 1 to 5, of a month. ``shift``:
    "in 3 days" (1, P3D), "2 weeks ago" (-1, P2W), from the date that the other fields give, or from now. ``hour``: 0 to 24; ``exact``: it
    is one of 24, not of 12. ``parts``: the parts of the day that were named, which must all hold; ``part_third``: BEG, MID or END of them.
    """

    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None
    numeric: tuple[tuple[int | None, int, int], ...] = ()
    offset: int | None = None
    nth: int | None = None
    holiday: str | None = None
    season: str | None = None
    weekend: bool = False
    modifier: str | None = None
    unit: str | None = None
    unit_modifier: str | None = None
    count: Quantity | None = None
    third: str | None = None
    half: int | None = None
    week: int | None = None
    shift: tuple[int, Quantity] | None = None
    now: bool = False
    hour: int | None = None
    minute: int | None = None
    exact: bool = False
    parts: list[str] = field(default_factory=list)
    part_third: str | None = None
    approximate: bool = False

    def put(self, **fields: object) -> None:
        """Sets fields of which nothing was said yet. Refuses a second word for the same thing ("friday monday")."""
        for name, said in fields.items():
            if _is_said(getattr(self, name)):
                raise Refusal("contradiction", f"{name} is said twice")
            setattr(self, name, said)

    def said(self) -> list[str]:
        """The names of the date's fields of which something was said."""
        return [name for name in DATE_FIELDS if _is_said(getattr(self, name))]

    @property
    def has_date(self) -> bool:
        """Whether anything was said of a date."""
        return bool(self.said())

    @property
    def has_clock(self) -> bool:
        """Whether an hour or a part of the day was said."""
        return self.hour is not None or bool(self.parts)

    def take_date(self, other: "Said") -> None:
        """Takes over the date of another side ("tomorrow from 5 to 7")."""
        for name in (*DATE_FIELDS, "modifier", "unit_modifier", "third", "half", "week"):
            setattr(self, name, getattr(other, name))


def _is_said(found: object) -> bool:
    """Whether a field was set: 0 is something, as the offset of today."""
    return found is not None and found is not False and found != ()
