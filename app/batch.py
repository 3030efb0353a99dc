"""Which of the waiting utterances go through the model together: a pure function."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """The size of one forward pass: ``rows`` utterances, ``cells`` words with padding (rows times the longest)."""

    rows: int
    cells: int


def take_batch(lengths: Sequence[int], limits: BatchLimits) -> list[int]:
    """Indices into ``lengths`` (words, in order of arrival) of the next batch, ascending.

    The oldest is always taken, so nobody starves: whoever has k before them is served after at most k batches.
    Its mates are those of the nearest length, because a row costs as much as the longest row. An utterance
    longer than ``limits.cells`` goes alone.

    >>> take_batch([5, 40, 6, 5], BatchLimits(rows=8, cells=20))
    [0, 2, 3]
    """
    if not lengths:
        return []
    order = sorted(range(len(lengths)), key=lambda index: (abs(lengths[index] - lengths[0]), index))
    taken: list[int] = []
    longest = 0
    for index in order:
        width = max(longest, lengths[index])
        if taken and (len(taken) == limits.rows or (len(taken) + 1) * width > limits.cells):
            continue
        taken.append(index)
        longest = width
    return sorted(taken)
