import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.decode import RANKED, Probabilities, choose_together, decode, legal_spans, likeliest, rounded, viterbi
from model.labels import LabelScheme, Span
from model.text import tokenize

SCHEME = LabelScheme(("origin", "destination"))


def from_graph(tags_BTC: np.ndarray) -> Probabilities:
    """As the graph would have it."""
    labels_BTL = np.concatenate((tags_BTC[..., :1], tags_BTC[..., 1::2] + tags_BTC[..., 2::2]), axis=-1)
    ranked = [likeliest(labels_TL, RANKED) for labels_TL in labels_BTL]
    columns_BTK, found_BTK = (np.stack(part) for part in zip(*ranked, strict=True))
    return Probabilities(tags_BTC, labels_BTL, tags_BTC.argmax(axis=2), columns_BTK, rounded(found_BTK))


def best_tags(probabilities_TC: np.ndarray) -> list[int]:
    spans = legal_spans(probabilities_TC.argmax(axis=1).tolist(), probabilities_TC, SCHEME)
    return SCHEME.encode([Span(start, end, SCHEME.slots[slot]) for start, end, slot in spans], len(probabilities_TC))


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
    assert best_tags(probabilities) == list(best)
    assert viterbi(np.log(probabilities), SCHEME).tolist() == list(best)


def test_impossible_probabilities_of_zero_still_give_legal_tags() -> None:
    certain_inside = np.zeros((3, len(SCHEME.tags)), dtype=np.float32)
    certain_inside[:, 2] = 1
    tags = best_tags(certain_inside)
    assert SCHEME.allowed[[len(SCHEME.tags), *tags[:-1]], tags].all()


@given(st.lists(st.integers(1, 6), min_size=1, max_size=5), st.integers(0, 10_000))
def test_a_batch_is_decoded_as_each_of_its_rows_alone(lengths: list[int], seed: int) -> None:
    rows = [_random_probabilities(seed + row, length).astype(np.float32) for row, length in enumerate(lengths)]
    tokens = [tokenize("x " * length) for length in lengths]
    noise = np.random.default_rng(seed)
    batch = noise.random((len(rows), max(lengths), len(SCHEME.tags))).astype(np.float32)  # what stands in the padding is noise
    for row, probabilities in enumerate(rows):
        batch[row, : lengths[row]] = probabilities
    together = decode(from_graph(batch), tokens, SCHEME)
    for row, probabilities in enumerate(rows):
        (alone,) = decode(from_graph(probabilities[None]), [tokens[row]], SCHEME)
        assert together[row] == alone


@given(st.integers(0, 10_000), st.integers(1, 8))
def test_every_word_has_the_label_of_the_slot_over_it_and_a_slot_the_mean_of_its_words(seed: int, words: int) -> None:
    probabilities, tokens = _random_probabilities(seed, words), tokenize("x " * words)
    (row,) = decode(from_graph(probabilities[None]), [tokens], SCHEME)
    labels_TL = from_graph(probabilities[None]).labels_BTL[0]
    for slot in row.slots:
        over = [index for index, token in enumerate(tokens) if slot.start <= token.start and token.end <= slot.end]
        assert {row.words.chosen[index] for index in over} == {slot.name}
        mean_L = labels_TL[over].mean(axis=0)
        assert slot.confidence == pytest.approx(mean_L[SCHEME.labels.index(slot.name)], abs=1e-6)
        assert [p for _, p in slot.alternatives] == pytest.approx(
            sorted((mean_L[SCHEME.labels.index(n)] for n, _ in slot.alternatives), reverse=True), abs=1e-6
        )
        assert {name for name, _ in slot.alternatives} == set(SCHEME.labels) - {slot.name}
    covered = {token for token in tokens for slot in row.slots if slot.start <= token.start < slot.end}
    assert all(label == "O" for token, label in zip(tokens, row.words.chosen, strict=True) if token not in covered)


@given(st.integers(0, 10_000), st.integers(1, 5))
def test_the_likeliest_labels_are_the_first_of_all_in_order(seed: int, count: int) -> None:
    probabilities = np.random.default_rng(seed).random((7, 4)).round(1)  # ties go to the first
    columns, found = likeliest(probabilities, count)
    np.testing.assert_array_equal(columns, np.argsort(-probabilities, axis=1, kind="stable")[:, :count])
    np.testing.assert_array_equal(found, np.take_along_axis(probabilities, columns, axis=1))


