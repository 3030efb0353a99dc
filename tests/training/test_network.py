import numpy as np
import onnx
import pytest
import torch

from model.artifact import ModelArtifact
from model.calibration import Calibration
from model.config import FeatureConfig, TaggerConfig
from model.errors import ArtifactVersion
from model.features import Features, collate
from model.labels import LabelScheme
from model.names import NameLists
from model.vocabulary import Vocabulary
from training.config import CELLS, NetworkConfig
from training.export import ExportError, build_graph, verify
from training.network.embed import NameEmbedding, NgramEmbedding, WordEmbedding, neighbours
from training.network.stack import VariationalDropout
from training.network.tagger import TaggerNetwork
from training.restore import restore

FEATURES = {
    "vocabulary": FeatureConfig(word_encoders=("vocabulary",), max_ngrams=5),
    "letter_ngrams": FeatureConfig(word_encoders=("letter_ngrams",), ngram_buckets=20, max_ngrams=5),
    "both": FeatureConfig(ngram_buckets=20, max_ngrams=5),
    "names": FeatureConfig(word_encoders=("letter_ngrams", "names"), ngram_buckets=20, max_ngrams=5, max_lists=4),
    "context": FeatureConfig(ngram_buckets=20, max_ngrams=5, context=("expected_slots", "intent")),
}
KINDS = [(cell, "tanh") for cell in CELLS] + [(cell, other) for cell in ("feedforward", "elman", "jordan") for other in ("sigmoid", "relu")]
NETWORKS = [
    NetworkConfig(6, 4, window, 7, layers, direction, 5, cell=cell, activation=activation)
    for cell, activation in KINDS
    for window, layers in ((0, 1), (1, 3), (3, 1))
    for direction in ("forward", "both")
]
WORDS = 11
SCHEME = LabelScheme(("a", "b"), ("one", "two", "three"))
LISTS = NameLists(("city", "film"), {"new york": (0,)})
VOCABULARY = Vocabulary(tuple("abcdefghi"))


def _name(value: object) -> str:
    if isinstance(value, NetworkConfig):
        return f"{value.cell}-{value.activation}-{value.layers}-{value.direction}-{value.window}"
    return str(value)


def _network(network: NetworkConfig, encoder: str, intents: tuple[str, ...] = SCHEME.intents) -> TaggerNetwork:
    torch.manual_seed(4)
    return TaggerNetwork(
        network,
        FEATURES[encoder],
        LabelScheme(SCHEME.slots, intents),
        word_counts=[0, 0, *[3] * (WORDS - 2)],
        word_dropout=0.5,
        names=LISTS.numbers,
    )


def _utterances(lengths: tuple[int, ...]) -> list[Features]:
    random = np.random.default_rng(8)
    ngrams = [np.ascontiguousarray(np.sort(random.integers(0, 21, (n, 5)), axis=1)[:, ::-1]).astype(np.int32) for n in lengths]
    contexts = random.integers(0, 2, (len(lengths), 5)).astype(np.float32)
    names = [random.integers(0, LISTS.numbers, (n, 4)).astype(np.int32).tobytes() for n in lengths]
    return [
        Features.of(random.integers(1, WORDS, len(rows)).astype(np.int32), rows, (True,) * len(rows), context.tobytes(), listed)
        for rows, context, listed in zip(ngrams, contexts, names, strict=True)
    ]


@pytest.mark.parametrize("encoder", FEATURES)
@pytest.mark.parametrize("config", NETWORKS, ids=_name)
def test_the_exported_graph_equals_the_network(config: NetworkConfig, encoder: str) -> None:
    network = _network(config, encoder)
    graph = build_graph(network.export_weights(), config)
    verify(graph, network.predict, _utterances((1, 2, 9, 5, 30, 3)), config)


