"""Readiness is a recent forward pass; where the last one is too long ago, a sample goes through the queue."""

import time

from app.errors import Draining, ServiceError, Unavailable
from app.registry import ServedModel
from app.service import AnnotationService
from app.values import ValueService

PROOF_DEADLINE_S = 2.0


async def prove_all(service: AnnotationService, window_s: float) -> None:
    """Raises Draining at the end, and Unavailable unless every model and the reader of values have worked within ``window_s`` seconds."""
    if service.draining:
        raise Draining("the service is stopping; send requests to another instance", retry_after_s=1)
    for served in service.registry.served.values():
        await prove(service, served, window_s)
    if service.values is not None:
        await _prove_values(service.values, window_s)


async def prove(service: AnnotationService, served: ServedModel, window_s: float) -> None:
    """Raises Unavailable unless the model's worker lives and a forward pass succeeded within ``window_s`` seconds."""
    if served.batcher.alive and age(served) <= window_s:
        return
    try:
        await service.prove(served, PROOF_DEADLINE_S)
    except ServiceError as error:
        raise Unavailable(f"the model {served.name} gives no answers: {error.detail}", retry_after_s=1) from error


def age(served: ServedModel) -> float:
    """Seconds since the model's last forward pass."""
    return _seconds_since(served.batcher.last_forward)


async def _prove_values(values: ValueService, window_s: float) -> None:
    """Raises Unavailable unless the reader's thread lives and has read something within ``window_s`` seconds."""
    if values.alive and _seconds_since(values.last_pass) <= window_s:
        return
    try:
        await values.prove(PROOF_DEADLINE_S)
    except ServiceError as error:
        raise Unavailable(f"the reader of values gives no answers: {error.detail}", retry_after_s=1) from error


def _seconds_since(moment: float | None) -> float:
    return float("inf") if moment is None else time.monotonic() - moment
