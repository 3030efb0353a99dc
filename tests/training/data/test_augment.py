import dataclasses
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.labels import Annotation, Slot, spans_of_slots
from model.text import tokenize
from tests.training.data.marking import shown
from tests.training.toy import write_toy
from training.config import load_config
from training.data.augment import augment, mistype
from training.data.corpus import load_corpus
from training.data.generate import generate
from training.data.records import Example, Record
from training.data_config import AugmentConfig

KINDS = ("typos", "plain", "fillers", "values")
EXAMPLES = [*generate(2, 150), *generate(2, 150, language="ru")]


def seen(example: Example) -> str:
    record: Record = {
        "text": example.annotation.text,
        "spans": [{"start": s.start, "end": s.end, "label": s.name} for s in example.annotation.slots],
    }
    return shown(record)


@pytest.mark.parametrize("kind", KINDS)
@given(st.integers(0, 500))
def test_spans_stay_on_words_and_keep_their_labels(kind: str, seed: int) -> None:
    copies = list(augment(EXAMPLES, AugmentConfig(**{kind: 0.3}), seed))
    assert copies
    sources = {tuple(sorted(slot.name for slot in example.annotation.slots)) for example in EXAMPLES}
    for copy in copies:
        annotation = copy.annotation
        assert annotation.tokens == tokenize(annotation.text)
        spans_of_slots(annotation.slots, annotation.tokens)
        assert tuple(sorted(slot.name for slot in annotation.slots)) in sources
        starts = [slot.start for slot in annotation.slots]
        assert starts == sorted(starts)


@pytest.mark.parametrize("kind", KINDS)
def test_the_share_decides_how_many_copies_there_are(kind: str) -> None:
    assert list(augment(EXAMPLES, AugmentConfig(), 1)) == []
    few, many = (len(list(augment(EXAMPLES, AugmentConfig(**{kind: share}), 1))) for share in (0.1, 1.0))
    assert few < 0.25 * len(EXAMPLES)
    assert many > 0.5 * len(EXAMPLES)
    assert list(augment(EXAMPLES, AugmentConfig(**{kind: 0.5}), 4)) == list(augment(EXAMPLES, AugmentConfig(**{kind: 0.5}), 4))


def test_a_changed_copy_is_not_changed_once_more(tmp_path: Path) -> None:
    config = load_config(write_toy(tmp_path), ["augment.values=1.0", "augment.typos=1.0"])
    plain = load_corpus(dataclasses.replace(config, augment=AugmentConfig()), tmp_path)[0].examples
    examples = load_corpus(config, tmp_path)[0].examples
    assert examples == [*plain, *augment(plain, config.augment, config.seed)]
    assert len(plain) < len(examples) <= 3 * len(plain)


@given(st.text("abcdefgйцукен", min_size=4, max_size=12), st.integers(0, 9999))
def test_a_typo_is_one_edit_behind_the_first_letter(word: str, seed: int) -> None:
    typed = mistype(word, random.Random(seed))
    assert typed[0] == word[0]
    assert abs(len(typed) - len(word)) <= 1
    differing = [index for index, (one, other) in enumerate(zip(typed, word, strict=False)) if one != other]
    if len(typed) == len(word):
        assert len(differing) <= 2


def example(text: str, *slots: Slot) -> Example:
    return Example(Annotation(text, tokenize(text), slots, None))


FLIGHT = example("Fly to New York, on 3 May!", Slot("destination", 7, 15), Slot("departure_date", 20, 25))
TRIP = example("a trip to Ghent", Slot("destination", 10, 15))


@pytest.mark.parametrize(
    ("kind", "check"),
    [
        ("plain", lambda text: text in ("fly to [new york](destination) on [3 may](departure_date)", "a trip to [ghent](destination)")),
        ("values", lambda text: text in ("Fly to [Ghent](destination), on [3 May](departure_date)!", "a trip to [New York](destination)")),
        ("fillers", lambda text: "[New York](destination)" in text or "a trip" in text or "[Ghent](destination)" in text),
    ],
)
def test_copies_read_as_their_kind_says(kind: str, check: Callable[[str], bool]) -> None:
    for seed in range(20):
        for copy in augment([FLIGHT, TRIP], AugmentConfig(**{kind: 1.0}), seed):
            assert check(seen(copy)), seen(copy)
