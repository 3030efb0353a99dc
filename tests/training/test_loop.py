import dataclasses
import math
from pathlib import Path

import pytest
import torch

from model.features import Featurizer
from model.labels import LabelScheme
from model.vocabulary import Vocabulary
from tests.training.toy import write_toy
from training.config import TrainingConfig, TrainingError, load_config
from training.data.batching import NO_INTENT, TrainingSet, count_words, counts_by_index
from training.data.corpus import load_corpus
from training.loop import TrainingState, disagreement, fit, slot_loss
from training.network.tagger import Logits, TaggerNetwork


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> TrainingConfig:
    return load_config(write_toy(tmp_path_factory.mktemp("toy")))


@pytest.fixture(scope="module")
def folder(config: TrainingConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data")
    write_toy(path)
    return path


def _start(config: TrainingConfig, folder: Path) -> tuple[TrainingState, TrainingSet]:
    examples = load_corpus(config, folder)[0].examples
    counts = count_words(examples, config.features)
    vocabulary = Vocabulary.of(counts)
    scheme = LabelScheme(("date", "destination", "origin"), ("go", "quit"))
    torch.manual_seed(1)
    network = TaggerNetwork(config.network, config.features, scheme, word_counts=counts_by_index(vocabulary, counts), word_dropout=0.5)
    return TrainingState(network, config.fit), TrainingSet(examples, Featurizer(config.features, vocabulary), scheme)


def test_the_loss_falls(config: TrainingConfig, folder: Path) -> None:
    state, training_set = _start(config, folder)
    losses = [epoch.loss for epoch in fit(state, training_set, config.fit, seed=1)]
    assert len(losses) == config.fit.epochs
    assert losses[-1] < losses[0] / 3


def test_stopping_after_any_epoch_and_going_on_gives_the_unbroken_run(config: TrainingConfig, folder: Path) -> None:
    whole, training_set = _start(config, folder)
    list(fit(whole, training_set, config.fit, seed=1))
    for stop in range(1, config.fit.epochs):
        first, _ = _start(config, folder)
        for epoch in fit(first, training_set, config.fit, seed=1):
            if epoch.number == stop:
                break
        second, _ = _start(config, folder)
        second.load_dict(first.to_dict())
        list(fit(second, training_set, config.fit, seed=1))
        for name, weights in whole.averaged.state_dict().items():
            assert torch.equal(weights, second.averaged.state_dict()[name]), name


def test_another_seed_gives_other_weights(config: TrainingConfig, folder: Path) -> None:
    finals = []
    for seed in (1, 2):
        state, training_set = _start(config, folder)
        list(fit(state, training_set, config.fit, seed=seed))
        finals.append(state.network.slot.weight.detach().clone())
    assert not torch.equal(*finals)


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_stops_the_run_and_says_where(config: TrainingConfig, folder: Path, broken: float) -> None:
    state, training_set = _start(config, folder)
    with torch.no_grad():
        state.network.slot.bias[0] = broken
    with pytest.raises(TrainingError, match=r"epoch 1, step 1 of \d+: lower fit.learning_rate"):
        list(fit(state, training_set, config.fit, seed=1))


def test_every_epoch_shows_every_example_once_in_batches_of_one_length(config: TrainingConfig, folder: Path) -> None:
    _, training_set = _start(config, folder)
    examples = load_corpus(config, folder)[0].examples
    orders = []
    for seed in ((1, 1), (1, 2)):
        batches = training_set.epoch(40, seed=seed)
        rows = [tuple(row) for batch in batches for row in batch.word_ids_BT.tolist()]
        assert len(rows) == len(examples)
        assert all((batch.word_ids_BT > 0).all() for batch in batches)
        assert max(batch.word_ids_BT.numel() for batch in batches) <= 40
        orders.append(rows)
    assert sorted(orders[0]) == sorted(orders[1])
    assert orders[0] != orders[1]


def test_an_untagged_word_may_be_any_label_that_its_source_leaves_out() -> None:
    logits = torch.tensor([[[0.0, 5.0, 0.0], [0.0, 5.0, 0.0]]])
    untagged = torch.zeros(1, 2, dtype=torch.long)
    everything, outside_only = torch.ones(1, 3, dtype=torch.bool), torch.tensor([[True, False, False]])
    assert slot_loss(logits, untagged, everything).item() == pytest.approx(0, abs=1e-6)
    expected = torch.nn.functional.cross_entropy(logits.flatten(0, 1), untagged.flatten())
    torch.testing.assert_close(slot_loss(logits, untagged, outside_only), expected)


def test_a_tagged_word_counts_the_same_whatever_its_source_leaves_out() -> None:
    logits, tags = torch.randn(1, 4, 5), torch.tensor([[1, 2, 3, 4]])
    for outside in (torch.ones(1, 5, dtype=torch.bool), torch.tensor([[True, False, False, False, False]])):
        torch.testing.assert_close(slot_loss(logits, tags, outside), torch.nn.functional.cross_entropy(logits[0], tags[0]))


def test_examples_without_an_intent_are_marked_so(config: TrainingConfig, folder: Path) -> None:
    example = load_corpus(config, folder)[0].examples[0]
    silent = dataclasses.replace(example, annotation=example.annotation._replace(intent=None))
    vocabulary = Vocabulary(("i",))
    scheme = LabelScheme(("date", "destination", "origin"), ("go",))
    (batch,) = TrainingSet([silent], Featurizer(config.features, vocabulary), scheme).epoch(40, seed=(1,))
    assert batch.intents_B.tolist() == [NO_INTENT]


def test_readings_that_agree_are_not_apart_and_others_are_by_the_symmetric_divergence() -> None:
    one = Logits(torch.tensor([[[0.0, 1.0], [2.0, 0.0]]]), torch.tensor([[0.0, 3.0]]))
    other = Logits(torch.tensor([[[1.0, 0.0], [2.0, 0.0]]]), torch.tensor([[0.0, 3.0]]))
    assert disagreement(one, one, 0.5).item() == 0
    p, q = (torch.softmax(logits.tags_BTC[0, 0], dim=0) for logits in (one, other))
    expected = ((p * (p / q).log()).sum() + (q * (q / p).log()).sum()) / 2 / 2  # of the first of two words
    torch.testing.assert_close(disagreement(one, other, 0.5), expected)
    without, apart = Logits(one.tags_BTC, None), Logits(one.tags_BTC, torch.tensor([[3.0, 0.0]]))
    assert disagreement(without, without, 0.5).item() == 0
    assert disagreement(one, apart, 1.0) == 2 * disagreement(one, apart, 0.5) > 0


def test_asking_for_agreement_brings_readings_under_different_dropout_together(config: TrainingConfig, folder: Path) -> None:
    apart = []
    for agreement in (0.0, 5.0):
        state, training_set = _start(config, folder)
        list(fit(state, training_set, dataclasses.replace(config.fit, agreement=agreement), seed=1))
        torch.manual_seed(2)
        batches = training_set.epoch(40, seed=(9,))
        with torch.no_grad():
            readings = [[state.network.train()(*batch.seen) for batch in batches] for _ in range(2)]
        apart.append(sum(disagreement(one, other, 0.5).item() for one, other in zip(*readings, strict=True)))
    assert apart[1] < 0.8 * apart[0]
