"""What is counted of streams: how many are open, what became of their revisions, how they ended."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

CLOSE_CODES = (1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1011, 1013, 4408)
OTHER = "(other)"  # a client may close with any code, and must not be able to invent labels


class StreamMetrics:
    """Counted at once: a person types a few revisions a second."""

    def __init__(self, registry: CollectorRegistry, seconds: tuple[float, ...]) -> None:
        """Register in ``registry``. ``seconds``: the buckets of times."""
        self._open = Gauge("slotline_streams_open", "Streams that are open.", registry=registry, multiprocess_mode="livesum")
        self._closed = Counter("slotline_streams_closed", "Streams that have ended, by close code.", ["code"], registry=registry)
        self._revisions = Counter("slotline_stream_revisions", "Revisions, by what became of them.", ["outcome"], registry=registry)
        self._seconds = Histogram("slotline_stream_seconds", "Time from revision to answer.", registry=registry, buckets=seconds)

    def opened(self) -> None:
        """A stream was opened."""
        self._open.inc()

    def closed(self, code: int) -> None:
        """A stream that was opened has ended."""
        self._open.dec()
        self._closed.labels(str(code) if code in CLOSE_CODES else OTHER).inc()

    def turned_away(self, code: int) -> None:
        """A stream was closed as soon as it was there."""
        self._closed.labels(str(code)).inc()

    def answered(self, seconds: float) -> None:
        """A revision got its answer after ``seconds``."""
        self._revisions.labels("answered").inc()
        self._seconds.observe(seconds)

    def refused(self) -> None:
        """A revision got a problem."""
        self._revisions.labels("refused").inc()

    def superseded(self) -> None:
        """A revision got no answer, because a newer one came."""
        self._revisions.labels("superseded").inc()
