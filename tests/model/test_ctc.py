import itertools
import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from model.ctc import beam_search, collapse, greedy, log_probabilities, log_probability


@st.composite
def steps(draw: st.DrawFn) -> np.ndarray:
    """Log probabilities of a few steps and symbols; some are impossible, the blank among them, but never all of a step."""
    shape = draw(st.tuples(st.integers(0, 5), st.integers(2, 4)))
    weights = draw(arrays(np.float64, shape, elements=st.floats(0, 1))) + 1e-3
    possible = draw(arrays(np.bool_, shape))
    weights *= possible | ~possible.any(axis=1, keepdims=True)
    with np.errstate(divide="ignore"):
        return np.log(weights / weights.sum(axis=1, keepdims=True))


def every_sequence(log_TS: np.ndarray) -> dict[tuple[int, ...], float]:
    """The probability of every sequence, by adding up every path."""
    found: dict[tuple[int, ...], float] = defaultdict(float)
    for path in itertools.product(range(log_TS.shape[1]), repeat=len(log_TS)):
        found[collapse(path)] += math.exp(sum(log_TS[step, symbol] for step, symbol in enumerate(path)))
    return {symbols: probability for symbols, probability in found.items() if probability > 0}


@given(steps())
def test_a_sequence_has_the_probability_of_all_its_paths(log_TS: np.ndarray) -> None:
    truth = every_sequence(log_TS)
    assert sum(truth.values()) == pytest.approx(1)
    for symbols, probability in truth.items():
        assert math.exp(log_probability(log_TS, symbols)) == pytest.approx(probability)
    assert log_probability(log_TS, [1] * (len(log_TS) + 1)) == -math.inf


@given(steps())
def test_a_beam_that_holds_all_prefixes_finds_every_sequence_in_order(log_TS: np.ndarray) -> None:
    truth, found = every_sequence(log_TS), beam_search(log_TS, 10_000)
    assert {reading.symbols for reading in found} == truth.keys()
    for reading in found:
        assert math.exp(reading.log_probability) == pytest.approx(truth[reading.symbols])
    assert sum(math.exp(reading.log_probability) for reading in found) == pytest.approx(1)
    assert [r.log_probability for r in found] == sorted((r.log_probability for r in found), reverse=True)


@given(steps(), st.integers(1, 6))
def test_no_search_finds_a_likelier_sequence_than_a_beam_that_holds_all_prefixes(log_TS: np.ndarray, width: int) -> None:
    best = beam_search(log_TS, 10_000)[0].log_probability
    for reading in (greedy(log_TS), *beam_search(log_TS, width)):
        assert log_probability(log_TS, reading.symbols) <= best + 1e-9


@given(steps(), st.integers(1, 6))
def test_a_beam_gives_different_sequences_best_first_and_never_too_sure(log_TS: np.ndarray, width: int) -> None:
    found = beam_search(log_TS, width)
    assert 1 <= len(found) <= width
    assert len({reading.symbols for reading in found}) == len(found)
    assert [r.log_probability for r in found] == sorted((r.log_probability for r in found), reverse=True)
    for reading in found:
        assert reading.log_probability <= log_probability(log_TS, reading.symbols) + 1e-9


@given(steps())
def test_the_greedy_reading_is_that_of_the_likeliest_path(log_TS: np.ndarray) -> None:
    reading = greedy(log_TS)
    assert reading.symbols == collapse(log_TS.argmax(axis=1).tolist())
    assert reading.log_probability <= log_probability(log_TS, reading.symbols) + 1e-9


@given(st.lists(st.integers(0, 3), max_size=8))
def test_collapsing_drops_blanks_and_repeats_and_nothing_else(path: list[int]) -> None:
    assert collapse(path) == tuple(symbol for symbol, _ in itertools.groupby(path) if symbol)


def test_steps_at_which_nothing_is_possible_say_nothing() -> None:
    nothing_TS = np.full((2, 3), -np.inf)
    assert beam_search(nothing_TS, 4) == []
    assert log_probability(nothing_TS, [1]) == greedy(nothing_TS).log_probability == -math.inf


def test_only_a_blank_between_makes_a_symbol_count_twice() -> None:
    assert collapse([2, 2, 0, 2]) == (2, 2)
    assert collapse([2, 2, 2, 2]) == (2,)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: greedy(np.zeros(3)), r"shape \(3,\) are not \[steps, symbols\]"),
        (lambda: greedy(np.zeros((3, 1))), "with a blank and one more"),
        (lambda: beam_search(np.zeros((2, 3)), 0), "width = 0 is not allowed: use 1 or more"),
        (lambda: log_probability(np.zeros((2, 3)), [0]), "symbol 0 is not allowed: use 1 to 2"),
        (lambda: log_probability(np.zeros((2, 3)), [1, 3]), "symbol 3 is not allowed: use 1 to 2"),
    ],
)
def test_what_cannot_be_read_is_refused(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_a_padded_batch_has_the_probabilities_of_its_rows() -> None:
    random = np.random.default_rng(3)
    log_BTS = random.normal(0, 2, (40, 12, 5))
    log_BTS -= np.logaddexp.reduce(log_BTS, axis=2, keepdims=True)
    lengths_B = random.integers(1, 13, 40)
    sequences = [tuple(random.integers(1, 5, random.integers(0, 7)).tolist()) for _ in lengths_B]
    alone = [log_probability(log_TS[:length], sequence) for log_TS, length, sequence in zip(log_BTS, lengths_B, sequences, strict=True)]
    assert -np.inf in alone  # some have more symbols than steps
    np.testing.assert_allclose(log_probabilities(log_BTS, lengths_B, sequences), alone, rtol=1e-12)
