"""Whatever fails on the way from text to answer fails that text alone, and the service goes on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.app.serving import REFERENCE, serving, timeless
from tests.fakes import DyingTagger, ErrorTagger, FakeTagger, HangingTagger, SteadyTagger

pytestmark = pytest.mark.anyio

STAGES = ("prepare", "collate", "run", "decode", "answer")
ERRORS = (
    ValueError("Smith"),
    MemoryError("Smith"),
    RecursionError("Smith"),
    KeyError("Smith"),
    StopIteration("Smith"),
)
TEXTS = ("from Oslo", "poison to Rome", "for four", "on Monday", "poison", "to Bergen")


async def post(client: httpx.AsyncClient, text: str) -> httpx.Response:
    return await client.post("/v1/parse", json={"text": text, "context": REFERENCE, "include": ["words", "distribution", "alternatives"]})


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("stage", STAGES)
async def test_a_stage_that_fails_fails_its_text_alone(stage: str, error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    async with serving(FakeTagger()) as client:
        whole = {text: (await post(client, text)).json() for text in TEXTS}
    async with serving(ErrorTagger(stage=stage, error=error)) as client:
        answers = await asyncio.gather(*(post(client, text) for text in TEXTS))
        later = await post(client, "to Bergen")
        ready = await client.get("/health/ready")
    for text, answer in zip(TEXTS, answers, strict=True):
        if "poison" in text:
            assert answer.status_code == answer.json()["status"] == 500
            assert answer.headers["content-type"] == "application/problem+json"
        else:
            assert timeless(answer.json()) == timeless(whole[text])
    assert (later.status_code, ready.status_code) == (200, 200)
    assert "Smith" not in caplog.text
    assert "Rome" not in caplog.text


@pytest.mark.parametrize("stage", STAGES)
async def test_a_stage_that_fails_fails_its_item_alone(stage: str) -> None:
    body = {"items": [{"text": text} for text in TEXTS], "include": ["words", "distribution", "alternatives"]}
    async with serving(ErrorTagger(stage=stage)) as client:
        response = await client.post("/v1/parse/batch", json=body)
        again = await client.post("/v1/parse/batch", json={**body, "items": [{"text": "to Bergen"}]})
    assert response.status_code == 200
    assert [result["status"] for result in response.json()["results"]] == [200, 500, 200, 200, 500, 200]
    assert response.json()["counts"] == {"ok": 4, "failed": 2}
    assert response.json()["results"][1]["problem"]["type"] == "urn:slotline:problem:annotation_failed"
    assert again.json()["counts"] == {"ok": 1, "failed": 0}


async def test_a_worker_that_dies_is_503_for_all_who_wait_and_not_ready() -> None:
    async with serving(DyingTagger(), deadline_s=20) as client:
        answers = await asyncio.gather(*(post(client, text) for text in ("die", "from Oslo", "to Rome")))
        batch = await client.post("/v1/parse/batch", json={"items": [{"text": "later"}]})
        assert [answer.status_code for answer in (*answers, batch)] == [503] * 4
        assert {answer.json()["type"] for answer in (*answers, batch)} == {"urn:slotline:problem:worker_died"}
        assert all("retry-after" in answer.headers for answer in (*answers, batch))
        assert (await client.get("/health/ready")).status_code == 503


@asynccontextmanager
async def hanging(**settings: float) -> AsyncIterator[httpx.AsyncClient]:
    """A service with a worker that hangs on demand, released at the end so that it can be closed."""
    tagger = HangingTagger()
    async with serving(tagger, deadline_s=30, batch_timeout_s=0.1, **settings) as client:
        try:
            async with asyncio.timeout(5):
                yield client
        finally:
            tagger.release.set()


async def test_a_worker_that_hangs_is_503_for_all_who_wait_and_not_ready() -> None:
    async with hanging() as client:
        answers = await asyncio.gather(*(post(client, text) for text in ("hang", "from Oslo", "to Rome")))
        assert [answer.status_code for answer in answers] == [503] * 3
        assert all("retry-after" in answer.headers for answer in answers)
        assert (await client.get("/health/ready")).status_code == 503
        assert (await client.get("/health/live")).status_code == 200
        assert (await post(client, "later")).status_code == 503


async def test_a_long_wait_for_a_worker_that_works_is_no_hang() -> None:
    async with serving(SteadyTagger(0.02), max_batch_rows=1, deadline_s=30, batch_timeout_s=0.5) as client:
        answers = await asyncio.gather(*(post(client, f"to place{index}") for index in range(50)))
        assert [answer.status_code for answer in answers] == [200] * 50
        assert (await client.get("/health/ready")).status_code == 200
