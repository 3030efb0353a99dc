import asyncio

import httpx
import pytest

from tests.app.serving import happens, serving
from tests.fakes import FakeTagger, SlowTagger

pytestmark = pytest.mark.anyio


async def test_live_and_startup_are_ok(client: httpx.AsyncClient) -> None:
    for path in ("/health/live", "/health/startup"):
        assert (await client.get(path)).json() == {"status": "ok"}


async def test_ready_is_proven_by_a_real_forward_pass_only_where_the_last_is_too_old() -> None:
    tagger = FakeTagger()
    async with serving(tagger) as client:
        assert (await client.get("/health/ready")).json()["status"] == "ready"
        assert tagger.batches == [["from Oslo to Rome"]]
        await client.get("/health/ready")
        await client.post("/v1/parse", json={"text": "ok"})
        await client.get("/health/ready")
        assert len(tagger.batches) == 2
    tagger.batches.clear()
    async with serving(tagger, ready_window_s=1e-9) as client:
        await client.get("/health/ready")
        await client.get("/health/ready")
        assert len(tagger.batches) == 2


async def test_a_model_that_hangs_is_not_ready_but_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.api.readiness.PROOF_DEADLINE_S", 0.02)
    tagger = SlowTagger()
    async with serving(tagger) as client:
        response = await client.get("/health/ready")
        assert response.status_code == 503
        assert response.json()["type"] == "urn:slotline:problem:unavailable"
        assert (await client.get("/health/live")).status_code == 200
        tagger.release.set()


async def test_a_draining_service_is_not_ready_but_answers_and_closes_connections() -> None:
    async with serving() as client:
        client.app.state.parts.service.draining = True
        ready = await client.get("/health/ready")
        parsed = await client.post("/v1/parse", json={"text": "ok"})
    assert ready.status_code == 503
    assert ready.json()["type"] == "urn:slotline:problem:draining"
    assert parsed.status_code == 200
    assert parsed.headers["connection"] == "close"


async def test_the_end_of_the_application_answers_what_waits() -> None:
    tagger = SlowTagger()
    async with serving(tagger, deadline_s=20) as client:
        tasks = [asyncio.create_task(client.post("/v1/parse", json={"text": f"number {index}"})) for index in range(5)]
        await happens(tagger.entered)
        asyncio.get_running_loop().call_later(0.01, tagger.release.set)
    assert [(await task).status_code for task in tasks] == [200] * 5


async def test_metrics_count_requests_batches_and_queues(client: httpx.AsyncClient) -> None:
    await client.post("/v1/parse", json={"text": "ok"})
    text = (await client.get("/metrics")).text
    assert 'slotline_requests_total{method="POST",route="/v1/parse",status="200"} 1.0' in text
    assert 'slotline_batch_utterances_count{model="fake"} 1.0' in text
    assert 'slotline_waiting_utterances{model="fake"} 0.0' in text
    assert 'slotline_request_seconds_count{method="POST",route="/v1/parse",status="200"} 1.0' in text
