"""Errors as the answers that callers get: problems, or what the clients of a compatibility door know how to read."""

import logging
import traceback
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.api.areas import Dialect, area_of
from app.api.problems import MEDIA_TYPE, TYPE_PREFIX, problem
from app.errors import AnnotationFailed, Forbidden, Invalid, Malformed, NotFound, Refused, ServiceError, Unauthorized

logger = logging.getLogger(__name__)

CLIENT_GONE = 499  # nobody reads it; it only shows in the metrics
JSON = "application/json"
RASA_VERSION = "3.6.21"  # of the Rasa Open Source whose HTTP API is answered
RASA_REASONS = {  # the words that Rasa itself uses; what it never answers has the name of our error
    Malformed: "BadRequest",
    Invalid: "BadRequest",
    Unauthorized: "NotAuthenticated",
    Forbidden: "NotAuthorized",
    AnnotationFailed: "ParsingError",
    ServiceError: "ServerError",
}

Body = tuple[dict[str, Any], int, str]  # what is said, the status, the media type


class MethodNotAllowed(Refused):
    """The path does not answer this method: what the router itself finds."""

    status = 405
    code = "method_not_allowed"
    title = "Method not allowed"


def failure(error: ServiceError, path: str, request_id: str | None) -> Body:
    """What a caller of ``path`` is told."""
    return DIALECTS[area_of(path).dialect](error, request_id)


def failure_response(error: ServiceError, scope: MutableMapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """The answer to a request that failed as a whole. ``headers``: more of them."""
    said, status, media_type = failure(error, scope["path"], scope["exchange"].request_id)
    sent = {**error.headers, **(headers or {})}
    if error.retry_after_s:
        sent["Retry-After"] = str(error.retry_after_s)
    if error.status in (408, 413):
        sent["Connection"] = "close"  # what is left of the body is never read
    return Response(orjson.dumps(said), status, sent, media_type)


def unforeseen(error: Exception, request_id: str) -> ServiceError:
    """What the caller is told of an error that nobody foresaw. Logs its type and place, not its message, which may quote an utterance."""
    extra = {"request_id": request_id, "traceback": "".join(traceback.format_tb(error.__traceback__))}
    logger.error("request %s failed: %s", request_id, type(error).__name__, extra=extra)
    return ServiceError("the service failed on this request; tell the operator its request_id")


async def on_service_error(request: Request, error: Exception) -> Response:
    """Handler of ServiceError."""
    assert isinstance(error, ServiceError)
    return failure_response(error, request.scope)


async def on_http_error(request: Request, error: Exception) -> Response:
    """Handler of what the router raises: no such path, or not with this method."""
    assert isinstance(error, HTTPException)
    kind = {404: NotFound, 405: MethodNotAllowed}.get(error.status_code)
    if kind is not None:
        return failure_response(kind(_detail(request, error)), request.scope, error.headers)
    body = problem(ServiceError(error.detail), request.scope["exchange"].request_id)
    body.update(type=TYPE_PREFIX + "http_error", title=error.detail, status=error.status_code)
    return Response(orjson.dumps(body), error.status_code, dict(error.headers or {}), MEDIA_TYPE)


async def on_client_gone(request: Request, error: Exception) -> Response:
    """Handler of ClientGone."""
    return Response(status_code=CLIENT_GONE)


def _problem(error: ServiceError, request_id: str | None) -> Body:
    return problem(error, request_id), error.status, MEDIA_TYPE


def _rasa(error: ServiceError, request_id: str | None) -> Body:
    """As ``ErrorResponse`` of Rasa's server."""
    status = _older(error.status)
    kind = next((kind for kind in RASA_REASONS if type(error) is kind or (kind is Forbidden and isinstance(error, kind))), None)
    said = {
        "version": RASA_VERSION,
        "status": "failure",
        "message": error.detail,
        "reason": RASA_REASONS[kind] if kind else type(error).__name__,
        "details": {"request_id": request_id, **problem_details(error)},
        "help": "/docs",
        "code": status,
    }
    return said, status, JSON


def _v2(error: ServiceError, request_id: str | None) -> Body:
    """As the Open Inference Protocol has it."""
    return {"error": error.detail}, _older(error.status), JSON


DIALECTS: Mapping[Dialect, Callable[[ServiceError, str | None], Body]] = {"problem": _problem, "rasa": _rasa, "v2": _v2}


def problem_details(error: ServiceError) -> dict[str, Any]:
    """What programs may want to know of an error beside its message."""
    full = problem(error)
    return {"type": full["type"], "errors": full["errors"]}


def _older(status: int) -> int:
    """Neither protocol knows 422: what is wrong with a request is 400 there."""
    return 400 if status == 422 else status


def _detail(request: Request, error: HTTPException) -> str:
    path = request.url.path[:100]
    if error.status_code == 404:
        return f"there is nothing at {path}; see /docs for what there is"
    return f"{path} does not answer {request.method[:20]}; it answers {(error.headers or {}).get('Allow', '')}"
