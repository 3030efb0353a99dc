"""Connectionist temporal classification (Graves et al. 2006): from a distribution at every step to a shorter sequence of symbols.

Symbol 0 is the blank, which says nothing. A path names one symbol a step; runs of one symbol count once and blanks are dropped, so
that "a a - a" is a twice and "a a a" is a once. The probability of a sequence is the sum over all paths that collapse to it.
T steps, S symbols, blank included; all in log space, natural logarithms.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

BLANK = 0


class Reading(NamedTuple):
    """A sequence of symbols without blanks, and its log probability as far as the search that found it has added it up."""

    symbols: tuple[int, ...]
    log_probability: float


def collapse(path_T: Sequence[int]) -> tuple[int, ...]:
    """What a path says: runs are merged, then blanks dropped.

    >>> collapse([0, 3, 3, 0, 3, 5, 5])
    (3, 3, 5)
    """
    before = (BLANK, *path_T)
    return tuple(int(symbol) for last, symbol in zip(before, path_T, strict=False) if symbol not in (last, BLANK))


def greedy(log_probabilities_TS: np.ndarray) -> Reading:
    """What the likeliest path says, with the log probability of that one path.

    Raises ValueError for an array that is not [T, S] with at least two symbols.
    """
    _check(log_probabilities_TS)
    best_T = log_probabilities_TS.argmax(axis=1)
    return Reading(collapse(best_T.tolist()), float(log_probabilities_TS[np.arange(len(best_T)), best_T].sum()))


def beam_search(log_probabilities_TS: np.ndarray, width: int) -> list[Reading]:
    """The likeliest sequences, best first, by prefix search with at most ``width`` prefixes after each step (Hannun et al. 2014).

    The log probabilities add up the paths that stayed in the beam: exact where ``width`` holds all prefixes, else a lower bound.
    Raises ValueError for a width below 1 and as ``greedy`` does.
    """
    _check(log_probabilities_TS)
    if width < 1:
        raise ValueError(f"width = {width} is not allowed: use 1 or more")
    # For each prefix the paths that end in a blank and those that end in its last symbol.
    beam: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, -np.inf)}
    for row_S in log_probabilities_TS.tolist():
        grown: dict[tuple[int, ...], tuple[float, float]] = {}
        for prefix, (blank, last) in beam.items():
            both = np.logaddexp(blank, last)
            _add(grown, prefix, both + row_S[BLANK], -np.inf)
            for symbol, log_probability in enumerate(row_S):
                if symbol == BLANK or log_probability == -np.inf:
                    continue
                if prefix and symbol == prefix[-1]:
                    _add(grown, prefix, -np.inf, last + log_probability)
                    _add(grown, (*prefix, symbol), -np.inf, blank + log_probability)
                else:
                    _add(grown, (*prefix, symbol), -np.inf, both + log_probability)
        beam = dict(sorted(grown.items(), key=lambda entry: (-np.logaddexp(*entry[1]), entry[0]))[:width])
    return [Reading(prefix, float(np.logaddexp(*ends))) for prefix, ends in beam.items() if np.logaddexp(*ends) > -np.inf]


def log_probability(log_probabilities_TS: np.ndarray, symbols: Sequence[int]) -> float:
    """Of all paths that say ``symbols``: the forward algorithm. -inf where the steps are too few.

    Raises ValueError for a blank among the symbols or one that the array does not have, and as ``greedy`` does.
    """
    _check(log_probabilities_TS)
    if wrong := [symbol for symbol in symbols if not BLANK < symbol < log_probabilities_TS.shape[1]]:
        raise ValueError(f"symbol {wrong[0]} is not allowed: use 1 to {log_probabilities_TS.shape[1] - 1}")
    extended = np.full(2 * len(symbols) + 1, BLANK)
    extended[1::2] = symbols
    # A blank between two symbols may be skipped unless they are equal.
    skips = np.zeros(len(extended), dtype=bool)
    skips[3::2] = extended[3::2] != extended[1:-2:2]
    forward = np.full(len(extended), -np.inf)
    forward[0] = 0.0  # before the first step, on a blank that costs nothing
    for row_S in log_probabilities_TS:
        arriving = forward.copy()
        arriving[1:] = np.logaddexp(arriving[1:], forward[:-1])
        arriving[2:] = np.where(skips[2:], np.logaddexp(arriving[2:], forward[:-2]), arriving[2:])
        forward = arriving + row_S[extended]
    return float(np.logaddexp.reduce(forward[-2:]))


def log_probabilities(log_probabilities_BTS: np.ndarray, lengths_B: np.ndarray, sequences: Sequence[Sequence[int]]) -> np.ndarray:
    """``log_probability`` of one sequence for each row of a padded batch: [B]. All rows take each step together.

    Works with probabilities that are scaled at every step (Rabiner 1989), which is several times faster than with their logarithms.
    The sequences must hold no blank.
    """
    rows, longest = len(sequences), max(map(len, sequences), default=0)
    extended_BU = np.full((rows, 2 * longest + 1), BLANK)
    for row, symbols in enumerate(sequences):
        extended_BU[row, 1 : 2 * len(symbols) : 2] = symbols
    # Column 0 and 1 are in front of the first blank, so that every state has two neighbours.
    skips_BU = np.zeros(extended_BU.shape)
    skips_BU[:, 3::2] = extended_BU[:, 3::2] != extended_BU[:, 1:-2:2]
    emitted_BTU = np.exp(np.take_along_axis(log_probabilities_BTS, extended_BU[:, None, :], axis=2).astype(np.float64))
    forward_BU = np.zeros((rows, extended_BU.shape[1] + 2))
    forward_BU[:, 2] = 1.0
    logs_B, found_B = np.zeros(rows), np.zeros(rows)
    ends_B = 2 * np.array([len(symbols) for symbols in sequences]) + 2
    every = np.arange(rows)
    for step in range(emitted_BTU.shape[1]):
        states_BU = forward_BU[:, 2:] + forward_BU[:, 1:-1] + (forward_BU[:, :-2] * skips_BU if step else 0.0)
        states_BU *= emitted_BTU[:, step]
        scale_B = states_BU.sum(axis=1)
        forward_BU[:, 2:] = states_BU / np.maximum(scale_B, np.finfo(float).tiny)[:, None]
        with np.errstate(divide="ignore"):
            logs_B += np.log(scale_B)
            last = lengths_B == step + 1
            if last.any():
                done_B = forward_BU[every, ends_B] + np.where(ends_B > 2, forward_BU[every, ends_B - 1], 0.0)
                found_B[last] = (logs_B + np.log(done_B))[last]
    return found_B


def _add(grown: dict[tuple[int, ...], tuple[float, float]], prefix: tuple[int, ...], blank: float, last: float) -> None:
    if max(blank, last) == -np.inf:
        return
    before = grown.get(prefix, (-np.inf, -np.inf))
    grown[prefix] = (float(np.logaddexp(before[0], blank)), float(np.logaddexp(before[1], last)))


def _check(log_probabilities_TS: np.ndarray) -> None:
    if log_probabilities_TS.ndim != 2 or log_probabilities_TS.shape[1] < 2:
        raise ValueError(f"log probabilities of shape {log_probabilities_TS.shape} are not [steps, symbols] with a blank and one more")
