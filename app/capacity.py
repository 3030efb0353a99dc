"""How much may wait for a model: limits, and an estimate of how long it will take."""

import math
from dataclasses import dataclass

from app.batch import BatchLimits
from app.errors import Overloaded
from app.settings import Settings

WEIGHT = 0.2  # of the newest pass in the running mean of seconds per word
EVIDENCE = 256  # words that must have gone through before there is an estimate: the first few pass through cold code
JUMP = 2.0  # the most that one pass may count for, times the mean: one that was held up by others says little of the next
MARGIN = 0.8  # the share of a deadline that an estimate may fill


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """How many utterances and words may wait, for how many seconds at most, the size of one batch, and when one counts as hung."""

    items: int
    words: int
    wait_s: float
    hang_s: float
    batch: BatchLimits


def limits_of(settings: Settings) -> QueueLimits:
    """The limits of every queue."""
    return QueueLimits(
        items=settings.max_waiting_items,
        words=settings.max_waiting_words,
        wait_s=settings.max_wait_s,
        hang_s=settings.batch_timeout_s,
        batch=BatchLimits(rows=settings.max_batch_rows, cells=settings.max_batch_cells),
    )


class Capacity:
    """Knows the words that wait and, after the first few, what a word costs, and so whether more can be answered in time."""

    def __init__(self, limits: QueueLimits, items: str = "utterances") -> None:
        """Nothing waits, and what a word costs is not known yet. ``items``: what waits, in words."""
        self._items = items
        self.words = 0
        self._limits = limits
        self._seen_words = 0
        self._seen_s = 0.0
        self._seconds_per_word = 0.0  # 0 while it is not known

    def took(self, seconds: float, words: int) -> None:
        """A forward pass of ``words`` took ``seconds``."""
        mean = self._seconds_per_word
        if mean:
            self._seconds_per_word = mean + WEIGHT * (min(seconds / words, JUMP * mean) - mean)
            return
        self._seen_s += seconds
        self._seen_words += words
        if self._seen_words >= EVIDENCE:
            self._seconds_per_word = self._seen_s / self._seen_words

    def refusal(self, waiting: int, items: int, words: int, seconds: float) -> Overloaded | None:
        """Why ``items`` utterances of ``words`` together cannot be taken behind ``waiting`` others, to be answered in ``seconds``.

        An empty queue takes any one request, else a large one would never be served.
        """
        if not waiting:
            return None
        cost = self._seconds_per_word
        wait_s = self.words * cost
        full = waiting + items > self._limits.items or self.words + words > self._limits.words
        if not full and wait_s <= self._limits.wait_s and (self.words + words) * cost <= MARGIN * seconds:
            return None
        retry_s = max(1, math.ceil(wait_s))
        return Overloaded(f"{waiting} {self._items} wait already; try again in {retry_s} s", retry_after_s=retry_s)
