import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.config import FeatureConfig
from model.errors import ConfigError
from model.features import CACHED_WORDS, LONGEST_CACHED, Featurizer, collate, letter_ngrams, ngram_buckets
from model.text import tokenize
from model.vocabulary import FIRST_WORD, OTHER, PAD, Vocabulary, fold_digits, normalize_word

CONFIG = FeatureConfig(ngram_sizes=(2, 3), ngram_buckets=100, max_ngrams=10)
FEATURIZER = Featurizer(CONFIG, Vocabulary(("fly", "to", "00")))


def test_letter_ngrams_are_those_of_the_lecture() -> None:
    assert letter_ngrams("apple", [3]) == ["#ap", "app", "ppl", "ple", "le#"]


@given(st.text(min_size=1), st.integers(1, 4))
def test_letter_ngrams_of_one_size_overlap_to_the_marked_word(word: str, size: int) -> None:
    ngrams = letter_ngrams(word, [size])
    assert ngrams[0][:-1] + "".join(ngram[-1] for ngram in ngrams) == f"#{word}#" or len(f"#{word}#") < size


@given(st.text())
def test_features_stay_within_their_tables(text: str) -> None:
    tokens = tokenize(text)
    features = FEATURIZER.features(tokens)
    assert features.word_ids_T.shape == (len(tokens),)
    assert features.ngram_ids_TK.shape == (len(tokens), CONFIG.max_ngrams if tokens else 0)
    assert ((features.word_ids_T >= OTHER) & (features.word_ids_T < len(FEATURIZER.vocabulary))).all()
    assert ((features.ngram_ids_TK >= 0) & (features.ngram_ids_TK <= CONFIG.ngram_buckets)).all()


@given(st.lists(st.text(alphabet="ab 1é", min_size=1).filter(str.strip), min_size=1, max_size=6))
def test_collating_pads_with_zero_and_loses_nothing(texts: list[str]) -> None:
    rows = [FEATURIZER.features(tokenize(text)) for text in texts]
    batch = collate(rows)
    for row, features in enumerate(rows):
        length = batch.lengths_B[row]
        assert length == len(features.known_T)
        assert (batch.word_ids_BT[row, :length] == features.word_ids_T).all()
        assert (batch.word_ids_BT[row, length:] == PAD).all()
        assert (batch.ngram_ids_BTK[row, :length] == features.ngram_ids_TK).all()
        assert (batch.ngram_ids_BTK[row, length:] == 0).all()


def test_a_word_of_ten_megabytes_costs_no_more_than_max_ngrams() -> None:
    assert len(ngram_buckets("x" * 10_000_000, CONFIG)) == CONFIG.max_ngrams


def test_buckets_are_the_same_in_another_process() -> None:
    words = ["taipei", "новосибирск", "7:30"]
    code = (
        "from model.config import FeatureConfig; from model.features import ngram_buckets\n"
        f"print([ngram_buckets(w, FeatureConfig(ngram_sizes=(2, 3), ngram_buckets=100, max_ngrams=10)) for w in {words!r}])"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30).stdout
    assert other.strip() == str([ngram_buckets(word, CONFIG) for word in words])


def test_buckets_are_those_of_crc_32_whatever_the_machine() -> None:
    assert ngram_buckets("to", CONFIG) == [88, 57, 50, 93, 77]


def test_case_and_unknown_digits_share_a_dimension_and_the_rest_is_other() -> None:
    features = FEATURIZER.features(tokenize("FLY to 47 Oslo"))
    assert features.word_ids_T.tolist() == [FIRST_WORD, FIRST_WORD + 1, FIRST_WORD + 2, OTHER]
    assert features.known_T == (True, True, True, False)


@given(st.text())
def test_normalising_twice_changes_nothing(word: str) -> None:
    once = normalize_word(word)
    assert fold_digits(fold_digits(once)) == fold_digits(once)
    assert normalize_word(once) == once or not word.isascii()


def test_the_vocabulary_counts_and_orders_words_the_same_way_every_time() -> None:
    assert Vocabulary.of({"b": 2, "a": 2, "c": 5, "d": 1}, min_count=2).words == ("c", "a", "b")


@pytest.mark.parametrize("words", [("a", "a"), ("",), ("a\nb",)])
def test_words_that_cannot_be_stored_are_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError):
        Vocabulary(words)


def test_an_encoder_that_is_left_out_gives_no_ngrams() -> None:
    features = Featurizer(FeatureConfig(word_encoders=("vocabulary",)), Vocabulary(("fly",))).features(tokenize("fly"))
    assert not np.any(features.ngram_ids_TK)


def test_no_number_of_words_fills_the_memory_or_changes_an_encoding() -> None:
    featurizer = Featurizer(CONFIG, Vocabulary(("fly",)))
    words = [f"word{number}" for number in range(CACHED_WORDS + 100)] + ["x" * (LONGEST_CACHED + 1)]
    first = [featurizer.features(tokenize(word)) for word in words]
    assert len(featurizer._words) <= CACHED_WORDS
    assert words[-1] not in featurizer._words
    assert [featurizer.features(tokenize(word)) for word in words[:50]] == first[:50]
