"""NLU++ (Casanueva et al. 2022) to booking labels: a hotel's desk and a bank, whose intents are sets of atoms."""

import re

from training.data.booking_spans import NUMBER, all_but, names_split, relabelled, row
from training.data.records import Dropped, Record

_TALK = {("affirm",): "affirm", ("deny",): "negate", ("thank",): "thanks", ("greet",): "greet", ("end_call",): "goodbye"}
_OTHER_SERVICE = frozenset(
    [
        "accesibility",
        "gym",
        "handoff",
        "housekeeping",
        "lost_stolen",
        "noise",
        "overbooked",
        "parking",
        "pets",
        "repeat",
        "room_ammenities",
        "room_service",
        "spa",
        "swimming_pool",
        "wifi",
        "wrong_notworking_notshowing",
    ]
)
_HOTELS: dict[str, str | None] = {
    "date_from": "check_in_date",
    "date_to": "check_out_date",
    "adults": "people",
    "kids": "people",
    "people": "people",
    "rooms": "rooms",
    "date_period": "nights",
    "person_name": "name",
    "time": "time",
    "time_from": "time",
    "time_to": "time",
} | dict.fromkeys(("number", "time_period"))
_UNMARKED = {"location", "hotel_name", "restaurant_name", "cuisine", "price", "star_rating", "time", "event_type"}
_COUNTED = re.compile(rf"\b(?:{NUMBER}|and)\b", re.IGNORECASE)
_NIGHTS = re.compile(r"\b(?:nights?|days?|weeks?)\b", re.IGNORECASE)


def convert_hotels(record: Record) -> Record | Dropped:
    """A hotel's desk: rooms and its restaurant; other services are out of scope. A date's atoms say whether it is a check-in."""
    text, atoms = record["text"], record.get("intents") or []
    if talk := _TALK.get(tuple(atoms)):
        return {**record, "spans": [], "intent": talk, "annotated": []}
    if _OTHER_SERVICE & set(atoms):
        return {**record, "spans": [], "intent": "out_of_scope"} if not record["spans"] else Dropped("another service, with spans")
    table = _HOTELS | {"date": _date_role(atoms)}
    kept, unsure = _kept(text, record["spans"], table)
    spans, unnamed = names_split(text, relabelled({**record, "spans": kept}, table))
    return {**record, "spans": spans, "intent": _intent(atoms), "annotated": all_but(*_UNMARKED, *unsure, *unnamed)}


def _kept(text: str, spans: list[Record], table: dict[str, str | None]) -> tuple[list[Record], set[str]]:
    """The spans that say what our label says, and the labels that are open because others were left out."""
    unsure = {"date", "check_in_date", "check_out_date"} if table["date"] is None else set()
    unsure |= {"people", "rooms", "nights"} if any(one["label"] == "number" for one in spans) else set()
    kept = []
    for one in spans:
        words, label = text[one["start"] : one["end"]], row(table, one["label"])
        if label == "people" and not _COUNTED.search(words):
            unsure.add("people")  # "I" is one adult there
        elif label == "nights" and not _NIGHTS.search(words):
            unsure.add("nights")
        else:
            kept.append(one)
    return kept, unsure


def _date_role(atoms: list[str]) -> str | None:
    """The role of a bare date; None where the atoms do not say."""
    if "restaurant" in atoms:
        return "date"
    if "check_out" in atoms:
        return "check_out_date"
    return "check_in_date" if {"check_in", "booking"} & set(atoms) and "change" not in atoms else None


def _intent(atoms: list[str]) -> str | None:
    if "cancel_close_leave_freeze" in atoms and "booking" in atoms:
        return "cancel_booking"
    if not {"booking", "make_open_apply_setup_get_activate"} <= set(atoms) or "change" in atoms:
        return None
    return "book_restaurant" if "restaurant" in atoms else "book_hotel"


def convert_banking(record: Record) -> Record | Dropped:
    """A bank: out of scope, but for small talk."""
    atoms = tuple(record.get("intents") or [])
    if talk := _TALK.get(atoms):
        return {**record, "spans": [], "intent": talk} if not record["spans"] else Dropped("small talk with spans")
    if len(atoms) < 2 and (record["spans"] or len(record["text"].split()) < 4):
        return Dropped("another subject, not shown by the utterance itself")
    return {**record, "spans": [], "intent": "out_of_scope"}
