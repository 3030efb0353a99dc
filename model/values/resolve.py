"""Symbols of a phrase to its value: the one door of the resolver.

    resolve(("o2", "M11"), "date", context)             -> date 2026-11-02, "XXXX-11-02"
    resolve(("HALF", "PAST", "n7", "EVE"), "time", context) -> time 19:30
    resolve(("o30", "M2"), "date", context)             -> NotUnderstood("impossible", ...)

Pure: no clock, no network, no state. Every symbol is used or the phrase is refused, for a wrong value in silence is worse than none.
"""

from collections.abc import Callable, Sequence

from model.errors import ConfigError
from model.values.amounts import money_of, number_of
from model.values.durations import duration_of
from model.values.moments import MOST, Speech
from model.values.phrases import choices_of, phrase_values
from model.values.tokens import CURRENCY, DAY, HOLIDAY, MONTH, NOUN, NUMBER, PART, SEASON, TIMES, UNIT, WEEKDAY, Token, tokens_of
from model.values.value import KINDS, Context, NotUnderstood, Refusal, Understood, Value

_WANTS = {"date": "date", "date_range": "date", "time": "time", "time_range": "time", "datetime": "datetime"}
_FITS = {
    "date": ("date", "date_range", "datetime"),
    "date_range": ("date", "date_range", "datetime"),
    "time": ("time", "time_range", "datetime"),
    "time_range": ("time", "time_range", "datetime"),
    "datetime": ("date", "date_range", "datetime"),
}
_CALENDAR = {DAY, HOLIDAY, MONTH, PART, SEASON, WEEKDAY}
_POINTING = {"IN", "AGO", "LATER", "AFTER", "BEFORE", "NOW", "TONIGHT", "WE", "PAST", "TO", "THIS", "NEXT", "COMING", "PREV", "LAST", ":"}


def resolve(symbols: Sequence[str], kind: str | None, context: Context) -> Understood | NotUnderstood:
    """The value of a phrase and its other readings, or why it has none.

    ``kind``: one of KINDS but "place" (see ``model.values.places``), or None where it is not known; it decides what a bare number is, and a
    value of another kind is refused, except that a range, or a date with its time, is given where one of its parts was asked for.
    Raises ConfigError for an unknown kind.
    """
    if kind is not None and (kind not in KINDS or kind == "place"):
        raise ConfigError(f"kind {kind!r} is not one that symbols have; use one of {', '.join(KINDS[:-1])}, or None")
    try:
        if not symbols:
            raise Refusal("empty", "no part was read")
        values = _values(tokens_of(symbols), kind, context)
    except Refusal as refusal:
        return refusal.refused
    except (OverflowError, ValueError):
        return NotUnderstood("impossible", "beyond the calendar")
    return Understood(values[0], tuple(dict.fromkeys(value for value in values[1:] if value != values[0])))


def _values(tokens: list[Token], kind: str | None, context: Context) -> list[Value]:
    if kind is None:
        return _unasked(tokens, context)
    if kind == "number":
        return _chosen(tokens, number_of)
    if kind == "money":
        return _chosen(tokens, money_of)
    if kind == "duration":
        return _chosen(tokens, duration_of)
    values = phrase_values(tokens, Speech(_WANTS[kind], context))
    fitting = [value for value in values if value.type in _FITS[kind]]
    if values[0].type not in _FITS[kind]:
        raise Refusal("wrong_kind", f"a {values[0].type} where a {kind} is wanted")
    return fitting


def _unasked(tokens: list[Token], context: Context) -> list[Value]:
    """The readings of a phrase of unknown kind: what its words tell; of digits alone every reading that they allow."""
    categories = {token.category for token in tokens}
    if CURRENCY in categories:
        return _chosen(tokens, money_of)
    if NOUN in categories:
        return _chosen(tokens, number_of)
    symbols = {token.symbol for token in tokens}
    if len(tokens) == 1 and tokens[0].category == NUMBER and tokens[0].value > 31:
        return [number_of(tokens)]
    if categories & _CALENDAR or symbols & _POINTING:
        return phrase_values(tokens, Speech(None, context))
    readers: list[Callable[[], list[Value]]] = [
        lambda: phrase_values(tokens, Speech(None, context)),
        lambda: phrase_values(tokens, Speech("time", context)),
        lambda: _chosen(tokens, duration_of if UNIT in categories else number_of),
    ]
    found = _successes(readers[::-1] if UNIT in categories or _is_plain(tokens) else readers)
    return found if UNIT not in categories else found[:1]


def _successes(readers: Sequence[Callable[[], list[Value]]]) -> list[Value]:
    """The readings of all readers that do not refuse; the first one's refusal where all do."""
    values, refusals = [], []
    for read in readers:
        try:
            values += read()
        except Refusal as refusal:
            refusals.append(refusal)
    if not values:
        raise refusals[0]
    return values[:MOST]


def _chosen(tokens: Sequence[Token], read: Callable[[Sequence[Token]], Value]) -> list[Value]:
    """The readings of amounts with "or" between them; "100 or 200 dollars" are both in dollars."""
    choices = choices_of(tokens)
    nouns = [token for token in tokens if token.category in (CURRENCY, UNIT, NOUN)]
    bare = [choice and not any(token in nouns for token in choice) for choice in choices]
    shared = nouns[-1:] if len(set(nouns)) == 1 else []
    return [read([*choice, *shared] if is_bare else choice) for choice, is_bare in zip(choices, bare, strict=True)]


def _is_plain(tokens: Sequence[Token]) -> bool:
    """Whether digits look like a number rather than a date or time: "7", "1,250", "3.5"."""
    marks = {token.symbol for token in tokens if token.category not in (NUMBER, TIMES)}
    return "/" not in marks and not ("." in marks and all(len(token.symbol) == 2 for token in tokens if token.is_written))
