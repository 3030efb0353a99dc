"""What the service counts about itself, in Prometheus' format; ``docs/operations.md`` lists it.

The hot path only appends to lists. ``flush`` moves them into the library's counters: once a second, when a list is long, and at
each scrape. So a request costs less than a microsecond here, and a worker that is killed loses at most its last second.
"""

import asyncio
import platform
import threading
from collections import Counter as Counts
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, TypeVar

import numpy as np
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from app import __version__, metrics_workers
from app.metrics_streams import StreamMetrics
from model.labels import Slot

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
WORDS = (4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048)
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
MOST_PENDING = 512  # entries of one list until it is flushed out of turn: bounds memory, and the pause of a flush to a millisecond or so
TICK_S = 1.0
MODEL_METRIC = "slotline_model_info"

T = TypeVar("T")
E = TypeVar("E", bound=tuple[Any, ...])


@dataclass(frozen=True, slots=True)
class Pass:
    """One forward pass: utterances, their words, words with padding, its seconds, and how long each utterance had waited."""

    rows: int
    words: int
    cells: int
    seconds: float
    waits: Sequence[float]


ReadSlots = Sequence[
    tuple[Slot, str | None, *tuple[Any, ...]]
]  # with the reason of doubt, None where it is accepted; the rest is not counted
ACCEPTED = "accepted"


