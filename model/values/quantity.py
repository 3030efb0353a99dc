"""Amounts and lengths of time: "1,250.50", "полторы тысячи", "two and a half hours", "a week and 3 days"."""

from collections.abc import Sequence
from typing import NamedTuple

from model.values.tokens import NUMBER, TIMES, UNIT, Token
from model.values.value import Refusal, out_of_place

_NOTHING = Token("end", 0, "")
_HUNDRED = Token(NUMBER, 100, "")
_MANY = {"CPL": (_HUNDRED,), "HALF": (Token(NUMBER, 10, ""), Token(NUMBER, 12, ""))}  # "a couple hundred", "half a dozen"
_SHORT = {"u_y": "Y", "u_mo": "M", "u_w": "W", "u_d": "D", "u_n": "D", "u_h": "H", "u_min": "M", "u_s": "S"}
_GRAINS = {"u_y": "year", "u_mo": "month", "u_w": "week", "u_d": "day", "u_n": "day", "u_h": "hour", "u_min": "minute", "u_s": "second"}
_MONTHS = {"u_y": 12, "u_mo": 1}
_DAYS = {"u_w": 7, "u_d": 1, "u_n": 1}
_SECONDS = {"u_h": 3600, "u_min": 60, "u_s": 1}
_LONGEST_DAYS = 366 * 1000  # beyond this the calendar ends


class Quantity(NamedTuple):
    """A length of time: calendar months, calendar days and seconds, which add up apart, for no number of days is a month.

    ``timex``: as said, "P1W"; ``grain``: the smallest unit said; ``nights``: it was counted in nights.
    """

    months: int
    days: int
    seconds: int
    timex: str
    grain: str
    nights: bool = False

    @property
    def value(self) -> str:
        """ISO 8601, weeks as days: "P7D", "P18M", "PT2H30M"."""
        years, months = divmod(self.months, 12)
        hours, rest = divmod(self.seconds, 3600)
        minutes, seconds = divmod(rest, 60)
        parts = [f"{count}{unit}" for count, unit in ((years, "Y"), (months, "M"), (self.days, "D")) if count]
        clock = [f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if count]
        return f"P{''.join(parts)}" + (f"T{''.join(clock)}" if clock else "") if parts or clock else "P0D"


def at(tokens: Sequence[Token], place: int) -> Token:
    """The token at a place; behind the end a token that nothing matches."""
    return tokens[place] if place < len(tokens) else _NOTHING


def amount(tokens: Sequence[Token], place: int) -> tuple[int | float, int] | None:
    """The number that begins at a place and the place behind it, scales included; None where no number begins.

    1 , 2 5a 0b . 5 0a -> 1250.5; HALF x_m -> 500000; n2 + HALF -> 2.5; CPL -> 2. Refuses 1.250, which may mean either.
    """
    first = at(tokens, place)
    if first.symbol == "FEW":
        raise Refusal("vague", "a few is not a number")
    if first.category == NUMBER and not first.ordinal:
        number, place = _grouped(tokens, place) if first.symbol else (first.value, place + 1)
        if at(tokens, place).symbol == "+" and at(tokens, place + 1).symbol == "HALF":
            number, place = number + 0.5, place + 2
        elif at(tokens, place).symbol == "QUARTER" and at(tokens, place + 1).category == UNIT:
            number, place = number / 4, place + 1
        elif at(tokens, place).symbol == "CPL":
            number, place = number * 2, place + 1
        elif first.symbol and at(tokens, place) == _HUNDRED:
            number, place = number * 100, place + 1  # "3 hundred"
    elif first.symbol in ("HALF", "QUARTER", "CPL"):
        number, place = {"HALF": 0.5, "QUARTER": 0.25, "CPL": 2}[first.symbol], place + 1
        if (many := at(tokens, place)) in _MANY.get(first.symbol, ()):
            number, place = number * many.value, place + 1
    else:
        return None
    if at(tokens, place).category == TIMES:
        number, place = number * at(tokens, place).value, place + 1
        if len((rest := at(tokens, place)).symbol) == 3 and rest.is_written and number == int(number):
            number, place = number + rest.value, place + 1  # "27 тысяч 285"
    return whole(number), place


def whole(number: int | float) -> int | float:
    """2.0 -> 2; 2.5 stays; rounded to a millionth, for 1.1 * 1000 is not 1100 in floating point."""
    rounded = round(number, 6)
    return int(rounded) if rounded == int(rounded) else rounded


