"""What waits for a thread, utterances and phrases, and how whoever asked hears of it."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Generic, NamedTuple, TypeVar

from app.errors import ClientGone, ServiceError
from model.labels import Annotation

Work = TypeVar("Work")
Answer = TypeVar("Answer")


class Fall(NamedTuple):
    """By how much a slot's probability falls without the word of this index; below 0 where it rises. Rounded as probabilities are."""

    word: int
    fall: float


Falls = tuple[Fall, ...]  # of one slot: every word outside of it, in text order


class Served(NamedTuple):
    """An answer with the seconds that it waited and that its forward pass took; ``falls`` of each slot, where they were asked for."""

    annotation: Annotation
    queue_s: float
    inference_s: float
    falls: tuple[Falls, ...] | None = None


Gone = Callable[[], bool]  # whether the client of an utterance has left


class Promise(Generic[Answer]):
    """Stands where a future would, for whoever does not wait: it calls back at once, with the answer or the error."""

    __slots__ = ("_error", "_tell")

    def __init__(self, tell: Callable[[Answer | Exception], None]) -> None:
        """``tell`` must not raise."""
        self._tell: Callable[[Answer | Exception], None] | None = tell
        self._error: Exception | None = None

    def done(self) -> bool:
        """Whether it has called back."""
        return self._tell is None

    def cancelled(self) -> bool:
        """Never: who does not wait cannot leave; ``gone`` tells."""
        return False

    def exception(self) -> Exception | None:
        """The error that it has told."""
        return self._error

    def set_result(self, answer: Answer) -> None:
        """Tell the answer."""
        tell, self._tell = self._tell, None
        assert tell is not None
        tell(answer)

    def set_exception(self, error: Exception) -> None:
        """Tell the error."""
        tell, self._tell, self._error = self._tell, None, error
        assert tell is not None
        tell(error)


class Waiting(NamedTuple, Generic[Work, Answer]):
    """A work in a queue; whoever asked for it holds the future and may cancel it by leaving.

    ``gone`` is asked before the work goes into the thread; None where only the future tells.
    """

    work: Work
    future: "asyncio.Future[Answer] | Promise[Answer]"
    since: float
    until: float
    gone: Gone | None

    def is_over(self) -> bool:
        """Whether nobody waits for it any more; whoever left without a word is told so first."""
        if self.gone is not None and not self.future.done() and self.gone():
            self.future.set_exception(ClientGone())
        return self.future.done()


def left(future: "asyncio.Future[Any] | Promise[Any]") -> bool:
    """Whether a future is done because its client left, and not because its time is over."""
    return future.cancelled() or isinstance(future.exception(), ClientGone)


def fail(batch: Iterable[Waiting[Any, Any]], error: ServiceError) -> None:
    """Tell ``error`` to all who still wait."""
    for waiting in batch:
        if not waiting.future.done():
            waiting.future.set_exception(error)