def test_a_slot_carries_its_characters_confidence_and_alternatives() -> None:
    tags = np.array([[[1, 0, 0, 0, 0], [0.1, 0.2, 0.1, 0.5, 0.1], [0.0, 0.1, 0.0, 0.2, 0.7]]], dtype=np.float32)
    ((_, (slot,), _),) = decode(from_graph(tags), [tokenize("to New York")], SCHEME)
    assert (slot.name, slot.start, slot.end) == ("destination", 3, 11)
    assert slot.confidence == pytest.approx(0.75)
    assert [name for name, _ in slot.alternatives] == ["origin", "O"]
    assert slot.confidence + sum(probability for _, probability in slot.alternatives) == pytest.approx(1)


FOLLOWED = ((5, 0, 9), (0, 1, 6), (0, 3, 2), (1, 2, 5), (2, 0, 4), (2, 2, 3), (3, 0, 2))
JOINT = LabelScheme(("origin", "destination"), ("leave", "arrive", "greet"), (("origin",), ("destination",), ()))
BESIDE = dataclasses.replace(JOINT, followed=FOLLOWED, follow_weight=0.3)


def _score(tags: tuple[int, ...], tags_TC: np.ndarray, scheme: LabelScheme) -> float:
    beside = scheme.between[[len(scheme.tags), *tags[:-1]], list(tags)].sum()
    return float(np.log(tags_TC[range(len(tags)), tags]).sum() + beside)


@given(st.integers(0, 10_000), st.integers(1, 4), st.floats(0.1, 12))
def test_what_tags_add_beside_one_another_is_counted_however_sure_the_words_are(seed: int, words: int, sure: float) -> None:
    scores_TC = np.random.default_rng(seed).normal(0, sure, (words, len(BESIDE.tags)))
    tags_TC = np.exp(scores_TC) / np.exp(scores_TC).sum(axis=1, keepdims=True)
    best = max(itertools.product(range(len(BESIDE.tags)), repeat=words), key=lambda tags: _score(tags, tags_TC, BESIDE))
    spans = legal_spans(tags_TC.argmax(axis=1).tolist(), tags_TC, BESIDE)
    assert BESIDE.encode([Span(start, end, BESIDE.slots[slot]) for start, end, slot in spans], words) == list(best)


def test_a_pair_that_training_often_showed_is_likelier_than_one_it_never_did() -> None:
    assert BESIDE.between[1, 2] > 0 > BESIDE.between[2, 3]
    assert np.isneginf(BESIDE.between[0, 2])
    assert np.isfinite(BESIDE.between[BESIDE.allowed]).all()
    assert BESIDE.sway > 0 == JOINT.sway


@pytest.mark.parametrize("scheme", [JOINT, BESIDE], ids=["tags alone", "tags beside one another"])
@given(seed=st.integers(0, 10_000), words=st.integers(1, 3))
def test_chosen_together_intent_and_slots_are_the_likeliest_pair_that_fits(scheme: LabelScheme, seed: int, words: int) -> None:
    tags_TC = _random_probabilities(seed, words)
    scores_I = np.random.default_rng(seed + 1).normal(0, 2, 3)
    intents_I = np.exp(scores_I) / np.exp(scores_I).sum()
    likelihood = {}
    for intent, tags in itertools.product(range(3), itertools.product(range(len(scheme.tags)), repeat=words)):
        legal = scheme.allowed[[len(scheme.tags), *tags[:-1]], list(tags)].all()
        if legal and scheme.carried_tags[intent, list(tags)].all():
            likelihood[intent, tags] = np.log(intents_I[intent]) + _score(tags, tags_TC, scheme)
    intent, tags = max(likelihood, key=lambda pair: likelihood[pair])
    alone = legal_spans(tags_TC.argmax(axis=1).tolist(), tags_TC, scheme)
    chosen, spans = choose_together(alone, tags_TC, intents_I, scheme) or (int(intents_I.argmax()), alone)
    assert chosen == intent
    assert scheme.encode([Span(start, end, scheme.slots[slot]) for start, end, slot in spans], words) == list(tags)


def test_a_batch_names_the_intent_only_where_its_slots_changed_it() -> None:
    sure = np.full((1, 1, 5), 0.01)
    sure[0, 0, 3] = 0.96  # B-destination
    tokens = [tokenize("Oslo")]
    for intents, expected in (([0.6, 0.39, 0.01], 1), ([0.39, 0.6, 0.01], None)):
        (row,) = decode(from_graph(sure), tokens, JOINT, np.array([intents]))
        assert (row.intent, [slot.name for slot in row.slots]) == (expected, ["destination"])
    (doubted,) = decode(from_graph(sure), tokens, JOINT, np.array([[0.9999, 0.0001, 0.0]]))
    assert [slot.name for slot in doubted.slots] != ["destination"]
    assert decode(from_graph(sure), tokens, JOINT)[0].intent is None
