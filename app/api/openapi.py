"""The OpenAPI document: from the schemas that validate, with examples that the loaded model has just answered."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any

import orjson
from fastapi import Body, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from app import __version__, errors
from app.api import admin_openapi, rasa_openapi, v1, v2_openapi, values
from app.api.areas import Dialect, area_of
from app.api.deps import Exchange, Parts
from app.api.failures import failure
from app.api.openapi_enums import name_enums
from app.api.openapi_gate import add_keys, gate_problems
from app.api.openapi_listings import add_listings, describe_answers
from app.api.openapi_stream import add_stream
from app.api.phrase_schemas import ValuesAnswer
from app.api.requests import BatchRequest, ParseRequest, ValuesRequest
from app.api.schemas import BatchAnswer, ParseAnswer
from app.api.v2 import MODEL, VERSION
from app.errors import FieldError, ServiceError

DESCRIPTION = (
    "Fills the slots of booking utterances: for every word the probability of every slot, for every slot what it means. "
    "`WS /v1/stream` reads a text while it is typed; it stands under `x-websockets` of `/openapi.json`. "
    "Errors are `application/problem+json` (RFC 9457). Every answer carries `X-Request-ID`: the caller's, if well-formed, else a new one."
)
TAGS = [
    {"name": "Native API", "description": "Texts to slots, phrases to values; what the models are and which labels they know."},
    {"name": rasa_openapi.TAG, "description": "What Rasa Open Source answers, for clients that were written for it."},
    {"name": v2_openapi.TAG, "description": "Version 2 over HTTP, for clients of KServe, Triton and MLServer."},
    {"name": "Operating", "description": "For probes and scrapers."},
    {"name": "Administration", "description": "Other versions of models, while requests go on. Off until the operator has made a key."},
]
EXAMPLE_ID = "3f2b8c5e9d1a4b7c8e6f0a1b2c3d4e5f"
EXAMPLE_TIMING = {"queue": 0.1, "inference": 0.4, "total": 0.9}
CONTEXT = {"reference_time": "2026-10-20T10:00:00+08:00", "timezone": "Asia/Taipei", "date_policy": "future", "date_order": "mdy"}

PARSE_EXAMPLES: dict[str, dict[str, Any]] = {
    "arrive": {
        "summary": "Arriving somewhere",
        "value": {"text": "I would like to arrive in Taipei on November 2nd", "context": CONTEXT},
    },
    "leave": {
        "summary": "Leaving the same place: the same words in other roles",
        "value": {
            "text": "I would like to leave Taipei on November 2nd",
            "context": CONTEXT,
            "required_slots": ["origin", "destination", "departure_date"],
            "include": ["alternatives"],
        },
    },
    "values": {
        "summary": "What the slots mean: the evening makes seven o'clock 19:00; a place that nobody knows is text",
        "value": {"text": "a table for two at 7 tomorrow evening in Nookville", "context": CONTEXT, "include": []},
    },
    "distribution": {
        "summary": "The probability of every label of every word, offsets for JavaScript",
        "value": {"text": "to Taipei 🙂", "context": CONTEXT, "include": ["distribution"], "offset_unit": "utf16"},
    },
    "explanation": {
        "summary": "Why: how far the probability of each slot falls without each other word",
        "value": {"text": "arrive in Taipei on November 2nd", "context": CONTEXT, "include": ["explanation"]},
    },
}
BATCH_EXAMPLES: dict[str, dict[str, Any]] = {
    "two": {
        "summary": "Two texts, one without a word",
        "value": {"items": [{"id": "a", "text": "a table for two tonight"}, {"id": "b", "text": " "}], "context": CONTEXT, "include": []},
    }
}
VALUES_EXAMPLES: dict[str, dict[str, Any]] = {
    "english": {
        "summary": "A date, a time, people and an airport; one phrase says no date",
        "value": {
            "phrases": [
                {"text": "November 2nd", "kind": "date"},
                {"text": "half seven", "kind": "time"},
                {"text": "me and my wife", "kind": "number"},
                {"text": "Heathrow", "kind": "place"},
                {"text": "somewhere cheap", "kind": "date"},
            ],
            "context": CONTEXT,
        },
    },
    "russian": {
        "summary": "The same in Russian; the kind of the last is left out",
        "value": {
            "phrases": [
                {"text": "второго ноября", "kind": "date"},
                {"text": "полвосьмого вечера", "kind": "time"},
                {"text": "из Санкт-Петербурга", "kind": "place"},
                {"text": "полторы тысячи рублей"},
            ],
            "context": CONTEXT,
        },
    },
}

_UNKNOWN_MODEL = errors.NotFound(
    "there is no model 'trains'; loaded: booking",
    errors=(FieldError("/model", "model_not_found", "there is no model 'trains'; loaded: booking"),),
)
_NOT_ACCEPTABLE = errors.NotAcceptable("this is answered as application/json; send an Accept header that allows it, or none")
_PARSING: tuple[ServiceError, ...] = (
    errors.Malformed("Invalid JSON: EOF while parsing a string at line 1 column 12; send one JSON object in UTF-8"),
    _UNKNOWN_MODEL,
    _NOT_ACCEPTABLE,
    errors.BodyTimeout("the body did not arrive within 10 s; send it at once"),
    errors.BodyTooLarge("the body is larger than 1048576 bytes; send less at a time"),
    errors.WrongMediaType("send the body as JSON with the header Content-Type: application/json"),
    errors.invalid("/text", "no_words", "the text has no words; send at least one visible character"),
    errors.AnnotationFailed("the model booking failed on this text; tell the operator, whose log names the error"),
    errors.Overloaded("2048 utterances wait already; try again in a second", retry_after_s=1),
    errors.DeadlineExceeded("no answer within 5 s; send fewer at a time or try again later"),
)
_NO_READER = errors.NotFound("this service has no reader of values; start it with --values DIR")
_READING = tuple(_NO_READER if error is _UNKNOWN_MODEL else error for error in _PARSING)
NAMES = {  # path -> what generated clients call the operation, what the page calls it
    "/v1/parse": ("parse", "Parse one text"),
    "/v1/parse/batch": ("parse_batch", "Parse many texts"),
    "/v1/values": ("read_values", "Read phrases that say one value each"),
    "/v1/labels": ("list_labels", "List the slots and intents of a model, with titles"),
    "/v1/models": ("list_models", "List the loaded models"),
    "/v1/models/{name}": ("describe_model", "Describe one model, with its scores and its card"),
    "/health/live": ("check_live", "Whether the event loop turns"),
    "/health/startup": ("check_startup", "Whether the models are loaded"),
    "/health/ready": ("check_ready", "Whether every model answered a real forward pass a short while ago"),
    "/metrics": ("read_metrics", "Read metrics in Prometheus' format"),
    **admin_openapi.NAMES,
    **rasa_openapi.NAMES,
    **v2_openapi.NAMES,
}
_INTERNAL = ServiceError("the service failed on this request; tell the operator its request_id")
PROBLEMS: dict[str, tuple[ServiceError, ...]] = {
    "/v1/parse": _PARSING,
    "/v1/parse/batch": tuple(error for error in _PARSING if error.status != 504),
    "/v1/values": _READING,
    "/v1/labels": (_UNKNOWN_MODEL, _NOT_ACCEPTABLE, _INTERNAL),
    "/v1/models": (_NOT_ACCEPTABLE, _INTERNAL),
    "/v1/models/{name}": (_UNKNOWN_MODEL, _NOT_ACCEPTABLE, _INTERNAL),
    "/health/live": (_INTERNAL,),
    "/health/startup": (_INTERNAL,),
    "/health/ready": (errors.Draining("the service is stopping; send requests to another instance", retry_after_s=1), _INTERNAL),
    "/metrics": (_INTERNAL,),
    **admin_openapi.PROBLEMS,
    **rasa_openapi.PROBLEMS,
    **v2_openapi.PROBLEMS,
}
ERRORS: dict[Dialect, str] = {"problem": "Problem", "rasa": "RasaError", "v2": "V2Error"}


async def document(app: FastAPI) -> dict[str, Any]:
    """The document for the models that ``app`` serves now; made once for each set of them."""
    parts: Parts = app.state.parts
    kept: dict[Any, dict[str, Any]] = app.state.openapi_documents
    while (served := _served(parts)) not in kept:
        built = await _build(app, parts)
        if served == _served(parts):  # else its examples may be of two versions
            kept.clear()
            kept[served] = built
    return kept[served]


def _served(parts: Parts) -> tuple[str, ...]:
    return tuple(entry.tagger.sha256 for entry in parts.service.registry.served.values())


async def _build(app: FastAPI, parts: Parts) -> dict[str, Any]:
    settings, default = parts.settings, parts.service.registry.get(None)
    doors = [*(rasa_openapi.TWINS if settings.rasa_door else ()), *(v2_openapi.TWINS if settings.inference_door else ())]
    routes = [*_TWINS, *admin_openapi.TWINS, *app.routes, *doors]
    built = get_openapi(title="Slotline", version=__version__, description=DESCRIPTION, routes=routes, tags=TAGS)
    for path, operations in built["paths"].items():
        for operation in operations.values():
            operation["operationId"], operation["summary"] = NAMES[path]
            operation["responses"].pop("422", None)  # FastAPI's own, which this service never sends
            operation["responses"].update(_problem_answers(path, (*gate_problems(path), *PROBLEMS[path])))
            for parameter in operation.get("parameters", ()):
                parameter["example"] = default.tagger.version if parameter["name"] == "version" else default.name  # there are no others
    for name in ("HTTPValidationError", "ValidationError"):
        built["components"]["schemas"].pop(name, None)
    add_stream(built)
    name_enums(built["components"]["schemas"])
    describe_answers(built)
    add_keys(built, parts.gate.locked)
    await _add_examples(built, parts)
    add_listings(built["paths"], parts)
    admin_openapi.add_examples(built["paths"])
    return built


def _problem_answers(path: str, listed: tuple[ServiceError, ...]) -> dict[str, Any]:
    """By status; of two problems with one status the later is the example."""
    schema = {"$ref": f"#/components/schemas/{ERRORS[area_of(path).dialect]}"}
    told = [(error, *failure(error, path, EXAMPLE_ID)) for error in listed]
    return {
        str(status): {
            "description": error.title,
            "content": {media_type: {"schema": schema, "example": said}},
            **({"headers": {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}}} if error.retry_after_s else {}),
        }
        for error, said, status, media_type in told
    }


async def _add_examples(built: dict[str, Any], parts: Parts) -> None:
    """Every example that the default model can answer, with its answer; timings and the id are made up."""
    exchange = Exchange(EXAMPLE_ID, 0.0)

    async def one(value: dict[str, Any]) -> dict[str, Any]:
        return await v1.answer_one(ParseRequest.model_validate_json(orjson.dumps(value)), parts.service, exchange)

    async def many(value: dict[str, Any]) -> dict[str, Any]:
        return await v1.answer_many(BatchRequest.model_validate_json(orjson.dumps(value)), parts.service, exchange)

    async def phrases(value: dict[str, Any]) -> dict[str, Any]:
        return await values.answer_phrases(ValuesRequest.model_validate_json(orjson.dumps(value)), parts.service.values, exchange)

    await _answer_examples(built["paths"]["/v1/parse"]["post"], PARSE_EXAMPLES, one)
    await _answer_examples(built["paths"]["/v1/parse/batch"]["post"], BATCH_EXAMPLES, many)
    await _answer_examples(built["paths"]["/v1/values"]["post"], VALUES_EXAMPLES, phrases)
    await _add_door_examples(built["paths"], parts)


async def _add_door_examples(paths: dict[str, Any], parts: Parts) -> None:
    """The same for those doors that are open."""
    bodies: dict[str, Any] = {rasa_openapi.PARSE: rasa_openapi, **{f"{path}/infer": v2_openapi for path in (MODEL, VERSION)}}
    for path in bodies.keys() & paths.keys():
        await _answer_examples(paths[path]["post"], bodies[path].EXAMPLES, partial(bodies[path].answer, parts))
    if v2_openapi.INDEX in paths:
        paths[v2_openapi.INDEX]["post"]["requestBody"]["content"]["application/json"]["example"] = {"ready": True}
    for (path, method), answer in {**rasa_openapi.answers(parts), **v2_openapi.answers(parts)}.items():
        if path in paths:
            paths[path][method]["responses"]["200"]["content"]["application/json"]["example"] = answer


async def _answer_examples(
    operation: dict[str, Any], examples: dict[str, dict[str, Any]], answer: Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
) -> None:
    asked, answered = {}, {}
    for name, example in examples.items():
        try:
            answered[name] = {"summary": example["summary"], "value": _timeless(await answer(example["value"]))}
        except ServiceError:
            continue  # this model has other labels; an example that it refuses would not be true
        asked[name] = example
    if asked:
        operation["requestBody"]["content"]["application/json"]["examples"] = asked
        operation["responses"]["200"]["content"]["application/json"]["examples"] = answered


def _timeless(answer: dict[str, Any]) -> dict[str, Any]:
    for part in (answer, *answer.get("results", ())):
        if "timing_ms" in part:
            part["timing_ms"] = {name: EXAMPLE_TIMING[name] for name in part["timing_ms"]}
    return answer


async def _parse(body: Annotated[ParseRequest, Body()]) -> None:
    """Finds intent and slots of one text, what the slots mean, and for every word the probability of every slot.

    The same body gives the same answer once `context.reference_time` is given, whoever else asks at the same time.
    """


async def _parse_batch(body: Annotated[BatchRequest, Body()]) -> None:
    """Answers many texts with the same options. Each item has its own `status`, in the order of the request; one that
    fails does not harm the others. The request fails as a whole only for what concerns all of it: its JSON, its size,
    its options, an overload.
    """


async def _values(body: Annotated[ValuesRequest, Body()]) -> None:
    """Tells what phrases amount to that stand for one value each: dates, times, numbers of people, money, places.

    Each phrase has its own `status`, in the order of the request. One that says no value, or one that cannot be read for sure, has
    the status 200, the value null and the reason `value_not_understood`. The same body gives the same answer once
    `context.reference_time` is given.
    """


# Documentation only: FastAPI describes these, plain routes in ``app.api.v1`` and ``app.api.values`` serve the paths.
_TWINS = [
    APIRoute("/v1/parse", _parse, methods=["POST"], response_model=ParseAnswer, name="parse", tags=["Native API"]),
    APIRoute("/v1/parse/batch", _parse_batch, methods=["POST"], response_model=BatchAnswer, name="parse_batch", tags=["Native API"]),
    APIRoute("/v1/values", _values, methods=["POST"], response_model=ValuesAnswer, name="values", tags=["Native API"]),
]
