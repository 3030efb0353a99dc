"""What is counted in one process. Several: tests/system/test_metrics_of_workers.py."""

import asyncio
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.parser import text_string_to_metric_families

from app.metrics import MOST_PENDING, BulkHistogram, Metrics, Pass
from model.labels import Slot
from tests.app.serving import serving

BOUNDS = (0.1, 0.5, 1.0, 4.0)


def samples(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for family in families for sample in family.samples}


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return samples(metrics).get((name, tuple(sorted(labels.items()))))


@given(st.lists(st.one_of(st.sampled_from(BOUNDS), st.floats(0, 10))))
def test_many_observations_at_once_are_those_one_by_one(amounts: list[float]) -> None:
    at_once = BulkHistogram("h", "text", ("model",), registry=CollectorRegistry(), buckets=BOUNDS).labels("a")
    one_by_one = Histogram("h", "text", ("model",), registry=CollectorRegistry(), buckets=BOUNDS).labels("a")
    at_once.observe_many(amounts)
    for amount in amounts:
        one_by_one.observe(amount)
    counted, expected = at_once.collect()[0].samples, one_by_one.collect()[0].samples
    assert [(sample.name, sample.labels) for sample in counted] == [(sample.name, sample.labels) for sample in expected]
    assert [sample.value for sample in counted] == pytest.approx([sample.value for sample in expected])


def test_requests_are_counted_and_timed_by_route_method_and_status() -> None:
    metrics = Metrics()
    for status in (200, 200, 422):
        metrics.answered("/v1/parse", "POST", status, 0.003)
    labels = {"route": "/v1/parse", "method": "POST"}
    assert value(metrics, "slotline_requests_total", status="200", **labels) == 2
    assert value(metrics, "slotline_requests_total", status="422", **labels) == 1
    assert value(metrics, "slotline_request_seconds_bucket", status="200", le="0.0025", **labels) == 0
    assert value(metrics, "slotline_request_seconds_bucket", status="200", le="0.005", **labels) == 2
    assert value(metrics, "slotline_request_seconds_sum", status="200", **labels) == pytest.approx(0.006)


def test_a_forward_pass_shows_its_size_its_padding_its_time_and_the_waits_before_it() -> None:
    metrics = Metrics()
    metrics.forward("m", Pass(rows=3, words=15, cells=30, seconds=0.002, waits=(0.0001, 0.0002, 0.3)))
    metrics.forward("m", Pass(rows=1, words=5, cells=5, seconds=0.001, waits=(0.0001,)))
    assert value(metrics, "slotline_batch_utterances_sum", model="m") == 4
    assert value(metrics, "slotline_batch_words_sum", model="m") == 20
    assert value(metrics, "slotline_batch_cells_total", model="m") == 35
    assert value(metrics, "slotline_batch_seconds_count", model="m") == 2
    assert value(metrics, "slotline_queue_seconds_bucket", model="m", le="0.25") == 3
    assert value(metrics, "slotline_queue_seconds_count", model="m") == 4


def test_what_was_read_shows_slots_confidences_and_the_share_of_unknown_words() -> None:
    metrics = Metrics()
    metrics.read("m", [(Slot("origin", 0, 4, 0.97), None, None), (Slot("date", 5, 9, 0.42), "low_confidence", None)], words=8, unknown=2)
    metrics.read("m", [(Slot("origin", 0, 4, 0.85), None, None)], words=4, unknown=0)
    assert value(metrics, "slotline_slots_total", model="m", slot="origin", status="accepted") == 2
    assert value(metrics, "slotline_slots_total", model="m", slot="date", status="low_confidence") == 1
    assert value(metrics, "slotline_slot_confidence_bucket", model="m", le="0.9") == 2
    assert value(metrics, "slotline_slot_confidence_count", model="m") == 3
    assert value(metrics, "slotline_words_total", model="m") == 12
    assert value(metrics, "slotline_unknown_words_total", model="m") == 2


