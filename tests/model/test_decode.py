import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.decode import decode, label_probabilities, legal_tags, likeliest, spans_of, viterbi
from model.labels import LabelScheme, Span
from model.text import tokenize

SCHEME = LabelScheme(("origin", "destination"))


def best_tags(probabilities_TC: np.ndarray, scheme: LabelScheme) -> np.ndarray:
    return legal_tags(probabilities_TC[None], np.array([len(probabilities_TC)]), scheme)[0]


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


@given(st.lists(st.integers(1, 6), min_size=1, max_size=5), st.integers(0, 10_000))
def test_a_batch_is_decoded_as_each_of_its_rows_alone(lengths: list[int], seed: int) -> None:
    rows = [_random_probabilities(seed + row, length).astype(np.float32) for row, length in enumerate(lengths)]
    tokens = [tokenize("x " * length) for length in lengths]
    noise = np.random.default_rng(seed)
    batch = noise.random((len(rows), max(lengths), len(SCHEME.tags))).astype(np.float32)  # what stands in the padding is noise
    for row, probabilities in enumerate(rows):
        batch[row, : lengths[row]] = probabilities
    together = decode(batch, tokens, SCHEME)
    for row, probabilities in enumerate(rows):
        alone = decode(probabilities[None], [tokens[row]], SCHEME)
        assert together.slots[row] == alone.slots[0]
        assert together.words[row] == alone.words[0]
        np.testing.assert_array_equal(together.label_probabilities_BTL[row, : lengths[row]], alone.label_probabilities_BTL[0])


@given(st.integers(0, 10_000), st.integers(1, 8))
def test_the_spans_of_legal_tags_are_those_that_the_scheme_decodes(seed: int, words: int) -> None:
    tags = best_tags(_random_probabilities(seed, words), SCHEME)
    found = [Span(start, end, SCHEME.slots[(tags[start] - 1) // 2]) for start, end in zip(*spans_of(tags[None]), strict=True)]
    assert found == SCHEME.decode(tags.tolist())


@given(st.integers(0, 10_000), st.integers(1, 5))
def test_the_likeliest_labels_are_the_first_of_all_in_order(seed: int, count: int) -> None:
    probabilities = np.random.default_rng(seed).random((7, 4)).round(1)  # ties go to the first
    columns, found = likeliest(probabilities, count)
    np.testing.assert_array_equal(columns, np.argsort(-probabilities, axis=1, kind="stable")[:, :count])
    np.testing.assert_array_equal(found, np.take_along_axis(probabilities, columns, axis=1))


def test_a_slot_carries_its_characters_confidence_and_alternatives() -> None:
    tags = np.array([[[1, 0, 0, 0, 0], [0.1, 0.2, 0.1, 0.5, 0.1], [0.0, 0.1, 0.0, 0.2, 0.7]]], dtype=np.float32)
    ((slot,),) = decode(tags, [tokenize("to New York")], SCHEME).slots
    assert (slot.name, slot.start, slot.end) == ("destination", 3, 11)
    assert slot.confidence == pytest.approx(0.75)
    assert [name for name, _ in slot.alternatives] == ["origin", "O"]
    assert slot.confidence + sum(probability for _, probability in slot.alternatives) == pytest.approx(1)
