"""Symbols to tokens: digits and spoken numbers put together, every other symbol sorted into a category.

1 9a : 3 0a       number 19 "19", ":", number 30 "30"
n20 o2 M11        ordinal 22, month 11
n7 n20 n5         number 7, number 25
n2 x_k n20 o6     ordinal 2026
"""

from collections.abc import Sequence
from typing import NamedTuple

from model.values.symbols import CURRENCIES, TABLE, UNKNOWN
from model.values.value import Refusal, out_of_place

NUMBER, MONTH, WEEKDAY, DAY, UNIT, PART, SEASON = "number", "month", "weekday", "day", "unit", "part of a day", "season"
CURRENCY, HOLIDAY, NOUN, MODIFIER, THIRD, TIMES, MARK = "currency", "holiday", "noun", "modifier", "third", "times", "mark"


class Token(NamedTuple):
    """A category and what belongs to it.

    ``value``: the number, the month 1 to 12, the weekday 1 to 7, the days from today, or 0. ``symbol``: the symbol's name; for written
    digits the digits, for a spoken number "". ``ordinal``: "second", "2nd".
    """

    category: str
    value: int | float
    symbol: str
    ordinal: bool = False

    @property
    def is_written(self) -> bool:
        """Whether this is a number in digits."""
        return self.category == NUMBER and self.symbol != ""


_SAID = {
    PART: "AM PM CLK MOR NOON MIDN AFT EVE NIGHT BREAKFAST LUNCH DINNER",
    SEASON: "SPRING SUMMER AUTUMN WINTER",
    NOUN: "PER PPL ADULT KID TICKET ROOM BAG STAR",
    MODIFIER: "THIS NEXT COMING PREV LAST",
    THIRD: "BEG MID END",
}
_CATEGORY = {symbol: category for category, symbols in _SAID.items() for symbol in symbols.split()}
_SCALES = {"x_k": 1_000, "x_m": 1_000_000}


def _token(name: str) -> Token:
    """The token of a symbol that is no part of a number."""
    if name in _CATEGORY:
        return Token(_CATEGORY[name], 0, name)
    if name in _SCALES:
        return Token(TIMES, _SCALES[name], name)
    if name in CURRENCIES or name in ("$", "CENT"):
        return Token(CURRENCY, 0, name)
    if name.startswith(("h_", "u_")):
        return Token(HOLIDAY if name[0] == "h" else UNIT, 0, name)
    if name[0] in "MWT" and name[1:].lstrip("-").isdigit():
        return Token({"M": MONTH, "W": WEEKDAY, "T": DAY}[name[0]], int(name[1:]), name)
    return Token(MARK, 0, name)


_DIGIT = {symbol.name: symbol.name[0] for symbol in TABLE if symbol.name[0].isdigit()}
_SPOKEN = {symbol.name: int(symbol.name[1:]) for symbol in TABLE if symbol.name[0] in "no" and symbol.name[1:].isdigit()}
_FIXED = {
    "n1.5": Token(NUMBER, 1.5, ""),
    **{
        symbol.name: _token(symbol.name)
        for symbol in TABLE
        if symbol.name not in _DIGIT and symbol.name not in _SPOKEN and symbol.name not in (UNKNOWN, "n1.5", "TH")
    },
}


def tokens_of(symbols: Sequence[str]) -> list[Token]:
    """The tokens of a phrase, in order. Refuses an unknown part and numbers that are no numbers ("twenty twelfth" is two)."""
    tokens: list[Token] = []
    at, joins = 0, "FROM" not in symbols or symbols.count("+") > 1
    while at < len(symbols):
        name = symbols[at]
        if name in _DIGIT:
            token, at = _written(symbols, at)
        elif name in _SPOKEN or (name in _SCALES and not (tokens and _can_be_scaled(tokens[-1]))):
            token, at = _spoken(symbols, at, joins)
        elif name in _FIXED:
            token, at = _FIXED[name], at + 1
        elif name == "TH":
            token, at = _ended(tokens), at + 1
        else:
            raise Refusal("unknown_part", f"{name!r} has no meaning here")
        tokens.append(token)
    return tokens


def _written(symbols: Sequence[str], at: int) -> tuple[Token, int]:
    """A group of digits and the place behind it. Refuses a group that begins with a continuation."""
    if len(symbols[at]) > 1:
        raise out_of_place(symbols[at])
    end = at + 1
    while end < len(symbols) and len(symbols[end]) == 2 and symbols[end] in _DIGIT:
        end += 1
    if end - at > 12:
        raise Refusal("impossible", f"a number of {end - at} digits")
    digits = "".join(_DIGIT[symbol] for symbol in symbols[at:end])
    return Token(NUMBER, int(digits), digits), end


def _ended(tokens: list[Token]) -> Token:
    """The number in front as an ordinal, taken off the list: "2" "TH" -> the second."""
    if not tokens or tokens[-1].category != NUMBER or (tokens[-1].ordinal and tokens[-1].symbol):
        raise out_of_place("TH")
    return tokens.pop()._replace(ordinal=True)


def _can_be_scaled(token: Token) -> bool:
    """Whether "thousand" behind this token multiplies it, rather than beginning a number."""
    return token.is_written or token.value == 1.5 or token.symbol in ("HALF", "CPL", "QUARTER")


def _spoken(symbols: Sequence[str], at: int, joins: bool) -> tuple[Token, int]:
    """The longest spoken number that begins here, and the place behind it.

    Each part must be smaller than what the parts before leave open: 20 leaves units, 100 leaves tens, 1000 leaves hundreds.
    """
    total, group, room, scale = 0, 0, 1000, 10**9
    begin = at
    while at < len(symbols):
        name = symbols[at]
        number = _SPOKEN.get(name)
        if name in _SCALES and _SCALES[name] < scale and (group or at == begin):
            scale, total, group, room = _SCALES[name], total + max(group, 1) * _SCALES[name], 0, 1000
        elif number == 0:
            return (Token(NUMBER, 0, "", name[0] == "o"), at + 1) if at == begin else (Token(NUMBER, total + group, ""), at)
        elif number == 100 and name == "n100" and 0 < group < 20 and room <= 10:
            group, room = group * 100, 100
        elif number is not None and 0 < number < room:
            group, room = group + number, _room_behind(number)
            if name[0] == "o":
                return Token(NUMBER, total + group, "", True), at + 1
        elif not (name == "+" and joins and room > 10 and at > begin and _joins(symbols, at + 1, room)):
            break
        at += 1
    return Token(NUMBER, total + group, ""), at


def _room_behind(number: int) -> int:
    """What a number behind this one must stay below: "twenty" leaves room below 10, "seven" none."""
    return 100 if number >= 100 else 10 if number >= 20 and number % 10 == 0 else 1


def _joins(symbols: Sequence[str], at: int, room: int) -> bool:
    """Whether "and" leads to the rest of this number ("two hundred and fifty") and not to another one."""
    if at >= len(symbols) or symbols[at] not in _SPOKEN:
        return False
    token, _ = _spoken(symbols, at, joins=False)
    return 0 < token.value < room
