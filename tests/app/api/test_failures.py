"""Every error of a door is told in the words of that door, whoever refuses: a table of errors times a table of doors."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import jsonschema
import pytest

from app.access.keys import entry_of, make_key
from app.api import rasa, v2
from app.api.failures import failure
from app.errors import ServiceError
from tests.app.serving import happens, serving
from tests.fakes import DyingTagger, ErrorTagger, FakeTagger, SlowTagger
from tests.test_operations_page import error_classes

pytestmark = pytest.mark.anyio

KEY = make_key()
RASA_ERROR = {  # as Rasa's API description has it
    "type": "object",
    "required": ["version", "status", "message", "reason", "details", "help", "code"],
    "properties": {
        "version": {"type": "string"},
        "status": {"enum": ["failure"]},
        "message": {"type": "string", "minLength": 1},
        "reason": {"type": "string", "pattern": "^[A-Z][A-Za-z]+$"},
        "details": {"type": "object"},
        "help": {"type": "string"},
        "code": {"type": "number"},
    },
    "additionalProperties": False,
}
V2_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string", "minLength": 1}},
    "additionalProperties": False,
}
PROBLEM = {"type": "object", "required": ["type", "title", "status", "detail", "errors"]}
SCHEMAS = {
    ("application/json", "/model/parse"): RASA_ERROR,
    ("application/json", "/v2/models/fake/infer"): V2_ERROR,
    ("application/problem+json", "/v1/parse"): PROBLEM,
}


def message(path: str, text: str) -> dict[str, Any]:
    if path.startswith("/v2"):
        return {"inputs": [{"name": "text", "datatype": "BYTES", "shape": [1], "data": [text]}]}
    return {"text": text}


async def ask(client: httpx.AsyncClient, path: str, text: str = "ok", **more: Any) -> httpx.Response:
    return await client.post(path, **{"json": message(path, text), **more})


Situation = Callable[[str], Awaitable[httpx.Response]]


async def no_key(path: str) -> httpx.Response:
    async with serving(api_keys=entry_of("bot", KEY)) as client:
        return await ask(client, path)


async def wrong_host(path: str) -> httpx.Response:
    async with serving(allowed_hosts="other") as client:
        return await ask(client, path)


async def bad_host(path: str) -> httpx.Response:
    async with serving(allowed_hosts="other") as client:
        return await ask(client, path, headers={"Host": "a/b"})


async def too_often(path: str) -> httpx.Response:
    async with serving(rate_limit=0.001, rate_burst=1) as client:
        await ask(client, path)
        return await ask(client, path)


async def no_such_path(path: str) -> httpx.Response:
    async with serving() as client:
        return await ask(client, path + "/none")


async def wrong_method(path: str) -> httpx.Response:
    async with serving() as client:
        answer = await client.put(path)
        assert answer.headers["allow"] == "POST"
        return answer


async def too_large(path: str) -> httpx.Response:
    async with serving(max_body_bytes=1024) as client:
        answer = await ask(client, path, "x" * 2000)
        assert answer.headers["connection"] == "close"
        return answer


async def too_slow(path: str) -> httpx.Response:
    async def never() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async with serving(body_timeout_s=0.02) as client:
        return await ask(client, path, json=None, content=never(), headers={"Content-Type": "application/json"})


async def compressed(path: str) -> httpx.Response:
    async with serving() as client:
        return await ask(client, path, headers={"Content-Encoding": "gzip"})


async def no_json(path: str) -> httpx.Response:
    async with serving() as client:
        return await ask(client, path, json=None, content=b"{", headers={"Content-Type": "application/json"})


async def no_request(path: str) -> httpx.Response:
    async with serving() as client:
        return await ask(client, path, json={})


async def too_long(path: str) -> httpx.Response:
    async with serving() as client:
        return await ask(client, path, "x" * 3000)


async def poisoned(path: str) -> httpx.Response:
    async with serving(ErrorTagger()) as client:
        return await ask(client, path, "poison")


async def first_answer(path: str, texts: int, **settings: Any) -> httpx.Response:
    """Of many who ask a service whose worker does not come back, what the first is told."""
    tagger = SlowTagger("fake")
    async with serving(tagger, **settings) as client:
        asking = [asyncio.create_task(ask(client, path))]
        await happens(tagger.entered)
        asking += [asyncio.create_task(ask(client, path)) for _ in range(texts - 1)]
        done, _ = await asyncio.wait(asking, timeout=20, return_when=asyncio.FIRST_COMPLETED)
        tagger.release.set()
        await asyncio.gather(*asking)
    return done.pop().result()


async def overloaded(path: str) -> httpx.Response:
    return await first_answer(path, 6, max_waiting_items=1, max_batch_items=1, deadline_s=30)


async def too_late(path: str) -> httpx.Response:
    return await first_answer(path, 1, deadline_s=0.2)


async def draining(path: str) -> httpx.Response:
    async with serving() as client:
        for served in client.app.state.parts.service.registry.served.values():
            await served.batcher.close()
        return await ask(client, path)


async def dead(path: str) -> httpx.Response:
    async with serving(DyingTagger()) as client:
        await ask(client, path, "die")
        return await ask(client, path)


SITUATIONS: list[tuple[Situation, int]] = [
    (no_key, 401),
    (wrong_host, 421),
    (bad_host, 400),
    (too_often, 429),
    (no_such_path, 404),
    (wrong_method, 405),
    (too_large, 413),
    (too_slow, 408),
    (compressed, 415),
    (no_json, 400),
    (no_request, 400),
    (too_long, 400),
    (poisoned, 500),
    (overloaded, 503),
    (too_late, 504),
    (draining, 503),
    (dead, 503),
]


def hold(answer: httpx.Response, path: str, status: int) -> None:
    assert answer.status_code == status, answer.text
    schema = SCHEMAS[answer.headers["content-type"], path]
    jsonschema.Draft202012Validator(schema).validate(answer.json())
    if schema is RASA_ERROR:
        assert answer.json()["code"] == status
    assert answer.headers["x-request-id"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    if status in (429, 503):
        assert int(answer.headers["retry-after"]) > 0
    if status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/model/parse", "/v2/models/fake/infer", "/v1/parse"])
@pytest.mark.parametrize(("situation", "status"), SITUATIONS, ids=[situation.__name__ for situation, _ in SITUATIONS])
async def test_every_error_is_told_in_the_words_of_its_door(situation: Situation, status: int, path: str) -> None:
    native = 422 if situation in (no_request, too_long) else status
    hold(await situation(path), path, native if path == "/v1/parse" else status)


@pytest.mark.parametrize("path", ["/model/parse", "/v2/models/fake/infer"])
async def test_a_failure_that_nobody_foresaw_is_told_likewise(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: Any) -> None:
        raise RuntimeError("Zanzibar")

    monkeypatch.setattr(rasa, "answer_message", fail)
    monkeypatch.setattr(v2, "answer_texts", fail)
    async with serving(FakeTagger()) as client:
        answer = await ask(client, path)
    hold(answer, path, 500)
    assert "Zanzibar" not in answer.text


def test_every_error_that_there_is_has_a_shape_at_every_door() -> None:
    for kind in error_classes(ServiceError):
        for path, schema in {"/model/parse": RASA_ERROR, "/v2": V2_ERROR}.items():
            said, status, media_type = failure(kind("this and that"), path, "id")
            jsonschema.Draft202012Validator(schema).validate(json.loads(json.dumps(said)))
            assert media_type == "application/json"
            assert status == (400 if kind.status == 422 else kind.status)
