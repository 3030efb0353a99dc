"""The queue before a tagger: bounded admission, batches without a timer, one worker thread."""

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Protocol

from app.batch import BatchLimits, take_batch
from app.capacity import Capacity, QueueLimits
from app.errors import AnnotationFailed, DeadlineExceeded, Draining, Overloaded, WorkerDied
from app.metrics import Metrics, Pass
from app.runner import Runner
from app.waiting import Gone, Promise, Served, Waiting, fail, left
from model.features import FeatureBatch
from model.labels import Annotation
from model.runtime import Outputs
from model.tagger import Prepared

LOOKAHEAD = 4  # batches' worth of utterances among which mates of like length are looked for
WORTH_GOING = 0.4  # the share of all who are there that makes a second batch while the first is in the worker
FORGETTING = 0.95  # of how many were there, with each batch
MOST_FLIGHTS = 2  # batches in the worker: with the next in its hands it need not wait for the loop to turn
SWEEP_S = 0.02  # how often those who wait are looked at: a deadline is kept to within this

Utterance = Waiting[Prepared, Served]

logger = logging.getLogger(__name__)


class Stages(Protocol):
    """What a tagger does with a batch; ``run`` is called in the worker's thread, the others in the loop."""

    def collate(self, batch: Sequence[Prepared]) -> FeatureBatch:
        """The arrays of a batch."""

    def run(self, arrays: FeatureBatch) -> Outputs:
        """The forward pass."""

    def decode(self, batch: Sequence[Prepared], outputs: Outputs) -> list[Annotation]:
        """One answer for each, in order."""


