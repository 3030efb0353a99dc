"""For operators: load, promote, roll back and unload versions of models while requests go on.

The gate (``app.api.gate``) admits nobody here without an admin key.
"""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path
from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.api.admin_schemas import AdminModel, AdminModels
from app.api.deps import Parts, call_of, check_accept, json_body, parts
from app.api.requests import LoadRequest, UnloadRequest, validated
from app.errors import Refused
from app.lineup import Command, Line
from app.registry import ModelRegistry, ServedModel

LOAD_REQUEST: TypeAdapter[LoadRequest] = TypeAdapter(LoadRequest)
UNLOAD_REQUEST: TypeAdapter[UnloadRequest] = TypeAdapter(UnloadRequest)
PREFIX = "/v1/admin/models"
Name = Annotated[str, Path(description="name of a model")]

router = APIRouter(prefix=PREFIX, tags=["Administration"])


@router.get("", response_model=AdminModels)
async def admin_models(request: Request) -> Any:
    """The active, candidate and previous version of every model."""
    check_accept(request)
    registry = parts(request).service.registry
    return {"models": [_described(name, registry) for name in sorted(registry.lines)]}


@router.post("/{name}/promote", response_model=AdminModel)
async def promote(request: Request, name: Name) -> Any:
    """Makes the candidate the active version, in all workers before this is answered.

    What the former active version has accepted it answers; it stays loaded as the previous one.
    """
    check_accept(request)
    return await _carry_out(parts(request), Command("promote", name))


@router.post("/{name}/rollback", response_model=AdminModel)
async def rollback(request: Request, name: Name) -> Any:
    """Makes the previous version the active one again, at once. The two change places, so a second rollback takes the first one back."""
    check_accept(request)
    return await _carry_out(parts(request), Command("rollback", name))


async def load(request: Request) -> Response:
    """``POST /v1/admin/models/{name}/load``."""
    asked = validated(LOAD_REQUEST, await json_body(call_of(request)))
    return await _answer(request, Command("load", request.path_params["name"], artifact=asked.artifact))


async def unload(request: Request) -> Response:
    """``POST /v1/admin/models/{name}/unload``."""
    asked = validated(UNLOAD_REQUEST, await json_body(call_of(request)))
    return await _answer(request, Command("unload", request.path_params["name"], which=asked.which))


# Plain routes, because FastAPI would read and validate the body in its own way; ``app.api.admin_openapi`` documents them.
ROUTES = [
    Route(f"{PREFIX}/{{name}}/load", load, methods=["POST"]),
    Route(f"{PREFIX}/{{name}}/unload", unload, methods=["POST"]),
]


async def _answer(request: Request, command: Command) -> Response:
    return Response(orjson.dumps(await _carry_out(parts(request), command)), media_type="application/json")


async def _carry_out(through: Parts, command: Command) -> dict[str, Any]:
    registry = through.service.registry
    outcome = "failed"
    try:
        await through.control.command(command)
        outcome = "done"
    except Refused:
        outcome = "refused"
        raise
    finally:
        # A caller must not be able to invent labels.
        through.metrics.reloaded(command.name if command.name in registry.lines else "(none)", command.action, outcome)
    return _described(command.name, registry)


def _described(name: str, registry: ModelRegistry) -> dict[str, Any]:
    line: Line[ServedModel] = registry.lines.get(name, Line())
    return {
        "name": name,
        "default": name == registry.default,
        "active": _version(line.active, "serving"),
        "candidate": _version(line.candidate, "standby"),
        "previous": _version(line.previous, "standby"),
    }


def _version(served: ServedModel | None, state: str) -> dict[str, Any] | None:
    if served is None:
        return None
    return {
        "version": served.tagger.version,
        "sha256": served.tagger.sha256,
        "artifact": served.release.directory.rpartition("/")[2],
        "state": state if served.batcher.alive else "stopped",
        "loaded": served.release.loaded,
    }
