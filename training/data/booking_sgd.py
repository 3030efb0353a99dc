"""Schema-guided dialogues (Rastogi et al. 2020) to booking labels: every service, slot and act."""

import re

from model.errors import LabelError
from training.data.booking_spans import SLOTS, all_but, contradicted, row, span, tidy
from training.data.booking_surfaces import find
from training.data.booking_turns import shown_intent, small_talk, without_dialogue
from training.data.records import Dropped, Record

# Slots that stand in the text, by service/slot; ``None`` is known to have no label of ours. A role comes from here alone.
_SPANS: dict[str, dict[str, str | None]] = {
    "Buses_1": {
        "from_location": "origin",
        "to_location": "destination",
        "leaving_date": "departure_date",
        "leaving_time": "departure_time",
    },
    "Buses_2": {"origin": "origin", "destination": "destination", "departure_date": "departure_date", "departure_time": "departure_time"},
    "Events_1": {"city_of_event": "location", "date": "date", "event_name": "event_name", "subcategory": "event_type"},
    "Events_2": {"city": "location", "date": "date", "event_name": "event_name", "category": "event_type"},
    "Flights_1": {
        "origin_city": "origin",
        "destination_city": "destination",
        "departure_date": "departure_date",
        "outbound_departure_time": "departure_time",
        "return_date": "return_date",
        "inbound_departure_time": "return_time",
    },
    "Flights_2": {"origin": "origin", "destination": "destination", "departure_date": "departure_date", "return_date": "return_date"},
    "Flights_3": {
        "origin_city": "origin",
        "destination_city": "destination",
        "departure_date": "departure_date",
        "return_date": "return_date",
    },
    "Hotels_1": {"destination": "location", "hotel_name": "hotel_name", "check_in_date": "check_in_date", "number_of_days": "nights"},
    "Hotels_2": {"where_to": "location", "check_in_date": "check_in_date", "check_out_date": "check_out_date", "rating": None},
    "Hotels_3": {"location": "location", "hotel_name": "hotel_name", "check_in_date": "check_in_date", "check_out_date": "check_out_date"},
    "Hotels_4": {"location": "location", "check_in_date": "check_in_date", "stay_length": "nights"},
    "Movies_1": {"location": "location", "movie_name": "movie_name", "theater_name": "venue_name", "show_date": "date", "genre": None},
    "RentalCars_1": {
        "pickup_city": "location",
        "pickup_location": "pickup_location",
        "pickup_date": "pickup_date",
        "pickup_time": "pickup_time",
        "dropoff_date": "dropoff_date",
    },
    "RentalCars_2": {
        "pickup_city": "location",
        "pickup_location": "pickup_location",
        "pickup_date": "pickup_date",
        "pickup_time": "pickup_time",
        "dropoff_date": "dropoff_date",
    },
    "Restaurants_1": {"city": "location", "cuisine": "cuisine", "date": "date", "time": "time", "restaurant_name": "restaurant_name"},
    "Restaurants_2": {"location": "location", "category": "cuisine", "date": "date", "time": "time", "restaurant_name": "restaurant_name"},
    "RideSharing_1": {"destination": "destination"},
    "RideSharing_2": {"destination": "destination"},
}
# Slots of which only the value is known, with the act; they are looked for in the text.
_VALUES: dict[str, dict[str, str]] = {
    "Buses_1": {"travelers": "people", "transfers": "stops"},
    "Buses_2": {"group_size": "people", "fare_type": "travel_class"},
    "Events_1": {"number_of_seats": "people", "category": "event_type"},
    "Events_2": {"number_of_tickets": "people", "event_type": "event_type"},
    "Flights_1": {"passengers": "people", "airlines": "carrier", "seating_class": "travel_class", "number_stops": "stops"},
    "Flights_2": {"passengers": "people", "airlines": "carrier", "seating_class": "travel_class", "number_stops": "stops"},
    "Flights_3": {
        "passengers": "people",
        "airlines": "carrier",
        "flight_class": "travel_class",
        "number_stops": "stops",
        "number_checked_bags": "bags",
    },
    "Hotels_1": {"number_of_rooms": "rooms", "star_rating": "star_rating"},
    "Hotels_2": {"number_of_adults": "people"},
    "Hotels_3": {"number_of_rooms": "rooms"},
    "Hotels_4": {"number_of_rooms": "rooms", "star_rating": "star_rating"},
    "RentalCars_1": {"type": "car_type"},
    "RentalCars_2": {"car_type": "car_type"},
    "Restaurants_1": {"party_size": "people", "price_range": "price"},
    "Restaurants_2": {"number_of_seats": "people", "price_range": "price"},
    "RideSharing_1": {"number_of_riders": "people"},
    "RideSharing_2": {"number_of_seats": "people"},
}
_INTENTS: dict[str, str] = (
    dict.fromkeys(("FindBus", "BuyBusTicket"), "book_bus")
    | dict.fromkeys(("FindEvents", "BuyEventTickets", "GetEventDates"), "book_event")
    | dict.fromkeys(("SearchOnewayFlight", "ReserveOnewayFlight", "SearchRoundtripFlights", "ReserveRoundtripFlights"), "book_flight")
    | dict.fromkeys(("SearchHotel", "ReserveHotel", "SearchHouse", "BookHouse"), "book_hotel")
    | dict.fromkeys(("FindRestaurants", "ReserveRestaurant"), "book_restaurant")
    | dict.fromkeys(("GetCarsAvailable", "ReserveCar"), "rent_car")
    | dict.fromkeys(("GetTimesForMovie", "FindMovies"), "book_movie")
    | {"GetRide": "book_ride"}
)
# No booking of ours, but the same cities and dates: kept as out of scope only where the utterance itself shows its subject.
_FOREIGN: dict[str, str] = {
    "Homes_1": r"apartments?|propert(?:y|ies)|flat|bed(?:room)?s?|bath(?:room)?s?|furnished|visit",
    "Travel_1": r"attractions?|museums?|parks?|sights?|sightseeing|landmarks?|tourist|things to do|places? to (?:visit|see|go)|worship",
    "Banks_1": r"transfer|balance|money|account|send|savings|checking|funds|dollars|bucks|\$\d+",
    "Banks_2": r"transfer|balance|money|account|send|savings|checking|funds|dollars|bucks|\$\d+",
    "Alarm_1": r"alarms?|wake|remind\w*",
    "Calendar_1": r"calendar|schedule|free|available|busy|add|slots?|appointments?|agenda|events? (?:do|planned)|plans",
    "Media_1": r"play|subtitles?|stream|online",
    "Media_2": r"rent|subtitles?|stream|online",
    "Movies_2": r"reviews?|rating",
    "Music_1": r"songs?|music|play|album|artist|listen|speaker|device|tracks?|tv",
    "Music_2": r"songs?|music|play|album|artist|listen|speaker|device|tracks?|tv",
    "Services_1": r"salon|hair\w*|stylists?|appointments?|haircut|barber",
    "Services_2": r"dentists?|dental|appointments?|teeth|tooth|clinic",
    "Services_3": r"doctors?|dr|appointments?|therapist|gynecologist|dermatologist|clinic|practitioner|specialist|physician",
    "Services_4": r"therapists?|psychologists?|psychiatrists?|counselors?|appointments?|family counsel\w*",
    "Weather_1": r"weather|temperature|rain|forecast|humid\w*|wind\w*|sunny|hot|cold|degrees|precipitation",
}
_FOREIGN_WORDS = {service: re.compile(rf"(?<!\w)(?:{words})\b", re.IGNORECASE) for service, words in _FOREIGN.items()}
_FILMS = frozenset({"Media_1", "Media_2", "Movies_2"})
_CONTENT = frozenset({"INFORM", "INFORM_INTENT", "REQUEST", "REQUEST_ALTS"})
_TALK = {
    frozenset({"AFFIRM"}): "affirm",
    frozenset({"AFFIRM_INTENT"}): "affirm",
    frozenset({"SELECT"}): "affirm",
    frozenset({"NEGATE"}): "negate",
    frozenset({"NEGATE_INTENT"}): "negate",
    frozenset({"NEGATE", "THANK_YOU"}): "negate",
    frozenset({"THANK_YOU"}): "thanks",
}
_NUMERAL = re.compile(r"\d")
# What a value looks like that the set left without a span; the labels that it may carry are then open.
_LEFT_OPEN: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = (
    (
        re.compile(
            r"\b(?:today|tonight|tomorrow|(?:mon|tues|wednes|thurs|fri|satur|sun)day|march|\d+(?:st|nd|rd|th)|weekend)\b", re.IGNORECASE
        ),
        frozenset(slot for slot in SLOTS if slot.endswith("date")),
    ),
    (
        re.compile(r"\b(?:\d+(?::\d\d)? ?[ap]\.?m|\d+:\d\d|o'clock|noon|in the (?:morning|evening|afternoon))\b", re.IGNORECASE),
        frozenset(slot for slot in SLOTS if slot.endswith("time")),
    ),
    (re.compile(r"\bvs\b", re.IGNORECASE), frozenset({"event_name"})),
)
_COUNTED = ("people", "rooms", "nights", "star_rating", "stops")
_PICKING_UP = re.compile(r"\b(?:pick\w*|collect\w*|grab\w*|get (?:it|the car)|start\w*)\b", re.IGNORECASE)
_ARRIVING = re.compile(
    r"\b(?:arriv\w*|reach\w*|land\w*|be there|get (?:there|to)|getting (?:there|to))\b[^.?!]*?\b(?:on|by|at|for|before)\b", re.IGNORECASE
)
_LEAVING = re.compile(r"\b(?:leav\w+|depart\w*|from|fly\w*|go|going|head\w*|travel\w*|bus|trip|starting)\b", re.IGNORECASE)
_RETURNING = re.compile(r"\b(?:return\w*|back|coming|come|until|till|through|between|end\w*|round ?-?trip)\b|-", re.IGNORECASE)
# "rock" + "concert" are one kind of event.
_EVENT_NOUN = re.compile(r" (?:concerts?|games?|match(?:es)?|gigs?|music)\b", re.IGNORECASE)


