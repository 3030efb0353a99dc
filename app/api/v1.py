"""The native API: parse one text or many, list labels and models.

Parsing does not go through FastAPI, whose machinery costs more than the inference (``app.api.exchange`` calls the handlers of
``HOT``); ``app.api.openapi`` documents them from the same schemas.
"""

import logging
from collections.abc import Callable
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query
from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app import service
from app.api import answers
from app.api.deps import (
    Beginner,
    Call,
    Exchange,
    Handler,
    Outcome,
    call_of,
    check_accept,
    check_head,
    client_watched,
    json_body,
    parts,
    too_large,
)
from app.api.problems import problem
from app.api.requests import BadItem, BatchItem, BatchRequest, Options, ParseRequest, moment_of, refusal, validated
from app.api.schemas import LabelsAnswer, ModelDetail, ModelsAnswer
from app.api.titles import title
from app.errors import ServiceError, annotation_failed
from app.kinds import kind_of
from app.registry import ModelRegistry, ServedModel
from app.service import AnnotationService, Plan, Reading, blank
from app.waiting import Gone

logger = logging.getLogger(__name__)

PARSE_REQUEST: TypeAdapter[ParseRequest] = TypeAdapter(ParseRequest)
BATCH_REQUEST: TypeAdapter[BatchRequest] = TypeAdapter(BatchRequest)

router = APIRouter(prefix="/v1", tags=["Native API"])

_MODEL = "name of a loaded model; default: the service's default model"


async def parse(call: Call) -> bytes:
    """``POST /v1/parse``."""
    asked = validated(PARSE_REQUEST, await json_body(call))
    with client_watched(call):
        return orjson.dumps(await answer_one(asked, call.parts.service, call.exchange))


def begin_parse(call: Call, body: bytes, done: Callable[[Outcome], None]) -> None:
    """The same for whoever does not wait: ``done`` gets the answer or what went wrong. Raises what is wrong at once."""
    check_head(call)
    assert call.shortcut is not None
    if len(body) > call.parts.settings.max_body_bytes:
        raise too_large(call.parts.settings.max_body_bytes)

    def tell(answer: dict[str, Any] | Exception) -> None:
        done(answer if isinstance(answer, Exception) else orjson.dumps(answer))

    begin_one(validated(PARSE_REQUEST, body), call.parts.service, call.exchange, tell, call.shortcut.gone)


def begin_one(
    asked: ParseRequest, through: AnnotationService, exchange: Exchange, done: Callable[[dict[str, Any] | Exception], None], gone: Gone
) -> None:
    """As ``answer_one``, for whoever does not wait: ``done`` gets the answer or what went wrong. Raises what is wrong at once."""
    plan = through.plan(service_options(asked))

    def tell(reading: Reading | Exception) -> None:
        outcome: dict[str, Any] | Exception
        try:
            outcome = reading if isinstance(reading, Exception) else _answer(reading, plan, asked, exchange)
        except Exception as error:  # of building the answer: it belongs to this request alone
            outcome = error
        done(outcome)

    through.begin(asked.text, plan, tell, gone)


async def parse_batch(call: Call) -> bytes:
    """``POST /v1/parse/batch``."""
    asked = validated(BATCH_REQUEST, await json_body(call), max_batch_items=call.parts.settings.max_batch_items)
    with client_watched(call):
        answer = await answer_many(asked, call.parts.service, call.exchange)
    return orjson.dumps(answer)


async def answer_one(asked: ParseRequest, through: AnnotationService, exchange: Exchange) -> dict[str, Any]:
    """The answer to a valid request, as ParseAnswer describes it. Raises ServiceError."""
    plan = through.plan(service_options(asked))
    return _answer(await through.read(asked.text, plan), plan, asked, exchange)


def answer_blank(asked: ParseRequest, through: AnnotationService, exchange: Exchange) -> dict[str, Any]:
    """The answer to a text without words, which says nothing. Raises ServiceError."""
    plan = through.plan(service_options(asked))
    return _answer(blank(asked.text, plan), plan, asked, exchange)


def _answer(reading: Reading, plan: Plan, asked: ParseRequest, exchange: Exchange) -> dict[str, Any]:
    return {
        "request_id": exchange.request_id,
        "model": answers.reference(plan.served),
        **answers.parsed(reading, plan, asked, exchange.seconds()),
    }


async def answer_many(asked: BatchRequest, through: AnnotationService, exchange: Exchange) -> dict[str, Any]:
    """The answer to a valid batch, as BatchAnswer describes it. Raises ServiceError only for what fails all items."""
    plan = through.plan(service_options(asked))
    outcomes = await through.read_many([_text(item, index) for index, item in enumerate(asked.items)], plan)
    seconds = exchange.seconds()
    results = [_result(item, outcome, plan, asked, seconds) for item, outcome in zip(asked.items, outcomes, strict=True)]
    ok = sum(result["status"] == 200 for result in results)
    return {
        "request_id": exchange.request_id,
        "model": answers.reference(plan.served),
        "results": results,
        "counts": {"ok": ok, "failed": len(results) - ok},
    }


