"""Errors as RFC 9457 problems."""

import logging
import traceback
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.errors import ServiceError

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:slotline:problem:"
CLIENT_GONE = 499  # nobody reads it; it only shows in the metrics


def problem(error: ServiceError, request_id: str | None = None) -> dict[str, Any]:
    """The body of a problem; a batch item's carries no request id."""
    body: dict[str, Any] = {"type": TYPE_PREFIX + error.code, "title": error.title, "status": error.status, "detail": error.detail}
    if request_id is not None:
        body["request_id"] = request_id
    body["errors"] = [{"pointer": entry.pointer, "code": entry.code, "message": entry.message} for entry in error.errors]
    return body


def problem_response(error: ServiceError, request_id: str) -> Response:
    """The answer to a request that failed as a whole."""
    headers = dict(error.headers)
    if error.retry_after_s:
        headers["Retry-After"] = str(error.retry_after_s)
    if error.status in (408, 413):
        headers["Connection"] = "close"  # what is left of the body is never read
    return Response(orjson.dumps(problem(error, request_id)), error.status, headers, MEDIA_TYPE)


def unforeseen(error: Exception, request_id: str) -> ServiceError:
    """What the caller is told of an error that nobody foresaw. Logs its type and place, not its message, which may quote an utterance."""
    extra = {"request_id": request_id, "traceback": "".join(traceback.format_tb(error.__traceback__))}
    logger.error("request %s failed: %s", request_id, type(error).__name__, extra=extra)
    return ServiceError("the service failed on this request; tell the operator its request_id")


async def on_service_error(request: Request, error: Exception) -> Response:
    """Handler of ServiceError."""
    assert isinstance(error, ServiceError)
    return problem_response(error, request.scope["exchange"].request_id)


async def on_http_error(request: Request, error: Exception) -> Response:
    """Handler of what the router raises: no such path, or not with this method."""
    assert isinstance(error, HTTPException)
    described = ServiceError(_detail(request, error))
    body = problem(described, request.scope["exchange"].request_id)
    code, title = {404: ("not_found", "Not found"), 405: ("method_not_allowed", "Method not allowed")}.get(
        error.status_code, ("http_error", error.detail)
    )
    body.update(type=TYPE_PREFIX + code, title=title, status=error.status_code)
    return Response(orjson.dumps(body), error.status_code, dict(error.headers or {}), MEDIA_TYPE)


async def on_client_gone(request: Request, error: Exception) -> Response:
    """Handler of ClientGone."""
    return Response(status_code=CLIENT_GONE)


def _detail(request: Request, error: HTTPException) -> str:
    path = request.url.path[:100]
    if error.status_code == 404:
        return f"there is nothing at {path}; see /docs for what there is"
    if error.status_code == 405:
        return f"{path} does not answer {request.method[:20]}; it answers {(error.headers or {}).get('Allow', '')}"
    return error.detail
