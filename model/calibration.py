"""Whether a tagger's confidences can be believed: reliability tables and the errors they add up to."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.config import build, require

BINS = 15  # as in Guo et al. 2017
_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Bin:
    """The answers whose confidence is above ``lower`` and at most ``upper`` (the first bin takes 0 too).

    ``confidence`` and ``accuracy`` are means over them, both 0 where ``count`` is 0.
    """

    lower: float
    upper: float
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """A reliability table: bins of equal width over 0..1, in order; none where nothing was measured."""

    bins: tuple[Bin, ...] = ()

    @property
    def count(self) -> int:
        """How many answers it was measured on."""
        return sum(part.count for part in self.bins)

    @property
    def error(self) -> float:
        """Expected calibration error (Guo et al. 2017): mean distance of confidence from accuracy; 0 without answers.

        >>> reliability(np.array([0.9, 0.9]), np.array([True, False])).error
        0.4
        """
        distances = sum(part.count * abs(part.confidence - part.accuracy) for part in self.bins)
        return round(distances / max(1, self.count), _DECIMALS)


def reliability(confidence_N: np.ndarray, correct_N: np.ndarray, bins: int = BINS) -> Reliability:
    """How often answers were right, by their confidence.

    Raises ValueError for arrays of different lengths and for a confidence that is no probability.
    """
    confidence_N, correct_N = np.asarray(confidence_N, dtype=np.float64), np.asarray(correct_N, dtype=bool)
    if confidence_N.shape != correct_N.shape or confidence_N.ndim != 1:
        raise ValueError(f"confidence has shape {confidence_N.shape}, correct {correct_N.shape}; give one of each per answer")
    wrong = ~((confidence_N >= 0) & (confidence_N <= 1))  # NaN is wrong too
    if wrong.any():
        raise ValueError(f"confidence {confidence_N[wrong][0]} is no probability; give numbers from 0 to 1")
    edges = np.linspace(0, 1, bins + 1)
    place_N = np.searchsorted(edges[1:-1], confidence_N, side="left")
    counts, confidences, hits = (np.bincount(place_N, weights, bins) for weights in (None, confidence_N, correct_N))
    return Reliability(
        tuple(
            Bin(
                lower=round(float(edges[index]), _DECIMALS),
                upper=round(float(edges[index + 1]), _DECIMALS),
                count=int(counts[index]),
                confidence=round(float(confidences[index] / max(1, counts[index])), _DECIMALS),
                accuracy=round(float(hits[index] / max(1, counts[index])), _DECIMALS),
            )
            for index in range(bins)
        )
    )


def expected_calibration_error(confidence_N: np.ndarray, correct_N: np.ndarray, bins: int = BINS) -> float:
    """The error of the reliability table, 0 (believable) to 1. Raises ValueError as ``reliability`` does."""
    return reliability(confidence_N, correct_N, bins).error


@dataclass(frozen=True)
class Calibration:
    """What an artefact says about its confidences, measured on its valid set after the temperatures were folded in.

    ``temperature_slots`` and ``temperature_intent``: what the logits were divided by. ``word``: the likeliest label of each
    word; ``span``: the slots; ``intent``: the intents. ``per_label``: expected calibration error over the words of which a label
    is the likeliest (top-label calibration, Gupta and Ramdas 2022).
    """

    temperature_slots: float
    temperature_intent: float
    word: Reliability
    span: Reliability
    intent: Reliability
    per_label: dict[str, float]

    def __post_init__(self) -> None:
        for name in ("temperature_slots", "temperature_intent"):
            temperature = getattr(self, name)
            require(0 < temperature < float("inf"), name, temperature, "a finite number above 0")

    @classmethod
    def none(cls) -> "Calibration":
        """Of a tagger that was not calibrated: temperatures of 1, empty tables."""
        return cls(1.0, 1.0, Reliability(), Reliability(), Reliability(), {})

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> "Calibration":
        """The reverse of ``to_dict``. Raises ConfigError for an unknown or missing key and for a value of another type."""
        return build(cls, given, "calibration")
