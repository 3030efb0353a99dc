"""The reader's network: its loss against all paths, its graph against itself, a run that is stopped and goes on."""

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from model.ctc import collapse
from training.config import TrainingError
from training.export import ExportError
from training.values.batches import batches, collated
from training.values.config import ReaderFitConfig, ReaderNetworkConfig, load_reader_config
from training.values.export import build_reader_graph, verify_reader_graph
from training.values.loop import ReaderState, fit_reader
from training.values.network import ReaderNetwork, aligned_ctc_loss
from training.values.samples import Phrase, Said, Source

SMALL = ReaderNetworkConfig(char_dim=8, hidden=12, dropout=0.0)
SOURCE = Source({})


def test_the_loss_adds_up_the_paths_that_say_each_symbol_where_it_may_be_said() -> None:
    torch.manual_seed(1)
    logits_BTS = torch.randn(2, 4, 3)
    allowed_BTS = torch.ones(2, 4, 3, dtype=torch.bool)
    allowed_BTS[0, :2, 2] = allowed_BTS[1, 3, 1] = False
    targets = [[1, 2], [1, 1]]
    log_BTS = torch.log_softmax(logits_BTS, dim=-1).numpy()
    wanted = 0.0
    for row, target in enumerate(targets):
        paths = [path for path in itertools.product(range(3), repeat=4) if collapse(path) == tuple(target)]
        legal = [path for path in paths if all(allowed_BTS[row, step, symbol] for step, symbol in enumerate(path))]
        assert len(legal) < len(paths)
        wanted -= math.log(sum(math.exp(sum(log_BTS[row, step, symbol] for step, symbol in enumerate(path))) for path in legal))
    assert aligned_ctc_loss(logits_BTS, targets, allowed_BTS).item() == pytest.approx(wanted / 2, rel=1e-5)


def test_a_batch_lets_each_symbol_be_said_at_its_characters_and_a_word_at_the_space_behind() -> None:
    phrase = Phrase("7 pm on", "time", (Said("7", 0, 1), Said("PM", 2, 4)), "en")
    batch = collated([phrase])
    (seven,), (pm,) = batch.targets[0][:1], batch.targets[0][1:]
    assert np.flatnonzero(batch.allowed_BTS[0, :, seven]).tolist() == [0]
    assert np.flatnonzero(batch.allowed_BTS[0, :, pm]).tolist() == [2, 3, 4]
    assert batch.allowed_BTS[0, :, 0].all()


def test_every_phrase_is_in_one_batch_of_its_length() -> None:
    import random

    phrases = [SOURCE.draw(random.Random(seed)) for seed in range(200)]
    found = list(batches(phrases, 16, random.Random(1)))
    assert sum(len(batch.targets) for batch in found) == 200
    assert all(len(batch.targets) <= 16 for batch in found)


@pytest.mark.parametrize(
    "config", [SMALL, ReaderNetworkConfig(char_dim=5, hidden=6, layers=2), ReaderNetworkConfig(char_dim=5, hidden=6, cell="gru")]
)
def test_the_graph_is_the_network_alone_in_a_batch_and_padded(config: ReaderNetworkConfig) -> None:
    torch.manual_seed(2)
    network = ReaderNetwork(config)
    texts = ["half past seven", "2", "второго ноября", "$5", "x" * 40]
    graph = build_reader_graph(network.export_weights(), config)
    verify_reader_graph(graph, network.predict, texts)
    other = ReaderNetwork(config)
    with pytest.raises(ExportError, match="the network"):
        verify_reader_graph(graph, other.predict, texts)


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been() -> None:
    config = ReaderFitConfig(epochs=2, samples=60, batch=16, warmup_steps=2, ema_decay=0.5)

    def fresh() -> ReaderState:
        torch.manual_seed(3)
        return ReaderState(ReaderNetwork(SMALL), config)

    unbroken, stopped, resumed = fresh(), fresh(), fresh()
    losses = [epoch.loss for epoch in fit_reader(unbroken, SOURCE, config, seed=1)]
    next(iter(fit_reader(stopped, SOURCE, config, seed=1)))
    resumed.load_dict(stopped.to_dict())
    assert [epoch.loss for epoch in fit_reader(resumed, SOURCE, config, seed=1)] == losses[1:]
    for name, weight in unbroken.averaged.state_dict().items():
        assert torch.equal(weight, resumed.averaged.state_dict()[name]), name


def test_a_loss_that_is_no_number_stops_the_run() -> None:
    config = ReaderFitConfig(epochs=1, samples=20, batch=16)
    network = ReaderNetwork(SMALL)
    network.head.weight.data.fill_(math.nan)
    with pytest.raises(TrainingError, match="learning_rate"):
        list(fit_reader(ReaderState(network, config), SOURCE, config, seed=1))


def test_the_shipped_config_is_read_and_others_are_refused_by_name(tmp_path: Path) -> None:
    config = load_reader_config(Path("training/configs/values.toml"), ["fit.epochs=3"])
    assert (config.name, config.fit.epochs) == ("values", 3)
    with pytest.raises(Exception, match=r"fit.epochs|epochs"):
        load_reader_config(Path("training/configs/values.toml"), ["fit.epochs=0"])
    with pytest.raises(Exception, match="not there"):
        load_reader_config(tmp_path / "none.toml")
