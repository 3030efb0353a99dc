"""The way of a request without a task: whatever happens, it is answered once, and its neighbours are too."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from app.api.exchange import ExchangeMiddleware
from tests.app.serving import happens, serving, turns
from tests.fakes import DyingTagger, ErrorTagger, FakeTagger, SlowTagger

pytestmark = pytest.mark.anyio


class Line:
    """The end of a connection: what was sent on it, by either way."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, bytes]] = []
        self.left = False
        self.sent = asyncio.Event()

    def channels(self) -> tuple[Any, Any]:
        return self._receive, self._send

    def gone(self) -> bool:
        return self.left

    def clear(self) -> bool:
        return True

    def close_afterwards(self) -> None:
        pass

    def send(self, head: bytes, body: bytes) -> None:
        self.answers.append((200, body))
        self.sent.set()

    async def _receive(self) -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.answers.append((self.status, message.get("body", b"")))
            self.sent.set()


def begin(client: httpx.AsyncClient, text: str) -> Line:
    """Begin a request; it must be taken."""
    stack, line = client.app.middleware_stack, Line()
    assert isinstance(stack, ExchangeMiddleware)
    scope = {"type": "http", "method": "POST", "path": "/v1/parse", "headers": [(b"content-type", b"application/json")]}
    assert stack.begins(scope)
    assert stack.begin(scope, json.dumps({"text": text}).encode(), line)
    return line


async def statuses(*lines: Line) -> list[int]:
    """The status of the one answer on each line."""
    for line in lines:
        await asyncio.wait_for(line.sent.wait(), 10)
    await turns()
    assert [len(line.answers) for line in lines] == [1] * len(lines)
    return [line.answers[0][0] for line in lines]


@pytest.mark.parametrize("stage", ["prepare", "collate", "run", "decode", "answer"])
async def test_a_stage_that_fails_fails_its_text_alone(stage: str) -> None:
    async with serving(ErrorTagger(stage=stage)) as client:
        assert await statuses(*[begin(client, text) for text in ("from Oslo", "poison", "to Rome")]) == [200, 500, 200]
        assert await statuses(begin(client, "later")) == [200]


async def test_a_failure_in_reading_an_annotation_is_an_answer_and_harms_nobody() -> None:
    class Strange(FakeTagger):
        def decode(self, batch: Any, texts: Any) -> Any:
            return [each._replace(tokens=None) if "poison" in each.text else each for each in super().decode(batch, texts)]

    async with serving(Strange()) as client:
        assert await statuses(*[begin(client, text) for text in ("from Oslo", "poison", "to Rome")]) == [200, 500, 200]


@pytest.mark.parametrize(("text", "status"), [(" ", 422), ("x" * 3000, 422)])
async def test_what_is_wrong_at_once_is_answered_once(text: str, status: int) -> None:
    async with serving(FakeTagger()) as client:
        assert await statuses(begin(client, text)) == [status]


async def test_a_worker_that_dies_answers_503_to_all() -> None:
    async with serving(DyingTagger()) as client:
        assert await statuses(*[begin(client, text) for text in ("die", "to Oslo")]) == [503, 503]
        assert await statuses(begin(client, "later")) == [503]


async def test_who_has_left_is_not_computed_and_who_waits_too_long_is_told() -> None:
    tagger = SlowTagger()
    async with serving(tagger, deadline_s=0.1) as client:
        first = begin(client, "in the worker")
        await happens(tagger.entered)
        second = begin(client, "in its hands")
        await turns()
        gone = begin(client, "leaves")
        gone.left = True
        late = await statuses(first, second)
        tagger.release.set()
        await asyncio.wait_for(gone.sent.wait(), 10)
    assert late == [504, 504]
    assert ["leaves"] not in tagger.batches


async def test_a_gate_that_fails_leaves_the_request_to_the_ordinary_way() -> None:
    async with serving(FakeTagger()) as client:
        stack = client.app.middleware_stack
        scope = {"type": "http", "method": "POST", "path": "/v1/parse", "headers": [(b"content-type", b"application/json")]}
        stack._parts.gate.admit = None  # whatever is called there fails
        try:
            assert not stack.begin(scope, b'{"text": "to Oslo"}', Line())
        finally:
            del stack._parts.gate.admit
