from pathlib import Path

import pytest
import torch

from model.config import FeatureConfig
from model.features import Featurizer
from model.text import tokenize
from model.vocabulary import OTHER, Vocabulary
from tests.training.toy import toy_records, write_toy
from training.__main__ import main
from training.config import TrainingConfig, load_config
from training.data.corpus import load_corpus
from training.data.texts import TextSet
from training.network.tagger import TaggerNetwork
from training.plan import plan
from training.pretrain import Cloze, pretrain

FEATURES = FeatureConfig(ngram_buckets=32, max_ngrams=6)
TEXTS = ("fly to Oslo", "to Oslo", "fly to Oslo", "stop", "a b c d e f g h", "")


def text_set(*texts: str, max_words: int = 6) -> TextSet:
    return TextSet(texts, Featurizer(FEATURES, Vocabulary(("fly", "to"))), max_words=max_words)


@pytest.mark.parametrize("batch_words", [1, 3, 100])
def test_an_epoch_shows_every_utterance_once_in_as_many_batches_as_announced(batch_words: int) -> None:
    texts = text_set(*TEXTS, "from Rome", "fly from Rome")
    batches = list(texts.epoch(batch_words, seed=(1, 1)))
    assert len(batches) == texts.batches(batch_words)
    assert sum(word_ids.numel() for word_ids, _ in batches) == texts.words == 3 + 2 + 2 + 3
    assert sorted(row for word_ids, _ in batches for row in word_ids.tolist()) == sorted(
        [[2, 3, OTHER], [3, OTHER], [OTHER, OTHER], [2, OTHER, OTHER]]
    )


def test_texts_are_featurised_as_a_tagger_featurises_them() -> None:
    featurizer = Featurizer(FEATURES, Vocabulary(("fly", "to")))
    ((word_ids_BT, ngram_ids_BTK),) = text_set("Fly to Oslo").epoch(9, seed=(1,))
    features = featurizer.features(tokenize("Fly to Oslo"))
    assert word_ids_BT[0].tolist() == features.word_ids_T.tolist()
    assert ngram_ids_BTK[0].tolist() == features.ngram_ids_TK.tolist()


def network_of(config: TrainingConfig, folder: Path) -> tuple[TaggerNetwork, TextSet, int]:
    examples = load_corpus(config, folder)[0].examples
    parts = plan(config, examples)
    torch.manual_seed(1)
    network = TaggerNetwork(config.network, config.features, parts.scheme, word_counts=parts.word_counts, word_dropout=0.5)
    return network, TextSet([str(r["text"]) for r in toy_records()], parts.featurizer, max_words=50), len(parts.vocabulary)


def test_a_masked_word_cannot_be_seen(tmp_path: Path) -> None:
    config = load_config(write_toy(tmp_path))
    network, _, words = network_of(config, tmp_path)
    cloze = Cloze(network, words).eval()
    masked = torch.tensor([[False, True, False]])
    guesses = [cloze(torch.tensor([[2, word, 3]]), torch.full((1, 3, 24), word), masked) for word in (4, 5)]
    seen = [cloze(torch.tensor([[word, 4, 3]]), torch.full((1, 3, 24), 1), masked) for word in (4, 5)]
    ngrams = torch.full((1, 3, 24), 1)
    hidden = [cloze(torch.tensor([[2, word, 3]]), ngrams, masked) for word in (4, 5)]
    assert not torch.equal(*guesses)  # the n-grams of the neighbours differ here
    assert not torch.equal(*seen)
    assert torch.equal(*hidden)


def test_guessing_is_learned_and_the_same_seed_gives_the_same_network(tmp_path: Path) -> None:
    config = load_config(write_toy(tmp_path), ["pretrain.epochs=12", "pretrain.batch_words=60", "pretrain.masked=0.3"])
    networks = []
    for _ in range(2):
        network, texts, words = network_of(config, tmp_path)
        epochs = list(pretrain(network, texts, config, words=words, on_step=lambda done, total: None))
        networks.append(network.state_dict())
        assert [epoch.number for epoch in epochs] == list(range(1, 13))
        assert epochs[-1].loss < epochs[0].loss / 1.5
        assert epochs[-1].guessed > epochs[0].guessed
    for name, weights in networks[0].items():
        assert torch.equal(weights, networks[1][name]), name


def test_words_that_only_the_texts_show_become_known_where_that_is_asked_for(tmp_path: Path) -> None:
    config = write_toy(tmp_path)
    (tmp_path / "texts.jsonl").write_text('{"text": "a sled to Narvik"}\n{"text": "the sled and the ferry"}\n')
    for count, known in ((0, set()), (1, {"a", "sled", "narvik", "the", "and", "ferry"}), (2, {"sled", "the"})):
        overrides = ["pretrain.epochs=1", f"pretrain.min_count={count}", "pretrain.texts=[{path='texts.jsonl'}]", "fit.epochs=1"]
        out = tmp_path / f"out{count}"
        flags = [flag for override in overrides for flag in ("--set", override)]
        assert main(["train", str(config), "--data", str(tmp_path), "--out", str(out), "--quiet", *flags]) == 0
        words = set((out / "vocabulary.txt").read_text().split())
        assert words & {"a", "sled", "narvik", "the", "and", "ferry"} == known
        assert "oslo" in words
