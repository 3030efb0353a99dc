"""Requests as OpenTelemetry spans. Imported only where tracing is on: the ``otel`` extra brings what this needs.

A span carries what the semantic conventions for HTTP servers name and the request's id, but nothing of its body.
"""

import time
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import __version__
from app.tracing import told

UNTRACED = ("/health/", "/metrics")  # asked every few seconds by machines
TRACE_HEADERS = (b"traceparent", b"tracestate")
BILLION = 1_000_000_000


def exporting_provider() -> TracerProvider:
    """Sends spans by OTLP over HTTP, set up by the standard variables; ``http://localhost:4318`` where they name no endpoint."""
    ours = Resource.create({"service.name": "slotline", "service.version": __version__})
    provider = TracerProvider(resource=ours.merge(OTELResourceDetector().detect()), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


class TracingMiddleware:
    """A server span for each request but those of health checks and scrapes. Goes outside of ``app.api.exchange``."""

    def __init__(self, app: ASGIApp, provider: TracerProvider) -> None:
        """Wrap ``app``; whoever made ``provider`` shuts it down."""
        self._app = app
        self._tracer = provider.get_tracer("slotline", __version__)
        self._propagator = TraceContextTextMapPropagator()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, in the trace that its ``traceparent`` names."""
        if scope["type"] != "http" or scope["path"].startswith(UNTRACED):
            await self._app(scope, receive, send)
            return
        carrier = {str(name, "ascii"): str(value, "latin-1") for name, value in scope["headers"] if name in TRACE_HEADERS}
        context = self._propagator.extract(carrier)
        span = self._tracer.start_span(scope["method"], context, SpanKind.SERVER, _known_at_first(scope))
        status = 0

        async def noted(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        before = told.set(lambda queue_s, inference_s: self._stages(span, queue_s, inference_s))
        try:
            await self._app(scope, receive, noted)
        finally:
            told.reset(before)
            _finish(span, scope, status)

    def _stages(self, span: Span, queue_s: float, inference_s: float) -> None:
        now = time.time_ns()
        between = now - int(inference_s * BILLION)
        context = set_span_in_context(span)
        for name, start, end in (("queue", between - int(queue_s * BILLION), between), ("inference", between, now)):
            self._tracer.start_span(name, context, start_time=start).end(end)


def _known_at_first(scope: Scope) -> dict[str, Any]:
    client = scope.get("client")
    return {
        "http.request.method": scope["method"],
        "url.scheme": scope.get("scheme", "http"),
        "url.path": scope["path"],
        "network.protocol.version": scope.get("http_version", "1.1"),
        **({"client.address": client[0]} if client else {}),
    }


def _finish(span: Span, scope: Scope, status: int) -> None:
    route = scope.get("route_template", "(none)")
    if route != "(none)":
        span.update_name(f"{scope['method']} {route}")
        span.set_attribute("http.route", route)
    if "exchange" in scope:
        span.set_attribute("http.response.header.x-request-id", [scope["exchange"].request_id])
    if status:
        span.set_attribute("http.response.status_code", status)
    if status >= 500 or not status:
        span.set_attribute("error.type", str(status) if status else "cancelled")
        span.set_status(StatusCode.ERROR)
    span.end()
