"""The annotation rules of the booking label set: what belongs to a span and what stays outside it."""

import re
from collections.abc import Iterable, Mapping

from model.errors import LabelError
from model.text import Token, tokenize
from training.data.records import Record


def _words(text: str) -> tuple[str, ...]:
    """The words of a list written as one text."""
    return tuple(text.split())


SLOTS = _words(
    """origin destination via departure_date departure_time arrival_date arrival_time return_date return_time date time people
    travel_class carrier trip_number stops price bags location hotel_name restaurant_name venue_name event_name movie_name event_type
    cuisine check_in_date check_out_date nights rooms star_rating car_type pickup_location pickup_date pickup_time dropoff_location
    dropoff_date dropoff_time first_name last_name"""
)
# In front of a name only the article is left outside: "From Here to Eternity" begins with its preposition.
TITLES = frozenset({"hotel_name", "restaurant_name", "venue_name", "event_name", "movie_name", "carrier", "first_name", "last_name"})
TIME_OF_DATE = {"date": "time", "departure_date": "departure_time", "arrival_date": "arrival_time", "return_date": "return_time"} | {
    "pickup_date": "pickup_time",
    "dropoff_date": "dropoff_time",
}
_ARTICLES = frozenset({"the", "a", "an"})
_LEADING = frozenset(
    _words("""the a an at on in for to from by of before after around about till until near into under over with below above between
        в во на с со к ко до из от около после для""")
)
_PERIOD = re.compile(
    r"(?:in|within|after) (?:an?|the|\w+) (?:\w+ )?(?:minutes?|mins?|hours?|days?|weeks?|months?|fortnight)"
    r"|через .+|после обеда|с утра",
    re.IGNORECASE,
)
_LENGTH = re.compile(r"an? (?:week|fortnight|month|couple|day|night)", re.IGNORECASE)
_DAYPART = re.compile(
    r"^(?P<day>.*\w),? (?:(?:in|at|on) )?(?:the )?(?P<part>morning|afternoon|evening|night|noon|midday|утром|днём|днем|вечером|ночью)$",
    re.IGNORECASE,
)
_BARE_DAYPART = frozenset({"this", "that", "in the", "the", "last", "early", "late", "early this", "late this", "later this", "next"}) | {
    "рано",
    "поздно",
}
# Words behind a span that belong to it: "8" adults, "7:15" p.m., "31 August" 2018, "6" of us.
_PERSONS = (
    r"(?:people|persons?|adults?|passengers?|travell?ers?|guests?|riders?|child(?:ren)?|kids?|infants?|babies|pax"
    r"|человека?|взросл(?:ых|ые|ый)|пассажир(?:а|ов)?|гост(?:я|ей)|персон\w?)"
)
_BEHIND = {
    "people": re.compile(rf" (?:(?:more|other|young|older) )?(?:{_PERSONS}|of us)\b", re.IGNORECASE),
    "time": re.compile(
        r" {0,2}(?:[ap]\. ?m\.|[ap]\.? ?m\b|o'?clock\b|(?:in the |at )?(?:morning|afternoon|evening|night)\b|noon\b)"
        r"|(?: час(?:а|ов)?)? (?:утра|вечера|дня|ночи)\b|(?<=[ap]\.m)\.|(?<=[ap]\. m)\.",
        re.IGNORECASE,
    ),
    "date": re.compile(r",? (?:19|20)\d\d(?: года| г\.)?\b| (?:of )?this month\b| этого месяца\b", re.IGNORECASE),
}
# What stands right in front of a span and cannot be, if the role is right: sets disagree with their own texts now and then.
_PREPOSITION = r"(?: (?:it|the car|date|back))?(?: (?:on|by|from|is|at|around|for))?(?: the)? $"
_CONTRADICTIONS = {
    "origin": re.compile(r"\b(?:to|towards|for|reach|visit) (?:the )?$", re.IGNORECASE),
    "destination": re.compile(r"\b(?:from (?:the )?|из )$", re.IGNORECASE),
    "departure_date": re.compile(rf"\b(?:return\w*|come back|coming back|arriv\w+){_PREPOSITION}", re.IGNORECASE),
    "return_date": re.compile(rf"\b(?:start\w*|depart\w*){_PREPOSITION}", re.IGNORECASE),
    "pickup_date": re.compile(rf"\b(?:until|till?|return|bring|drop(?:ping)?(?: it)? off|up to){_PREPOSITION}", re.IGNORECASE),
    "dropoff_date": re.compile(rf"\b(?:pick\w*(?: it| the car)?(?: up)?|starting|beginning|from){_PREPOSITION}", re.IGNORECASE),
    "check_in_date": re.compile(rf"\b(?:check\w*[ -]?out|until|till?|leav\w+){_PREPOSITION}", re.IGNORECASE),
    "check_out_date": re.compile(rf"\b(?:check\w*[ -]?in|arriv\w+|from|starting){_PREPOSITION}", re.IGNORECASE),
}
NUMBERS = _words(
    """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
    twenty"""
)
NUMBER = rf"(?:\d+|{'|'.join(NUMBERS)})"
_COUNT = re.compile(rf"\b(?:{NUMBER}|single|couple)\b", re.IGNORECASE)


def all_but(*unmarked: str) -> list[str]:
    """The labels of which a set marks every occurrence, or that do not occur in it."""
    return [slot for slot in SLOTS if slot not in unmarked]


def relabelled(record: Record, table: Mapping[str, str | None]) -> list[Record]:
    """The record's spans under our labels by the rules of the label set; those that ``table`` gives None are left out."""
    spans = [span(one["start"], one["end"], row(table, one["label"]) or "") for one in record["spans"]]
    return tidy(record["text"], [one for one in spans if one["label"]])


