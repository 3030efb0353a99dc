"""The intent that an utterance shows by itself, whatever the dialogue around it wants."""

import re

from model.text import tokenize
from training.data.records import Record


def _words(text: str) -> frozenset[str]:
    """The words of a list written as one text."""
    return frozenset(text.split())


_YES = _words("""yes yeah yep yup ya yea yess sure ok okay okey alright correct right exactly absolutely definitely certainly
    да ага угу верно правильно конечно точно хорошо ок окей ладно согласен согласна подтверждаю давай давайте разумеется""")
_WEAK_YES = _words("""ok okay okey alright sure great good fine perfect awesome excellent wonderful cool nice amazing fantastic ideal
    ок окей хорошо ладно отлично прекрасно замечательно супер идеально понятно""")
_GOOD = _words("""great good fine perfect awesome excellent wonderful cool nice amazing fantastic ideal accurate confirmed works
    отлично прекрасно замечательно супер идеально подходит устраивает нравится годится""")
_NO = _words("no nope nah not none nothing never нет неа не ничего ничем никак")
_THANKS = _words("thanks thank thankyou thx ty appreciate appreciated спасибо спасибки спасибочки благодарю мерси спс")
_BYE = _words("bye goodbye cya пока свидания прощай прощайте")
_HELLO = _words("hi hello hey greetings morning afternoon evening привет здравствуйте здравствуй приветствую добрый доброе день утро вечер")
_FILLERS = _words("""it its it's that thats that's this is i me my you your for the a an so very much
    really lot bunch all do does please go ahead be to
    would will 'd 'll 's 'm sounds sound like looks works work just one now then well too of and but with any need more else anything help
    everything good great assistance information today have day at moment later maybe right time only wanted could can let's let us us
    seems suits oh am yet being been should done want don't doesn't set kind kindness see bit doing think suit enough what was are we
    them thing nice wonderful evening afternoon morning weekend there that'll that'd how as in up
    это всё все мне меня я вам вас тебе тебя большое большущее огромное очень за помощь совет вы ты так именно нужно надо больше
    пожалуйста сделай этот вариант билет рейс и а что но ещё еще мой помог помогла помогли понятно понял поняла до можно то до""")
_CONTENTLESS = _YES | _GOOD | _NO | _THANKS | _BYE | _HELLO | _FILLERS

_EVIDENCE = {
    "book_flight": r"flights?|fly|flying|flies|planes?|air ?lines?|airports?|airways|air ?fares?"
    r"|рейс\w*|авиа\w*|самол[её]т\w*|перел[её]т\w*|(?:по|вы|при|у)?ле(?:чу|тим|теть)|(?:вы|у|при)ле[тт]\w*|прил[её]т\w*|аэропорт\w*",
    "book_train": r"trains?|railway|rail|поезд(?:а|у|ом|е|ов|ам|ами|ах)?|электричк\w*|купе|плацкарт\w*",
    "book_bus": r"bus|buses|coach|busses|автобус\w*",
    "book_ride": r"rides?|cabs?|taxis?|uber|lyft|cars?|chauffeur|lift|pool|riders?|такси|убер",
    "rent_car": r"rent\w*|cars?|vehicles?|suv|hatchback|sedan|прокат\w*|напрокат|арендовать",
    "book_hotel": r"(?:guest ?)?houses?|hotels?|motels?|rooms?|stay|staying|accommodations?|check(?:ing)? (?:in|out)|lodging"
    r"|отел\w*|гостини\w*|хостел\w*|гостев\w* дом\w*|переночевать",
    "book_restaurant": r"restaurants?|eat|eating|eatery|tables?|dinner|lunch|breakfast|brunch|food|cuisine|din(?:e|ing)|cafe|meal"
    r"|ресторан\w*|кафе|столик\w*|поесть|поужинать|пообедать",
    "book_event": r"events?|concerts?|games?|match|matches|tickets?|shows?|sports?|musicians?|gigs?|festivals?|plays?|musicals?"
    r"|концерт\w*|спектакл\w*|матч\w*",
    "book_movie": r"movies?|films?|cinemas?|theat(?:er|re)s?|showings?|screenings?|flick|showtimes?|фильм\w*|кино\w*|сеанс\w*",
    "cancel_booking": r"cancel\w*|call off|отмен\w*|аннулир\w*",
}
EVIDENCE = {intent: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for intent, words in _EVIDENCE.items()}
_TRAVEL = re.compile(
    r"\b(?:go|going|leav\w+|depart\w*|travel\w*|head\w*|arriv\w*|trip|journey|get to|visit\w*|round|one[ -]way)\b", re.IGNORECASE
)
# Labels that give the intent away without any of the words above.
_BY_LABEL = {
    "book_flight": {"carrier", "travel_class", "stops", "trip_number"},
    "rent_car": {"car_type", "pickup_location", "pickup_date", "pickup_time", "dropoff_location", "dropoff_date", "dropoff_time"},
    "book_hotel": {"hotel_name", "check_in_date", "check_out_date", "nights", "rooms", "star_rating"},
    "book_restaurant": {"cuisine", "restaurant_name"},
    "book_event": {"event_name", "event_type"},
    "book_movie": {"movie_name"},
}


