from pathlib import Path

import pytest

from model.config import FeatureConfig
from model.labels import Annotation, Slot
from model.text import tokenize
from tests.training.toy import CITIES, write_toy
from training.config import load_config
from training.data.corpus import load_corpus, load_names
from training.data.names import collect_names
from training.data.records import Example
from training.plan import plan

CONFIG = FeatureConfig()


def example(text: str, *values: tuple[str, str], source: str = "") -> Example:
    slots = tuple(Slot(label, text.index(value), text.index(value) + len(value)) for value, label in values)
    return Example(Annotation(text, tokenize(text), slots), source=source)


TWICE = [
    example("to Oslo", ("Oslo", "city"), source="a/1"),
    example("from oslo to Porto", ("oslo", "city"), ("Porto", "city"), source="a/2"),
    example("see Porto", ("Porto", "film"), source="a/3"),
]


def test_a_list_has_the_values_of_its_slot_and_others_stand_behind() -> None:
    names = collect_names(TWICE, ("city", "film"), {"lake": ["Como", "a very long name of a lake"]}, CONFIG, longest=3)
    assert names.listed.lists == ("city", "film", "lake")
    assert names.listed.phrases == {"oslo": (0,), "porto": (0, 1), "como": (2,)}


def test_an_example_is_read_without_the_names_that_it_alone_knows() -> None:
    names = collect_names(TWICE, ("city", "film"), {}, CONFIG, longest=3)
    assert names.own(TWICE[0]) == frozenset()
    assert names.own(TWICE[1]) == {("porto", 0)}
    assert names.own(TWICE[2]) == {("porto", 1)}
    assert names.own(example("to Oslo or Oslo", ("Oslo", "city"))) == frozenset()


def test_an_example_whose_name_another_list_knows_sees_that_list_still() -> None:
    names = collect_names(TWICE, ("city", "film"), {"place": ["Porto"]}, CONFIG, longest=3)
    assert names.listed.match(["porto"], names.own(TWICE[1])) == [[3, 5]]


def test_a_changed_copy_does_not_make_a_name_known_to_two() -> None:
    copies = [*TWICE, example("to Porto", ("Porto", "city"), source="a/1"), example("frmo oslo to Porto", ("Porto", "city"), source="a/2")]
    assert collect_names(copies, ("city", "film"), {}, CONFIG, longest=3) == collect_names(TWICE, ("city", "film"), {}, CONFIG, longest=3)


def test_values_of_another_set_and_places_make_lists_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "train.jsonl").write_text('{"text": "play Borealis", "spans": [{"start": 5, "end": 13, "label": "song"}]}\n')
    encoders = "features.word_encoders=['vocabulary', 'names']"
    config = load_config(write_toy(tmp_path), [encoders, "names.sources=[{path='media/train.jsonl'}]"])
    lists = load_names(config, tmp_path)
    assert lists == {"media/song": ["Borealis"]}
    listed = plan(config, load_corpus(config, tmp_path)[0].examples, lists=lists).listed
    assert listed is not None
    assert listed.lists == ("date", "destination", "origin", "media/song")
    assert {listed.phrases[city.lower()] for city in CITIES} == {(1, 2)}
    assert listed.phrases["borealis"] == (3,)
    assert load_names(load_config(tmp_path / "toy.toml"), tmp_path) == {}


@pytest.mark.parametrize("encoders", ["['vocabulary']", "['vocabulary', 'letter_ngrams']"])
def test_without_the_encoder_there_are_no_lists(tmp_path: Path, encoders: str) -> None:
    config = load_config(write_toy(tmp_path), [f"features.word_encoders={encoders}"])
    assert plan(config, load_corpus(config, tmp_path)[0].examples).listed is None
