"""Messages that say their intent themselves, as buttons of Rasa's frontends send them: ``/book_flight{"place": "Oslo"}``."""

import math
import re
from collections.abc import Container
from typing import Any, NamedTuple

import orjson

PATTERN = re.compile(r"/(?P<intent>[^{@]+)(?P<confidence>@[0-9.]+)?(?P<entities>\{.+\})?", re.DOTALL)
EXTRACTOR = "RegexMessageHandler"  # what Rasa calls its reader of such messages


class Pressed(NamedTuple):
    """What a button says: the text without spaces around it, the intent and the entities in Rasa's form."""

    text: str
    intent: str
    confidence: float
    entities: list[dict[str, Any]]


def pressed(text: str, intents: Container[str], entities: Container[str]) -> Pressed | None:
    """What ``text`` says if it is such a message with an intent that is known; unknown entities are left out, as Rasa does.

    >>> pressed('/greet{"place": "Oslo"}', {"greet"}, {"place"}).entities
    [{'entity': 'place', 'start': 6, 'end': 23, 'value': 'Oslo', 'extractor': 'RegexMessageHandler'}]
    """
    text = text.strip()
    found = PATTERN.match(text)
    if found is None or (intent := found["intent"].strip()) not in intents:
        return None
    named = {name: given for name, given in _object(found["entities"]).items() if name in entities}
    place = {"start": found.start("entities"), "end": found.end("entities")}
    listed = [(name, value) for name, given in named.items() for value in (given if isinstance(given, list) else [given])]
    return Pressed(
        text,
        intent,
        _confidence(found["confidence"]),
        [{"entity": name, **place, "value": value, "extractor": EXTRACTOR} for name, value in listed],
    )


def _object(written: str | None) -> dict[str, Any]:
    try:
        given = orjson.loads(written or "{}")
        orjson.dumps(given)  # it reads deeper objects than it writes
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return {}
    return given if isinstance(given, dict) else {}


def _confidence(written: str | None) -> float:
    """1 where none is written, 0 for what is no number, and never outside of 0 to 1."""
    try:
        given = 1.0 if written is None else float(written[1:])
    except ValueError:
        return 0.0
    return min(1.0, given) if math.isfinite(given) else 0.0
