import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.artifact import read_artifact, write_artifact
from model.config import FeatureConfig
from model.errors import ConfigError
from model.features import Featurizer, collate
from model.names import NameLists
from model.text import tokenize
from model.vocabulary import Vocabulary
from tests.tiny import tiny_artifact

LISTS = ("city", "film", "dish")
WORDS = st.sampled_from("abc")
PHRASES = st.dictionaries(
    st.lists(WORDS, min_size=1, max_size=4).map(" ".join), st.sets(st.integers(0, 2), min_size=1).map(lambda lists: tuple(sorted(lists)))
)
CONFIG = FeatureConfig(word_encoders=("vocabulary", "letter_ngrams", "names"), ngram_buckets=20, max_ngrams=5, max_lists=2)
CITIES = NameLists(("city", "film"), {"new york": (0,), "new york 00": (0, 1), "york": (0,), "oslo": (0, 1)})


def spans(numbers: list[list[int]], number: int) -> list[tuple[int, int]]:
    """Where names of a list stand, read back from the words' numbers."""
    found: list[tuple[int, int]] = []
    for place, of_word in enumerate(numbers):
        if 2 * number + 1 in of_word:
            found.append((place, place + 1))
        elif 2 * number + 2 in of_word:
            assert found
            assert found[-1][1] == place
            found[-1] = (found[-1][0], place + 1)
    return found


@given(PHRASES, st.lists(WORDS, max_size=12))
def test_in_every_list_the_longest_names_from_the_left_are_found(phrases: dict[str, tuple[int, ...]], words: list[str]) -> None:
    numbers = NameLists(LISTS, phrases).match(words)
    assert len(numbers) == len(words)
    for number in range(len(LISTS)):
        expected, start = [], 0
        while start < len(words):
            lengths = [n for n in range(1, len(words) - start + 1) if number in phrases.get(" ".join(words[start : start + n]), ())]
            if lengths:
                expected.append((start, start + max(lengths)))
            start += max(lengths, default=1)
        assert spans(numbers, number) == expected


@given(PHRASES, st.lists(WORDS, max_size=8), st.integers(0, 2))
def test_a_name_left_out_is_as_one_never_listed(phrases: dict[str, tuple[int, ...]], words: list[str], number: int) -> None:
    without = {(phrase, number) for phrase in list(phrases)[::2]}
    fewer = {phrase: tuple(each for each in lists if (phrase, each) not in without) for phrase, lists in phrases.items()}
    listed = {phrase: lists for phrase, lists in fewer.items() if lists}
    assert NameLists(LISTS, phrases).match(words, without) == NameLists(LISTS, listed).match(words)


@pytest.mark.parametrize("phrases", [{"oslo": ()}, {"oslo": (3,)}, {"new  york": (0,)}, {"": (0,)}])
def test_a_list_that_is_not_there_and_a_name_that_cannot_be_found_are_refused(phrases: dict[str, tuple[int, ...]]) -> None:
    with pytest.raises(ConfigError, match="of lists"):
        NameLists(LISTS, phrases)


def test_words_are_compared_as_the_vocabulary_compares_them_and_padding_has_no_name() -> None:
    featurizer = Featurizer(CONFIG, Vocabulary(()), CITIES)
    batch = collate([featurizer.features(tokenize(text)) for text in ("in New York 42", "OSLO")])
    assert batch.name_ids_BTM.tolist() == [[[0, 0], [1, 3], [2, 4], [2, 4]], [[1, 3], [0, 0], [0, 0], [0, 0]]]
    assert batch.name_ids_BTM.dtype == np.int32


def test_more_lists_than_a_word_may_have_are_left_out() -> None:
    featurizer = Featurizer(dataclasses.replace(CONFIG, max_lists=1), Vocabulary(()), CITIES)
    assert featurizer.features(tokenize("oslo york")).name_ids == np.array([[1], [1]], dtype=np.int32).tobytes()


def test_a_tagger_without_the_encoder_has_no_names() -> None:
    featurizer = Featurizer(FeatureConfig(), Vocabulary(()), CITIES)
    assert featurizer.features(tokenize("oslo")).name_ids == b""
    assert collate([featurizer.features(tokenize("oslo"))]).name_ids_BTM.size == 0


def test_the_artefact_carries_the_lists_where_there_are_any(tmp_path: Path) -> None:
    artifact = tiny_artifact()
    write_artifact(artifact, tmp_path / "without")
    write_artifact(dataclasses.replace(artifact, names=CITIES), tmp_path / "with")
    assert not (tmp_path / "without" / "names.json").exists()
    assert read_artifact(tmp_path / "without").names is None
    assert read_artifact(tmp_path / "with").names == CITIES
