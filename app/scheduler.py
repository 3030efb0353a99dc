"""The queue before a tagger: bounded admission, batches without a timer, one worker thread."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from app.batch import BatchLimits, take_batch
from app.errors import AnnotationFailed, DeadlineExceeded, Draining, Overloaded, ServiceError, WorkerDied
from app.metrics import Metrics, Pass
from model.labels import Annotation
from model.tagger import Prepared

LOOKAHEAD = 4  # batches' worth of utterances among which mates of like length are looked for

logger = logging.getLogger(__name__)

AnnotateBatch = Callable[[Sequence[Prepared]], list[Annotation]]


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """How many utterances and words may wait, and the size of one batch."""

    items: int
    words: int
    batch: BatchLimits


@dataclass(frozen=True, slots=True)
class Served:
    """An answer with the seconds that it waited and that its forward pass took."""

    annotation: Annotation
    queue_s: float
    inference_s: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """An utterance in the queue; whoever asked for it holds the future and may cancel it by leaving."""

    prepared: Prepared
    future: asyncio.Future[Served]
    since: float


class MicroBatcher:
    """Whatever waits when the worker becomes free is the next batch.

    All state belongs to the event loop; the worker thread only sees ``annotate`` and its argument.
    Life: ``start``, any number of ``submit`` and ``admit``, ``close``.
    """

    def __init__(self, name: str, annotate: AnnotateBatch, limits: QueueLimits, metrics: Metrics) -> None:
        """``name`` labels the metrics; ``annotate`` is called in one thread, never twice at once."""
        self.name = name
        self.last_forward: float | None = None  # time.monotonic() at the end of the last pass that gave an answer
        self._annotate = annotate
        self._limits = limits
        self._metrics = metrics
        self._waiting: deque[Waiting] = deque()
        self._waiting_words = 0
        self._in_flight: list[Waiting] = []
        self._something = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"tagger-{name}")
        metrics.watch_queue(name, lambda: len(self._waiting), lambda: self._waiting_words)

    @property
    def alive(self) -> bool:
        """Whether the worker runs and takes utterances."""
        return self._task is not None and not self._task.done() and not self._closing

    def start(self) -> None:
        """Start the worker in the running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._work(), name=f"batcher-{self.name}")
        self._task.add_done_callback(self._on_end)

    async def submit(self, prepared: Prepared, seconds: float) -> Served:
        """One utterance's answer. Raises what ``admit`` raises, DeadlineExceeded, AnnotationFailed, WorkerDied."""
        (future,) = self.admit([prepared])
        try:
            async with asyncio.timeout(seconds):
                return await future
        except TimeoutError:
            raise self.deadline_exceeded(seconds) from None

    def admit(self, batch: Sequence[Prepared]) -> list["asyncio.Future[Served]"]:
        """Queue all of ``batch`` or none; cancel a future to leave.

        Raises Overloaded when with them more would wait than the limits allow (an empty queue takes any one request,
        else a large one would never be served), Draining after ``close`` and WorkerDied.
        """
        words = sum(prepared.cells for prepared in batch)
        self._check_open(len(batch))
        if not self._fits(len(batch), words):
            self._forget_departed()
            if not self._fits(len(batch), words):
                self._count_rejected("overloaded", len(batch))
                raise Overloaded(f"{len(self._waiting)} utterances wait already; try again in a second", retry_after_s=1)
        now, loop = time.perf_counter(), asyncio.get_running_loop()
        added = [Waiting(prepared, loop.create_future(), now) for prepared in batch]
        self._waiting.extend(added)
        self._waiting_words += words
        self._something.set()
        return [waiting.future for waiting in added]

    def deadline_exceeded(self, seconds: float) -> DeadlineExceeded:
        """Count one utterance that waited ``seconds`` in vain, and say so."""
        self._count_rejected("deadline", 1)
        return DeadlineExceeded(f"no answer within {seconds:g} s; send fewer at a time or try again later")

    async def close(self) -> None:
        """Take nothing more, answer what waits, stop the worker."""
        self._closing = True
        self._something.set()
        if self._task is not None:
            await asyncio.wait({self._task})  # what ended a dead worker has been logged and told to its callers already
        self._thread.shutdown(wait=False)

    async def _work(self) -> None:
        """The worker's loop. An exception of one batch ends with that batch; only a dead thread ends the loop."""
        while self._waiting or not self._closing:
            if not self._waiting:
                self._something.clear()
                await self._something.wait()
                continue
            self._in_flight = self._take()
            try:
                if self._in_flight:
                    await self._serve(self._in_flight)
            except _ThreadDied:
                raise
            except Exception:  # one batch must never end the loop: nothing would be answered again
                logger.exception("a batch of model %s could not be served", self.name)
                self._fail(self._in_flight, self._failed())
            self._in_flight = []

    async def _serve(self, batch: Sequence[Waiting]) -> None:
        started = time.perf_counter()
        prepared = [waiting.prepared for waiting in batch]
        outcomes = await asyncio.get_running_loop().run_in_executor(self._thread, _annotate_each, self._annotate, prepared)
        seconds = time.perf_counter() - started
        lengths, waits = [one.cells for one in prepared], [started - waiting.since for waiting in batch]
        self._metrics.forward(self.name, Pass(len(batch), sum(lengths), len(batch) * max(lengths), seconds, waits))
        for waiting, outcome in zip(batch, outcomes, strict=True):
            self._deliver(waiting, outcome, started, seconds)

    def _deliver(self, waiting: Waiting, outcome: Annotation | Exception, started: float, seconds: float) -> None:
        if isinstance(outcome, Annotation):
            self.last_forward = time.monotonic()
        else:
            self._count_rejected("failed", 1)
            # The type alone: the message may quote the utterance, which is nobody's business in a log.
            logger.error("%s failed on one utterance: %s", self.name, type(outcome).__name__)
        if waiting.future.done():  # its client left while it was in the worker
            return
        if isinstance(outcome, Annotation):
            waiting.future.set_result(Served(outcome, started - waiting.since, seconds))
        else:
            waiting.future.set_exception(self._failed())

    def _take(self) -> list[Waiting]:
        """The next batch, out of the queue; clients that have left are dropped on the way."""
        head: list[Waiting] = []
        while self._waiting and len(head) < LOOKAHEAD * self._limits.batch.rows:
            waiting = self._waiting.popleft()
            if waiting.future.done():
                self._waiting_words -= waiting.prepared.cells
                self._count_rejected("departed", 1)
            else:
                head.append(waiting)
        taken = set(take_batch([waiting.prepared.cells for waiting in head], self._limits.batch))
        self._waiting.extendleft(waiting for index, waiting in reversed(list(enumerate(head))) if index not in taken)
        self._waiting_words -= sum(head[index].prepared.cells for index in taken)
        return [head[index] for index in sorted(taken)]

    def _fits(self, items: int, words: int) -> bool:
        if not self._waiting:
            return True
        return len(self._waiting) + items <= self._limits.items and self._waiting_words + words <= self._limits.words

    def _forget_departed(self) -> None:
        staying = deque(waiting for waiting in self._waiting if not waiting.future.done())
        self._count_rejected("departed", len(self._waiting) - len(staying))
        self._waiting = staying
        self._waiting_words = sum(waiting.prepared.cells for waiting in staying)

    def _check_open(self, items: int) -> None:
        if self._closing:
            self._count_rejected("draining", items)
            raise Draining("the service is stopping; send the request to another instance", retry_after_s=1)
        if not self.alive:
            self._count_rejected("worker_died", items)
            raise self._worker_died()

    def _failed(self) -> AnnotationFailed:
        return AnnotationFailed(f"the model {self.name} failed on this text; tell the operator, whose log names the error")

    def _fail(self, batch: Iterable[Waiting], error: ServiceError) -> None:
        for waiting in batch:
            if not waiting.future.done():
                waiting.future.set_exception(error)

    def _worker_died(self) -> WorkerDied:
        return WorkerDied(f"the worker of model {self.name} has stopped; the service must be restarted", retry_after_s=10)

    def _count_rejected(self, reason: str, items: int) -> None:
        if items:
            self._metrics.rejected(self.name, reason, items)

    def _on_end(self, task: "asyncio.Task[None]") -> None:
        """Nobody waits for a worker that is gone."""
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.critical("the worker of model %s died: %s", self.name, type(error.__cause__ or error).__name__)
        self._fail((*self._in_flight, *self._waiting), self._worker_died())
        self._waiting.clear()
        self._waiting_words = 0


def _annotate_each(annotate: AnnotateBatch, batch: Sequence[Prepared]) -> list[Annotation | Exception]:
    """An answer or an exception for each, in order. After a failure each goes alone, so only the culprit fails.

    Runs in the worker's thread. Raises _ThreadDied for what is no Exception (SystemExit and the like), which would
    otherwise end the event loop too.
    """
    try:
        return list(_answers(annotate, batch))
    except Exception as error:  # a tagger's failure belongs to its utterance, whatever it is
        if len(batch) == 1:
            return [error]
    except BaseException as error:
        raise _ThreadDied("the worker's thread was ended") from error
    return [_annotate_each(annotate, [prepared])[0] for prepared in batch]


def _answers(annotate: AnnotateBatch, batch: Sequence[Prepared]) -> list[Annotation]:
    answers = annotate(batch)
    if len(answers) != len(batch):
        raise RuntimeError(f"a tagger gave {len(answers)} answers to {len(batch)} utterances")
    return answers


class _ThreadDied(Exception):
    """What the loop sees of a BaseException in the thread; its cause is that exception."""
