"""Requests as spans, without and with a collector."""

import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from app import tracing
from app.api.exchange import ExchangeMiddleware
from app.errors import StartupError
from app.main import create_app
from app.settings import Settings
from app.spans import TracingMiddleware
from tests.app.serving import serving
from tests.fakes import ErrorTagger, FakeTagger

pytestmark = pytest.mark.anyio

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = {"traceparent": f"00-{TRACE}-{PARENT}-01"}


@pytest.fixture(autouse=True)
def _no_standard_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*tracing.ENDPOINTS, "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(name, raising=False)


@asynccontextmanager
async def traced(*taggers: Any) -> AsyncIterator[tuple[httpx.AsyncClient, InMemorySpanExporter]]:
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    async with serving(*taggers) as plain:
        transport = httpx.ASGITransport(TracingMiddleware(plain.app, provider))
        async with httpx.AsyncClient(transport=transport, base_url="http://slotline") as client:
            yield client, exporter


def by_name(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in exporter.get_finished_spans()}


async def test_a_request_is_a_server_span_that_goes_on_with_the_callers_trace() -> None:
    async with traced() as (client, exporter):
        response = await client.post("/v1/parse", json={"text": "from Oslo"}, headers=TRACEPARENT)
    span = by_name(exporter)["POST /v1/parse"]
    assert span.kind is SpanKind.SERVER
    assert f"{span.context.trace_id:032x}" == TRACE
    assert f"{span.parent.span_id:016x}" == PARENT
    assert dict(span.attributes) == {
        "http.request.method": "POST",
        "url.scheme": "http",
        "url.path": "/v1/parse",
        "network.protocol.version": "1.1",
        "client.address": "127.0.0.1",
        "http.route": "/v1/parse",
        "http.response.header.x-request-id": (response.headers["x-request-id"],),
        "http.response.status_code": 200,
    }


async def test_queue_and_inference_are_children_one_after_the_other() -> None:
    async with traced() as (client, exporter):
        timing = (await client.post("/v1/parse", json={"text": "from Oslo"})).json()["timing_ms"]
    spans = by_name(exporter)
    whole, queue, inference = spans["POST /v1/parse"], spans["queue"], spans["inference"]
    assert queue.parent.span_id == inference.parent.span_id == whole.context.span_id
    assert queue.end_time == inference.start_time
    assert (inference.end_time - inference.start_time) / 1e6 == pytest.approx(timing["inference"], abs=0.002)
    assert inference.end_time <= whole.end_time


async def test_a_caller_without_a_trace_or_with_a_broken_one_gets_a_new_one() -> None:
    async with traced() as (client, exporter):
        for headers in ({}, {"traceparent": "nonsense"}, {"traceparent": "00-" + "0" * 32 + "-" + "0" * 16 + "-01"}):
            await client.get("/v1/models", headers=headers)
    spans = exporter.get_finished_spans()
    assert [(span.name, span.parent) for span in spans] == [("GET /v1/models", None)] * 3
    assert len({span.context.trace_id for span in spans}) == 3


async def test_a_failure_of_the_service_marks_its_span_and_a_refusal_does_not() -> None:
    async with traced(ErrorTagger()) as (client, exporter):
        await client.post("/v1/parse", json={"text": "poison"})
        await client.post("/v1/parse", json={"text": " "})
    failed, refused = (span for span in exporter.get_finished_spans() if span.kind is SpanKind.SERVER)
    assert (failed.status.status_code, failed.attributes["error.type"]) == (StatusCode.ERROR, "500")
    assert refused.status.status_code is StatusCode.UNSET
    assert "error.type" not in refused.attributes


async def test_no_span_carries_what_a_user_wrote() -> None:
    async with traced(ErrorTagger()) as (client, exporter):
        for body in (
            {"text": "Zanzibar"},
            {"text": "poison Zanzibar"},
            {"text": "Zanzibar", "top_k": 0},
            {"items": [{"text": "Zanzibar"}]},
        ):
            for path in ("/v1/parse", "/v1/parse/batch?text=Zanzibar"):
                await client.post(path, json=body, headers=TRACEPARENT)
    spans = exporter.get_finished_spans()
    assert len(spans) > 8
    assert "Zanzibar" not in "".join(span.to_json() for span in spans)


async def test_what_machines_ask_every_few_seconds_is_not_traced() -> None:
    async with traced() as (client, exporter):
        for path in ("/health/live", "/health/ready", "/metrics"):
            assert (await client.get(path)).status_code == 200
        assert exporter.get_finished_spans() == ()
        await client.get("/nothing")
    assert [span.name for span in exporter.get_finished_spans()] == ["GET"]


async def test_a_request_that_is_cancelled_ends_its_span() -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))

    async def cancelled(scope: Any, receive: Any, send: Any) -> None:
        raise TimeoutError

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    with pytest.raises(TimeoutError):
        await TracingMiddleware(cancelled, provider)(scope, None, None)
    (span,) = exporter.get_finished_spans()
    assert span.attributes["error.type"] == "cancelled"


def test_tracing_is_off_by_default_and_switched_by_the_setting_or_a_standard_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not tracing.wanted(Settings())
    assert tracing.wanted(Settings(tracing=True))
    for name in tracing.ENDPOINTS:
        with monkeypatch.context() as patched:
            patched.setenv(name, "http://127.0.0.1:4318")
            assert tracing.wanted(Settings())
            patched.setenv("OTEL_SDK_DISABLED", "TRUE")
            assert not tracing.wanted(Settings(tracing=True))


def test_a_service_without_tracing_has_no_layer_for_it() -> None:
    assert isinstance(create_app(Settings(), [FakeTagger()]).middleware_stack, ExchangeMiddleware)


def test_tracing_without_its_packages_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "app.spans")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    monkeypatch.delattr("app.spans", raising=False)
    with pytest.raises(StartupError, match=r"tracing is on, but opentelemetry\S+ is not installed; pip install 'slotline\[otel\]'"):
        create_app(Settings(tracing=True), [FakeTagger()])


class Collector(BaseHTTPRequestHandler):
    """Takes spans as an OTLP collector does."""

    received: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        self.received.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    Collector.received = []
    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", Collector.received
    server.shutdown()
    thread.join()
    server.server_close()


async def test_a_collector_has_received_every_span_when_the_service_has_ended(
    monkeypatch: pytest.MonkeyPatch, collector: tuple[str, list[tuple[str, bytes]]]
) -> None:
    url, received = collector
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
    async with serving() as client:
        await client.post("/v1/parse", json={"text": "from Zanzibar"}, headers=TRACEPARENT)
    assert {path for path, _ in received} == {"/v1/traces"}
    sent = b"".join(body for _, body in received)
    for part in (bytes.fromhex(TRACE), bytes.fromhex(PARENT), b"slotline", b"inference", b"http.route"):
        assert part in sent
    assert b"Zanzibar" not in sent