def test_export_fails_when_the_graph_is_not_the_network() -> None:
    network, other = (_network(NETWORKS[1], "both") for _ in range(2))
    with torch.no_grad():
        other.slot.bias[1] += 0.01
    graph = build_graph(network.export_weights(), NETWORKS[1])
    with pytest.raises(ExportError, match="differs from the network by"):
        verify(graph, other.predict, _utterances((4,)), NETWORKS[1])


def _artifact(graph: bytes, encoder: str = "context") -> ModelArtifact:
    config = TaggerConfig("x", "1", features=FEATURES[encoder])
    return ModelArtifact(config, SCHEME, VOCABULARY, Calibration.none(), graph, (), {}, "", names=LISTS)


@pytest.mark.parametrize("encoder", ["context", "names"])
@pytest.mark.parametrize("config", NETWORKS, ids=_name)
def test_a_network_can_be_made_again_from_its_exported_graph(config: NetworkConfig, encoder: str) -> None:
    network = _network(config, encoder)
    network.set_temperatures(1.7, 0.6)
    graph = build_graph(network.export_weights(), config)
    again = restore(_artifact(graph, encoder))
    verify(graph, again.predict, _utterances((1, 4, 9)), config)
    for name, weights in network.export_weights().items():
        np.testing.assert_allclose(again.export_weights()[name].sum(0), weights.sum(0), rtol=1e-4, atol=1e-5, err_msg=name)


def test_a_graph_that_does_not_name_its_network_cannot_be_made_one_again() -> None:
    proto = onnx.load_from_string(build_graph(_network(NETWORKS[0], "context").export_weights(), NETWORKS[0]))
    del proto.metadata_props[:]
    with pytest.raises(ArtifactVersion, match="graph of x 1 does not name its network; train it again"):
        restore(_artifact(proto.SerializeToString()))


@pytest.mark.parametrize("config", NETWORKS, ids=_name)
def test_a_checkpoint_holds_the_whole_network(config: NetworkConfig) -> None:
    network, other = _network(config, "both"), _network(config, "both")
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.add_(0.1)
    other.load_state_dict(network.state_dict())
    batch = collate(_utterances((5, 5)))
    for mine, theirs in zip(network.predict(batch), other.predict(batch), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("encoder", FEATURES)
@pytest.mark.parametrize(("cell", "activation"), KINDS)
def test_the_gradient_reaches_every_parameter(cell: str, activation: str, encoder: str) -> None:
    network = _network(NetworkConfig(6, 4, 1, 7, 2, "both", 5, 0.0, 0.0, cell=cell, activation=activation), encoder)
    names = torch.tensor([[[1, 0], [2, 0], [3, 1], [4, 0]]])
    logits = network(torch.tensor([[2, 3, 4, 5]]), torch.arange(1, 21).reshape(1, 4, 5), torch.ones(1, 5), names)
    (logits.tags_BTC.square().sum() + logits.intents_BI.square().sum()).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_temperatures_divide_the_logits() -> None:
    network = _network(NETWORKS[1], "both").eval()
    ids = torch.ones(1, 4, dtype=torch.long), torch.ones(1, 4, 5, dtype=torch.long)
    before = network(*ids)
    network.set_temperatures(2.0, 0.5)
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


def test_lists_are_hidden_whole_and_as_often_as_asked_while_training_alone() -> None:
    torch.manual_seed(3)
    names = NameEmbedding(5, 3, 0.25)
    ids = torch.tensor([[[1, 3], [2, 0], [0, 0]]]).repeat(4000, 1, 1)
    seen = names.train()(ids)
    city_hidden = (seen[:, 1] == 0).all(dim=1)
    assert city_hidden.float().mean().item() == pytest.approx(0.25, abs=0.03)
    film_alone = (seen[:, 0] == names.rows.weight[3]).all(dim=1)
    assert (city_hidden | ~film_alone).all()  # an utterance lacks a list everywhere or nowhere
    assert not seen[:, 2].any()
    assert torch.equal(names.eval()(ids)[0], names.eval()(ids)[1])


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
