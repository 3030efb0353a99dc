"""Snips (Coucke et al. 2018) to booking labels: restaurants and films; music, weather and books are out of scope."""

import re
from collections.abc import Iterable

from training.data.booking_spans import all_but, row, span, tidy
from training.data.records import Dropped, Record

_PLACE = frozenset({"city", "state", "country", "poi"})
_SLOTS: dict[str, dict[str, str | None]] = {
    "BookRestaurant": {"cuisine": "cuisine", "served_dish": "cuisine", "restaurant_name": "restaurant_name", "timeRange": "when"}
    | {"party_size_number": "people", "party_size_description": "people"}
    | dict.fromkeys(_PLACE, "location")
    | dict.fromkeys(("restaurant_type", "facility", "sort", "spatial_relation")),
    "SearchScreeningEvent": {"movie_name": "movie_name", "location_name": "venue_name", "timeRange": "when"}
    | dict.fromkeys(("object_type", "object_location_type", "movie_type", "spatial_relation")),
}
_INTENTS = {"BookRestaurant": "book_restaurant", "SearchScreeningEvent": "book_movie"}
_UNMARKED = {"BookRestaurant": ("price", "event_type", "hotel_name"), "SearchScreeningEvent": ("location", "event_name", "event_type")}
_PLACELESS = re.compile(r"(?i)in town|your position|my (?:position|location)|current location|here")
_NEARBY_FILM = re.compile(r"(?i)\b(?:movies?|films?|shows?|trailers?|theatre|series|programs?)\b")
_TIME = re.compile(
    r"(?i)\b(?:a\.? ?m|p\.? ?m|o'?clock|noon|midday|midnight|minutes?|hours?|seconds?|morning|afternoon|evening|night)\b|\d:\d\d"
)
_DATE = re.compile(
    r"(?i)\b(?:today|tonight|tomorrow|(?:mon|tues|wednes|thurs|fri|satur|sun)day|days?|weeks?|months?|years?|weekend|spring|summer|autumn|fall|"
    r"winter|january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|"
    r"dec|\w+day|christmas|easter|\d{4}|\d+(?:st|nd|rd|th))\b|\d/\d"
)


def convert(record: Record) -> Record | Dropped:
    """One utterance; a time range is a date or a time by its words, and a record where it may be both is left out."""
    raw, text = record["intent"], record["text"]
    if raw == "SearchCreativeWork" and (not _typed(record) or _NEARBY_FILM.search(text)):
        return Dropped("a work that may be a film in a cinema")
    if raw not in _SLOTS:
        return {**record, "spans": [], "intent": "out_of_scope"}
    spans = [span(one["start"], one["end"], label) for one in record["spans"] if (label := row(_SLOTS[raw], one["label"]))]
    spans = [one for one in spans if one["label"] != "location" or not _PLACELESS.fullmatch(text[one["start"] : one["end"]])]
    whens = [_when(text[one["start"] : one["end"]]) for one in spans if one["label"] == "when"]
    if None in whens:
        return Dropped("a time range that is not clearly a date or a time")
    named = iter(whens)
    spans = [span(one["start"], one["end"], next(named) or "") if one["label"] == "when" else one for one in spans]
    return {**record, "spans": tidy(text, _joined(text, spans)), "intent": _INTENTS[raw], "annotated": all_but(*_UNMARKED[raw])}


def _typed(record: Record) -> bool:
    return any(one["label"] == "object_type" for one in record["spans"])


def _when(words: str) -> str | None:
    """date or time; None for both or neither: "tonight at nine" stays out rather than being cut in two by guess."""
    is_date, is_time = bool(_DATE.search(words)), bool(_TIME.search(words))
    if is_date == is_time:
        return None
    return "date" if is_date else "time"


def _joined(text: str, spans: Iterable[Record]) -> list[Record]:
    """Neighbouring places as one: a town with its state or country."""
    joined: list[Record] = []
    for one in sorted(spans, key=lambda each: each["start"]):
        last = joined[-1] if joined else None
        if last and one["label"] == last["label"] == "location" and text[last["end"] : one["start"]] in {" ", ", ", ","}:
            joined[-1] = span(last["start"], one["end"], "location")
        else:
            joined.append(one)
    return joined
