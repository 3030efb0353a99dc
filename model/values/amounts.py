"""Numbers of people and things, and money: sums, limits and ranges of amounts."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from model.values.quantity import amount, at, end_of, quantity, whole
from model.values.tokens import CURRENCY, NOUN, TIMES, Token
from model.values.value import Money, Plain, Refusal, Value, out_of_place

_PERSONS = ("PER", "PPL", "ADULT", "KID")
_LIMITS = {"MAX": "end", "..": "end", "UNDER": "end", "BY": "end", "MIN": "start", "FROM": "start", "OVER": "start"}
_BEHIND = ("MAX", "MIN", "UNDER", "OVER", "ABOUT")
_DOLLARS = {"$": "USD"}


class _Amount(NamedTuple):
    """A number with what was counted, and whether it was multiplied ("5-10 thousand": the 5 is not, yet)."""

    number: int | float
    counted: str | None = None
    scale: int | float = 1


def number_of(tokens: Sequence[Token]) -> Value:
    """How many: "me, my wife and two kids" -> 4, "no bags" -> 0, "3-5 people" -> 3 to 5, "a week" -> 7 (nights)."""
    return _limited(tokens, _sum, "number")


def money_of(tokens: Sequence[Token]) -> Value:
    """How much: "under 300 dollars", "100-200 €", "полторы тысячи рублей", "5 000"."""
    return _limited(tokens, _price, "money")


def _limited(tokens: Sequence[Token], read: Callable[[Sequence[Token]], _Amount], kind: str) -> Value:
    """An amount, two with a range between them, or one with a limit in front."""
    if len(tokens) > 1 and tokens[-1].symbol in _BEHIND:  # "300 or less"
        tokens = [tokens[-1], *tokens[:-1]]
    about, place = False, 0
    limits: list[str] = []
    while (symbol := at(tokens, place).symbol) in ("ABOUT", "FOR") or symbol in _LIMITS:
        about |= symbol == "ABOUT"
        limits += [symbol] if symbol in _LIMITS else []
        place += 1
    rest = tokens[place:]
    separator = _separator(rest, "FROM" in limits)
    if separator and limits in ([], ["FROM"]):
        low, high = read(rest[:separator]), read(rest[separator + 1 :])
        return _range(_shared(low, high), high, kind, about)
    if len(limits) > 1:
        raise out_of_place(limits)
    found = read(rest)
    if not limits:
        return Value(kind, _worth(found, kind), approximate=about)
    if kind == "number" and limits[0] in ("UNDER", "OVER"):
        found = found._replace(number=_inside(found.number, limits[0]))
    if _LIMITS[limits[0]] == "start":
        return Value(kind, start=_worth(found, kind), approximate=about)
    return Value(kind, end=_worth(found, kind), approximate=about)


def _separator(tokens: Sequence[Token], between: bool) -> int:
    """Where the second amount's separator stands; 0 where there is one amount only. "and" separates behind "between" only."""
    marks = ("..", "-", "+") if between and sum(token.symbol in ("..", "-") for token in tokens) == 0 else ("..", "-")
    return next((place for place, token in enumerate(tokens) if token.symbol in marks and not _is_half(tokens, place)), 0)


def _is_half(tokens: Sequence[Token], place: int) -> bool:
    """Whether this "and" belongs to "and a half"."""
    return tokens[place].symbol == "+" and at(tokens, place + 1).symbol == "HALF"


def _inside(number: int | float, limit: str) -> int | float:
    """The first whole number inside a limit that is itself outside: "more than 5 people" begins at 6."""
    if number != int(number):
        raise Refusal("vague", f"a count beside {number}")
    return number - 1 if limit == "UNDER" else number + 1


def _shared(low: _Amount, high: _Amount) -> _Amount:
    """What the second amount says of the first: "5-10 thousand roubles" has both in thousands of roubles."""
    if low.counted is None:
        low = low._replace(counted=high.counted)
    if low.scale == 1 and high.scale > 1 and low.number < high.number / high.scale:
        low = low._replace(number=whole(low.number * high.scale))
    return low


def _range(low: _Amount, high: _Amount, kind: str, about: bool) -> Value:
    """Both amounts as one range. Refuses two currencies or nouns and an end below the start."""
    if high.counted is None:
        high = high._replace(counted=low.counted)
    if kind == "money" and low.counted != high.counted:
        raise Refusal("contradiction", f"a range from {low.counted} to {high.counted}")
    if low.number > high.number:
        raise Refusal("contradiction", f"a range from {low.number} down to {high.number}")
    return Value(kind, start=_worth(low, kind), end=_worth(high, kind), approximate=about)


def _worth(found: _Amount, kind: str) -> Plain:
    if kind == "money":
        return Money(found.number, found.counted)
    if found.number != int(found.number):
        return found.number
    if found.number < 0:
        raise Refusal("impossible", "fewer than none")
    return int(found.number)


