"""Timers that are nearly always cancelled: coarse, and cheaper than the event loop's own."""

import asyncio
import time
from collections.abc import Callable

RESOLUTION_S = 0.02


class Timer:
    """One callback; ``cancel`` it when it is no longer wanted."""

    __slots__ = ("_tick", "_wheel", "callback")

    def __init__(self, wheel: dict[int, set["Timer"]], tick: int, callback: Callable[[], None]) -> None:
        """Due at ``tick`` of ``wheel``."""
        self._wheel = wheel
        self._tick = tick
        self.callback = callback

    def ring(self) -> None:
        """Call back, unless it has been cancelled meanwhile."""
        self.callback()

    def cancel(self) -> None:
        """Forget the callback, and all that it holds. Once it was called this does nothing."""
        self.callback = _nothing
        due = self._wheel.get(self._tick)
        if due is not None:
            due.discard(self)


def _nothing() -> None:
    """What a cancelled timer would call."""


class Timers:
    """Calls back at the first tick of ``RESOLUTION_S`` after the time asked for (Varghese and Lauck 1987, hashed wheel).

    A request starts timers for its body and for its client's patience and cancels both within a millisecond; the event loop's own
    would cost more than reading the request.
    """

    def __init__(self) -> None:
        """Nothing is due. The running event loop is taken when the first timer is started."""
        self.loop: asyncio.AbstractEventLoop | None = None  # known once a timer was started: to ask for it costs a system call
        self._wheel: dict[int, set[Timer]] = {}
        self._passed = 0  # the tick up to which all have rung
        self._turning = False

    def later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call ``callback`` in ``seconds`` or up to two ticks later, unless it is cancelled."""
        now = time.monotonic()
        tick = int((now + seconds) / RESOLUTION_S) + 1
        timer = Timer(self._wheel, tick, callback)
        due = self._wheel.get(tick)
        if due is None:
            due = self._wheel[tick] = set()
        due.add(timer)
        if not self._turning:
            self._turning = True
            self._passed = int(now / RESOLUTION_S)
            self.loop = asyncio.get_running_loop()
            self.loop.call_later(RESOLUTION_S, self._turn)
        return timer

    def _turn(self) -> None:
        """Ring what is due. Each timer rings by itself, so that one that fails stops neither the others nor the wheel."""
        assert self.loop is not None
        now = int(time.monotonic() / RESOLUTION_S)
        for tick in range(self._passed + 1, now + 1):
            for timer in self._wheel.pop(tick, ()):
                self.loop.call_soon(timer.ring)
        self._passed = now
        self._turning = bool(self._wheel)
        if self._turning:
            self.loop.call_later(RESOLUTION_S, self._turn)
