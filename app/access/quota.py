"""How often each caller may come: a token bucket for each, in bounded memory."""

import math
import time
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

Header = tuple[bytes, bytes]

MOST_CALLERS = 16_384
ROUNDING = 1e-6  # tokens; who waited as long as told is not sent away for the last bit of a float
SWEEP_S = 1.0  # a flood of new callers must not make every one of its requests look through all others


class Stand(NamedTuple):
    """Where a caller stands after a request: ``left`` whole requests may come at once, one more in ``wait_s`` whole seconds."""

    admitted: bool
    left: int
    wait_s: int


class Quota:
    """``burst`` requests at once and ``rate`` a second after that, for each caller.

    A bucket is one number: when it will be full again (the generic cell rate algorithm, ITU-T I.371). One that is full
    needs no place, so forgetting it changes nothing. Where there is room for no more buckets, all further callers share one,
    so that a flood of addresses neither grows the memory nor gets a burst for each address.
    """

    def __init__(self, rate: float, burst: int, *, clock: Callable[[], float] = time.monotonic, most_callers: int = MOST_CALLERS) -> None:
        """``rate``: requests per second, above 0. ``burst``: at least 1. ``clock``: seconds that never run back."""
        self.rate = rate
        self.burst = burst
        self._clock = clock
        self._most = most_callers
        self._full_at: dict[str, float] = {}
        self._shared_full_at = -math.inf
        self._swept = -math.inf

    @property
    def window_s(self) -> int:
        """Whole seconds in which an empty bucket fills."""
        return math.ceil(self.burst / self.rate)

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, caller: str) -> Stand:
        """Count a request of ``caller``, if it is admitted; a refused one costs nothing."""
        now = self._clock()
        full_at = self._full_at.get(caller)
        shared = full_at is None and len(self._full_at) >= self._most and not self._make_room(now)
        if shared:
            full_at = self._shared_full_at
        elif full_at is None:
            full_at = now
        # Tokens in the bucket, and without the one that this request takes.
        left = self.burst - max(0.0, full_at - now) * self.rate - 1.0
        if left < -ROUNDING:
            return Stand(False, 0, max(1, math.ceil(-left / self.rate)))
        full_at = max(now, full_at) + 1.0 / self.rate
        if shared:
            self._shared_full_at = full_at
        else:
            self._full_at[caller] = full_at
        whole = max(0, int(left))
        return Stand(True, whole, max(1, math.ceil((whole + 1 - left) / self.rate)))

    def _make_room(self, now: float) -> bool:
        if now >= self._swept + SWEEP_S:
            self._swept = now
            self._full_at = {caller: full_at for caller, full_at in self._full_at.items() if full_at > now}
        return len(self._full_at) < self._most


class RateFields:
    """The header fields that tell callers where they stand.

    ``RateLimit`` and ``RateLimit-Policy`` as draft-ietf-httpapi-ratelimit-headers-11 has them, and the three that older clients read.
    ``t`` is when one request more than ``r`` may come, so that it agrees with Retry-After.
    """

    def __init__(self, quota: Quota) -> None:
        """For the callers of ``quota``."""
        self.quota = quota
        self._policy: tuple[Header, ...] = (
            (b"ratelimit-policy", b'"default";q=%d;w=%d' % (quota.burst, quota.window_s)),
            (b"ratelimit-limit", b"%d" % quota.burst),
        )
        self._made = lru_cache(maxsize=1024)(self._make)

    def of(self, stand: Stand) -> tuple[Header, ...]:
        """The fields of an answer."""
        return self._made(stand.left, stand.wait_s)

    def _make(self, left: int, wait_s: int) -> tuple[Header, ...]:
        return (
            *self._policy,
            (b"ratelimit", b'"default";r=%d;t=%d' % (left, wait_s)),
            (b"ratelimit-remaining", b"%d" % left),
            (b"ratelimit-reset", b"%d" % wait_s),
        )
