"""Finding the words of a value that a data set gives for the utterance without saying where it stands."""

import functools
import re
from collections.abc import Sequence

from training.data.booking_spans import NUMBER, NUMBERS, span
from training.data.records import Record

_PERSONS = r"(?:people|persons?|adults?|passengers?|travell?ers?|guests?|riders?|child(?:ren)?|kids?|friends|men|women|individuals?)"
_SEATS = r"(?:tickets?|seats?|spots?|places|passes)"
_OTHER_UNITS = (
    r"(?:\s|-)?(?:(?:rooms?|nights?|days?|weeks?|stars?|stops?|hours?|minutes?|miles|percent|times|transfers?|connections?|layovers?|bed\w*|bath\w*|pm|am|p\.m|a\.m"
    r"|o'clock|way|in the (?:morning|afternoon|evening)|of (?:march|this|them|those|the)|dollars)\b|:\d|\.\d)"
)
# The number is group "n"; where the noun belongs to the span too, the whole is group "s".
_PEOPLE = (
    r"(?P<s>{n} (?:more |other |young )?" + _PERSONS + r")\b",
    r"(?P<s>{n})(?: [a-z-]+){{0,3}} " + _SEATS + r"\b",
    r"(?:for|party of|group of|just|only|family of|table of|with|fits|accommodate|seats?) (?:just |only |about )?(?P<s>{n})\b(?!"
    + _OTHER_UNITS
    + ")",
    r"(?P<s>{n} of us)\b",
    r"(?P<s>{n})(?: in my (?:party|group)| total\b)",
    r"(?:there (?:will be|are|is)|we are|we're)(?: only| just| actually)? (?P<s>{n})\b(?!" + _OTHER_UNITS + ")",
)
_COUNTS = {
    "people": _PEOPLE,
    "rooms": (r"(?P<s>{n})(?: [a-z-]+){{0,2}} rooms?\b",),
    "star_rating": (r"(?P<s>{n})(?: |-| - )?stars?\b",),
    "bags": (r"(?P<s>{n} (?:checked |check-in |carry-on )?(?:bags?|suitcases?|pieces? of luggage))\b",),
    "nights": (r"(?P<s>{n}) (?:nights?|days?)\b",),
}
_ANY_NUMBER = re.compile(rf"\b{NUMBER}\b", re.IGNORECASE)
_WORDS: dict[str, dict[str, str]] = {
    "travel_class": {
        "Economy": r"(?<!premium )economy(?! extra)",
        "Premium Economy": r"premium economy",
        "Economy extra": r"economy extra",
        "Business": r"business",
        "First Class": r"first(?=[ -]class)",
    },
    "carrier": {
        f"{name} {kind}": rf"{name}(?: {kind}| airways)?"
        for name, kind in (
            ("Delta", "Airlines"),
            ("American", "Airlines"),
            ("United", "Airlines"),
            ("Southwest", "Airlines"),
            ("Alaska", "Airlines"),
            ("British", "Airways"),
        )
    }
    | {"Air Canada": "air canada", "Air France": "air france", "South African Airways": "south african(?: airways)?"},
    "stops": {
        "0": r"non-?stop|non stop|direct|no stops|zero stops|0 stops|without (?:any )?(?:stops|transfers)",
        "1": r"(?:one|1|a single)[ -](?:stop|transfer|layover|connection)",
    },
    "car_type": {
        "Compact": r"compact|small(?= (?:rental )?(?:car|one|vehicle)s?)",
        "Standard": r"standard|intermediate|mid(?:dle|ium)?[ -]?sized?|medium(?:[ -]sized?)?",
        "Full-size": r"full[ -]?sized?|(?:large|big)(?= (?:rental )?(?:car|one|vehicle)s?)",
    },
    "price": {
        "moderate": r"(?:moderate(?:ly)?|intermediate(?:ly)?|reasonabl[ey]|average)(?:[ -]priced)?|mid[ -]?range|mid[ -]?priced",
        "inexpensive": r"inexpensive|cheap|affordable|low[ -]priced|budget|economical",
        "expensive": r"(?<!very )(?<!not too )expensive|pricey|costly|upscale|high[ -]end|fancy",
        "cheap": "cheap",
        "pricey": "pricey",
        "ultra high-end": r"ultra[ -]high[ -]end|high[ -]end",
        "very expensive": r"very expensive|really expensive|luxurious",
    },
    "event_type": {
        "Sports": r"sports? (?:games?|match(?:es)?)|sports?|sporting(?= )|(?<!the )(?<!that )(?<!this )games?|match(?:es)?",
        "Music": r"music(?:al)? concerts?|music(?! festival)|concerts?|musicals?|gigs?",
    },
}


def find(text: str, label: str, value: str | None, taken: Sequence[Record]) -> list[Record]:
    """Where ``value`` of ``label`` stands outside the spans ``taken``; ``value`` None looks for any value of the label.

    >>> find("a table for four", "people", "4", ())
    [{'start': 12, 'end': 16, 'label': 'people'}]
    """
    if label in _COUNTS and not _ANY_NUMBER.search(text):
        return []
    patterns = _count_patterns(label, value) if label in _COUNTS else _word_patterns(label, value)
    found: dict[int, Record] = {}
    for pattern in patterns:
        for match in pattern.finditer(text):
            start, end = match.span("s")
            inside = any(start < other["end"] and other["start"] < end for other in [*taken, *found.values()])
            if not inside:
                found[start] = span(start, end, label)
    return [found[start] for start in sorted(found)]


@functools.cache
def _count_patterns(label: str, value: str | None) -> list[re.Pattern[str]]:
    """Expressions for a number of something; a number word counts as its digits."""
    number = NUMBER
    if value is not None and value.isdigit():
        number = rf"(?:{value}|{NUMBERS[int(value)]})" if int(value) < len(NUMBERS) else value
    patterns = [r"(?<![\w.:])" + pattern.format(n=number) for pattern in _COUNTS[label]]
    if value is not None:
        patterns.append(rf"(?<![\w.:])(?P<s>{value}{'' if value == '1' else '|' + number})\b(?!{_OTHER_UNITS})")
    return [re.compile(pattern, re.IGNORECASE) for pattern in patterns]


@functools.cache
def _word_patterns(label: str, value: str | None) -> list[re.Pattern[str]]:
    """Expressions for the values of a closed list."""
    values = _WORDS[label]
    chosen = values.values() if value is None else [values[value]] if value in values else []
    return [re.compile(rf"(?<!\w)(?P<s>{words})(?!\w)", re.IGNORECASE) for words in chosen]
