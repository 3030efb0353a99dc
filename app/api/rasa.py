"""The door for Rasa's clients: ``POST /model/parse``, ``GET /status`` and ``GET /version`` as Rasa Open Source answers them."""

from typing import Any
from urllib.parse import parse_qs

import numpy as np
import orjson
from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.api.deps import call_of, client_watched, parts, whole_body
from app.api.failures import RASA_VERSION
from app.api.rasa_buttons import Pressed, pressed
from app.api.rasa_schemas import RasaMessage
from app.api.requests import validated
from app.errors import Invalid, invalid
from app.judgement import JudgedSlot
from app.rasa_names import RasaNames
from app.registry import ModelRegistry
from app.service import NO_WORDS, AnnotationService, Options, Plan, Reading, intents_of
from model.decode import DECIMALS, rounded
from model.labels import Intent

MESSAGE: TypeAdapter[RasaMessage] = TypeAdapter(RasaMessage)
EXTRACTOR = "Slotline"
VERSION = {"version": RASA_VERSION, "minimum_compatible_version": RASA_VERSION}
NOTHING = {"name": None, "confidence": 0.0}


async def parse(request: Request) -> Response:
    """``POST /model/parse``. As Rasa does, it reads the body as JSON whatever that declares itself to be."""
    call = call_of(request)
    _check_emulation(request.scope["query_string"])
    asked = validated(MESSAGE, await whole_body(call))
    with client_watched(call):
        answer = await answer_message(asked.text, call.parts.service, call.parts.rasa_names)
    return _json(answer)


async def status(request: Request) -> Response:
    """``GET /status``."""
    return _json(status_of(parts(request).service.registry))


async def version(request: Request) -> Response:
    """``GET /version``."""
    return _json(VERSION)


ROUTES = [
    Route("/model/parse", parse, methods=["POST"]),
    Route("/status", status, methods=["GET"]),
    Route("/version", version, methods=["GET"]),
]


def status_of(registry: ModelRegistry) -> dict[str, Any]:
    """What is loaded, in Rasa's words."""
    tagger = registry.get(None).tagger
    return {"model_file": f"{tagger.name}-{tagger.version}", "model_id": tagger.sha256, "num_active_training_jobs": 0}


async def answer_message(text: str, through: AnnotationService, names: RasaNames) -> dict[str, Any]:
    """The answer to a message, as RasaParse describes it. Raises ServiceError."""
    plan = through.plan(Options())
    if (button := _pressed(text, plan, names)) is not None:
        return _said(button.text, [Intent(button.intent, button.confidence)], button.entities, [])
    try:
        reading = await through.read(text, plan)
    except Invalid as error:
        if error.errors[0].code != NO_WORDS:
            raise
        return _said(text, [], [], [])  # Rasa answers it, native callers are told
    words = [(start, end) for _, start, end in reading.annotation.tokens]
    return _said(text, _ranking(reading, plan, names), [_entity(judged, reading, plan, names) for judged in reading.slots], words)


def _pressed(text: str, plan: Plan, names: RasaNames) -> Pressed | None:
    if not text.lstrip().startswith("/"):
        return None
    scheme = plan.served.tagger.labels
    return pressed(text, {names.intent(name) for name in scheme.intents}, {names.entity(slot).name for slot in scheme.slots})


def _said(text: str, ranking: list[Intent], entities: list[dict[str, Any]], words: list[tuple[int, int]]) -> dict[str, Any]:
    ranked = [{"name": name, "confidence": share} for name, share in ranking]
    return {
        "text": text,
        "intent": ranked[0] if ranked else NOTHING,
        "entities": entities,
        "text_tokens": words,
        "intent_ranking": ranked,
    }


def _ranking(reading: Reading, plan: Plan, names: RasaNames) -> list[Intent]:
    """Every intent by Rasa's names, likeliest first; those that are one there add up."""
    ranked = intents_of(reading, plan)
    if not names.intents:
        return ranked
    shares: dict[str, float] = {}
    for name, share in ranked:
        called = names.intent(name)
        shares[called] = shares.get(called, 0.0) + share
    return [Intent(name, min(1.0, round(share, DECIMALS))) for name, share in sorted(shares.items(), key=lambda entry: -entry[1])]


def _entity(judged: JudgedSlot, reading: Reading, plan: Plan, names: RasaNames) -> dict[str, Any]:
    slot, entity = judged.slot, names.entity(judged.slot.name)
    said: dict[str, Any] = {
        "entity": entity.name,
        "start": slot.start,
        "end": slot.end,
        "value": reading.annotation.text[slot.start : slot.end],
        "confidence_entity": _confidence(judged, reading, plan, names),
        "extractor": EXTRACTOR,
    }
    if entity.role is not None:
        said |= {"role": entity.role, "confidence_role": slot.confidence}
    meaning = judged.meaning
    if meaning is not None and not meaning.is_text and meaning.value_json is not None:
        said["additional_info"] = {"value": meaning.value_json, "value_alternatives": meaning.alternatives_json}
    return said


def _confidence(judged: JudgedSlot, reading: Reading, plan: Plan, names: RasaNames) -> float:
    """The probability of the entity: that of the slot, or of all slots that are roles of this entity."""
    slot, annotation = judged.slot, reading.annotation
    entity = names.entity(slot.name).name
    roles = [index for label, index in plan.served.label_index.items() if names.entity(label).name == entity]
    if len(roles) == 1:
        return slot.confidence
    assert annotation.label_probabilities_TL is not None, "a tagger's answer has probabilities"
    rows = [row for row, (_, start, end) in enumerate(annotation.tokens) if slot.start <= start and end <= slot.end]
    return min(1.0, float(rounded(annotation.label_probabilities_TL[np.ix_(rows, roles)].sum() / len(rows))))


def _check_emulation(query: bytes) -> None:
    """Raises Invalid for a wish to be answered as LUIS, Wit or Dialogflow."""
    if "emulation_mode" in parse_qs(str(query, "latin-1")):
        raise invalid("", "no_emulation", "the parameter emulation_mode is not offered here; leave it out, and read Rasa's own format")


def _json(said: dict[str, Any]) -> Response:
    return Response(orjson.dumps(said), media_type="application/json")