class MicroBatcher:
    """What waits when the worker becomes free is the next batch, or half of it where many come and go together.

    All state belongs to the event loop; the thread only runs the tagger's ``run``. Nothing here waits: every method is a step that
    an arrival, the end of a forward pass or a timer takes. Life: ``start``, any number of ``submit`` and ``admit``, ``close``.
    """

    def __init__(self, name: str, tagger: Stages, limits: QueueLimits, metrics: Metrics) -> None:
        """``name`` labels the metrics; ``tagger`` is used by one thread, never twice at once."""
        self.name = name
        self.last_forward: float | None = None  # time.monotonic() at the end of the last pass that gave an answer
        self._tagger = tagger
        self._limits = limits
        self._metrics = metrics
        self._capacity = Capacity(limits)
        self._waiting: deque[Utterance] = deque()
        self._alone: deque[Utterance] = deque()  # those of a batch that failed: each goes by itself, before all others
        self._flights: deque[list[Utterance]] = deque()  # what is in the worker, or in its hands next
        self._started = 0.0  # when it began with the first of them
        self._crowd = 0.0  # how many were there at once lately, waiting or in the worker
        self._scheduled = False
        self._closing = False
        self._dead = False
        self._idle = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._runner: Runner[FeatureBatch, Outputs] = Runner(f"tagger-{name}", tagger.run, self._on_outcome)
        self.watch()

    def watch(self) -> None:
        """Let the metrics ask this queue, of all that have its name."""
        self._metrics.watch_queue(self.name, lambda: len(self._waiting), lambda: self._capacity.words)

    @property
    def alive(self) -> bool:
        """Whether the worker runs and takes utterances."""
        return self._loop is not None and not self._dead and not self._closing

    def start(self) -> None:
        """Start the worker in the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._runner.start()

    async def submit(self, prepared: Prepared, seconds: float) -> Served:
        """One utterance's answer. Raises what ``admit`` and its futures raise."""
        return await self.admit([prepared], seconds)[0]

    def admit(self, batch: Sequence[Prepared], seconds: float) -> list["asyncio.Future[Served]"]:
        """Queue all of ``batch`` or none, to be answered within ``seconds``; cancel a future to leave.

        Raises Overloaded when with them more would wait than the limits allow or than can be answered in time, Draining after
        ``close`` and WorkerDied. The futures raise DeadlineExceeded, AnnotationFailed and WorkerDied.
        """
        loop = self._open_loop(len(batch))
        futures: list[asyncio.Future[Served]] = [loop.create_future() for _ in batch]
        self._queue(batch, futures, seconds, None)
        return futures

    def enqueue(self, batch: Sequence[Prepared], seconds: float, promises: Sequence[Promise[Served]], gone: Gone) -> None:
        """As ``admit``, for whoever does not wait. Raises what ``admit`` raises; all else is told by ``promises``."""
        self._queue(batch, promises, seconds, gone)

    def _queue(
        self, batch: Sequence[Prepared], futures: "Sequence[asyncio.Future[Served] | Promise[Served]]", seconds: float, gone: Gone | None
    ) -> None:
        loop = self._open_loop(len(batch))
        words = sum([len(prepared.tokens) for prepared in batch])
        if self._refusal(batch, words, seconds):
            self._forget_departed()
            if refusal := self._refusal(batch, words, seconds):
                self._count_rejected("overloaded", len(batch))
                raise refusal
        now = time.perf_counter()
        for prepared, future in zip(batch, futures, strict=True):
            self._waiting.append(Waiting(prepared, future, now, now + seconds, gone))
        self._capacity.words += words
        if len(self._flights) < MOST_FLIGHTS and not self._scheduled:
            # Not at once: what arrives in this same turn of the loop belongs into the same batch.
            self._scheduled = True
            loop.call_soon(self._begin)
        if self._timer is None:
            self._timer = loop.call_later(SWEEP_S, self._sweep, loop)

    async def close(self) -> None:
        """Take nothing more, answer what waits, stop the worker."""
        self._closing = True
        while not self._dead and (self._waiting or self._alone or self._flights):
            self._idle.clear()
            await self._idle.wait()
        self._runner.close()

    def _begin(self) -> None:
        self._scheduled = False
        self._next()

    def _next(self) -> None:
        """Give batches to the worker, if anything waits and it has not enough.

        Of many who come together it gets one half and then the other, so that it computes the second while the first are answered.
        """
        while not self._dead and (self._alone or self._waiting) and len(self._flights) < MOST_FLIGHTS:
            if self._alone:
                self._launch([self._alone.popleft()])
                continue
            present = len(self._waiting) + sum(map(len, self._flights))
            self._crowd = max(present, FORGETTING * self._crowd)
            if self._flights and len(self._waiting) < WORTH_GOING * self._crowd:
                break  # while it is busy more will come, and a row costs less in a larger batch
            if batch := self._take(math.ceil(self._crowd / MOST_FLIGHTS)):
                self._launch(batch)
        if not self._flights:
            self._idle.set()

    def _launch(self, batch: list[Utterance]) -> None:
        try:
            arrays = self._tagger.collate([waiting.work for waiting in batch])
        except Exception as error:  # a tagger's failure belongs to its utterances, whatever it is
            self._on_failure(batch, error)
            return
        if not self._flights:
            self._started = time.perf_counter()
        self._flights.append(batch)
        self._runner.give(arrays)

    def _on_outcome(self, outcome: Outputs | BaseException) -> None:
        """The worker has done a batch: it gets the next one first, then those are answered who waited for this one."""
        if self._dead:  # it had been given up
            return
        batch, started, self._started = self._flights.popleft(), self._started, time.perf_counter()
        if isinstance(outcome, BaseException) and not isinstance(outcome, Exception):
            logger.critical("the worker of model %s died: %s", self.name, type(outcome).__name__)
            self._die(batch)
            return
        try:
            if isinstance(outcome, Exception):
                raise outcome
            seconds = self._started - started
            self._next()
            self._answer(batch, outcome, started, seconds)
        except Exception as error:  # of the forward pass or of decoding: it ends with this batch
            self._on_failure(batch, error)
        self._next()

    def _answer(self, batch: list[Utterance], outputs: Outputs, started: float, seconds: float) -> None:
        prepared = [waiting.work for waiting in batch]
        annotations = self._tagger.decode(prepared, outputs)
        if len(annotations) != len(batch):
            raise RuntimeError(f"a tagger gave {len(annotations)} answers to {len(batch)} utterances")
        self.last_forward = time.monotonic()
        lengths, waits = [len(one.tokens) for one in prepared], [max(0.0, started - waiting.since) for waiting in batch]
        words = sum(lengths)
        self._capacity.took(seconds, words)
        self._metrics.forward(self.name, Pass(len(batch), words, len(batch) * max(lengths), seconds, waits))
        for waiting, annotation, queue_s in zip(batch, annotations, waits, strict=True):
            if not waiting.future.done():  # else its client left while it was in the worker
                waiting.future.set_result(Served(annotation, queue_s, seconds))

    def _on_failure(self, batch: list[Utterance], error: Exception) -> None:
        """The utterances of a batch that failed go one by one, so that only the culprit fails."""
        if len(batch) > 1:
            self._alone.extend(batch)
            return
        self._count_rejected("failed", 1)
        # The type alone: the message may quote the utterance, which is nobody's business in a log.
        logger.error("%s failed on one utterance: %s", self.name, type(error).__name__)
        fail(batch, AnnotationFailed(f"the model {self.name} failed on this text; tell the operator, whose log names the error"))

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look after those who wait: too long, or for a worker that hangs."""
        now = time.perf_counter()
        if self._flights and now - self._started > self._limits.hang_s:
            logger.critical("the worker of model %s has not come back for %.1f s", self.name, now - self._started)
            self._die(())
        held = [waiting for queue in (*self._flights, self._alone, self._waiting) for waiting in queue]
        for waiting in held:
            if now > waiting.until and not waiting.future.done():
                waiting.future.set_exception(self._deadline_exceeded(waiting.until - waiting.since))
        self._timer = loop.call_later(SWEEP_S, self._sweep, loop) if held and not self._dead else None

    def _take(self, most: int) -> list[Utterance]:
        """The next batch of at most ``most``, out of the queue; clients that have left are dropped on the way."""
        head: list[Utterance] = []
        limits = self._limits.batch
        while self._waiting and len(head) < LOOKAHEAD * limits.rows:
            waiting = self._waiting.popleft()
            if waiting.is_over():
                self._capacity.words -= waiting.work.cells
                self._count_rejected("departed", int(left(waiting.future)))
            else:
                head.append(waiting)
        taken = take_batch([waiting.work.cells for waiting in head], BatchLimits(min(most, limits.rows), limits.cells))
        self._capacity.words -= sum([head[index].work.cells for index in taken])
        if len(taken) == len(head):
            return head
        chosen = set(taken)
        self._waiting.extendleft(waiting for index, waiting in reversed(list(enumerate(head))) if index not in chosen)
        return [head[index] for index in taken]

    def _refusal(self, batch: Sequence[Prepared], words: int, seconds: float) -> Overloaded | None:
        return self._capacity.refusal(len(self._waiting), len(batch), words, seconds)

    def _forget_departed(self) -> None:
        staying = deque(waiting for waiting in self._waiting if not waiting.is_over())
        self._count_rejected("departed", len(self._waiting) - len(staying))
        self._waiting = staying
        self._capacity.words = sum(waiting.work.cells for waiting in staying)

    def _open_loop(self, items: int) -> asyncio.AbstractEventLoop:
        if self._closing:
            self._count_rejected("draining", items)
            raise Draining("the service is stopping; send the request to another instance", retry_after_s=1)
        if self._loop is None or self._dead:
            self._count_rejected("worker_died", items)
            raise self._worker_died()
        return self._loop

    def _die(self, batch: Iterable[Utterance]) -> None:
        """Nobody waits for a worker that is gone."""
        self._dead = True
        for queue in (batch, *self._flights, self._alone, self._waiting):
            fail(queue, self._worker_died())
        self._flights.clear()
        self._alone.clear()
        self._waiting.clear()
        self._capacity.words = 0
        self._idle.set()

    def _worker_died(self) -> WorkerDied:
        return WorkerDied(f"the worker of model {self.name} has stopped; the service must be restarted", retry_after_s=10)

    def _deadline_exceeded(self, seconds: float) -> DeadlineExceeded:
        """Count one utterance that waited ``seconds`` in vain, and say so."""
        self._count_rejected("deadline", 1)
        return DeadlineExceeded(f"no answer within {seconds:g} s; send fewer at a time or try again later")

    def _count_rejected(self, reason: str, items: int) -> None:
        if items:
            self._metrics.rejected(self.name, reason, items)