class Metrics:
    """One set of counters per application, so that tests and reloads do not share them. No label carries caller's text.

    To be made in the process that counts. Any method may be called in any thread.
    """

    def __init__(self) -> None:
        """Register every metric; in a worker of several, together with the others."""
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the time at which a series began would double their number
        self._worker = metrics_workers.join()
        self._own = CollectorRegistry()
        self.registry = CollectorRegistry()
        self._show()
        self._answered: dict[tuple[str, str, int], list[float]] = {}
        self._passes: list[tuple[str, Pass]] = []
        self._readings: list[tuple[str, ReadSlots, int, int]] = []
        self._queues: dict[str, tuple[Callable[[], float], Callable[[], float]]] = {}
        self._phrases: list[tuple[int, int]] = []
        self._phrase_passes: list[float] = []
        self._phrase_queue: Callable[[], float] | None = None
        self._served: set[tuple[str, str, str]] = set()
        self._flushing = threading.Lock()
        self._register_requests()
        self._register_queues()
        self._register_readings()
        self._register_phrases()
        self._register_versions()
        self.streams = StreamMetrics(self._own, SECONDS)

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """A request was answered."""
        key = (route, method, status)
        pending = self._answered.get(key)
        if pending is None:
            pending = self._answered.setdefault(key, [])  # there are as many as routes, methods and statuses
        pending.append(seconds)
        if len(pending) >= MOST_PENDING:
            self.flush()

    def rejected(self, model: str, reason: str, utterances: int) -> None:
        """Utterances were not annotated."""
        self._rejected.labels(model, reason).inc(utterances)

    def forward(self, model: str, done: Pass) -> None:
        """A forward pass ended."""
        self._passes.append((model, done))
        if len(self._passes) >= MOST_PENDING:
            self.flush()

    def read(self, model: str, slots: ReadSlots, words: int, unknown: int) -> None:
        """An utterance was read. ``slots``: each with the reason of doubt, None where it is accepted."""
        self._readings.append((model, slots, words, unknown))
        if len(self._readings) >= MOST_PENDING:
            self.flush()

    def phrases(self, *, known: int = 0, read: int = 0) -> None:
        """So many phrases were answered from what is known, and so many must be read."""
        self._phrases.append((known, read))
        if len(self._phrases) >= MOST_PENDING:
            self.flush()

    def phrase_pass(self, seconds: float) -> None:
        """The reader of values came back with a batch."""
        self._phrase_passes.append(seconds)
        if len(self._phrase_passes) >= MOST_PENDING:
            self.flush()

    def watch_phrases(self, waiting: Callable[[], float]) -> None:
        """Ask ``waiting`` for the phrases that wait whenever somebody wants to know."""
        self._phrase_queue = waiting

    def watch_queue(self, model: str, utterances: Callable[[], float], words: Callable[[], float]) -> None:
        """Ask these for the length of a model's queue whenever somebody wants to know, in place of whom was asked before."""
        self._queues[model] = (utterances, words)

    def model_info(self, models: Iterable[tuple[str, str, str]]) -> None:
        """These are served now, and no others: name, version and sha256 of each. Queues of others are no longer watched."""
        served = {(name, number, sha256[:12]) for name, number, sha256 in models}
        with self._flushing:
            for entry in self._served | served:
                self._models.labels(*entry).set(entry in served)
            self._served = served
            for name in self._queues.keys() - {name for name, _, _ in served}:
                del self._queues[name]
                self._waiting.labels(name).set(0)
                self._waiting_words.labels(name).set(0)

    def reloaded(self, model: str, action: str, outcome: str) -> None:
        """Somebody changed what is served, or tried to: ``action`` such as ``load``, ``outcome`` such as ``ok``."""
        self._reloads.labels(model, action, outcome).inc()

    def exposition(self) -> bytes:
        """The text that Prometheus scrapes: of all workers, where there are several."""
        self.flush()
        return generate_latest(self.registry)

    async def keep_flushed(self) -> None:
        """Flush once a second, until cancelled: other workers answer for this one too."""
        while True:
            await asyncio.sleep(TICK_S)
            self.flush()

    def flush(self) -> None:
        """Move what has been noted into the counters."""
        with self._flushing:
            for (route, method, status), pending in list(self._answered.items()):
                self._count_answers((route, method, str(status)), _taken(pending))
            for name, passes in _by_first(_taken(self._passes)).items():
                self._count_passes(name, [done for _, done in passes])
            for name, readings in _by_first(_taken(self._readings)).items():
                self._count_readings(name, readings)
            for name, (utterances, words) in list(self._queues.items()):
                self._waiting.labels(name).set(utterances())
                self._waiting_words.labels(name).set(words())
            self._count_phrases()

    def _count_answers(self, labels: tuple[str, str, str], seconds: Sequence[float]) -> None:
        if seconds:
            self._requests.labels(*labels).inc(len(seconds))
            self._duration.labels(*labels).observe_many(seconds)

    def _count_passes(self, name: str, passes: Sequence[Pass]) -> None:
        self._batch_rows.labels(name).observe_many([done.rows for done in passes])
        self._batch_words.labels(name).observe_many([done.words for done in passes])
        self._batch_cells.labels(name).inc(sum(done.cells for done in passes))
        self._batch_seconds.labels(name).observe_many([done.seconds for done in passes])
        self._waits.labels(name).observe_many([wait for done in passes for wait in done.waits])

    def _count_readings(self, name: str, readings: Sequence[tuple[str, ReadSlots, int, int]]) -> None:
        statuses: Counts[tuple[str, str]] = Counts()
        confidences: list[float] = []
        for _, slots, _, _ in readings:
            for slot, reason, *_ in slots:
                statuses[slot.name, reason or ACCEPTED] += 1
                confidences.append(slot.confidence)
        for (label, status), times in statuses.items():
            self._slots.labels(name, label, status).inc(times)
        self._confidence.labels(name).observe_many(confidences)
        self._words.labels(name).inc(sum(words for _, _, words, _ in readings))
        self._unknown.labels(name).inc(sum(unknown for _, _, _, unknown in readings))

    def _count_phrases(self) -> None:
        taken = _taken(self._phrases)
        self._phrases_asked.labels("known").inc(sum(known for known, _ in taken))
        self._phrases_asked.labels("read").inc(sum(read for _, read in taken))
        self._phrase_seconds.observe_many(_taken(self._phrase_passes))
        if self._phrase_queue is not None:
            self._waiting_phrases.set(self._phrase_queue())

    def _register_requests(self) -> None:
        self._requests = self._counter("slotline_requests", "Requests answered.", "route", "method", "status")
        self._duration = self._histogram("slotline_request_seconds", "Time from request to answer.", SECONDS, "route", "method", "status")

    def _register_queues(self) -> None:
        self._rejected = self._counter("slotline_rejected", "Utterances not annotated, by reason.", "model", "reason")
        self._waiting = self._gauge("slotline_waiting_utterances", "Utterances that wait for a model.", "model")
        self._waiting_words = self._gauge("slotline_waiting_words", "Words that wait for a model.", "model")
        self._waits = self._histogram("slotline_queue_seconds", "Time that an utterance waited for its forward pass.", SECONDS, "model")
        self._batch_rows = self._histogram("slotline_batch_utterances", "Utterances of one forward pass.", ROWS, "model")
        self._batch_words = self._histogram("slotline_batch_words", "Words of one forward pass, without padding.", WORDS, "model")
        self._batch_cells = self._counter("slotline_batch_cells", "Words of all forward passes, with padding.", "model")
        self._batch_seconds = self._histogram("slotline_batch_seconds", "Time of one forward pass.", SECONDS, "model")

    def _register_readings(self) -> None:
        self._slots = self._counter("slotline_slots", "Slots found: accepted, or the reason of doubt.", "model", "slot", "status")
        self._confidence = self._histogram("slotline_slot_confidence", "Confidence of the slots found.", SHARES, "model")
        self._words = self._counter("slotline_words", "Words of the utterances read.", "model")
        self._unknown = self._counter("slotline_unknown_words", "Words that the model did not see in training.", "model")

    def _register_phrases(self) -> None:
        self._phrases_asked = self._counter("slotline_phrases", "Phrases asked for their value: known from before, or read.", "source")
        self._phrase_seconds = self._histogram("slotline_phrase_seconds", "Time of one batch of phrases in the reader of values.", SECONDS)
        self._waiting_phrases = self._gauge("slotline_waiting_phrases", "Phrases that wait for the reader of values, or are in it.")

    def _register_versions(self) -> None:
        self._models = self._gauge(MODEL_METRIC, "Workers that serve this version of a model.", "model", "version", "sha256")
        self._reloads = self._counter("slotline_reloads", "Changes of the served models, by outcome.", "model", "action", "outcome")
        build = self._gauge("slotline_build_info", "Workers of this build.", "version", "python", "onnxruntime")
        build.labels(__version__, platform.python_version(), version("onnxruntime")).set(1)

    def _show(self) -> None:
        if self._worker is None:
            self.registry.register(_Shown(self._own))
            ProcessCollector(registry=self.registry)
        else:
            every = MultiProcessCollector(None, str(self._worker.directory))  # type: ignore[no-untyped-call]
            # First the processes: to count who lives removes the gauges of who does not.
            self.registry.register(metrics_workers.WorkerProcesses(self._worker.directory))
            self.registry.register(_Shown(every))

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self._own)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self._own, multiprocess_mode="livesum")

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> "BulkHistogram":
        return BulkHistogram(name, text, labels, registry=self._own, buckets=buckets)


