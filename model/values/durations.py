"""Lengths of time as values: "3 nights", "2-3 weeks", "at least an hour"."""

from collections.abc import Sequence

from model.values.quantity import Quantity, at, end_of, quantity
from model.values.tokens import NUMBER, UNIT, Token
from model.values.value import Refusal, Value, out_of_place

_LIMITS = {"MAX": "end", "..": "end", "UNDER": "end", "MIN": "start", "FROM": "start", "OVER": "start"}
_BEHIND = ("MAX", "MIN", "UNDER", "OVER", "ABOUT")


def duration_of(tokens: Sequence[Token]) -> Value:
    """A length, two with a range between them ("2-3 nights": the unit is shared), or one with a limit in front. Refuses a bare number."""
    if len(tokens) > 1 and tokens[-1].symbol in _BEHIND:
        tokens = [tokens[-1], *tokens[:-1]]
    place, about, limit = 0, False, ""
    while (symbol := at(tokens, place).symbol) in ("ABOUT", "FOR") or symbol in _LIMITS:
        if symbol in _LIMITS and limit:
            raise out_of_place(symbol)
        about, limit, place = about or symbol == "ABOUT", symbol if symbol in _LIMITS else limit, place + 1
    rest = _turned(tokens[place:]) if about else list(tokens[place:])
    marks = ("..", "-", "+") if limit == "FROM" else ("..", "-")
    separator = next((number for number, token in enumerate(rest) if token.symbol in marks), 0)
    if separator and limit in ("", "FROM"):
        return _between(rest[:separator], rest[separator + 1 :], about)
    length = _length(rest)
    if not limit:
        return Value("duration", length.value, timex=length.timex, grain=length.grain, approximate=about)
    return Value("duration", grain=length.grain, approximate=about, **{_LIMITS[limit]: length.value})


def _turned(tokens: Sequence[Token]) -> list[Token]:
    """A unit with its number behind it, as Russian says roughly how long ("часа два", "дней на пять"), the other way round."""
    unit, number = (tokens[0], [token for token in tokens[1:] if token.symbol != "FOR"]) if tokens else (None, [])
    if unit is not None and unit.category == UNIT and len(number) == 1 and number[0].category == NUMBER and len(tokens) <= 3:
        return [number[0], unit]
    return list(tokens)


def _between(left: list[Token], right: list[Token], about: bool) -> Value:
    high = _length(right)
    if not any(token.category == UNIT for token in left):
        left = [*left, next(token for token in right if token.category == UNIT)]
    low = _length(left)
    if _days(low) > _days(high):
        raise Refusal("contradiction", f"from {low.timex} down to {high.timex}")
    return Value("duration", start=low.value, end=high.value, grain=high.grain, approximate=about)


def _days(length: Quantity) -> float:
    return length.months * 30 + length.days + length.seconds / 86_400


def _length(tokens: Sequence[Token]) -> Quantity:
    found = quantity(tokens, 0)
    if not found:
        raise out_of_place([token.symbol or str(token.value) for token in tokens] or "nothing")
    end_of(tokens, found[1])
    return found[0]