def convert(record: Record) -> Record | Dropped:
    """A user turn; see _SPANS and _VALUES for slots, _INTENTS for intents."""
    services = record["service"] if isinstance(record["service"], list) else [record["service"]]
    if unknown := set(services) - _SPANS.keys() - _FOREIGN.keys():
        raise LabelError(f"service {min(unknown)!r} is not one of the {len(_SPANS) + len(_FOREIGN)} in the tables; add a row for it")
    booking = [service for service in services if service in _SPANS]
    acts = record.get("acts")
    talk = _talk(record, acts)
    if not booking or record["intent"] in {"FindAttractions", "FindApartment", "ScheduleVisit"}:
        return _foreign(record, services, acts, talk)
    if any(one["slot_full"].split("/")[0] not in _SPANS for one in record["spans"]):
        return Dropped("a turn of two subjects")
    if role := _wrong_role(record):
        return Dropped(role)
    spans, unsure = _slots(record, booking, acts)
    if contradicted(record["text"], spans):
        return Dropped("a role that the words in front of it deny")
    intent = _wanted(record, acts, len(services))
    alone, roleless = without_dialogue(record["text"], intent, spans)
    answered = sorted({one["label"] for one in spans if one not in alone})
    in_dialogue = {"spans": spans, "intent": talk, "annotated": all_but(*unsure), "asked": answered, "ongoing": intent}
    if talk is None and intent is not None and (acts is None or _kinds(acts) & _CONTENT):
        in_dialogue["intent"] = intent
        talk = shown_intent(record["text"], intent, {one["label"] for one in alone})
    return {**record, "spans": alone, "intent": talk, "annotated": all_but(*unsure, *roleless), "in_dialogue": in_dialogue}


