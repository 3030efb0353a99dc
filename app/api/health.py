"""Whether the service lives, is ready and has started, and its metrics."""

import asyncio
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from app.api.deps import parts
from app.api.readiness import age, prove_all
from app.api.schemas import Health, Ready

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
    service = parts(request).service
    await prove_all(service, parts(request).settings.ready_window_s)
    served = service.registry.served
    ages = {name: {"version": entry.tagger.version, "seconds_since_forward_pass": round(age(entry), 3)} for name, entry in served.items()}
    return {"status": "ready", "models": ages}


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """Requests, queues and forward passes."""
    text = await asyncio.to_thread(parts(request).metrics.exposition)  # it may take longer than a request
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")
