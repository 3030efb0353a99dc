"""MultiWOZ to booking labels: 2.1 (Eric et al. 2020), for validation, and its Russian machine translation, for weak spans."""

import re

from training.data.booking_spans import contradicted, relabelled
from training.data.booking_turns import EVIDENCE, shown_intent, small_talk
from training.data.records import Dropped, Record

_MULTIWOZ: dict[str, str | None] = {
    "Train/Depart": "origin",
    "Train/Dest": "destination",
    "Train/Day": "departure_date",
    "Train/Leave": "departure_time",
    "Train/Arrive": "arrival_time",
    "Train/People": "people",
    "Taxi/Depart": "origin",
    "Taxi/Dest": "destination",
    "Taxi/Leave": "departure_time",
    "Taxi/Arrive": "arrival_time",
    "Hotel/Area": "location",
    "Hotel/Name": "hotel_name",
    "Hotel/Price": "price",
    "Hotel/Day": "check_in_date",
    "Hotel/Stay": "nights",
    "Hotel/Stars": "star_rating",
    "Hotel/People": "people",
    "Restaurant/Area": "location",
    "Restaurant/Name": "restaurant_name",
    "Restaurant/Price": "price",
    "Restaurant/Day": "date",
    "Restaurant/Time": "time",
    "Restaurant/Food": "cuisine",
    "Restaurant/People": "people",
    "Hotel/Type": None,
}
_ARRIVING_ALONE = re.compile(r"^(?!.*\b(?:leav|depart))(?:.*)\b(?:arriv\w*|get there|be there)\b", re.IGNORECASE | re.DOTALL)
_MULTIWOZ_INTENTS = {"Train": "book_train", "Taxi": "book_ride", "Hotel": "book_hotel", "Restaurant": "book_restaurant"}


def convert(record: Record) -> Record | Dropped:
    """A user turn of one domain; attractions have no label of ours and are left out."""
    domains = {act.partition("-")[0] for act in (record["intent"] or "").split("+")} - {"", "general"}
    if not domains:
        talk = small_talk(record["text"])
        return {**record, "spans": [], "intent": talk} if talk and not record["spans"] else Dropped("a turn without a domain")
    if len(domains) > 1 or not domains <= _MULTIWOZ_INTENTS.keys():
        return Dropped("attractions, or two domains")
    spans = [{**one, "label": f"{one['slot_full'].partition('-')[0]}/{one['label']}"} for one in record["spans"]]
    spans = relabelled({**record, "spans": spans}, _MULTIWOZ)
    arriving = any(one["label"] == "departure_date" for one in spans) and _ARRIVING_ALONE.search(record["text"])
    if arriving or contradicted(record["text"], spans):
        return Dropped("a role that the words deny")
    intent = shown_intent(record["text"], _MULTIWOZ_INTENTS[domains.pop()], {one["label"] for one in spans})
    return {**record, "spans": spans, "intent": intent}


# The translation marks names, food and times and nothing else; a time's role stands in the words in front of it.
_RUSSIAN: dict[str, str | None] = {
    "food": "cuisine",
    "restaurant_name": "restaurant_name",
    "hotel_name": "hotel_name",
    "time": "time",
    "attraction_name": None,
    "slot": None,
}
_RUSSIAN_INTENTS = ("book_train", "book_ride", "book_hotel", "book_restaurant")
_WANTED = re.compile(r"(?i)\b(?:нуж\w+|ищу|найти|найд\w+|хо(?:чу|тел\w*)|забронир\w+|заказать|бронирован\w+|столик\w*|есть ли)\b")
_ASKED = re.compile(r"(?i)\b(?:адрес\w*|телефон\w*|индекс\w*|сколько|достопримечательност\w*|ссылочн\w*)\b")
_FETCHED = re.compile(r"(?i)\b(?:такси|забр\w+|забер\w+|встрет\w+|подвез\w+|отвез\w+|довез\w+)\b")  # a house is a place to ride to
_DEPARTING = re.compile(r"(?i)\b(?:отправл\w*|отправит\w*|уйти|уход\w*|уезж\w*|уехать|выезж\w*|выехать|отъе\w+)\b[^.?!]*$")
_ARRIVING = re.compile(r"(?i)\b(?:прибы\w*|приех\w*|приезж\w*|прид\w*|добра\w*)\b[^.?!]*$")


def convert_russian(record: Record) -> Record | Dropped:
    """A turn of the translation; a word without a span is no negative for any label. Times without a role are left open."""
    text = record["text"]
    spans = [_time_role(text, one) for one in relabelled(record, _RUSSIAN)]
    spans = [one for one in spans if one is not None and not (one["label"].endswith("_name") and _FETCHED.search(text))]
    talk = small_talk(text)
    if talk and not record["spans"]:
        return {**record, "spans": [], "intent": talk}
    shown = [intent for intent in _RUSSIAN_INTENTS if EVIDENCE[intent].search(text)]
    wanted = len(shown) == 1 and _WANTED.search(text) and not _ASKED.search(text) and not EVIDENCE["cancel_booking"].search(text)
    if not spans and not wanted:
        return Dropped("nothing that a label of ours marks")
    return {**record, "spans": spans, "intent": shown[0] if wanted else None, "annotated": []}


def _time_role(text: str, one: Record) -> Record | None:
    """A time of departure or arrival, a plain one of a table; None where the words do not tell."""
    if one["label"] != "time":
        return one
    before = text[: one["start"]]
    found = [match for match in (_DEPARTING.search(before), _ARRIVING.search(before)) if match]
    if found:
        last = max(found, key=lambda match: match.start())
        return {**one, "label": "departure_time" if last.re is _DEPARTING else "arrival_time"}
    return one if EVIDENCE["book_restaurant"].search(text) and not EVIDENCE["book_train"].search(text) else None
