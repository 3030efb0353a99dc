"""Whether requests are traced, and the one thing that the service tells a trace; ``app.spans`` is what needs OpenTelemetry."""

import os
from collections.abc import Callable
from contextvars import ContextVar

from app.settings import Settings

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")

told: ContextVar[Callable[[float, float], None] | None] = ContextVar("told", default=None)


def wanted(settings: Settings) -> bool:
    """By the setting or by a standard variable that names a collector; ``OTEL_SDK_DISABLED=true`` goes before both."""
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    return settings.tracing or any(os.environ.get(name) for name in ENDPOINTS)


def stages(queue_s: float, inference_s: float) -> None:
    """An utterance of the request that is being served waited so long, was inferred so long, and is ready now."""
    tell = told.get()
    if tell is not None:
        tell(queue_s, inference_s)