def _wanted(record: Record, acts: list[list[object]] | None, services: int) -> str | None:
    """The booking that the turn is about: the one that its acts announce, else the dialogue's where it has one subject."""
    announced = _values(acts, "intent") or []
    name = announced[0] if announced else record["intent"] if services == 1 else None
    return _INTENTS.get(name or "")


def _kinds(acts: list[list[object]]) -> frozenset[str]:
    return frozenset(str(act[0]) for act in acts)


def _talk(record: Record, acts: list[list[object]] | None) -> str | None:
    """The intent of a turn without content: by its acts where given, and by its words where these agree or stand alone."""
    by_words = small_talk(record["text"])
    if acts is None:
        return None if record["spans"] else by_words
    by_acts = _TALK.get(_kinds(acts))
    if by_words == by_acts or _kinds(acts) == {"THANK_YOU", "GOODBYE"}:
        return by_words
    if by_words is not None:
        return None
    opening = small_talk(record["text"].split(",")[0].split(".")[0])
    return by_acts if opening == by_acts and len(record["text"].split()) <= 10 and not _NUMERAL.search(record["text"]) else None


def _foreign(record: Record, services: list[str], acts: list[list[object]] | None, talk: str | None) -> Record | Dropped:
    """A turn about something that we do not book: small talk keeps its intent, the rest is out of scope without spans."""
    if not record["spans"] and talk:
        return {**record, "spans": [], "intent": talk}
    if acts is not None and not _kinds(acts) & _CONTENT:
        return Dropped("small talk of two kinds")
    if record["intent"] == "FindMovies" and _FILMS & set(services):
        return Dropped("a film, in a cinema or at home")
    shown = any(_FOREIGN_WORDS[service].search(record["text"]) for service in services if service in _FOREIGN)
    if not shown or len(record["text"].split()) < 3:
        return Dropped("another subject, not shown by the utterance itself")
    return {**record, "spans": [], "intent": "out_of_scope"}


