"""What the service counts about itself, in Prometheus' format."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """One set of counters per application, so that tests and reloads do not share them. No label carries caller's text."""

    def __init__(self) -> None:
        """Register every metric."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = self._counter("slotline_requests", "Requests answered.", "route", "method", "status")
        self.duration = self._histogram("slotline_request_seconds", "Time from request to answer.", SECONDS, "route")
        self.rejected = self._counter("slotline_rejected", "Utterances not annotated, by reason.", "model", "reason")
        self.waiting = Gauge("slotline_waiting_utterances", "Utterances that wait for a model.", ("model",), registry=self.registry)
        self.waiting_words = Gauge("slotline_waiting_words", "Words that wait for a model.", ("model",), registry=self.registry)
        self.batch_rows = self._histogram("slotline_batch_utterances", "Utterances of one forward pass.", ROWS, "model")
        self.batch_seconds = self._histogram("slotline_batch_seconds", "Time of one forward pass.", SECONDS, "model")

    def exposition(self) -> bytes:
        """The text that Prometheus scrapes."""
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, text, labels, registry=self.registry, buckets=buckets)
