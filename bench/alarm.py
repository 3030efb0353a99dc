"""A timer for the event loop that is exact to some 50 us, where the loop's own timers are exact to a millisecond."""

import asyncio
import ctypes
import os
import sys
from collections.abc import Callable

CLOCK_MONOTONIC, TFD_TIMER_ABSTIME, TFD_NONBLOCK = 1, 1, os.O_NONBLOCK


class Alarm:
    """Calls back at a time of ``time.perf_counter()``, by Linux' timerfd; elsewhere by the loop's timers.

    Life: any number of ``set``, each in place of the one before, then ``close``.
    """

    def __init__(self, ring: Callable[[], None]) -> None:
        """``ring`` is called in the running loop."""
        self._loop = asyncio.get_running_loop()
        self._ring = ring
        self._timer: asyncio.TimerHandle | None = None
        self._libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
        self._descriptor = self._libc.timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK) if self._libc else -1
        if self._descriptor >= 0:
            self._loop.add_reader(self._descriptor, self._on_readable)

    def set(self, at: float) -> None:
        """Ring at ``at`` seconds; at once if that is past."""
        if self._descriptor < 0:
            self._cancel()
            self._timer = self._loop.call_at(at, self._ring)
            return
        nanoseconds = max(1, int(at * 1e9))
        setting = (ctypes.c_long * 4)(0, 0, nanoseconds // 1_000_000_000, nanoseconds % 1_000_000_000)
        assert self._libc is not None
        self._libc.timerfd_settime(self._descriptor, TFD_TIMER_ABSTIME, setting, None)

    def close(self) -> None:
        """Never ring again."""
        self._cancel()
        if self._descriptor >= 0:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1

    def _on_readable(self) -> None:
        os.read(self._descriptor, 8)
        self._ring()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
