"""``POST /v1/values``: phrases to values, without a model that finds them in an utterance."""

from typing import Any

import orjson
from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.api.answers import context_of
from app.api.deps import Exchange, call_of, client_watched, json_body
from app.api.problems import problem
from app.api.requests import BadItem, PhraseItem, ValuesRequest, moment_of, refusal, validated
from app.errors import NotFound, ServiceError
from app.phrases import Found, Outcome, Phrase
from app.reference import occasion_of
from app.values import ValueService
from model.values.value import NotUnderstood

VALUES_REQUEST: TypeAdapter[ValuesRequest] = TypeAdapter(ValuesRequest)


async def read(request: Request) -> Response:
    """``POST /v1/values``."""
    call = call_of(request)
    asked = validated(VALUES_REQUEST, await json_body(call), max_batch_items=call.parts.settings.max_batch_items)
    with client_watched(call):
        answer = await answer_phrases(asked, call.parts.service.values, call.exchange)
    return Response(orjson.dumps(answer), media_type="application/json")


# A plain route, because FastAPI would read and validate the body in its own way; ``app.api.openapi`` documents it.
ROUTES = [Route("/v1/values", read, methods=["POST"])]


async def answer_phrases(asked: ValuesRequest, through: ValueService | None, exchange: Exchange) -> dict[str, Any]:
    """The answer to a valid request, as ValuesAnswer describes it. Raises ServiceError only for what fails all phrases.

    NotFound: there is no reader.
    """
    if through is None:
        raise NotFound("this service has no reader of values; start it with --values DIR")
    context = asked.context
    occasion = occasion_of(moment_of(context), context.timezone, context.date_policy, context.date_order)
    outcomes = await through.read([_phrase(item, index) for index, item in enumerate(asked.phrases)], occasion)
    results = [_result(item, outcome) for item, outcome in zip(asked.phrases, outcomes, strict=True)]
    ok = sum(result["status"] == 200 for result in results)
    return {
        "request_id": exchange.request_id,
        "context": context_of(occasion),
        "results": results,
        "counts": {"ok": ok, "failed": len(results) - ok},
        "timing_ms": {"total": round(exchange.seconds() * 1000, 3)},
    }


def _phrase(item: PhraseItem | BadItem, index: int) -> Phrase | ServiceError:
    if isinstance(item, PhraseItem):
        return Phrase(item.text, item.kind)
    return refusal(item, f"/phrases/{index}")


def _result(item: PhraseItem | BadItem, outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, ServiceError):
        return {"status": outcome.status, "problem": problem(outcome)}
    assert isinstance(item, PhraseItem)
    return {"status": 200, "text": item.text, **_value(outcome)}


def _value(found: Found) -> dict[str, Any]:
    said, confidence = found.outcome, found.confidence
    if isinstance(said, NotUnderstood):
        refused = {"reason": "value_not_understood", "detail": said.detail}
        return {"value": None, "value_alternatives": [], "confidence": confidence, **refused}
    assert found.meaning is not None
    return {"value": found.meaning.value_json, "value_alternatives": found.meaning.alternatives_json, "confidence": confidence}
