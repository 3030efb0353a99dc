import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.api.exchange import ExchangeMiddleware
from app.settings import Settings
from tests.app.serving import happens, serving, turns
from tests.fakes import FakeTagger, SlowTagger

pytestmark = pytest.mark.anyio

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [("GET", "/v1/parse", "POST"), ("DELETE", "/v1/models", "GET"), ("BREW", "/health/live", "GET"), ("POST", "/docs", "GET, HEAD")],
)
async def test_a_wrong_method_is_a_problem_that_names_the_right_ones(client: httpx.AsyncClient, method: str, path: str, allow: str) -> None:
    response = await client.request(method, path)
    assert response.status_code == 405
    assert sorted(response.headers["allow"].split(", ")) == allow.split(", ")
    assert response.json()["type"] == "urn:slotline:problem:method_not_allowed"


@pytest.mark.parametrize(
    "path", ["/nothing", "/v1/parse/", "/v1/models/none", "/static/../main.py", "/static/none.js", "/%00", "/v1/" + "x" * 5000]
)
async def test_a_path_that_leads_nowhere_is_a_problem(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == "urn:slotline:problem:not_found"
    assert len(response.content) < 1000


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
async def test_a_body_not_declared_as_json_is_415(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    assert (await client.post("/v1/parse", content=b'{"text": "ok"}', headers=headers)).status_code == 415


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; Charset=UTF-8", 'application/json;charset="utf-8"', "application/vnd.x+json"]
)
async def test_every_spelling_of_json_is_taken(client: httpx.AsyncClient, kind: str) -> None:
    assert (await client.post("/v1/parse", content=b'{"text": "ok"}', headers={"Content-Type": kind})).status_code == 200


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("*/*", 200),
        ("application/json", 200),
        ("text/html, application/*;q=0.5", 200),
        ("application/json;q=0.001", 200),
        ("text/html", 406),
        ("application/json;q=0, */*", 406),
        ("application/json;q=0.000", 406),
        ("nonsense;;;,,", 406),
    ],
)
async def test_json_is_sent_only_to_those_who_take_it(client: httpx.AsyncClient, accept: str, status: int) -> None:
    headers = {"Accept": accept}
    assert (await client.post("/v1/parse", json={"text": "ok"}, headers=headers)).status_code == status
    assert (await client.get("/v1/labels", headers=headers)).status_code == status


async def test_a_body_too_large_is_413_however_it_is_sent() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b"x" * 100

    async with serving(max_body_bytes=1024) as client:
        whole = await client.post("/v1/parse", content=b"x" * 1025, headers=JSON)
        streamed = await client.post("/v1/parse", content=chunks(), headers=JSON)
        fits = await client.post("/v1/parse", content=b'{"text": "ok"}'.ljust(1024), headers=JSON)
        told = await client.post("/v1/parse", content=chunks(), headers={**JSON, "Content-Length": "3000", "Expect": "100-continue"})
    assert [answer.status_code for answer in (whole, streamed, told, fits)] == [413, 413, 413, 200]
    assert whole.headers["connection"] == "close"


async def test_a_body_that_does_not_come_is_408() -> None:
    async def never() -> AsyncIterator[bytes]:
        yield b'{"text": '
        await asyncio.Event().wait()

    async with serving(body_timeout_s=0.02) as client:
        assert (await client.post("/v1/parse", content=never(), headers=JSON)).status_code == 408


@pytest.mark.parametrize(
    ("sent", "kept"), [("A-z_0.9", True), ("x" * 64, True), ("x" * 65, False), ("", False), ("a b", False), ("a\tb", False)]
)
async def test_a_well_formed_request_id_is_kept_and_any_other_replaced(client: httpx.AsyncClient, sent: str, kept: bool) -> None:
    response = await client.post("/v1/parse", json={"text": "ok"}, headers={"X-Request-ID": sent})
    assert response.json()["request_id"] == response.headers["x-request-id"]
    assert (response.headers["x-request-id"] == sent) == kept


async def test_a_handler_that_fails_is_a_500_that_tells_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as client:
        app: FastAPI = client.app

        async def fail() -> None:
            raise RuntimeError(f"{'S'}mith wants to go to Rome")

        app.add_api_route("/fail", fail)
        response = await client.get("/fail")
    assert response.status_code == 500
    assert response.json()["request_id"] == response.headers["x-request-id"]
    assert "RuntimeError" in caplog.text
    assert "Smith" not in response.text + caplog.text


async def test_a_client_that_disconnects_frees_its_place() -> None:
    tagger = SlowTagger()
    async with serving(tagger, deadline_s=20) as client:
        app: FastAPI = client.app
        first = asyncio.create_task(client.post("/v1/parse", json={"text": "in the worker"}))
        await happens(tagger.entered)
        second = asyncio.create_task(client.post("/v1/parse", json={"text": "in its hands"}))
        await turns()
        sent = await disconnecting(app, b'{"text": "leaves"}')
        tagger.release.set()
        await asyncio.gather(first, second)
        await turns()
        assert 'method="POST",route="/v1/parse",status="499"' in (await client.get("/metrics")).text
    assert sent[0]["status"] == 499
    assert tagger.batches == [["in the worker"], ["in its hands"]]


async def disconnecting(app: Any, body: bytes) -> list[dict[str, Any]]:
    """Send ``body`` over ASGI and leave."""
    messages = [{"type": "http.request", "body": body, "more_body": False}, {"type": "http.disconnect"}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/v1/parse", "raw_path": b"/v1/parse", "query_string": b"", "headers": headers}
    await app(
        {**scope, "http_version": "1.1", "scheme": "http", "server": ("slotline", 80), "client": None, "root_path": ""}, receive, send
    )
    return sent


async def test_callers_cannot_invent_labels_of_metrics() -> None:
    async with serving(FakeTagger()) as client:
        for index in range(5):
            await client.get(f"/invented{index}")
            await client.request(f"VERB{index}", "/v1/models")
        text = (await client.get("/metrics")).text
    assert "invented" not in text
    assert "VERB" not in text
    assert 'slotline_requests_total{method="(other)",route="/v1/models",status="405"} 5.0' in text


async def test_what_is_no_http_passes_through() -> None:
    seen = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    await ExchangeMiddleware(inner, SimpleNamespace(settings=Settings()), [], {})({"type": "lifespan"}, None, None)
    assert seen == ["lifespan"]
