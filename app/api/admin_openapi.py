"""How the OpenAPI document describes ``app.api.admin``."""

from typing import Annotated, Any

from fastapi import Body
from fastapi.routing import APIRoute

from app import errors
from app.api.admin import PREFIX, Name
from app.api.admin_schemas import AdminModel
from app.api.requests import LoadRequest, UnloadRequest
from app.errors import FieldError, ServiceError

_ACTIVE = {
    "version": "1.0.0",
    "sha256": "5d6c2a0f" * 8,
    "artifact": "booking",
    "state": "serving",
    "loaded": "2026-10-20T02:00:00+00:00",
}
_FRESH = {**_ACTIVE, "version": "1.1.0", "sha256": "9b1e47d3" * 8, "artifact": "booking-1.1", "loaded": "2026-10-21T02:00:00+00:00"}
_WAITING = {"state": "standby"}


def _line(**versions: dict[str, str]) -> dict[str, Any]:
    return {"name": "booking", "default": True, "active": None, "candidate": None, "previous": None, **versions}


_LOADED = _line(active=_ACTIVE, candidate=_FRESH | _WAITING)
EXAMPLES = {  # path -> an answer
    PREFIX: {"models": [_LOADED]},
    f"{PREFIX}/{{name}}/load": _LOADED,
    f"{PREFIX}/{{name}}/promote": _line(active=_FRESH, previous=_ACTIVE | _WAITING),
    f"{PREFIX}/{{name}}/rollback": _line(active=_ACTIVE, previous=_FRESH | _WAITING),
    f"{PREFIX}/{{name}}/unload": _line(active=_ACTIVE),
}
NAMES = {
    PREFIX: ("list_versions", "List the versions of every model"),
    f"{PREFIX}/{{name}}/load": ("load_version", "Load a candidate"),
    f"{PREFIX}/{{name}}/promote": ("promote_version", "Make the candidate active"),
    f"{PREFIX}/{{name}}/rollback": ("roll_back_version", "Go back to the previous version"),
    f"{PREFIX}/{{name}}/unload": ("unload_version", "Unload a version"),
}
_INTERNAL = ServiceError("the service failed on this request; tell the operator its request_id")
_NOT_ACCEPTABLE = errors.NotAcceptable("this is answered as application/json; send an Accept header that allows it, or none")
_COMMAND: tuple[ServiceError, ...] = (
    _NOT_ACCEPTABLE,
    _INTERNAL,
    errors.Unavailable("the supervisor is gone; send the command to another instance", retry_after_s=1),
)
_BODY: tuple[ServiceError, ...] = (
    errors.Malformed("Invalid JSON: EOF while parsing a string at line 1 column 12; send one JSON object in UTF-8"),
    errors.BodyTimeout("the body did not arrive within 10 s; send it at once"),
    errors.BodyTooLarge("the body is larger than 1048576 bytes; send less at a time"),
    errors.WrongMediaType("send the body as JSON with the header Content-Type: application/json"),
)
_UNKNOWN = errors.NotFound("there is no model 'trains'; loaded: booking")
_BROKEN = "models/booking-1.1/graph.onnx was changed since it was written; copy or export the artefact again"
PROBLEMS: dict[str, tuple[ServiceError, ...]] = {
    PREFIX: (_NOT_ACCEPTABLE, _INTERNAL),
    f"{PREFIX}/{{name}}/load": (
        *(*_BODY, *_COMMAND),
        errors.Conflict("the artefact changed while it was read, and nothing has changed here; load it again when it is whole"),
        errors.BrokenArtifact(_BROKEN, errors=(FieldError("/artifact", "broken_artifact", _BROKEN),)),
    ),
    f"{PREFIX}/{{name}}/promote": (*_COMMAND, _UNKNOWN, errors.Conflict("booking has no candidate; load one first")),
    f"{PREFIX}/{{name}}/rollback": (
        *(*_COMMAND, _UNKNOWN),
        errors.Conflict("booking has no previous version to go back to; load and promote the one that you want"),
    ),
    f"{PREFIX}/{{name}}/unload": (
        *(*_BODY, *_COMMAND, _UNKNOWN),
        errors.Conflict("booking is the default model and always has an active version; promote another one in its place"),
        errors.invalid("/which", "not_allowed", "Input should be 'active', 'candidate' or 'previous'"),
    ),
}


def add_examples(paths: dict[str, Any]) -> None:
    """An answer for every operation."""
    for path, answer in EXAMPLES.items():
        for operation in paths[path].values():
            operation["responses"]["200"]["content"]["application/json"]["example"] = answer


_LOAD_EXAMPLES: dict[str, Any] = {"new": {"summary": "A new version", "value": {"artifact": "booking-1.1"}}}
_UNLOAD_EXAMPLES: dict[str, Any] = {"old": {"summary": "The previous version", "value": {"which": "previous"}}}


async def _load(
    name: Name,
    body: Annotated[LoadRequest, Body(openapi_examples=_LOAD_EXAMPLES)],
) -> None:
    """Reads an artefact, verifies every byte, replays its samples, and keeps it as the candidate; a former candidate is dropped.

    Requests go on meanwhile. All workers load it or none does. A name that is not loaded yet is a new model: it answers once promoted.
    """


async def _unload(
    name: Name,
    body: Annotated[UnloadRequest, Body(openapi_examples=_UNLOAD_EXAMPLES)],
) -> None:
    """Drops a version. What it has accepted it answers; then its memory is free."""


# Documentation only: FastAPI describes these, plain routes in ``app.api.admin`` serve the paths.
TWINS = [
    APIRoute(f"{PREFIX}/{{name}}/{name}", twin, methods=["POST"], response_model=AdminModel, name=name, tags=["Administration"])
    for name, twin in (("load", _load), ("unload", _unload))
]