# Words that tell the role of a date, a time or a place.
_ROLE_WORDS = re.compile(
    r"\b(?:leav\w*|depart\w*|return\w*|back|com(?:e|ing)|pick\w*|drop\w*|collect\w*|check\w*|arriv\w*|land\w*|get(?:ting)? (?:to|there|in)"
    r"|from|to|until|till|through|start\w*|begin\w*|end\w*|stay\w*|travel\w*|fly\w*|go|going|head\w*|into|out of|visit\w*)\b",
    re.IGNORECASE,
)
_PLACES = frozenset({"origin", "destination", "pickup_location", "dropoff_location"})


def shown_intent(text: str, wanted: str, labels: set[str]) -> str | None:
    """``wanted``, if the words or the labels of the utterance show it, else None: "the 8th, please" fits any booking.

    Travel between two places without a vehicle is taken for a flight.
    """
    if EVIDENCE["cancel_booking"].search(text):
        return None
    pattern = EVIDENCE.get(wanted)
    shown = bool(pattern and pattern.search(text)) or bool(labels & _BY_LABEL.get(wanted, set()))
    if wanted == "book_flight" and labels & {"origin", "destination"}:
        shown = shown or bool(_TRAVEL.search(text))
    return wanted if shown else None


def without_dialogue(text: str, wanted: str | None, spans: list[Record]) -> tuple[list[Record], set[str]]:
    """The spans of an answer that names no role, and the labels that its words may also have.

    "the 8th, please" is a departure, a check-in or a return in its dialogue, and a plain date by itself. A place by itself may
    be anything, so it is no span and its labels are open.

    >>> without_dialogue("the 8th", "book_flight", [{"start": 4, "end": 7, "label": "departure_date"}])
    ([{'start': 4, 'end': 7, 'label': 'date'}], set())
    """
    if _ROLE_WORDS.search(text) or (wanted in EVIDENCE and EVIDENCE[wanted].search(text)):
        return spans, set()
    kept = [{**one, "label": _plain(one["label"])} for one in spans if one["label"] not in _PLACES]
    return kept, set(_PLACES | {"location"}) if len(kept) < len(spans) else set()


def _plain(label: str) -> str:
    """A date or time without its role."""
    return next((kind for kind in ("date", "time") if label.endswith(f"_{kind}")), label)


def small_talk(text: str) -> str | None:
    """affirm, negate, thanks, goodbye or greet for an utterance that says nothing else; None where it says more or two of them.

    >>> small_talk("Yep, and exactly so, please.")
    'affirm'
    """
    words = [token.text.casefold() for token in tokenize(text) if token.text[0].isalnum() or token.text[0] in "'’"]
    if not words or len(words) > 14 or not set(words) <= _CONTENTLESS:
        return None
    found = set(words) - (_WEAK_YES if set(words) & (_THANKS | _BYE) else set())
    if words[0] in _NO:
        return None if found & (_BYE | _YES) else "negate"
    if found & _BYE:
        return None if found & (_THANKS | _YES) else "goodbye"
    if found & _THANKS:
        return None if found & _YES else "thanks"
    if words[0] in _HELLO or (words[:1] == ["good"] and set(words[1:2]) & _HELLO):
        return "greet" if found <= _HELLO | {"there", "good"} else None
    return "affirm" if found & (_YES | _GOOD) and not found & _NO else None
