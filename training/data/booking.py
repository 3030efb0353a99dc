"""Public data sets to the booking labels: one converter a set, the tables of what becomes what."""

import re

from training.data import booking_cod, booking_multiwoz, booking_nlupp, booking_sgd, booking_snips
from training.data.booking_spans import all_but, contradicted, names_split, relabelled
from training.data.booking_turns import EVIDENCE, shown_intent, small_talk
from training.data.records import Converter, Dropped, Record


def _unchanged(record: Record) -> Record | Dropped:
    return record


def _requested(record: Record) -> Record:
    """Its own labels, and for whoever knows its dialogue what was requested."""
    return {**record, "in_dialogue": {"asked": record.get("requested", ())}}


def _out_of_scope(record: Record) -> Record:
    return {**record, "spans": [], "intent": "out_of_scope"}


# --- restaurants8k (Coope et al. 2020): five slots; the name of the house, the town and the food are not marked

_RESTAURANTS8K: dict[str, str | None] = {slot: slot for slot in ("people", "time", "date", "first_name", "last_name")}
_BOOKING = re.compile(r"\b(?:book\w*|reserv\w*|seat\w*)\b", re.IGNORECASE)
_CHANGING = re.compile(r"\b(?:chang\w*|mov(?:e|ing)|modif\w*|amend\w*|reschedul\w*|made|was|booked|reserved)\b", re.IGNORECASE)
_RESTAURANTS8K_MARKS = all_but("location", "restaurant_name", "cuisine", "price", "event_type", "hotel_name", "venue_name")


def _restaurants8k(record: Record) -> Record | Dropped:
    spans = relabelled(record, _RESTAURANTS8K)
    asked = [name for name in record.get("requested", ()) if name in _RESTAURANTS8K]
    intent = _restaurants8k_intent(record["text"], spans)
    return {**record, "spans": spans, "intent": intent, "annotated": _RESTAURANTS8K_MARKS, "in_dialogue": {"asked": asked}}


def _restaurants8k_intent(text: str, spans: list[Record]) -> str | None:
    if EVIDENCE["cancel_booking"].search(text):
        return "cancel_booking"
    if not spans and (talk := small_talk(text)):
        return talk
    if _CHANGING.search(text):
        return None
    counted = {"people", "time"} & {one["label"] for one in spans} and _BOOKING.search(text)
    return "book_restaurant" if counted else shown_intent(text, "book_restaurant", set())


# --- multidogo, airline (Peskov et al. 2019)

