"""Errors as RFC 9457 problems."""

from typing import Any

from app.errors import ServiceError

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:slotline:problem:"


def problem(error: ServiceError, request_id: str | None = None) -> dict[str, Any]:
    """The body of a problem; a batch item's carries no request id."""
    body: dict[str, Any] = {"type": TYPE_PREFIX + error.code, "title": error.title, "status": error.status, "detail": error.detail}
    if request_id is not None:
        body["request_id"] = request_id
    body["errors"] = [{"pointer": entry.pointer, "code": entry.code, "message": entry.message} for entry in error.errors]
    return body
