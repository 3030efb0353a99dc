"""Dates in digits: 2026-11-02, 3/4/26, 03.04, and which of their numbers is the day."""

from collections.abc import Sequence

from model.values.quantity import at
from model.values.said import Line
from model.values.tokens import Token
from model.values.value import Refusal

NumericDate = tuple[int | None, int, int]  # year, month, day
_CENTURY_AHEAD = 30  # a year of two digits lies at most so far ahead, and else in the century behind
_LENGTHS = (1, 2)
YEARS = range(1900, 2200)  # nobody books in another one: such a number was misread, or is a time


def groups_of(tokens: Sequence[Token], place: int) -> list[Token]:
    """The written numbers that one mark joins, from a place on: 3 / 4 / 2 6a -> 3, 4, 26."""
    mark = at(tokens, place + 1).symbol
    groups = [tokens[place]]
    while mark in ("/", ".", "-") and at(tokens, place + 1).symbol == mark and at(tokens, place + 2).is_written:
        place += 2
        groups.append(tokens[place])
    return groups


def month_of(groups: Sequence[Token]) -> tuple[int, int] | None:
    """The year and month that two groups are, 2026-11 or 11/2026; None where they are none."""
    if len(groups) != 2:
        return None
    year, month = sorted(groups, key=lambda group: -len(group.symbol))
    whole = len(year.symbol) == 4 and year.value in YEARS and len(month.symbol) in _LENGTHS and 1 <= month.value <= 12
    return (int(year.value), int(month.value)) if whole else None


def numeric(line: Line, place: int) -> tuple[tuple[NumericDate, ...], int] | None:
    """The dates that digits may mean, likeliest first, and the place behind them; None where they are no date in digits.

    Two groups are day and month in the order of the context, or always day first where a full stop parts them; 5-7 is no date, 05-07 is.
    Refuses 31/31.
    """
    groups = groups_of(line.tokens, place)
    mark = at(line.tokens, place + 1).symbol
    lengths = [len(group.symbol) for group in groups]
    if len(groups) == 3:
        readings = _of_three(groups, lengths, mark, line)
    elif len(groups) == 2 and all(length in _LENGTHS for length in lengths) and (mark != "-" or _is_padded(groups)):
        readings = _ordered(None, int(groups[0].value), int(groups[1].value), line.order if mark != "." else "dmy", mark)
    else:
        return None
    if not readings or any(year is not None and year not in YEARS for year, _, _ in readings):
        raise Refusal("impossible", f"{mark.join(group.symbol for group in groups)} is no date")
    return tuple(readings), place + 2 * len(groups) - 1


def _is_padded(groups: Sequence[Token]) -> bool:
    """Whether two groups with a hyphen are a date and no range: both of two digits, one with a zero in front, as in 05-11."""
    return all(len(group.symbol) == 2 for group in groups) and any(group.symbol[0] == "0" for group in groups)


def _of_three(groups: Sequence[Token], lengths: Sequence[int], mark: str, line: Line) -> list[NumericDate]:
    """The readings of year, month and day: a group of four digits is the year, and stands at either end."""
    first, second, third = (int(group.value) for group in groups)
    if lengths[0] == 4 and lengths[1] in _LENGTHS and lengths[2] in _LENGTHS:
        return [(first, second, third)] if _is_day(second, third) else []
    if lengths[0] not in _LENGTHS or lengths[1] not in _LENGTHS or lengths[2] not in (2, 4):
        return []
    if lengths[2] == 2 and line.order == "ymd" and mark != ".":
        return [(full_year(first, line.year), second, third)] if _is_day(second, third) else []
    year = third if lengths[2] == 4 else full_year(third, line.year)
    return _ordered(year, first, second, line.order if mark != "." else "dmy", mark)


def _ordered(year: int | None, first: int, second: int, order: str, mark: str) -> list[NumericDate]:
    """Both orders of day and month that a calendar allows, the context's first; a full stop leaves day first only."""
    orders = [(year, second, first), (year, first, second)] if order == "dmy" else [(year, first, second), (year, second, first)]
    readings = [reading for reading in orders if _is_day(reading[1], reading[2])]
    return readings[:1] if mark == "." or first == second else readings


def _is_day(month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= 31


def full_year(short: int, this_year: int) -> int:
    """A year of two digits: 26 -> 2026, and 74 -> 1974, spoken in 2026."""
    year = this_year - this_year % 100 + short
    if year > this_year + _CENTURY_AHEAD:
        return year - 100
    return year + 100 if year <= this_year + _CENTURY_AHEAD - 100 else year
