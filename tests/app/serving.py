"""Runs the application inside the test's event loop, without a socket."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from app.main import create_app
from app.phrases import PhraseReader
from app.settings import Settings
from tests.fakes import FakeTagger

REFERENCE = {"reference_time": "2026-10-20T10:00:00+08:00", "timezone": "Asia/Taipei"}


@asynccontextmanager
async def serving(*taggers: Any, phrase_reader: PhraseReader | None = None, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a running application; ``client.app`` is the application."""
    app = create_app(Settings(**settings), taggers or [FakeTagger()], phrase_reader)
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://slotline") as client:
        client.app = app
        yield client


async def happens(event: threading.Event) -> None:
    """Wait for what another thread sets, without blocking the loop."""
    assert await asyncio.to_thread(event.wait, 20)


async def turns(count: int = 50) -> None:
    """Let the loop turn, so that what was started gets to where it waits for another thread."""
    for _ in range(count):
        await asyncio.sleep(0)


def timeless(answer: Any) -> Any:
    """The answer without what differs from call to call: ids and times."""
    if isinstance(answer, dict):
        return {key: timeless(value) for key, value in answer.items() if key not in ("request_id", "timing_ms")}
    if isinstance(answer, list):
        return [timeless(value) for value in answer]
    return answer
