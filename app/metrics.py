"""What the service counts about itself, in Prometheus' format."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


@dataclass(frozen=True, slots=True)
class Pass:
    """One forward pass: utterances, their words, words with padding, its seconds, and how long each utterance had waited."""

    rows: int
    words: int
    cells: int
    seconds: float
    waits: Sequence[float]


class Metrics:
    """One set of counters per application, so that tests and reloads do not share them. No label carries caller's text."""

    def __init__(self) -> None:
        """Register every metric."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = self._counter("slotline_requests", "Requests answered.", "route", "method", "status")
        self._duration = self._histogram("slotline_request_seconds", "Time from request to answer.", SECONDS, "route")
        self._rejected = self._counter("slotline_rejected", "Utterances not annotated, by reason.", "model", "reason")
        self._waiting = Gauge("slotline_waiting_utterances", "Utterances that wait for a model.", ("model",), registry=self.registry)
        self._waiting_words = Gauge("slotline_waiting_words", "Words that wait for a model.", ("model",), registry=self.registry)
        self._batch_rows = self._histogram("slotline_batch_utterances", "Utterances of one forward pass.", ROWS, "model")
        self._batch_seconds = self._histogram("slotline_batch_seconds", "Time of one forward pass.", SECONDS, "model")

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._requests.labels(route, method, str(status)).inc()
        self._duration.labels(route).observe(seconds)

    def rejected(self, model: str, reason: str, utterances: int) -> None:
        """Utterances were not annotated."""
        self._rejected.labels(model, reason).inc(utterances)

    def forward(self, model: str, done: Pass) -> None:
        """A forward pass ended."""
        self._batch_rows.labels(model).observe(done.rows)
        self._batch_seconds.labels(model).observe(done.seconds)

    def read(self, model: str, slots: Sequence[tuple[str, str, float]], words: int, unknown: int) -> None:
        """An utterance was read. ``slots``: name, status (``accepted`` or the reason of doubt) and confidence of each."""

    def watch_queue(self, model: str, utterances: Callable[[], float], words: Callable[[], float]) -> None:
        """Ask these for the length of a model's queue whenever somebody wants to know."""
        self._waiting.labels(model).set_function(utterances)
        self._waiting_words.labels(model).set_function(words)

    def model_info(self, models: Sequence[tuple[str, str, str]]) -> None:
        """These models answer from now on: name, version and sha256 of each."""

    def reloaded(self, name: str, action: str, outcome: str) -> None:
        """An admin command ended. ``action``: load, promote, rollback, unload; ``outcome``: ``done``, ``refused`` or ``failed``."""

    def exposition(self) -> bytes:
        """The text that Prometheus scrapes."""
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, text, labels, registry=self.registry, buckets=buckets)