def _wrong_role(record: Record) -> str | None:
    """Why the set's departure or return date may be an arrival or departure by our rules; None where it may not."""
    text, labels = record["text"], {one["label"] for one in record["spans"]}
    if labels & {"departure_date", "leaving_date", "departure_time", "leaving_time"} and _ARRIVING.search(text):
        return "a departure date beside a word of arrival"
    if "return_date" in labels and "departure_date" not in labels and _LEAVING.search(text) and not _RETURNING.search(text):
        return "a return date beside a word of departure"
    return None


def _slots(record: Record, booking: list[str], acts: list[list[object]] | None) -> tuple[list[Record], set[str]]:
    """Our spans of the turn, and the labels that may also stand where no span does."""
    text = record["text"]
    spans = tidy(text, [one for slot in record["spans"] if (one := _marked(text, slot)) is not None])
    taken = spans + [span(one["start"], one["end"], "") for one in record["spans"] if _SPANS[_service(one)].get(one["label"], "") is None]
    unsure: set[str] = set()
    for service in booking:
        for slot, label in _VALUES.get(service, {}).items():
            found = _looked_for(text, label, _values(acts, slot), taken)
            if found is None:
                unsure.add(label)
            else:
                spans, taken = spans + found, taken + found
    return sorted(spans, key=lambda one: one["start"]), unsure | _left_open(text, taken, spans)


def _left_open(text: str, taken: list[Record], spans: list[Record]) -> set[str]:
    """Labels of which the text outside the spans holds what looks like a value."""
    rest = list(text)
    for one in [*taken, *spans]:
        rest[one["start"] : one["end"]] = "#" * (one["end"] - one["start"])
    outside = "".join(rest)
    open_labels = {label for pattern, labels in _LEFT_OPEN if pattern.search(outside) for label in labels}
    return open_labels | {label for label in _COUNTED if find(outside, label, None, ())}


def _service(one: Record) -> str:
    return str(one["slot_full"]).split("/")[0]


def _marked(text: str, one: Record) -> Record | None:
    """One span of the set with our label."""
    start, end, slot = one["start"], one["end"], one["label"]
    label = row(_SPANS[_service(one)], slot)
    if label is None:
        return None
    if slot == "pickup_city" and _PICKING_UP.search(text):
        label = "pickup_location"
    if label == "event_type" and (noun := _EVENT_NOUN.match(text, end)):
        end = noun.end()
    return span(start, end, label)


def _values(acts: list[list[object]] | None, slot: str) -> list[str] | None:
    """The values that the acts give a slot; None where a record has no acts."""
    if acts is None:
        return None
    values = [act[2] for act in acts if act[1] == slot and act[0] != "REQUEST"]
    return [str(value) for given in values if isinstance(given, list) for value in given]


def _looked_for(text: str, label: str, values: list[str] | None, taken: list[Record]) -> list[Record] | None:
    """The spans of a label known by value; None where it is not sure which words they are."""
    if values is None:
        found = find(text, label, None, taken)
        return found if len(found) <= 1 else None
    if not values:
        return [] if not find(text, label, None, taken) else None
    found = [one for value in values for one in find(text, label, value, taken)]
    return found if len(found) == len(values) else None