_MULTIDOGO: dict[str, str | None] = {
    "arrival_city": "destination",
    "departure_city": "origin",
    "start_date": "departure_date",
    "end_date": "return_date",
    "arrival_time": "arrival_time",
    "departure_time": "departure_time",
    "number_of_passengers": "people",
    "price": "price",
    "flight_number": "trip_number",
    "name": "name",
} | dict.fromkeys(("booking_confirmation_number", "email_address", "phone_number", "seat_type", "new_seat_number", "old_seat_number"))
_MULTIDOGO_INTENTS: dict[str, str | None] = {
    "bookflight": "book_flight",
    "confirmation": "affirm",
    "rejection": "negate",
    "thankyou": "thanks",
    "openinggreeting": "greet",
    "closinggreeting": "goodbye",
    "outofdomain": "out_of_scope",
} | dict.fromkeys(("contentonly",))
# A route is often marked at one end only, a bare name not at all.
_MULTIDOGO_UNMARKED = {"origin", "destination", "first_name", "last_name", "carrier", "via", "stops", "bags", "travel_class"} | {
    "location", "date", "time", "return_time", "arrival_date", "price",
}  # fmt: skip
_NOT_A_DATE = re.compile(r"\d{4,}|[a-z]+|\d")
_A_DAY = re.compile(r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|today|tomorrow|tonight")
_CLOCK = re.compile(r"\d{1,4} ?[ap]m|\d+|noon|morning|afternoon|evening|night")


def _multidogo(record: Record) -> Record | Dropped:
    """Airline chat in lower case without punctuation. Seats and boarding passes are out of scope; their numbers have no label of ours."""
    raw, text = record["intent"] or "", record["text"]
    talk = small_talk(text)
    intent = _MULTIDOGO_INTENTS.get(raw, "out_of_scope")
    if intent == "out_of_scope":
        short = len(text.split()) < 4 or (raw == "outofdomain" and EVIDENCE["book_flight"].search(text))
        return Dropped("a short or unclear remark out of scope") if short or talk else {**record, "spans": [], "intent": intent}
    spans, _ = names_split(text, relabelled(record, _MULTIDOGO))
    roles = [one["label"] for one in spans if one["label"] in {"origin", "destination"}]
    if (
        len(set(roles)) < len(roles)
        or contradicted(text, spans)
        or not all(_readable(text[one["start"] : one["end"]], one["label"]) for one in spans)
    ):
        return Dropped("a date without separators or a role that the words deny")
    if intent == "book_flight":
        intent = shown_intent(text, "book_flight", {one["label"] for one in spans}) or talk
    elif talk not in (None, intent):
        intent = None
    return {**record, "spans": spans, "intent": intent, "annotated": all_but(*_MULTIDOGO_UNMARKED)}


def _readable(words: str, label: str) -> bool:
    """Whether a date or time is whole and still has the separators that the set's cleaning took from many ("92018")."""
    if label.endswith("time"):
        return bool(_CLOCK.search(words))
    return not label.endswith("date") or not _NOT_A_DATE.fullmatch(words) or bool(_A_DAY.fullmatch(words))


# --- clinc150 (Larson et al. 2019): intents alone

_CLINC: dict[str, str] = {
    "book_flight": "book_flight",
    "book_hotel": "book_hotel",
    "car_rental": "rent_car",
    "restaurant_reservation": "book_restaurant",
    "restaurant_suggestion": "book_restaurant",
    "uber": "book_ride",
    "cancel_reservation": "cancel_booking",
    "greeting": "greet",
    "goodbye": "goodbye",
    "thank_you": "thanks",
    "yes": "affirm",
    "no": "negate",
}
_CLINC_NEAR = {"accept_reservations", "confirm_reservation", "restaurant_reviews", "how_busy", "maybe", "cancel", "repeat"}


def _clinc150(record: Record) -> Record | Dropped:
    """Our intents have no slots marked, so their spans are left open; near ones are left out; all others are out of scope."""
    if record["intent"] in _CLINC_NEAR:
        return Dropped("an intent next to booking")
    intent = _CLINC.get(record["intent"] or "")
    return {**record, "spans": [], "intent": intent, "annotated": []} if intent else _out_of_scope(record)


# --- massive (FitzGerald et al. 2022) and hwu64 (Liu et al. 2019): one scheme; a place has no role there

_ASSISTANT: dict[str, str] = {"general_greet": "greet", "general_affirm": "affirm", "general_negate": "negate"}
_ASSISTANT_NEAR = re.compile(r"recommendation_\w+|takeaway_\w+|transport_(?:query|traffic|ticket|taxi)|general_\w+")
_TRIP = {"transport_ticket": ("book_train", "book_flight", "book_bus"), "transport_taxi": ("book_ride",)}


def _assistant(record: Record) -> Record | Dropped:
    """Home-assistant commands: out of scope, but for tickets and taxis, whose places and dates are left open."""
    raw, text = record["intent"] or "", record["text"]
    if raw in _ASSISTANT:
        return (
            {**record, "spans": [], "intent": _ASSISTANT[raw]}
            if small_talk(text) == _ASSISTANT[raw]
            else Dropped("small talk of two kinds")
        )
    shown = [intent for intent in _TRIP.get(raw, ()) if EVIDENCE[intent].search(text)]
    if len(shown) == 1:
        return {**record, "spans": [], "intent": shown[0], "annotated": []}
    return Dropped("an intent next to booking") if _ASSISTANT_NEAR.fullmatch(raw) else _out_of_scope(record)


# --- the chatbot corpus (Braun et al. 2017): stations of one town

_CHATBOT: dict[str, str | None] = {
    "StationStart": "origin",
    "StationDest": "destination",
    "TimeStartTime": "departure_time",
    "TimeEndTime": "arrival_time",
} | dict.fromkeys(("Criterion", "Vehicle", "Line"))
_VEHICLES = {"book_train": re.compile(r"\btrains?\b"), "book_bus": re.compile(r"\bbus(?:es)?\b")}


def _chatbot(record: Record) -> Record | Dropped:
    spans = relabelled(record, _CHATBOT)
    shown = [intent for intent, pattern in _VEHICLES.items() if pattern.search(record["text"])]
    return {**record, "spans": spans, "intent": shown[0] if len(shown) == 1 else None, "annotated": all_but("trip_number", "stops")}


CONVERTERS: dict[str, Converter] = {
    "none": _unchanged,
    "requested": _requested,
    "sgd": booking_sgd.convert,
    "sgd_other": booking_sgd.convert,
    "restaurants8k": _restaurants8k,
    "multidogo": _multidogo,
    "nlupp_hotels": booking_nlupp.convert_hotels,
    "nlupp_banking": booking_nlupp.convert_banking,
    "clinc150": _clinc150,
    "massive_en": _assistant,
    "massive_ru": _assistant,
    "hwu64": _assistant,
    "snips": booking_snips.convert,
    "chatbot_transport": _chatbot,
    "multiwoz21": booking_multiwoz.convert,
    "multiwoz_ru": booking_multiwoz.convert_russian,
    "cod_ru": booking_cod.convert,
}
