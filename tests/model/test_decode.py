import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.decode import best_tags, label_probabilities, slots_of, viterbi
from model.labels import LabelScheme, Span
from model.text import tokenize

SCHEME = LabelScheme(("origin", "destination"))


def _random_probabilities(seed: int, words: int) -> np.ndarray:
    scores = np.random.default_rng(seed).normal(0, 2, (words, len(SCHEME.tags)))
    return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)


@given(st.integers(0, 10_000), st.integers(1, 4))
def test_best_tags_are_the_best_of_all_legal_sequences(seed: int, words: int) -> None:
    probabilities = _random_probabilities(seed, words)
    legal = [
        tags
        for tags in itertools.product(range(len(SCHEME.tags)), repeat=words)
        if SCHEME.allowed[[len(SCHEME.tags), *tags[:-1]], list(tags)].all()
    ]
    best = max(legal, key=lambda tags: np.log(probabilities[range(words), tags]).sum())
    assert best_tags(probabilities, SCHEME).tolist() == list(best)
    assert viterbi(np.log(probabilities), SCHEME).tolist() == list(best)


def test_impossible_probabilities_of_zero_still_give_legal_tags() -> None:
    certain_inside = np.zeros((3, len(SCHEME.tags)), dtype=np.float32)
    certain_inside[:, 2] = 1
    tags = best_tags(certain_inside, SCHEME)
    assert SCHEME.allowed[[len(SCHEME.tags), *tags[:-1]], tags].all()


@given(st.integers(0, 10_000), st.integers(1, 8))
def test_label_probabilities_add_up_the_tags_and_sum_to_one(seed: int, words: int) -> None:
    tags = _random_probabilities(seed, words)
    labels = label_probabilities(tags)
    assert labels.shape == (words, len(SCHEME.labels))
    np.testing.assert_allclose(labels.sum(axis=1), 1)
    np.testing.assert_allclose(labels[:, 1], tags[:, 1] + tags[:, 2])


def test_a_slot_carries_its_characters_confidence_and_alternatives() -> None:
    tokens = tokenize("to New York")
    labels = np.array([[1, 0, 0], [0.1, 0.3, 0.6], [0.0, 0.1, 0.9]], dtype=np.float32)
    (slot,) = slots_of([Span(1, 3, "destination")], tokens, labels, SCHEME)
    assert (slot.name, slot.start, slot.end) == ("destination", 3, 11)
    assert slot.confidence == pytest.approx(0.75)
    assert [name for name, _ in slot.alternatives] == ["origin", "O"]
    assert slot.confidence + sum(probability for _, probability in slot.alternatives) == pytest.approx(1)