def _sum(tokens: Sequence[Token]) -> _Amount:
    """Terms added up: PER PER + n2 KID -> 4. Refuses people added to things, and a number that is left open."""
    if (nights := _nights(tokens)) is not None:
        return _Amount(nights, "u_n")
    terms: list[tuple[int | float, str | None]] = []
    place = 0
    while place < len(tokens):
        joined = bool(terms) and tokens[place].symbol == "+"
        number, noun, place = _term(tokens, place + joined)
        if terms and not joined and (noun is None or terms[-1][1] is None):
            raise out_of_place(f"{number}")
        terms.append((number, noun))
    if not terms:
        raise out_of_place("nothing")
    total = sum(number for number, _ in (terms[:1] if _is_told_apart(terms) else terms))
    nouns = {noun for _, noun in terms if noun}
    if len(nouns) > 1 and not nouns <= set(_PERSONS):
        raise Refusal("contradiction", f"{', '.join(sorted(nouns))} do not add up")
    if nouns and total != int(total):
        raise Refusal("impossible", f"{total} of {min(nouns)}")
    return _Amount(whole(total), min(nouns, default=None))


def _is_told_apart(terms: Sequence[tuple[int | float, str | None]]) -> bool:
    """Whether a number of people is followed by who they are: "5 people, 3 adults and 2 kids" are five."""
    (first, noun), rest = terms[0], terms[1:]
    return noun == "PPL" and len(rest) > 1 and all(each in ("ADULT", "KID") for _, each in rest) and first == sum(n for n, _ in rest)


def _nights(tokens: Sequence[Token]) -> int | None:
    """A length of stay as its number of nights: "a week" -> 7. None where the tokens are no length of whole days."""
    found = quantity(tokens, 0) if any(token.symbol in ("u_n", "u_d", "u_w") for token in tokens) else None
    if not found or found[1] < len(tokens):
        return None
    if found[0].months or found[0].seconds or not found[0].days:
        raise Refusal("vague", "not a number of nights")
    return found[0].days


def _term(tokens: Sequence[Token], place: int) -> tuple[int | float, str | None, int]:
    """One number with its noun on either side, a person, or none of something; and the place behind it."""
    token = at(tokens, place)
    if token.symbol == "PER":
        return 1, "PER", place + 1
    if token.symbol == "NO" and at(tokens, place + 1).category == NOUN:
        return 0, at(tokens, place + 1).symbol, place + 2
    before = token.symbol if token.category == NOUN else None
    found = amount(tokens, place + (before is not None))
    if not found:
        if before:
            raise Refusal("vague", f"how many {before}?")
        raise out_of_place(token.symbol or "nothing")
    number, place = found
    behind = at(tokens, place)
    if before == behind.symbol == "PPL":
        return number, before, place + 1  # "нас 9 человек"
    if before == "PPL" or behind.category != NOUN or behind.symbol == "PER":
        if before and before != "PPL":
            raise out_of_place(before)
        return number, before, place
    if before:
        raise out_of_place(before)
    return number, behind.symbol, place + 1


def _price(tokens: Sequence[Token]) -> _Amount:
    """An amount with its currency on either side, and cents behind it."""
    place, currency = 0, None
    if at(tokens, 0).category == CURRENCY and at(tokens, 0).symbol != "CENT":
        place, currency = 1, tokens[0].symbol
    if not (found := amount(tokens, place)):
        raise out_of_place([token.symbol for token in tokens] or "nothing")
    number, place = found
    scale = tokens[place - 1].value if tokens[place - 1].category == TIMES else 1
    if at(tokens, place).category == CURRENCY:
        if currency:
            raise out_of_place(tokens[place].symbol)
        currency, place = tokens[place].symbol, place + 1
    cents = at(tokens, place).symbol == "+"
    if (rest := amount(tokens, place + cents)) and currency and (at(tokens, rest[1]).symbol == "CENT" or _is_bare_cents(tokens, rest)):
        if number != int(number) or not 0 <= rest[0] < 100 or currency == "CENT":
            raise out_of_place("CENT")
        number, place = whole(number + rest[0] / 100), rest[1] + (rest[1] < len(tokens))
    end_of(tokens, place)
    if currency == "CENT":
        number, currency = whole(number / 100), None
    return _Amount(number, _DOLLARS.get(currency, currency) if currency else None, scale)


def _is_bare_cents(tokens: Sequence[Token], rest: tuple[int | float, int]) -> bool:
    """Whether a last number of two digits behind the currency is its cents: "15 dollars 50"."""
    return rest[1] == len(tokens) and 10 <= rest[0] < 100 and rest[0] == int(rest[0]) and tokens[-2].category != TIMES
