import numpy as np
import pytest
import torch

from model.config import FeatureConfig
from model.features import Features
from model.labels import LabelScheme
from training.config import NetworkConfig
from training.export import ExportError, build_graph, verify
from training.network.embed import NgramEmbedding, WordEmbedding, neighbours
from training.network.stack import VariationalDropout
from training.network.tagger import TaggerNetwork

FEATURES = {
    "vocabulary": FeatureConfig(word_encoders=("vocabulary",), max_ngrams=5),
    "letter_ngrams": FeatureConfig(word_encoders=("letter_ngrams",), ngram_buckets=20, max_ngrams=5),
    "both": FeatureConfig(ngram_buckets=20, max_ngrams=5),
}
NETWORKS = [
    NetworkConfig(6, 4, window, 7, layers, direction, 5) for window in (0, 1, 3) for layers in (1, 3) for direction in ("forward", "both")
]
WORDS = 11


def _network(network: NetworkConfig, encoder: str, intents: tuple[str, ...] = ("one", "two", "three")) -> TaggerNetwork:
    torch.manual_seed(4)
    return TaggerNetwork(
        network, FEATURES[encoder], LabelScheme(("a", "b"), intents), word_counts=[0, 0, *[3] * (WORDS - 2)], word_dropout=0.5
    )


def _utterances(lengths: tuple[int, ...]) -> list[Features]:
    random = np.random.default_rng(8)
    ngrams = [np.ascontiguousarray(np.sort(random.integers(0, 21, (n, 5)), axis=1)[:, ::-1]).astype(np.int32) for n in lengths]
    return [Features.of(random.integers(1, WORDS, n).astype(np.int32), rows, (True,) * n) for n, rows in zip(lengths, ngrams, strict=True)]


@pytest.mark.parametrize("encoder", FEATURES)
@pytest.mark.parametrize("config", NETWORKS, ids=str)
def test_the_exported_graph_equals_the_network(config: NetworkConfig, encoder: str) -> None:
    network = _network(config, encoder)
    graph = build_graph(network.export_weights(), window=config.window, layers=config.layers)
    verify(graph, network.predict, _utterances((1, 2, 9, 5, 30, 3)))


def test_export_fails_when_the_graph_is_not_the_network() -> None:
    network, other = (_network(NETWORKS[1], "both") for _ in range(2))
    with torch.no_grad():
        other.slot.bias[1] += 0.01
    graph = build_graph(network.export_weights(), window=0, layers=1)
    with pytest.raises(ExportError, match="differs from the network by"):
        verify(graph, other.predict, _utterances((4,)))


def test_folding_temperatures_divides_the_logits() -> None:
    network = _network(NETWORKS[1], "both").eval()
    ids = torch.ones(1, 4, dtype=torch.long), torch.ones(1, 4, 5, dtype=torch.long)
    before = network(*ids)
    network.fold_temperatures(2.0, 0.5)
    after = network(*ids)
    torch.testing.assert_close(after.tags_BTC, before.tags_BTC / 2)
    torch.testing.assert_close(after.intents_BI, before.intents_BI / 0.5)


def test_the_gradient_of_the_last_word_reaches_the_first() -> None:
    network = _network(NetworkConfig(6, 4, 0, 7, 1, "forward", 5, 0.0, 0.0), "vocabulary", ())
    ids = torch.tensor([[2, 3, 4, 5, 6]])
    network(ids, torch.zeros(1, 5, 5, dtype=torch.long)).tags_BTC[0, -1].sum().backward()
    assert network.words is not None
    assert network.words.rows.weight.grad is not None
    assert network.words.rows.weight.grad[2].abs().sum() > 0


def test_padding_rows_stay_zero_and_get_no_gradient() -> None:
    words, ngrams = WordEmbedding([0, 0, 5], 3, 0.0), NgramEmbedding(4, 3)
    assert not words(torch.zeros(1, 1, dtype=torch.long)).any()
    assert not ngrams(torch.zeros(1, 1, 2, dtype=torch.long)).any()
    ngrams(torch.tensor([[[1, 0]]])).sum().backward()
    assert ngrams.rows.weight.grad is not None
    assert not ngrams.rows.weight.grad[0].any()


def test_the_mean_of_ngrams_leaves_padding_out() -> None:
    ngrams = NgramEmbedding(4, 3)
    torch.testing.assert_close(ngrams(torch.tensor([[[2, 3, 0, 0]]])), ngrams(torch.tensor([[[2, 3]]])))


def test_rare_words_are_shown_as_other_more_often_than_frequent_ones() -> None:
    torch.manual_seed(1)
    embedding = WordEmbedding([0, 0, 1, 99], 3, 0.5).train()
    shown = embedding(torch.tensor([[2, 3]]).repeat(3000, 1))
    is_other = (shown == embedding.rows.weight[1]).all(dim=2).float().mean(dim=0)
    assert is_other[0].item() == pytest.approx(0.5 / 1.5, abs=0.05)
    assert is_other[1].item() == pytest.approx(0.5 / 99.5, abs=0.01)


def test_neighbours_stand_beside_each_word_with_zeros_outside() -> None:
    words = torch.tensor([[[1.0], [2.0], [3.0]]])
    assert neighbours(words, 1).tolist() == [[[0, 1, 2], [1, 2, 3], [2, 3, 0]]]
    assert neighbours(words, 0) is words


def test_variational_dropout_uses_one_mask_for_all_steps() -> None:
    torch.manual_seed(2)
    dropped = VariationalDropout(0.5).train()(torch.ones(2, 6, 50))
    assert torch.equal(dropped, dropped[:, :1].expand_as(dropped))
    assert set(dropped.unique().tolist()) == {0.0, 2.0}
