"""Phrases to values for every protocol: what is known is answered at once, all else by one thread, many phrases at a time.

Reading is a forward pass and resolving is plain Python; both would hold up the loop.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from app.capacity import Capacity, limits_of
from app.errors import DeadlineExceeded, Draining, Invalid, ServiceError, WorkerDied, annotation_failed, invalid
from app.metrics import Metrics
from app.phrases import NAME, Known, Outcome, Phrase, PhraseReader
from app.reference import Occasion, occasion_of
from app.runner import Runner
from app.settings import Settings
from app.waiting import Gone, Promise, Waiting, fail, left
from model.text import tokenize
from model.values.letters import LONGEST, plain

SWEEP_S = 0.02  # how often those who wait are looked at: a deadline is kept to within this
PROOF = Phrase("7", "number")

logger = logging.getLogger(__name__)


class Work(NamedTuple):
    """Phrases of one occasion. ``known``: the outcomes that need no reading; ``missing``: where the others belong; ``words``: of these."""

    phrases: Sequence[Phrase]
    occasion: Occasion
    known: list[Outcome | None]
    missing: list[int]
    words: int


Asked = Waiting[Work, list[Outcome]]


class ValueService:
    """Every protocol that reads phrases speaks to this class alone. What waits when the thread becomes free is read together.

    All state but the reader's belongs to the event loop. Life: ``start`` in a running loop, any number of ``read`` and ``ask``, ``close``.
    """

    def __init__(self, reader: PhraseReader, settings: Settings, metrics: Metrics) -> None:
        """Read within the settings' limits of what may wait, and for how long."""
        self.last_pass: float | None = None  # time.monotonic() at the end of the last pass that read something
        self._settings = settings
        self._metrics = metrics
        self._limits = limits_of(settings)
        self._capacity = Capacity(self._limits, "phrases")
        self._known = Known(settings.values_cache)
        self._waiting: deque[Asked] = deque()
        self._flight: list[Asked] = []  # what the thread reads now
        self._started = 0.0  # when it began with it
        self._phrases = 0  # in both, those that must be read
        self._scheduled = self._closing = self._dead = False
        self._idle = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._reader = reader
        self._runner: Runner[list[Asked], list[Outcome]] = Runner(NAME, self._run, self._on_outcome)

    @property
    def alive(self) -> bool:
        """Whether the thread runs and takes phrases."""
        return not self._dead and not self._closing

    def start(self) -> None:
        """Start the thread in the running event loop."""
        self._metrics.watch_phrases(lambda: self._phrases)
        self._runner.start()

    async def close(self) -> None:
        """Take nothing more, answer what waits, stop the thread."""
        self._closing = True
        while not self._dead and (self._waiting or self._flight):
            self._idle.clear()
            await self._idle.wait()
        self._runner.close()

    async def read(self, phrases: Sequence[Phrase | ServiceError], occasion: Occasion) -> list[Outcome]:
        """An outcome for each, in order; an error in place of a phrase stays where it is.

        Raises Overloaded, Draining, WorkerDied and DeadlineExceeded for all of them together: they are one work.
        """
        checked = [phrase if isinstance(phrase, ServiceError) else self._checked(phrase, index) for index, phrase in enumerate(phrases)]
        valid = [phrase for phrase in checked if isinstance(phrase, Phrase)]
        found = iter(await self._read(valid, occasion) if valid else ())
        return [next(found) if isinstance(phrase, Phrase) else phrase for phrase in checked]

    def admit(self, items: int = 1, words: int = 1) -> None:
        """Raises Draining, WorkerDied and Overloaded where ``items`` phrases of ``words`` together would not be read now."""
        if self._closing:
            self._count_rejected("draining", items)
            raise Draining("the service is stopping; send the request to another instance", retry_after_s=1)
        if self._dead:
            self._count_rejected("worker_died", items)
            raise _died()
        if refusal := self._capacity.refusal(self._phrases, items, words, self._settings.deadline_s):
            self._count_rejected("overloaded", items)
            raise refusal

    def known(self, phrases: Sequence[Phrase], occasion: Occasion) -> list[Outcome] | None:
        """The outcomes of ``phrases`` where all of them are known; else None."""
        found: list[Outcome] = []
        for phrase in phrases:
            outcome = self._known.get(phrase, occasion)
            if outcome is None:
                return None
            found.append(outcome)
        self._metrics.phrases(known=len(found))
        return found

    def ask(self, phrases: Sequence[Phrase], occasion: Occasion, promise: Promise[list[Outcome]], until: float, gone: Gone) -> None:
        """Have ``phrases`` read until ``until`` (time.perf_counter()). Raises nothing: ``promise`` tells the outcomes or the error.

        For slots, whose utterance has been admitted: they are turned away only when the thread is gone.
        """
        if self._dead:
            promise.set_exception(_died())
        else:
            self._queue(self._work(phrases, occasion), promise, until, gone)

    async def prove(self, seconds: float) -> None:
        """One real pass through the queue and the thread. Raises what ``read`` raises."""
        self.admit()
        await self._answer(Work([PROOF], occasion_of(None, None, "future"), [None], [0], 1), seconds)

    async def _read(self, phrases: list[Phrase], occasion: Occasion) -> list[Outcome]:
        if outcomes := self.known(phrases, occasion):
            return outcomes
        work = self._work(phrases, occasion)
        self.admit(len(work.missing), work.words)
        return await self._answer(work, self._settings.deadline_s)

    async def _answer(self, work: Work, seconds: float) -> list[Outcome]:
        future: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        self._queue(work, future, time.perf_counter() + seconds, None)
        try:
            return await future
        finally:
            future.cancel()

    def _work(self, phrases: Sequence[Phrase], occasion: Occasion) -> Work:
        known: list[Outcome | None] = [self._known.get(phrase, occasion) for phrase in phrases]
        missing = [place for place, outcome in enumerate(known) if outcome is None]
        self._metrics.phrases(known=len(known) - len(missing), read=len(missing))
        return Work(phrases, occasion, known, missing, sum(len(phrases[place].text.split()) for place in missing))

    def _queue(self, work: Work, future: "asyncio.Future[list[Outcome]] | Promise[list[Outcome]]", until: float, gone: Gone | None) -> None:
        self._waiting.append(Waiting(work, future, time.perf_counter(), until, gone))
        self._count(len(work.missing), work.words)
        loop = asyncio.get_running_loop()
        if not self._flight and not self._scheduled:
            # Not at once: the slots of all utterances of one forward pass come in this same turn of the loop.
            self._scheduled = True
            loop.call_soon(self._begin)
        if self._timer is None:
            self._timer = loop.call_later(SWEEP_S, self._sweep, loop)

    def _begin(self) -> None:
        self._scheduled = False
        self._next()

    def _next(self) -> None:
        """Give the thread what waits, in the order in which it came, up to a batch."""
        if self._dead or self._flight:
            return
        rows = 0
        while self._waiting and rows < self._settings.max_batch_rows:
            asked = self._waiting.popleft()
            if asked.is_over():
                self._count(-len(asked.work.missing), -asked.work.words)
                self._count_rejected("departed", len(asked.work.missing) * left(asked.future))
            else:
                self._flight.append(asked)
                rows += len(asked.work.missing)
        if self._flight:
            self._started = time.perf_counter()
            self._runner.give(self._flight)
        else:
            self._idle.set()

    def _run(self, flight: list[Asked]) -> list[Outcome]:
        """In the thread: the outcomes of all that is missing, in order."""
        works = [asked.work for asked in flight]
        return self._reader.read([(work.phrases[place], work.occasion.context) for work in works for place in work.missing])

    def _on_outcome(self, outcome: list[Outcome] | BaseException) -> None:
        if self._dead:  # it had been given up
            return
        flight, self._flight = self._flight, []
        phrases, words = sum(len(asked.work.missing) for asked in flight), sum(asked.work.words for asked in flight)
        self._count(-phrases, -words)
        if isinstance(outcome, BaseException):
            if not isinstance(outcome, Exception):
                self._die(flight, f"died: {type(outcome).__name__}")
                return
            logger.error("%s failed on a batch: %s", NAME, type(outcome).__name__)  # the message may quote a phrase
            outcome = [annotation_failed(NAME)] * phrases
        else:
            seconds = time.perf_counter() - self._started
            self._capacity.took(seconds, max(1, words))
            self._metrics.phrase_pass(seconds)
            self.last_pass = time.monotonic()
        self._next()
        self._tell(flight, iter(outcome))

    def _tell(self, flight: Iterable[Asked], found: Iterator[Outcome]) -> None:
        """Keep what was found, and answer those who wait for it."""
        for asked in flight:
            work = asked.work
            for place in work.missing:
                work.known[place] = outcome = next(found)
                self._known.put(work.phrases[place], work.occasion, outcome)
            if not asked.future.done():
                asked.future.set_result([outcome for outcome in work.known if outcome is not None])

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look after those who wait: too long, or for a thread that hangs."""
        now = time.perf_counter()
        if self._flight and now - self._started > self._limits.hang_s:
            self._die((), f"has not come back for {now - self._started:.1f} s")
        held = [*self._flight, *self._waiting]
        for asked in held:
            if now > asked.until and not asked.future.done():
                self._count_rejected("deadline", len(asked.work.missing))
                seconds = asked.until - asked.since
                asked.future.set_exception(DeadlineExceeded(f"no answer within {seconds:g} s; send fewer at a time or try again later"))
        self._timer = loop.call_later(SWEEP_S, self._sweep, loop) if held and not self._dead else None

    def _die(self, flight: Iterable[Asked], how: str) -> None:
        """Nobody waits for a thread that is gone."""
        logger.critical("the worker of %s %s", NAME, how)
        self._dead = True
        held = [*flight, *self._flight, *self._waiting]
        self._flight = []
        self._waiting.clear()
        self._phrases = self._capacity.words = 0
        fail(held, _died())
        self._idle.set()

    def _checked(self, phrase: Phrase, index: int) -> Phrase | Invalid:
        most = min(LONGEST, self._settings.max_characters)
        if len(phrase.text) > self._settings.max_characters or len(plain(phrase.text)) > most:
            message = f"the phrase has more than {most} characters; send the words of one value alone"
            return invalid(f"/phrases/{index}/text", "text_too_long", message)
        if not tokenize(phrase.text):
            return invalid(f"/phrases/{index}/text", "no_words", "the text has no words; send at least one visible character")
        return phrase

    def _count(self, phrases: int, words: int) -> None:
        """So many more, or less, wait or are being read."""
        self._phrases += phrases
        self._capacity.words += words

    def _count_rejected(self, reason: str, phrases: int) -> None:
        if phrases:
            self._metrics.rejected(NAME, reason, phrases)


def _died() -> WorkerDied:
    return WorkerDied("the reader of values has stopped; the service must be restarted", retry_after_s=10)
