"""Russian public sets to booking labels: what the English converters know of English words, for Russian ones."""

import re

from training.data.booking_sgd import span_labels
from training.data.booking_spans import all_but, relabelled
from training.data.records import Dropped, Record

_EVIDENCE = {
    "book_flight": r"рейс\w*|самол[её]т\w*|авиа\w*|лет(?:еть|им|ишь|ит)|\w*лет(?:еть|ать|аю|аем|им)|лечу|перел[её]т\w*|аэропорт\w*",
    "book_train": r"поезд\w*|электричк\w*|вагон\w*|купе|плацкарт\w*|ж/?д",
    "book_bus": r"автобус\w*|маршрутк\w*",
    "book_ride": r"такси|убер\w*|uber|машин\w*|подвез\w*|водител\w*",
}
EVIDENCE = {intent: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for intent, words in _EVIDENCE.items()}
_THANKS = r"(?:спасибо|спасибки|благодарю)(?: (?:большое|за помощь|тебе|вам))*"
_YES = r"(?:да|хорошо|верно|конечно|давай\w*|подходит)"
_TALK = {
    "goodbye": r"(?:спасибо[, ]*)?(?:пока|до (?:свидания|встречи)|всего (?:доброго|хорошего)|доброй ночи|хорошего дня)",
    "negate": rf"(?:нет|неа|ничего|ничем|не (?:надо|нужно|хочу))(?:,? (?:это )?вс[её])?(?:[,. ]+(?:большое )?(?:человеческое )?{_THANKS})?",
    "thanks": rf"(?:вс[её] )?(?:хорошо|отлично|это вс[её]|ок)?[, ]*(?:большое )?{_THANKS}",
    "greet": r"(?:привет\w*|здравствуй\w*|добр(?:ый|ое|ой) (?:день|утро|вечер)|хай|алло)",
    "affirm": rf"(?:{_YES}|ага|отлично|ок\w*|соглас(?:ен|на)|точно|ладно)(?:[, ]+(?:{_YES}|пожалуйста))*",
}
_SMALL_TALK = {intent: re.compile(rf"\s*(?:{words})[\s.!,)]*", re.IGNORECASE) for intent, words in _TALK.items()}
# Words that tell the role of a date or a place: without one, "на 8 марта" is a date and nothing more.
_ROLE_WORDS = re.compile(
    r"\b(?:вы?лет\w*|\w*лет(?:еть|им|ать|аю|аем)|лечу|рейс\w*|билет\w*|обратн\w+|назад|верн\w+|возвращ\w+|туда|отправ\w+|прибы\w+|\w*ехать|еду)\b",
    re.IGNORECASE,
)
_CONTENT = {"INFORM", "INFORM_INTENT", "REQUEST"}
_PLACES = {"origin", "destination"}


def small_talk(text: str) -> str | None:
    """affirm, negate, thanks, goodbye or greet for an utterance that says nothing else.

    >>> small_talk("Нет, спасибо!")
    'negate'
    """
    return next((intent for intent, pattern in _SMALL_TALK.items() if pattern.fullmatch(text)), None)


def convert_cod(record: Record) -> Record | Dropped:
    """COD (Majewska et al. 2023), dialogues by native speakers in the form of sgd: flights, the rest is out of scope."""
    text, services = record["text"], record["service"]
    kinds = {str(act[0]) for act in record.get("acts", ())}
    talk = small_talk(text)
    if "Flights_3" not in (services if isinstance(services, list) else [services]):
        if talk and not record["spans"]:
            return {**record, "spans": [], "intent": talk}
        return (
            {**record, "spans": [], "intent": "out_of_scope"}
            if kinds & _CONTENT and len(text.split()) > 2
            else Dropped("small talk of two kinds")
        )
    if isinstance(services, list):
        return Dropped("a turn of two subjects")
    spans = relabelled(
        {**record, "spans": [{**one, "label": one["slot_full"].partition("/")[2]} for one in record["spans"]]}, span_labels(services)
    )
    shown = "book_flight" if EVIDENCE["book_flight"].search(text) else talk if not spans else None
    annotated = all_but(
        "people", "travel_class", "carrier", "stops", "bags", "price", "via", "departure_time", "arrival_time", "arrival_date"
    )
    alone = spans if _ROLE_WORDS.search(text) else [{**one, "label": "date"} if one["label"].endswith("date") else one for one in spans]
    asked = sorted({one["label"] for one in spans if one not in alone})
    in_dialogue = {"spans": spans, "asked": asked, "ongoing": "book_flight", "intent": shown or ("book_flight" if spans else None)}
    return {**record, "spans": alone, "intent": shown, "annotated": annotated, "in_dialogue": in_dialogue}


# --- MultiWOZ, machine-translated (vonCount/Russian-MultiWOZ): what its translators bracketed is a span, what they did not is unknown

_MULTIWOZ: dict[str, str | None] = {
    "food": "cuisine",
    "hotel_name": "hotel_name",
    "restaurant_name": "restaurant_name",
    "time": "time",
} | dict.fromkeys(("slot", "attraction_name"))
_RIDE = re.compile(r"\b(?:такси|машин\w*|поезд\w*|забер\w*|забрать)\b", re.IGNORECASE)
_TIME = re.compile(r"\d{1,2}:\d{2}")
_LEAVING = re.compile(r"\b(?:после|отправ\w*|уехать|уехал\w*|уйти|уезжа\w*|вые[зх]\w*)\b[^.?!]*$", re.IGNORECASE)
_ARRIVING = re.compile(r"\b(?:приб\w*|приех\w*|приезж\w*|добраться|доехать)\b[^.?!]*$", re.IGNORECASE)


def convert_multiwoz(record: Record) -> Record | Dropped:
    """A user turn with at least one span. The time of a ride or train has the role that the words in front of it tell, or is left out."""
    text, kept = record["text"], []
    for one in record["spans"]:
        label = _MULTIWOZ.get(one["label"])
        if label == "time":
            before = text[: one["start"]]
            role = "arrival_time" if _ARRIVING.search(before) else "departure_time" if _LEAVING.search(before) else None
            label = role if role or _RIDE.search(text) else "time"
            label = label if _TIME.fullmatch(text[one["start"] : one["end"]]) else None
        if label:
            kept.append({**one, "label": label})
    if not kept:
        return Dropped("no span that has a label of ours")
    return {**record, "spans": kept, "intent": None, "annotated": []}
