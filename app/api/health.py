"""Whether the service lives, is ready and has started, and its metrics."""

import asyncio
import time
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from app.api.deps import parts
from app.api.schemas import Health, Ready
from app.errors import Draining, ServiceError, Unavailable
from app.registry import ServedModel
from app.values import ValueService

PROOF_DEADLINE_S = 2.0

router = APIRouter(tags=["Operating"])


@router.get("/health/live", response_model=Health)
async def live() -> Any:
    """Restart the service when this is not answered."""
    return {"status": "ok"}


@router.get("/health/startup", response_model=Health)
async def startup() -> Any:
    """The service listens only once every model is loaded and replayed, so an answer is the proof."""
    return {"status": "ok"}


@router.get("/health/ready", response_model=Ready)
async def ready(request: Request) -> Any:
    """Send traffic only while this is 200. Where the last forward pass is too long ago, a sample goes through the queue.

    The same holds for the reader of values.
    """
    service, settings = parts(request).service, parts(request).settings
    if service.draining:
        raise Draining("the service is stopping; send requests to another instance", retry_after_s=1)
    ages = {}
    for name, served in service.registry.served.items():
        await _prove(request, served, settings.ready_window_s)
        ages[name] = {"version": served.tagger.version, "seconds_since_forward_pass": round(_age(served), 3)}
    if service.values is not None:
        await _prove_values(service.values, settings.ready_window_s)
    return {"status": "ready", "models": ages}


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """Requests, queues and forward passes."""
    text = await asyncio.to_thread(parts(request).metrics.exposition)  # it may take longer than a request
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")


async def _prove(request: Request, served: ServedModel, window_s: float) -> None:
    """Raises Unavailable unless the model's worker lives and a forward pass succeeded within ``window_s`` seconds."""
    if served.batcher.alive and _age(served) <= window_s:
        return
    try:
        await parts(request).service.prove(served, PROOF_DEADLINE_S)
    except ServiceError as error:
        raise Unavailable(f"the model {served.name} gives no answers: {error.detail}", retry_after_s=1) from error


async def _prove_values(values: ValueService, window_s: float) -> None:
    """Raises Unavailable unless the reader's thread lives and has read something within ``window_s`` seconds."""
    if values.alive and _seconds_since(values.last_pass) <= window_s:
        return
    try:
        await values.prove(PROOF_DEADLINE_S)
    except ServiceError as error:
        raise Unavailable(f"the reader of values gives no answers: {error.detail}", retry_after_s=1) from error


def _age(served: ServedModel) -> float:
    return _seconds_since(served.batcher.last_forward)


def _seconds_since(moment: float | None) -> float:
    return float("inf") if moment is None else time.monotonic() - moment
