"""Phrases to values for every protocol: a reader of symbols, a gazetteer, a context, and one thread that runs them.

The thread takes one request after the other. Reading is a forward pass and resolving is plain Python; both would hold up the loop.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from app.capacity import Capacity, limits_of
from app.errors import DeadlineExceeded, Draining, Invalid, ServiceError, StartupError, WorkerDied, annotation_failed, invalid
from app.metrics import Metrics
from app.reference import Reference, reference_errors, reference_of
from app.runner import Runner
from app.settings import SHIPPED_READER, Settings
from model.text import tokenize
from model.values.letters import LONGEST, plain
from model.values.places import SHIPPED, Gazetteer, read_gazetteer
from model.values.reader import Reader, Reading
from model.values.resolve import resolve
from model.values.value import Context, NotUnderstood, Understood

logger = logging.getLogger(__name__)

NAME = "values"  # of the reader in metrics and messages, where models have theirs
DECIMALS = 4  # of a confidence: a batch's neighbours change the seventh
DOUBTS = {
    "empty": "there is nothing in it that can be read",
    "too_long": "it is too long for a value",
    "low_confidence": "its likeliest reading is not sure enough",
    "digits": "not every digit of it is accounted for",
    "words": "not every word of it is accounted for",
}


class Phrase(NamedTuple):
    """A text that says one value; ``kind``: one of model.values.value.KINDS, None where it is not known."""

    text: str
    kind: str | None = None


class Found(NamedTuple):
    """What a phrase amounts to. ``confidence``: the probability of its reading; None where a place was looked up and nothing read."""

    outcome: Understood | NotUnderstood
    confidence: float | None


Outcome = Found | ServiceError


class SymbolReader(Protocol):
    """What is asked of ``model.values.reader.Reader``."""

    def read_batch(self, phrases: Sequence[tuple[str, str | None]]) -> list[Reading]:
        """One reading for each, in order."""


class PhraseReader:
    """Reader, resolver and gazetteer together. Keeps nothing; a phrase means the same in any company."""

    def __init__(self, reader: SymbolReader, gazetteer: Gazetteer, rows: int = 64) -> None:
        """``rows``: most phrases of one forward pass."""
        self._reader = reader
        self.gazetteer = gazetteer
        self._rows = rows

    def read(self, phrases: Sequence[Phrase], context: Context) -> list[Outcome]:
        """One outcome for each; a phrase on which the reader or the resolver fails has AnnotationFailed for its own."""
        spoken = [phrase for phrase in phrases if phrase.kind != "place"]
        batches = [spoken[start : start + self._rows] for start in range(0, len(spoken), self._rows)]
        readings = iter([reading for batch in batches for reading in self._readings(batch)])
        return [self._found(phrase, None if phrase.kind == "place" else next(readings), context) for phrase in phrases]

    def _readings(self, phrases: Sequence[Phrase]) -> Sequence[Reading | ServiceError]:
        """Those of a batch that failed are read one by one, so that only the culprit fails."""
        try:
            return self._reader.read_batch(phrases)
        except Exception as error:  # a reader's failure belongs to its phrases, whatever it is
            if len(phrases) == 1:
                return [_failed(error)]
            return [reading for phrase in phrases for reading in self._readings([phrase])]

    def _found(self, phrase: Phrase, reading: Reading | ServiceError | None, context: Context) -> Outcome:
        if isinstance(reading, ServiceError):
            return reading
        try:
            if reading is None:
                return Found(self.gazetteer.find(phrase.text), None)
            outcome = self._resolved(phrase, reading, context)
            if phrase.kind is None and isinstance(outcome, NotUnderstood):
                place = self.gazetteer.find(phrase.text)
                if isinstance(place, Understood) and not place.value.approximate:  # nobody asked for a place: no guess at a typo
                    return Found(place, None)
            return Found(outcome, min(1.0, round(reading.confidence, DECIMALS)))
        except Exception as error:  # likewise the resolver's
            return _failed(error)

    def _resolved(self, phrase: Phrase, reading: Reading, context: Context) -> Understood | NotUnderstood:
        if reading.doubt:
            return NotUnderstood(reading.doubt, DOUBTS[reading.doubt])
        return resolve(reading.symbols, phrase.kind, context)


def _failed(error: Exception) -> ServiceError:
    logger.error("%s failed on one phrase: %s", NAME, type(error).__name__)  # the message may quote it
    return annotation_failed(NAME)


def load_values(settings: Settings) -> PhraseReader | None:
    """The reader that the settings name, or the shipped one; None where there is neither.

    Raises StartupError for a gazetteer without reader, model.errors.ArtifactError for a reader that cannot be trusted and ConfigError
    for a gazetteer that is none.
    """
    directory = settings.values or SHIPPED_READER
    if settings.values is None and not directory.is_dir():
        if settings.gazetteer is not None:
            raise StartupError("--gazetteer: there is no reader of values that would use it; name one with --values")
        return None
    more = (settings.gazetteer,) if settings.gazetteer else ()
    return PhraseReader(Reader.load(directory), read_gazetteer(*more, SHIPPED), settings.max_batch_rows)


@dataclass(eq=False, slots=True)
class _Work:
    """The phrases of one request; whoever asked cancels the future by leaving. ``words``: of all together."""

    phrases: list[Phrase]
    context: Context
    words: int
    future: "asyncio.Future[list[Outcome]]"


class ValueService:
    """Every protocol that reads phrases speaks to this class alone. Life: ``start`` in a running loop, ``read``, ``close``."""

    def __init__(self, reader: PhraseReader, settings: Settings, metrics: Metrics) -> None:
        """Read within the settings' limits of what may wait, and for how long."""
        self._reader = reader
        self._settings = settings
        self._metrics = metrics
        self._capacity = Capacity(limits_of(settings))
        self._works: deque[_Work] = deque()  # in the order in which the thread has them, those included that nobody waits for any more
        self._closing = self._dead = False
        self._runner: Runner[_Work, tuple[list[Outcome], float] | None] = Runner(NAME, self._run, self._on_outcome)

    def start(self) -> None:
        """Start the thread in the running event loop."""
        self._runner.start()

    async def close(self) -> None:
        """Take nothing more, answer what waits, stop the thread."""
        self._closing = True
        if pending := [work.future for work in self._works if not work.future.done()]:
            await asyncio.wait(pending)  # each has its deadline
        self._runner.close()

    def plan(self, moment: datetime | None, timezone: str | None, policy: str) -> tuple[Reference, Context]:
        """What the phrases' meaning hangs on, with the defaults filled in. Raises Invalid that names every value that is wrong."""
        if errors := reference_errors(moment, timezone):
            raise Invalid("; ".join(error.message for error in errors), errors=tuple(errors))
        reference = reference_of(moment, timezone)
        return reference, Context(reference.moment, reference.timezone, policy)

    async def read(self, phrases: Sequence[Phrase | ServiceError], context: Context) -> list[Outcome]:
        """An outcome for each, in order; an error in place of a phrase stays where it is.

        Raises Overloaded, Draining, WorkerDied and DeadlineExceeded for all of them together: they are one work.
        """
        checked = [phrase if isinstance(phrase, ServiceError) else self._checked(phrase, index) for index, phrase in enumerate(phrases)]
        valid = [phrase for phrase in checked if isinstance(phrase, Phrase)]
        found = iter(await self._read(valid, context) if valid else ())
        return [next(found) if isinstance(phrase, Phrase) else phrase for phrase in checked]

    async def _read(self, phrases: list[Phrase], context: Context) -> list[Outcome]:
        work = self._admitted(phrases, context)
        seconds = self._settings.deadline_s
        try:
            await asyncio.wait([work.future], timeout=seconds)
            if work.future.done():
                return work.future.result()
            self._metrics.rejected(NAME, "deadline", len(phrases))
            raise DeadlineExceeded(f"no answer within {seconds:g} s; send fewer at a time or try again later")
        finally:
            work.future.cancel()

    def _admitted(self, phrases: list[Phrase], context: Context) -> _Work:
        if self._closing:
            self._metrics.rejected(NAME, "draining", len(phrases))
            raise Draining("the service is stopping; send the request to another instance", retry_after_s=1)
        if self._dead:
            self._metrics.rejected(NAME, "worker_died", len(phrases))
            raise _died()
        words = sum(len(phrase.text.split()) for phrase in phrases)
        waiting = sum(len(work.phrases) for work in self._works)
        if refusal := self._capacity.refusal(waiting, len(phrases), words, self._settings.deadline_s):
            self._metrics.rejected(NAME, "overloaded", len(phrases))
            raise refusal
        work = _Work(phrases, context, words, asyncio.get_running_loop().create_future())
        self._works.append(work)
        self._capacity.words += words
        self._runner.give(work)
        return work

    def _run(self, work: _Work) -> tuple[list[Outcome], float] | None:
        """In the thread. None for a work that nobody waits for any more."""
        if work.future.done():
            return None
        started = time.perf_counter()
        return self._reader.read(work.phrases, work.context), time.perf_counter() - started

    def _on_outcome(self, outcome: tuple[list[Outcome], float] | BaseException | None) -> None:
        work = self._works.popleft()
        self._capacity.words -= work.words
        if isinstance(outcome, BaseException):
            if not isinstance(outcome, Exception):
                self._die(outcome)
            if not work.future.done():
                work.future.set_exception(outcome if isinstance(outcome, Exception) else _died())
        elif outcome is not None:
            found, seconds = outcome
            self._capacity.took(seconds, work.words)
            if not work.future.done():
                work.future.set_result(found)

    def _die(self, error: BaseException) -> None:
        logger.critical("the worker of %s died: %s", NAME, type(error).__name__)
        self._dead = True
        for work in self._works:
            if not work.future.done():
                work.future.set_exception(_died())
        self._works.clear()

    def _checked(self, phrase: Phrase, index: int) -> Phrase | Invalid:
        most = min(LONGEST, self._settings.max_characters)
        if len(phrase.text) > self._settings.max_characters or len(plain(phrase.text)) > most:
            message = f"the phrase has more than {most} characters; send the words of one value alone"
            return invalid(f"/phrases/{index}/text", "text_too_long", message)
        if not tokenize(phrase.text):
            return invalid(f"/phrases/{index}/text", "no_words", "the text has no words; send at least one visible character")
        return phrase


def _died() -> WorkerDied:
    return WorkerDied("the reader of values has stopped; the service must be restarted", retry_after_s=10)
