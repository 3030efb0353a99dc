"""One thread that runs one function, for a loop that must not wait: work in, outcomes back into the loop."""

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeVar

Work = TypeVar("Work")
Result = TypeVar("Result")


class Runner(Generic[Work, Result]):
    """Runs ``function`` in a thread of its own, one work after the other.

    Life: ``start`` in a running loop, ``give`` any number of times, ``close``. concurrent.futures would do, at three times
    the cost of a hand-over, and it hides the end of a thread.
    """

    def __init__(self, name: str, function: Callable[[Work], Result], report: Callable[[Result | BaseException], None]) -> None:
        """``report`` gets each outcome, called in the loop: the result, or what ``function`` raised. After a BaseException
        that is no Exception (SystemExit and the like) the thread has ended.
        """
        self._function = function
        self._report = report
        self._work: SimpleQueue[Work | None] = SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)  # one that hangs must not keep the process

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread; outcomes are reported in the running loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def give(self, work: Work) -> None:
        """Queue one work."""
        self._work.put(work)

    def close(self) -> None:
        """End the thread after what it was given."""
        self._work.put(None)

    def _serve(self) -> None:
        while (work := self._work.get()) is not None:
            try:
                outcome: Result | BaseException = self._function(work)
            except BaseException as error:
                outcome = error
            del work  # an idle thread holds on to nothing
            ended = isinstance(outcome, BaseException) and not isinstance(outcome, Exception)
            assert self._loop is not None
            try:
                self._loop.call_soon_threadsafe(self._report, outcome)
            except RuntimeError:  # the loop is closed: nobody is left to hear of it
                return
            if ended:
                return
            del outcome
        del self._report  # whoever it reports to holds this runner: without the circle both are freed at once