def row(table: Mapping[str, str | None], name: str) -> str | None:
    """Our label for a set's ``name``. Raises LabelError for a name that the table does not decide."""
    if name not in table:
        raise LabelError(f"label {name!r} is not one of the {len(table)} that its converter knows; add a row for it")
    return table[name]


def contradicted(text: str, spans: Iterable[Record]) -> bool:
    """Whether the words in front of a span deny its role, as in "until [Monday](check_in_date)"."""
    return any(
        (pattern := _CONTRADICTIONS.get(one["label"])) is not None and pattern.search(text, max(0, one["start"] - 40), one["start"])
        for one in spans
    )


def names_split(text: str, spans: list[Record]) -> tuple[list[Record], set[str]]:
    """Two words of a name are first and last; of one, three or more it is not told which, so none is claimed."""
    split, unsure = [], set()
    for one in spans:
        words = list(re.finditer(r"\S+", text[one["start"] : one["end"]]))
        if one["label"] != "name":
            split.append(one)
        elif len(words) == 2:
            ends = [(one["start"] + word.start(), one["start"] + word.end()) for word in words]
            split += [span(*ends[0], "first_name"), span(*ends[1], "last_name")]
        else:
            unsure |= {"first_name", "last_name"}
    return split, unsure


def span(start: int, end: int, label: str) -> Record:
    """One span as a record has it."""
    return {"start": start, "end": end, "label": label}


def tidy(text: str, spans: Iterable[Record]) -> list[Record]:
    """The spans by the rules of the label set, in text order; a span of which nothing is left is gone.

    >>> tidy("on the 4th", [span(0, 10, "date")])
    [{'start': 7, 'end': 10, 'label': 'date'}]
    """
    spans = list(spans)
    tokens = tokenize(text) if spans else ()
    trimmed = sorted(_trimmed(text, tokens, spans), key=lambda one: (one["start"], -one["end"]))
    grown = [_grown(text, one, trimmed) for one in trimmed]
    return [piece for one in grown for piece in _divided(text, one)]


def _trimmed(text: str, tokens: tuple[Token, ...], spans: Iterable[Record]) -> list[Record]:
    """The spans without what does not belong to them."""
    return [piece for one in spans for piece in _by_label(text, tokens, one)]


def _grown(text: str, one: Record, others: list[Record]) -> Record:
    """One span with the words behind it that belong to it, unless those are another span's."""
    pattern = _BEHIND.get(one["label"]) or _BEHIND.get(one["label"].rpartition("_")[2])
    match = pattern.match(text, one["end"]) if pattern else None
    free = match and not any(one["end"] < other["end"] and other["start"] < match.end() for other in others if other is not one)
    return span(one["start"], match.end(), one["label"]) if match and free else one


def _divided(text: str, one: Record) -> list[Record]:
    """A date with a part of the day as two spans; any other as it is."""
    return _with_daypart(text, one["start"], one["end"], one["label"]) if one["label"].endswith("date") else [one]


def _by_label(text: str, tokens: tuple[Token, ...], one: Record) -> list[Record]:
    """One span trimmed, none if nothing is left; a count keeps its number alone."""
    start, end, label = one["start"], one["end"], one["label"]
    inside = [token for token in tokens if start <= token.start and token.end <= end]
    if not inside or inside[0].start != start or not any(token.end == end for token in tokens):
        return [span(start, end, label)]  # off the word borders: the corpus reports it
    kept = _without_leading(text, _without_punctuation(inside), label)
    if not kept:
        return []
    start, end = kept[0].start, kept[-1].end
    if label in {"nights", "rooms", "star_rating"} and not _LENGTH.match(text[start:end]):
        return _number_alone(text, start, end, label)
    if label == "travel_class":
        return [span(start, start + len(re.sub(r"(?i) (class|seats?|tickets?|cabin)\b.*$", "", text[start:end])), label)]
    return [span(start, end, label)]


def _without_punctuation(tokens: list[Token]) -> list[Token]:
    """Tokens up to the last word; a closing bracket or quotation mark goes too."""
    last = max((index for index, token in enumerate(tokens) if token.text[-1].isalnum() or token.text in "$€£%"), default=-1)
    return tokens[: last + 1]


def _without_leading(text: str, tokens: list[Token], label: str) -> list[Token]:
    """Tokens without the prepositions and articles in front, where those do not carry the meaning ("in two weeks", "a week")."""
    leading = _ARTICLES if label in TITLES else _LEADING
    while len(tokens) > 1 and tokens[0].text.casefold() in leading:
        rest = text[tokens[0].start : tokens[-1].end]
        if _LENGTH.match(rest) or (_PERIOD.match(rest) and ("date" in label or "time" in label)):
            break
        tokens = tokens[1:]
    return tokens


def _number_alone(text: str, start: int, end: int, label: str) -> list[Record]:
    """The number of "three nights", "2 rooms", "4-star"; nothing for "a double room"."""
    match = _COUNT.search(text, start, end)
    return [span(match.start(), match.end(), label)] if match and match.group().casefold() != "single" else []


def _with_daypart(text: str, start: int, end: int, label: str) -> list[Record]:
    """A "friday evening" is a date and a time; "this evening", as "tonight", is a date."""
    match = _DAYPART.match(text[start:end])
    if not match or match["day"].casefold() in _BARE_DAYPART or label not in TIME_OF_DATE:
        return [span(start, end, label)]
    part = start + match.start("part")
    return [span(start, start + match.end("day"), label), span(part, end, TIME_OF_DATE[label])]
