import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.calibration import BINS, Calibration, Reliability, expected_calibration_error, reliability
from model.errors import ConfigError

confidences = st.lists(st.floats(0, 1, allow_subnormal=False), min_size=1, max_size=60)


def outcomes(confidence: list[float], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random(len(confidence)) < 0.5


def measured() -> Calibration:
    table = reliability(np.array([0.2, 0.9, 0.95]), np.array([False, True, True]))
    return Calibration(1.3, 0.9, word=table, span=table, intent=Reliability(), per_label={"O": 0.01, "origin": 0.2})


@given(confidences, st.integers(0, 99))
def test_every_answer_falls_into_the_one_bin_that_holds_its_confidence(confidence: list[float], seed: int) -> None:
    table = reliability(np.array(confidence), outcomes(confidence, seed))
    assert table.count == len(confidence)
    for index, part in enumerate(table.bins):
        lower, upper = index / BINS, (index + 1) / BINS
        inside = [c for c in confidence if (lower < c <= upper or (index == 0 and c == 0))]
        border = sum(min(abs(c - lower), abs(c - upper)) < 1e-9 for c in confidence)
        assert abs(part.count - len(inside)) <= border
        if part.count and not border:
            assert part.confidence == pytest.approx(np.mean(inside), abs=1e-6)


@given(confidences, st.integers(0, 99))
def test_the_error_is_the_mean_distance_of_confidence_from_accuracy_over_the_bins(confidence: list[float], seed: int) -> None:
    correct = outcomes(confidence, seed)
    place = np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], confidence, side="left")
    distance = sum(abs(np.array(confidence)[place == bin_].sum() - correct[place == bin_].sum()) for bin_ in set(place.tolist()))
    assert expected_calibration_error(np.array(confidence), correct) == pytest.approx(distance / len(confidence), abs=1e-5)


@given(confidences, st.integers(0, 99))
def test_order_does_not_change_the_table(confidence: list[float], seed: int) -> None:
    correct = outcomes(confidence, seed)
    order = np.random.default_rng(seed).permutation(len(confidence))
    one, other = reliability(np.array(confidence), correct), reliability(np.array(confidence)[order], correct[order])
    assert [part.count for part in one.bins] == [part.count for part in other.bins]
    assert one.error == pytest.approx(other.error, abs=1e-5)


def test_confidence_that_keeps_its_word_has_no_error() -> None:
    confidence = np.repeat([0.25, 0.75], 1000)
    correct = np.concatenate([np.arange(1000) < 250, np.arange(1000) < 750])
    assert expected_calibration_error(confidence, correct) == 0


def test_boasting_is_an_error_of_its_size() -> None:
    assert expected_calibration_error(np.full(100, 0.99), np.arange(100) < 59) == pytest.approx(0.4)


def test_nothing_measured_is_no_error() -> None:
    assert reliability(np.zeros(0), np.zeros(0)).error == 0
    assert Reliability().error == 0


@pytest.mark.parametrize("confidence", [-0.1, 1.1, float("nan"), float("inf")])
def test_what_is_no_probability_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="no probability"):
        reliability(np.array([0.5, confidence]), np.array([True, True]))


def test_confidences_without_outcomes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(2,\).*\(1,\)"):
        reliability(np.array([0.5, 0.6]), np.array([True]))


@pytest.mark.parametrize("calibration", [measured(), Calibration.none()])
def test_reading_undoes_writing_through_json(calibration: Calibration) -> None:
    assert Calibration.from_dict(json.loads(json.dumps(calibration.to_dict(), allow_nan=False))) == calibration


CHANGES: list[tuple[dict[str, Any], str]] = [
    ({"surplus": 1}, r"calibration\.surplus is not a setting"),
    ({"temperature_slots": "warm"}, r"calibration\.temperature_slots = 'warm'"),
    ({"temperature_slots": 0.0}, r"temperature_slots = 0\.0 is not allowed"),
    ({"temperature_intent": float("nan")}, "temperature_intent = nan is not allowed"),
    ({"word": {"bins": [{"lower": 0.0}]}}, r"calibration\.word\.bins\[0\]\.upper is missing"),
    ({"per_label": {"O": "low"}}, r"calibration\.per_label\.O = 'low'"),
]


@pytest.mark.parametrize(("change", "message"), CHANGES)
def test_a_record_that_is_not_ours_is_refused_with_the_place_of_the_fault(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Calibration.from_dict({**measured().to_dict(), **change})


@pytest.mark.parametrize("key", list(Calibration.none().to_dict()))
def test_a_missing_key_is_named(key: str) -> None:
    given = measured().to_dict()
    del given[key]
    with pytest.raises(ConfigError, match=f"calibration.{key} is missing"):
        Calibration.from_dict(given)