def test_rejections_and_reloads_are_counted_by_reason_and_outcome() -> None:
    metrics = Metrics()
    metrics.rejected("m", "departed", 3)
    metrics.reloaded("m", "promote", "ok")
    assert value(metrics, "slotline_rejected_total", model="m", reason="departed") == 3
    assert value(metrics, "slotline_reloads_total", model="m", action="promote", outcome="ok") == 1


def test_a_promoted_version_replaces_the_one_before() -> None:
    metrics = Metrics()
    metrics.model_info([("m", "1.0", "a" * 64), ("n", "1.0", "c" * 64)])
    metrics.model_info([("m", "2.0", "b" * 64), ("n", "1.0", "c" * 64)])
    shown = {key for key in samples(metrics) if key[0] == "slotline_model_info"}
    assert shown == {
        ("slotline_model_info", (("model", "m"), ("sha256", "b" * 12), ("version", "2.0"))),
        ("slotline_model_info", (("model", "n"), ("sha256", "c" * 12), ("version", "1.0"))),
    }
    metrics.model_info([("m", "1.0", "a" * 64)])
    assert {key[1][2] for key in samples(metrics) if key[0] == "slotline_model_info"} == {("version", "1.0")}


def test_a_queue_is_asked_at_each_scrape_until_its_model_is_gone() -> None:
    metrics, waiting = Metrics(), [1.0, 7.0]
    metrics.watch_queue("m", lambda: waiting[0], lambda: waiting[1])
    assert value(metrics, "slotline_waiting_words", model="m") == 7
    waiting[:] = [2.0, 9.0]
    assert value(metrics, "slotline_waiting_utterances", model="m") == 2
    metrics.model_info([])
    assert value(metrics, "slotline_waiting_utterances", model="m") == 0


def test_a_process_tells_its_build_and_its_own_use_of_memory() -> None:
    text = Metrics().exposition().decode()
    assert "slotline_build_info{" in text
    for name in ("process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds"):
        assert f"\n{name} " in text
    assert "_created" not in text


def test_pending_entries_are_bounded_and_none_is_lost() -> None:
    metrics = Metrics()
    done = Pass(1, 1, 1, 0.001, (0.001,))
    for _ in range(3 * MOST_PENDING + 5):
        metrics.answered("/", "GET", 200, 0.001)
        metrics.forward("m", done)
        metrics.read("m", (), 1, 0)
        assert max(len(metrics._passes), len(metrics._readings), *map(len, metrics._answered.values())) <= MOST_PENDING
    assert value(metrics, "slotline_requests_total", route="/", method="GET", status="200") == 3 * MOST_PENDING + 5
    assert value(metrics, "slotline_batch_utterances_count", model="m") == 3 * MOST_PENDING + 5
    assert value(metrics, "slotline_words_total", model="m") == 3 * MOST_PENDING + 5


def test_threads_that_count_while_another_flushes_lose_nothing() -> None:
    metrics, rounds = Metrics(), 20_000
    threads = [
        threading.Thread(target=lambda: [metrics.answered("/", "GET", 200, 0.001) for _ in range(rounds)]),
        threading.Thread(target=lambda: [metrics.read("m", ((Slot("s", 0, 1, 0.5), None, None),), 1, 0) for _ in range(rounds)]),
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        metrics.flush()
    assert value(metrics, "slotline_requests_total", route="/", method="GET", status="200") == rounds
    assert value(metrics, "slotline_slots_total", model="m", slot="s", status="accepted") == rounds


@pytest.mark.anyio
async def test_what_is_counted_moves_on_without_a_scrape(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.metrics.TICK_S", 0.0)
    metrics = Metrics()
    ticking = asyncio.create_task(metrics.keep_flushed())
    metrics.answered("/", "GET", 200, 0.001)
    while metrics._answered[("/", "GET", 200)]:
        await asyncio.sleep(0)
    ticking.cancel()


@pytest.mark.anyio
async def test_the_application_tells_its_models_and_flushes_at_its_end() -> None:
    async with serving() as client:
        assert 'slotline_model_info{model="fake"' in (await client.get("/metrics")).text
        await client.get("/health/live")
        metrics = client.app.state.parts.metrics
    assert not any(metrics._answered.values())