HOT: dict[tuple[str, str], Handler] = {("POST", "/v1/parse"): parse, ("POST", "/v1/parse/batch"): parse_batch}
AT_ONCE: dict[tuple[str, str], Beginner] = {("POST", "/v1/parse"): begin_parse}


def _route(method: str, path: str, handler: Handler) -> Route:
    async def endpoint(request: Request) -> Response:
        return Response(await handler(call_of(request)), media_type="application/json")

    return Route(path, endpoint, methods=[method])


# The router has them too: it knows which methods a path answers.
ROUTES = [_route(method, path, handler) for (method, path), handler in HOT.items()]


@router.get("/labels", response_model=LabelsAnswer)
async def labels(request: Request, model: Annotated[str | None, Query(description=_MODEL)] = None) -> Any:
    """Every label that answers may name, with what people call it in English and Russian."""
    check_accept(request)
    return labels_of(parts(request).service.registry.get(model))


@router.get("/models", response_model=ModelsAnswer)
async def models(request: Request) -> Any:
    """Name, version and checksum of every loaded model."""
    check_accept(request)
    return models_of(parts(request).service.registry)


@router.get("/models/{name}", response_model=ModelDetail, response_model_exclude_unset=True)
async def model(request: Request, name: Annotated[str, Path(description="name of a loaded model")]) -> Any:
    """A model with the scores, the calibration and the card of its artefact."""
    check_accept(request)
    registry = parts(request).service.registry
    return model_of(registry.get(name), registry)


def labels_of(served: ServedModel) -> dict[str, Any]:
    """The labels of a model, as LabelsAnswer describes them."""
    scheme = served.tagger.labels
    return {
        "model": answers.reference(served),
        "slots": [{"name": name, "title": title("slots", name), "kind": kind_of(name)} for name in scheme.slots],
        "intents": [{"name": name, "title": title("intents", name)} for name in scheme.intents],
    }


def models_of(registry: ModelRegistry) -> dict[str, Any]:
    """The models, as ModelsAnswer describes them."""
    return {"models": [summary(served, registry) for served in registry.served.values()]}


def model_of(served: ServedModel, registry: ModelRegistry) -> dict[str, Any]:
    """A model, as ModelDetail describes it."""
    artifact = served.tagger.artifact
    looked_up = artifact.gazetteer and [
        {"slots": table.slots, "phrases": len(table.phrases), "confidence": table.confidence}
        for table in artifact.gazetteer.tables
        if table.extracts
    ]
    return {
        **summary(served, registry),
        **({} if looked_up is None else {"gazetteer": looked_up}),
        "scores": artifact.scores,
        "calibration": artifact.calibration.to_dict(),
        "card": artifact.card,
    }


def summary(served: ServedModel, registry: ModelRegistry) -> dict[str, Any]:
    """A model in a few words."""
    tagger = served.tagger
    return {
        **answers.reference(served),
        "sha256": tagger.sha256,
        "languages": list(served.languages),
        "default": served.name == registry.default,
        "inputs": list(served.inputs),
        "slots": len(tagger.labels.slots),
        "intents": len(tagger.labels.intents),
        "max_words": tagger.max_words,
    }


def service_options(asked: Options) -> service.Options:
    """The request's options as the service takes them. Raises Invalid for a reference time that is none."""
    context = asked.context
    return service.Options(
        asked.model,
        asked.language,
        moment_of(context),
        context.timezone,
        context.date_policy,
        context.date_order,
        context.expected_slots,
        context.intent,
        asked.required_slots,
        asked.min_confidence,
        asked.values,
        "explanation" in asked.include,
    )


def _text(item: BatchItem | BadItem, index: int) -> str | ServiceError:
    if isinstance(item, BatchItem):
        return item.text
    return refusal(item, f"/items/{index}")


def _result(item: BatchItem | BadItem, outcome: Reading | ServiceError, plan: Plan, asked: BatchRequest, seconds: float) -> dict[str, Any]:
    if isinstance(outcome, ServiceError):
        return {"id": item.id, "status": outcome.status, "problem": problem(outcome)}
    try:
        return {"id": item.id, "status": 200, **answers.parsed(outcome, plan, asked, seconds)}
    except Exception as error:  # an answer that cannot be built is missing for its own item only
        logger.error("an answer of %s could not be built: %s", plan.served.name, type(error).__name__)  # the message may quote the text
        return {"id": item.id, "status": 500, "problem": problem(annotation_failed(plan.served.name))}
