import tomllib
from pathlib import Path

import pytest
import torch

from model.artifact import ModelArtifact
from model.calibration import Calibration
from model.config import FeatureConfig, TaggerConfig
from model.errors import ConfigError
from model.labels import LabelScheme
from model.tagger import Tagger
from model.text import tokenize
from model.vocabulary import Vocabulary
from training.compare.contrast import likeliest_labels, read_pairs, told_apart
from training.config import CELLS, NetworkConfig, load_config
from training.export import build_graph
from training.network.tagger import TaggerNetwork

KNOWN = ("destination", "origin")
WRITTEN = (
    ("flights to [Oslo](destination)", "flights from [Oslo](origin)"),
    ("arrive in [New York](destination) on Monday", "leave from [New York](origin) on Monday"),
)
WORDS = ("flights", "to", "from", "oslo", "arrive", "in", "new", "york", "on", "monday", "leave")


def _tagger(config: NetworkConfig, seed: int) -> Tagger:
    """Large random weights, so that neighbouring words pull at the labels as hard as they can."""
    torch.manual_seed(seed)
    features, scheme = FeatureConfig(ngram_buckets=50), LabelScheme(KNOWN)
    network = TaggerNetwork(config, features, scheme, word_counts=[0, 0, *[1] * len(WORDS)], word_dropout=0.0)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(std=1.5)
    graph = build_graph(network.export_weights(), config)
    tagger_config = TaggerConfig("random", "1", features=features)
    return Tagger(ModelArtifact(tagger_config, scheme, Vocabulary(WORDS), Calibration.none(), graph, (), {}, ""))


@pytest.mark.parametrize("seed", range(20))
def test_a_feedforward_network_that_sees_one_word_gives_both_halves_the_same_label(seed: int) -> None:
    tagger = _tagger(NetworkConfig(8, 8, window=0, hidden=8, layers=2, cell="feedforward"), seed)
    pairs = read_pairs(WRITTEN, KNOWN)
    for one, other in pairs:
        assert likeliest_labels(tagger, one) == likeliest_labels(tagger, other)
    assert told_apart(tagger, pairs) == [False, False]


@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell not in ("feedforward", "jordan")])
def test_a_network_with_a_hidden_state_can_give_the_halves_different_labels(cell: str) -> None:
    taggers = [_tagger(NetworkConfig(8, 8, window=0, hidden=8, cell=cell, direction="forward"), seed) for seed in range(20)]
    pairs = read_pairs(WRITTEN, KNOWN)
    assert any(likeliest_labels(tagger, one) != likeliest_labels(tagger, other) for tagger in taggers for one, other in pairs)


def test_a_pair_is_told_apart_only_when_both_halves_are_right() -> None:
    tagger = _tagger(NetworkConfig(8, 8, window=0, hidden=8, cell="elman", direction="forward"), 0)
    ((one, other),) = read_pairs(WRITTEN[:1], KNOWN)
    (of_one,), (of_other,) = likeliest_labels(tagger, one), likeliest_labels(tagger, other)
    halves = [type(half)(half.text, half.start, half.end, label) for half, label in ((one, of_one), (other, of_other))]
    wrong = type(one)(one.text, one.start, one.end, "no such label")
    assert told_apart(tagger, [(halves[0], halves[1]), (wrong, halves[1]), (halves[0], wrong)]) == [True, False, False]


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        (("to [Oslo](destination)",), r"contrast\[0\] has 1 utterances: give two"),
        (("to [Oslo](destination)", "from Oslo"), "'from Oslo' has 0 marked words: mark the one in question"),
        (("to [Oslo](destination)", "from [Oslo](origin) to [Porto](destination)"), "has 2 marked words"),
        (("to [Oslo](destination)", "from [Porto](origin)"), "marks 'Oslo' and 'Porto': mark the same word"),
        (("to [Oslo](destination)", "into [Oslo](destination)"), "the label 'destination' twice: the two must differ"),
        (("to [Oslo](destination)", "via [Oslo](via)"), "label 'via' is not one of the 2 in the training data"),
        (("to [Oslo](destination)", "from [Oslo"), r"has a bracket that is no \[span\]\(label\)"),
        (("to [Os](destination)lo", "from [Os](origin)lo"), "does not fall on word borders"),
    ],
)
def test_what_is_no_pair_is_refused_with_its_number_and_reason(pair: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_pairs([pair], KNOWN)


CONFIGS = sorted(path for path in Path("training/configs").glob("*.toml") if "task" not in tomllib.loads(path.read_text()))  # taggers'


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_in_a_shipped_pair_only_words_before_the_marked_one_differ(path: Path) -> None:
    written = load_config(path).contrast
    labels = {label for pair in written for half in pair for label in half.partition("](")[2].partition(")")[:1]}
    for one, other in read_pairs(written, labels):
        assert [token.text for token in tokenize(one.text)[one.start :]] == [token.text for token in tokenize(other.text)[other.start :]]
        assert one.start > 0
        assert other.start > 0


def test_the_atis_pairs_are_there() -> None:
    assert len(tomllib.loads(Path("training/configs/atis.toml").read_text())["contrast"]) >= 20
