"""One temperature for the tags and one for the intents, fitted on valid so that confidences can be believed."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch

from training.data.batching import NO_INTENT, TrainingSet
from training.network.tagger import TaggerNetwork

COLDEST, HOTTEST = 0.1, 10.0  # a valid set without one mistake would ask for 0
_BATCH_WORDS = 2_000
_TOLERANCE = 1e-4
_GOLDEN = (math.sqrt(5) - 1) / 2


class Measured(NamedTuple):
    """N answers before any softmax over C classes, and what they should have been.

    ``outside_NC``: for an answer whose gold class is 0, all the classes that may be meant; None: class 0 alone.
    """

    logits_NC: np.ndarray
    gold_N: np.ndarray
    outside_NC: np.ndarray | None = None


def valid_logits(network: TaggerNetwork, examples: TrainingSet) -> tuple[Measured, Measured]:
    """What the network says to every word of the examples, and to every utterance with a known intent."""
    network.eval()
    tags, intents = [], []
    with torch.no_grad():
        for batch in examples.epoch(_BATCH_WORDS, seed=(0,)):
            logits = network(*batch.seen)
            length = batch.tags_BT.shape[1]
            tags.append((logits.tags_BTC.flatten(0, 1), batch.tags_BT.flatten(), batch.outside_BC.repeat_interleave(length, dim=0)))
            if logits.intents_BI is not None:
                known_B = batch.intents_B != NO_INTENT
                intents.append((logits.intents_BI[known_B], batch.intents_B[known_B]))
    return Measured(*_joined(tags, 3)), Measured(*_joined(intents, 2))


def _joined(parts: Sequence[tuple[torch.Tensor, ...]], columns: int) -> list[np.ndarray]:
    """Tensors of the same column one behind the other; empty ones where there is no part."""
    if not parts:
        return [np.zeros((0, 1)), np.zeros(0, dtype=np.int64)][:columns]
    return [torch.cat(column).numpy() for column in zip(*parts, strict=True)]


def fit_temperature(logits_NC: np.ndarray, gold_N: np.ndarray, outside_NC: np.ndarray | None = None) -> float:
    """The temperature, COLDEST to HOTTEST, under which the gold classes are likeliest (Guo et al. 2017); 1 without answers.

    ``outside_NC``: bool, the classes that an answer of gold class 0 may have; their probabilities are added up.
    Raises ValueError for logits that are not finite.
    """
    if not len(gold_N):
        return 1.0
    if not np.isfinite(logits_NC).all():
        raise ValueError(f"{int((~np.isfinite(logits_NC)).sum())} logits are not finite; the network has diverged, train it again")
    log_temperature = _golden_section(
        lambda at: negative_log_likelihood(logits_NC / math.exp(at), gold_N, outside_NC), math.log(COLDEST), math.log(HOTTEST)
    )
    return math.exp(log_temperature)


def negative_log_likelihood(logits_NC: np.ndarray, gold_N: np.ndarray, outside_NC: np.ndarray | None = None) -> float:
    """Mean of -log p(gold), in nats."""
    gold_score_N = logits_NC[np.arange(len(gold_N)), gold_N].astype(np.float64)
    if outside_NC is not None:
        untagged_N = gold_N == 0
        gold_score_N[untagged_N] = _log_sum_exp(np.where(outside_NC[untagged_N], logits_NC[untagged_N], -np.inf))
    return float((_log_sum_exp(logits_NC) - gold_score_N).mean())


def _log_sum_exp(scores_NC: np.ndarray) -> np.ndarray:
    highest_N = scores_NC.max(axis=1)
    log_sums_N: np.ndarray = np.log(np.exp(scores_NC - highest_N[:, None]).sum(axis=1, dtype=np.float64)) + highest_N
    return log_sums_N


def _golden_section(cost: Callable[[float], float], low: float, high: float) -> float:
    """Where ``cost``, falling and then rising between ``low`` and ``high``, is lowest (Kiefer 1953)."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    cost_left, cost_right = cost(left), cost(right)
    while high - low > _TOLERANCE:
        if cost_left < cost_right:
            high, right, cost_right = right, left, cost_left
            left = high - _GOLDEN * (high - low)
            cost_left = cost(left)
        else:
            low, left, cost_left = left, right, cost_right
            right = low + _GOLDEN * (high - low)
            cost_right = cost(right)
    return (low + high) / 2
