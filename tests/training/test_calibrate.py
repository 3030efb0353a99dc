import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model.config import FeatureConfig
from model.features import Featurizer
from model.labels import Annotation, Intent, LabelScheme, Slot
from model.text import tokenize
from model.vocabulary import Vocabulary
from training.calibrate import COLDEST, HOTTEST, fit_temperature, negative_log_likelihood, valid_logits
from training.config import NetworkConfig
from training.data.batching import TrainingSet
from training.data.records import Example
from training.network.tagger import TaggerNetwork

SCHEME = LabelScheme(("origin", "destination"), ("book_train", "book_bus"))
FEATURES = FeatureConfig(ngram_buckets=32)


def examples() -> list[Example]:
    """Ten sentences of five words with an intent and annotated whole, five of four words without and annotated in part."""
    whole = [
        Annotation(f"train from {name} to Bergen", (), (Slot("origin", 11, 12),), Intent(("book_train", "book_bus")[name == "A"]))
        for name in "ABCDEFGHIJ"
    ]
    part = [Annotation(f"bus to {name} now", (), (Slot("destination", 7, 8),)) for name in "KLMNO"]
    named = [(annotation, None) for annotation in whole] + [(annotation, frozenset({"destination"})) for annotation in part]
    return [Example(Annotation(a.text, tokenize(a.text), a.slots, a.intent), "here", annotated) for a, annotated in named]


def untrained_network() -> TaggerNetwork:
    torch.manual_seed(5)
    config = NetworkConfig(word_dim=8, ngram_dim=8, hidden=8, attention_dim=4)
    return TaggerNetwork(config, FEATURES, SCHEME, word_counts=[0, 0], word_dropout=0.0)


def training_set() -> TrainingSet:
    return TrainingSet(examples(), Featurizer(FEATURES, Vocabulary(())), SCHEME)


def drawn(temperature: float, *, seed: int, answers: int = 20_000, classes: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are ``temperature`` times too far apart, and classes drawn from the true probabilities."""
    random = np.random.default_rng(seed)
    true_NC = random.normal(0, 2, (answers, classes))
    gold_N = (true_NC + random.gumbel(size=true_NC.shape)).argmax(axis=1)
    return (true_NC * temperature).astype(np.float32), gold_N


@settings(max_examples=20, deadline=None)
@given(st.floats(0.3, 4), st.integers(0, 99))
def test_the_temperature_that_the_logits_were_spoilt_with_is_found(temperature: float, seed: int) -> None:
    assert fit_temperature(*drawn(temperature, seed=seed)) == pytest.approx(temperature, rel=0.05)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.3, 4), st.integers(0, 99))
def test_no_other_temperature_makes_the_gold_likelier(temperature: float, seed: int) -> None:
    logits_NC, gold_N = drawn(temperature, seed=seed, answers=500)
    fitted = fit_temperature(logits_NC, gold_N)
    lowest = negative_log_likelihood(logits_NC / fitted, gold_N)
    for other in (fitted * 0.97, fitted * 1.03, 1.0):
        assert negative_log_likelihood(logits_NC / other, gold_N) >= lowest - 1e-6


def test_answers_without_one_mistake_stay_within_bounds() -> None:
    gold_N = np.arange(50) % 3
    assert fit_temperature(np.eye(3)[gold_N], gold_N) == pytest.approx(COLDEST, rel=1e-3)


def test_answers_that_are_always_wrong_stay_within_bounds() -> None:
    gold_N = np.arange(50) % 3
    assert fit_temperature(np.eye(3)[gold_N] * 100, (gold_N + 1) % 3) == pytest.approx(HOTTEST, rel=1e-3)


def test_nothing_measured_changes_nothing() -> None:
    assert fit_temperature(np.zeros((0, 4)), np.zeros(0, dtype=int)) == 1


def test_a_diverged_network_is_named_as_the_cause() -> None:
    with pytest.raises(ValueError, match="1 logits are not finite"):
        fit_temperature(np.array([[0.0, np.nan]]), np.array([0]))


def test_any_class_that_an_untagged_word_may_have_is_right() -> None:
    logits_NC = np.log(np.array([[0.2, 0.3, 0.5], [0.2, 0.3, 0.5]]))
    outside_NC = np.array([[True, True, False], [True, True, False]])
    untagged, tagged = negative_log_likelihood(logits_NC[:1], np.array([0]), outside_NC[:1]), -np.log(0.3)
    assert untagged == pytest.approx(-np.log(0.5))
    both = negative_log_likelihood(logits_NC, np.array([0, 1]), outside_NC)
    assert both == pytest.approx((untagged + tagged) / 2)


def test_every_word_and_every_known_intent_is_measured() -> None:
    tags, intents = valid_logits(untrained_network(), training_set())
    assert tags.logits_NC.shape == (10 * 5 + 5 * 4, len(SCHEME.tags))
    assert intents.logits_NC.shape == (10, len(SCHEME.intents))
    assert np.bincount(intents.gold_N).tolist() == [9, 1]
    assert np.bincount(tags.gold_N).tolist() == [70 - 15, 10, 0, 5]
    assert tags.outside_NC is not None
    assert tags.outside_NC.sum(axis=1).tolist().count(3) == 20  # O, B-origin and I-origin in the sentences annotated in part


def test_once_folded_the_temperatures_are_one() -> None:
    network, measured_set = untrained_network(), training_set()
    with torch.no_grad():
        network.slot.bias[0] += 8  # sure of O, as it is for most words: too sure, but not wrong
    tags, intents = valid_logits(network, measured_set)
    network.set_temperatures(fit_temperature(*tags), fit_temperature(*intents))
    again, _ = valid_logits(network, measured_set)
    assert COLDEST < fit_temperature(*tags) < HOTTEST
    assert fit_temperature(*again) == pytest.approx(1, abs=1e-3)


def test_a_network_without_intents_has_none_to_measure() -> None:
    scheme = LabelScheme(SCHEME.slots)
    network = TaggerNetwork(NetworkConfig(word_dim=8, ngram_dim=8, hidden=8), FEATURES, scheme, word_counts=[0, 0], word_dropout=0.0)
    without = [Example(Annotation(e.annotation.text, e.annotation.tokens, e.annotation.slots), e.source, e.annotated) for e in examples()]
    _, intents = valid_logits(network, TrainingSet(without, Featurizer(FEATURES, Vocabulary(())), scheme))
    assert len(intents.gold_N) == 0
    assert fit_temperature(*intents) == 1