def _grouped(tokens: Sequence[Token], place: int) -> tuple[int | float, int]:
    """Written digits with thousands apart ("1,250", "1 250") and decimals behind a point or comma ("12.50", "3,5")."""
    digits, place = tokens[place].symbol, place + 1
    if len(digits) <= 3 and digits[0] != "0":
        while behind := _thousand(tokens, place):
            digits, place = digits + tokens[behind - 1].symbol, behind
    mark, fraction = at(tokens, place).symbol, at(tokens, place + 1)
    if mark in (".", ",") and fraction.is_written:
        if len(fraction.symbol) == 3 and len(digits) <= 3 and mark == ".":
            raise Refusal("vague", f"{digits}{mark}{fraction.symbol} may be thousands or decimals")
        return float(f"{digits}.{fraction.symbol}"), place + 2
    return int(digits), place


def _thousand(tokens: Sequence[Token], place: int) -> int:
    """The place behind three more digits of the same number, behind a comma or apart; 0 where there are none."""
    place += at(tokens, place).symbol == ","
    return place + 1 if len(at(tokens, place).symbol) == 3 and at(tokens, place).is_written else 0


def quantity(tokens: Sequence[Token], place: int) -> tuple[Quantity, int] | None:
    """The length of time that begins at a place and the place behind it; None where none begins.

    A unit alone is one of it. "1h30" and "an hour and fifteen" end in minutes, "an hour and a half" in half of the unit.
    """
    items: list[tuple[int | float, str]] = []
    while True:
        begin = place + 1 if items and at(tokens, place).symbol == "+" else place
        found = amount(tokens, begin)
        number, behind = found if found else (1, begin)
        unit = at(tokens, behind)
        if unit.category == UNIT:
            if (items and _rank(unit.symbol) <= _rank(items[-1][1])) or (unit.symbol == "u_y" and number >= 1000):
                break
            items.append((number, unit.symbol))
            place = behind + 1
        elif items and found and (rest := _rest(tokens[begin], number, items[-1])):
            items[-1:] = rest
            place = behind
        else:
            break
    return (_summed(items), place) if items else None


def _rank(unit: str) -> int:
    """Larger units first: years 0, seconds 7."""
    return list(_SHORT).index(unit)


def _rest(first: Token, number: int | float, last: tuple[int | float, str]) -> list[tuple[int | float, str]] | None:
    """What a number without a unit adds to the item in front: half of its unit, or minutes behind hours, spoken ones from ten on."""
    count, unit = last
    if first.symbol == "HALF":
        return [(count + number, unit)]
    if unit == "u_h" and count == int(count) and (0 if first.symbol else 10) <= number < 60 and number == int(number):
        return [last, (number, "u_min")]
    return None


def _summed(items: Sequence[tuple[int | float, str]]) -> Quantity:
    """The items as one length; half a month is 15 days. Refuses half a week, and lengths that no calendar holds."""
    months = sum(count * _MONTHS[unit] for count, unit in items if unit in _MONTHS)
    days = sum(count * _DAYS[unit] for count, unit in items if unit in _DAYS)
    if months % 1 == 0.5:
        months, days = months - 0.5, days + 15
    seconds = sum(count * _SECONDS[unit] for count, unit in items if unit in _SECONDS)
    nights = any(unit == "u_n" for _, unit in items)
    if days != int(days) and not nights and all(unit != "u_w" or count == int(count) for count, unit in items):
        days, seconds = int(days), seconds + (days - int(days)) * 86_400
    if any(part != int(part) for part in (months, days, seconds)):
        raise Refusal("vague", "a part of a month, week or night is no number of days")
    if nights and len({unit for _, unit in items}) > 1 and any(unit == "u_d" for _, unit in items):
        raise Refusal("contradiction", "days and nights do not add up")
    if days > _LONGEST_DAYS or months * 30 > _LONGEST_DAYS or seconds > _LONGEST_DAYS * 86_400:
        raise Refusal("impossible", "longer than the calendar")
    grain = _GRAINS[items[-1][1]]
    summed = Quantity(int(months), int(days), int(seconds), "", grain, nights)
    said = [(count, unit) for count, unit in items]
    simple = len(said) == 1 and said[0][0] == int(said[0][0]) and said[0][1] not in _SECONDS
    timex = f"P{int(said[0][0])}{_SHORT[said[0][1]]}" if simple else summed.value
    return summed._replace(timex=timex)


def end_of(tokens: Sequence[Token], place: int) -> None:
    """Refuses what is left over from a place on."""
    if place < len(tokens):
        raise out_of_place([token.symbol or str(token.value) for token in tokens[place:]])