class BulkHistogram(Histogram):
    """A histogram that takes many observations at once; a subclass, because ``labels`` makes its children from the class."""

    def observe_many(self, amounts: Sequence[float]) -> None:
        """As ``observe`` of each."""
        if amounts:
            counts = np.bincount(np.searchsorted(self._upper_bounds, amounts), minlength=len(self._upper_bounds))
            self._sum.inc(float(np.sum(amounts)))
            for bucket in np.flatnonzero(counts).tolist():
                self._buckets[bucket].inc(int(counts[bucket]))


class _Shown(Collector):
    """What is scraped: all that is counted, but for models that are no longer served."""

    def __init__(self, counted: CollectorRegistry | MultiProcessCollector) -> None:
        self._counted = counted

    def collect(self) -> Iterator[Metric]:
        for family in self._counted.collect():
            if family.name == MODEL_METRIC:
                family.samples = [sample for sample in family.samples if sample.value]
            yield family


def _taken(pending: list[T]) -> list[T]:
    """What stands in the list, out of it; what other threads append meanwhile stays."""
    taken = pending[:]
    del pending[: len(taken)]
    return taken


def _by_first(entries: Sequence[E]) -> dict[str, list[E]]:
    grouped: dict[str, list[E]] = defaultdict(list)
    for entry in entries:
        grouped[entry[0]].append(entry)
    return grouped
