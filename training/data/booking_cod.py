"""The Russian part of COD (Majewska et al. 2023), for validation: dialogues of native speakers in the form of SGD."""

import re

from model.errors import LabelError
from training.data.booking_spans import all_but, contradicted, relabelled, span, tidy
from training.data.booking_turns import shown_intent, small_talk
from training.data.records import Dropped, Record

_SLOTS: dict[str, str | None] = {
    "origin_city": "origin",
    "destination_city": "destination",
    "departure_date": "departure_date",
    "return_date": "return_date",
}
# Slots of which the act gives the words and no span: they are looked for in the text.
_VALUES = {"airlines": "carrier", "flight_class": "travel_class", "number_checked_bags": "bags", "passengers": "people"}
_TALK = {
    frozenset({"AFFIRM"}): "affirm",
    frozenset({"AFFIRM_INTENT"}): "affirm",
    frozenset({"SELECT"}): "affirm",
    frozenset({"NEGATE"}): "negate",
    frozenset({"NEGATE", "THANK_YOU"}): "negate",
    frozenset({"THANK_YOU"}): "thanks",
}
_CONTENT = frozenset({"INFORM", "INFORM_INTENT", "REQUEST", "REQUEST_ALTS"})
# What shows that a turn is about something that we do not book; a film may be one for the cinema.
_FOREIGN = {
    "Alarm_1": r"будильник\w*|напомин\w*|напомни\w*",
    "Banks_2": r"сч[её]т\w*|баланс\w*|перев(?:од|ести|ед)\w*|деньги|денег|рубл\w*|доллар\w*|остаток",
    "Homes_1": r"квартир\w*|мебел\w*|животны\w*|ванн\w*",
    "Movies_2": r"режисс\w*|жанр\w*|актёр\w*|актер\w*|роли",
    "Music_1": r"песн\w*|музык\w*|включи\w*|альбом\w*|колонк\w*",
    "Travel_1": r"музе\w*|парк\w*|храм\w*|достопримечательност\w*|вход\w*|сходить|погулять",
    "Weather_1": r"погод\w*|градус\w*|влажност\w*|ветр\w*|дожд\w*|осадк\w*|температур\w*",
}
_FOREIGN_WORDS = {service: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for service, words in _FOREIGN.items()}
# Words that tell the role of a date; a place tells its own by "из" or "в".
_ROLE = re.compile(
    r"\b(?:вылет\w*|вылеч\w*|улет\w*|отправл\w*|ле[тч]\w+|поле[тч]\w+|обратн\w*|назад|верну\w*|возвр\w*|билет\w*|рейс\w*"
    r"|из|от|до|в [А-ЯЁ]\w+)\b"
)
_STOPS = re.compile(r"пересад\w*", re.IGNORECASE)


def convert(record: Record) -> Record | Dropped:
    """A user turn; flights are the one booking in it."""
    services = record["service"] if isinstance(record["service"], list) else [record["service"]]
    if unknown := set(services) - _FOREIGN.keys() - {"Flights_3"}:
        raise LabelError(f"service {min(unknown)!r} is not one of the {len(_FOREIGN) + 1} in the tables; add a row for it")
    kinds = frozenset(str(act[0]) for act in record.get("acts") or ())
    talk = _talk(record["text"], kinds)
    if services != ["Flights_3"]:
        return _foreign(record, services, kinds, talk)
    spans, unsure = _slots(record)
    if contradicted(record["text"], spans):
        return Dropped("a role that the words in front of it deny")
    intent = talk if talk or not kinds & _CONTENT else shown_intent(record["text"], "book_flight", {one["label"] for one in spans})
    return {**record, "spans": spans, "intent": intent, "annotated": all_but(*unsure)}


def _talk(text: str, kinds: frozenset[str]) -> str | None:
    """The intent of a turn without content: by its acts, where its words agree or a short turn's words say neither."""
    by_acts, by_words = _TALK.get(kinds), small_talk(text)
    if by_words is None and by_acts is not None and len(text.split()) <= 6 and not small_talk(re.split(r"[,.!]", text)[0]):
        return by_acts if by_acts != "negate" else None
    return by_words if by_words == by_acts else None


def _foreign(record: Record, services: list[str], kinds: frozenset[str], talk: str | None) -> Record | Dropped:
    if talk and not record["spans"]:
        return {**record, "spans": [], "intent": talk}
    if not kinds & _CONTENT:
        return Dropped("small talk of two kinds")
    if "Flights_3" in services or not any(_FOREIGN_WORDS[service].search(record["text"]) for service in services):
        return Dropped("another subject, not shown by the utterance itself")
    return {**record, "spans": [], "intent": "out_of_scope"}


def _slots(record: Record) -> tuple[list[Record], set[str]]:
    """Our spans of the turn, and the labels of values that stand nowhere in it."""
    text = record["text"]
    spans, unsure = relabelled(record, _SLOTS), set()
    for _, slot, values, *_ in record.get("acts") or ():
        for value in values if slot in _VALUES else ():
            label = "stops" if _STOPS.search(value) else _VALUES[slot]
            start = text.casefold().find(value.casefold())
            if start < 0:
                unsure.add(label)
            else:
                end = start + len(value)
                spans += tidy(text, [span(start, end + (len(text[end:]) - len(re.sub(r"^\w+", "", text[end:]))), label)])
    return sorted(_plain(text, spans), key=lambda one: one["start"]), unsure


def _plain(text: str, spans: list[Record]) -> list[Record]:
    """The spans, a date without its role where only the dialogue tells it: "на 10 число"."""
    dates = {"departure_date", "return_date"}
    if _ROLE.search(text):
        return spans
    return [{**one, "label": "date"} if one["label"] in dates else one for one in spans]
