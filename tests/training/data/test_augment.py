import dataclasses

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import ConfigError
from model.labels import Annotation, spans_of_slots
from model.text import tokenize
from tests.training.data.marking import marked, shown
from training.config import GRAMMARS, AugmentConfig
from training.data.augment import Piece, augment, cut, drop_case, joined, speak_numbers
from training.data.generate import generate, read_marked
from training.data.records import Example

OPTIONS = tuple(field.name for field in dataclasses.fields(AugmentConfig))
EVERY = pytest.mark.parametrize("option", OPTIONS)


def _examples(seed: int, count: int, language: str) -> list[Example]:
    return list(generate(seed, count, language=language))


def _example(text: str) -> Example:
    plain, slots = read_marked(text)
    return Example(Annotation(plain, tokenize(plain), slots, None))


def _shown(example: Example) -> str:
    spans = [{"start": slot.start, "end": slot.end, "label": slot.name} for slot in example.annotation.slots]
    return shown({"text": example.annotation.text, "spans": spans})


@EVERY
@pytest.mark.parametrize("language", GRAMMARS)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_spans_keep_their_labels_and_stand_on_words(option: str, language: str, seed: int) -> None:
    before = _examples(seed, 60, language)
    after = augment(before, AugmentConfig(**{option: 1.0}), seed=seed)
    assert len(before) == len(after)
    for old, new in zip(before, after, strict=True):
        assert [slot.name for slot in old.annotation.slots] == [slot.name for slot in new.annotation.slots]
        assert (old.annotation.intent, old.annotated, old.source) == (new.annotation.intent, new.annotated, new.source)
        assert new.annotation.tokens == tokenize(new.annotation.text)
        assert len(spans_of_slots(new.annotation.slots, new.annotation.tokens)) == len(old.annotation.slots)


@EVERY
@pytest.mark.parametrize("language", GRAMMARS)
def test_an_option_alters_about_its_share_and_the_same_ones_for_the_same_seed(option: str, language: str) -> None:
    before = _examples(1, 600, language)
    runs = [augment(before, AugmentConfig(**{option: share}), seed=seed) for share, seed in ((0.3, 1), (0.3, 1), (0.3, 2), (1.0, 1))]
    altered = [sum(old != new for old, new in zip(before, after, strict=True)) for after in runs]
    assert runs[0] == runs[1] != runs[2]
    assert altered[3] > 10
    assert altered[0] == pytest.approx(0.3 * altered[3], abs=0.1 * altered[3] + 5)


def test_nothing_is_altered_unless_it_is_asked_for() -> None:
    before = _examples(1, 50, "en")
    assert augment(before, AugmentConfig(), seed=1) == before


@EVERY
@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_beyond_all_is_refused(option: str, share: float) -> None:
    with pytest.raises(ConfigError, match=f"{option} = {share}"):
        AugmentConfig(**{option: share})


def test_the_pieces_of_an_utterance_are_its_text_and_its_spans() -> None:
    example = _example("from [Oslo](origin) to [Ulm](destination)")
    pieces = cut(example.annotation)
    assert pieces == [Piece("from "), Piece("Oslo", "origin"), Piece(" to "), Piece("Ulm", "destination"), Piece("")]
    assert joined(pieces, example) == example


def test_an_alteration_that_joins_a_span_to_its_neighbour_is_not_made() -> None:
    example = _example("at [seven](time).30")
    assert joined([Piece("at "), Piece("7", "time"), Piece(".30")], example) is example


@settings(deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_value_is_one_that_stood_behind_the_same_word_with_the_same_label_and_ending(seed: int) -> None:
    texts = ["лечу в [Москву](destination)", "лечу в [Самару](destination)", "лечу в [Омск](destination)", "лечу в [Томск](destination)"]
    before = [_example(text) for text in [*texts, "буду в [Москве](destination)", "буду в [Самаре](destination)"]]
    after = [_shown(example) for example in augment(before, AugmentConfig(values=1.0), seed=seed)]
    assert set(after[:2]) <= set(texts[:2])
    assert set(after[2:4]) <= set(texts[2:4])
    assert set(after[4:]) <= {"буду в [Москве](destination)", "буду в [Самаре](destination)"}


@settings(deadline=None)
@given(seed=st.integers(0, 10_000), language=st.sampled_from(GRAMMARS))
def test_a_typing_error_is_one_slip_in_a_long_word_and_never_in_its_first_letter(seed: int, language: str) -> None:
    text = {"en": "arrive tomorrow at 9", "ru": "прилететь завтра в 9"}[language]
    (after,) = augment([_example(text)], AugmentConfig(typos=1.0), seed=seed)
    words = list(zip(text.split(), after.annotation.text.split(), strict=True))
    changed = [(old, new) for old, new in words if old != new]
    assert len(changed) <= 1
    assert all(old[0] == new[0] and abs(len(old) - len(new)) <= 1 and len(old) >= 4 for old, new in changed)


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("at [7:30 pm](time)", "at [seven thirty pm](time)"),
        ("at [7:00](time), [2](people) of us", "at [seven](time), [two](people) of us"),
        ("at [9pm](time)", "at [nine pm](time)"),
        ("on [May 25](date)", "on [May twenty five](date)"),
        ("flight [BA 28](trip_number)", "flight [BA 28](trip_number)"),
        ("under [$30](price) on [3/4](date)", "under [$30](price) on [3/4](date)"),
        ("at [7:75](time)", "at [7:75](time)"),
        ("в [19:30](time)", "в [девятнадцать тридцать](time)"),
        ("к [7](time)", "к [7](time)"),
        ("[25](date) мая", "[25](date) мая"),
    ],
)
def test_numbers_are_spoken_where_their_form_is_sure(text: str, spoken: str) -> None:
    example = _example(text)
    assert _shown(joined(speak_numbers(cut(example.annotation)), example)) == spoken


@pytest.mark.parametrize(
    ("text", "dropped"),
    [
        ("Hi! To [St. Ives](destination), at [7:15 p.m.](time), please.", "hi to [st. ives](destination) at [7:15 p.m.](time) please"),
        ("«[Пушкин](restaurant_name)», в [19:30](time)?", "«[пушкин](restaurant_name)» в [19:30](time)"),
        ("...", "..."),
    ],
)
def test_without_case_only_punctuation_between_spans_goes(text: str, dropped: str) -> None:
    example = _example(text)
    assert _shown(joined(drop_case(cut(example.annotation)), example)) == dropped


def test_a_filler_stands_outside_of_the_spans() -> None:
    plain, spans = marked("to [New York](destination) on [May 2](date)")
    example = _example("to [New York](destination) on [May 2](date)")
    assert [plain[one["start"] : one["end"]] for one in spans] == ["New York", "May 2"]
    for seed in range(30):
        (after,) = augment([example], AugmentConfig(fillers=1.0), seed=seed)
        assert [after.annotation.text[slot.start : slot.end] for slot in after.annotation.slots] == ["New York", "May 2"]
        assert regex.search(r"\b(uh|um|er|like|you know|well|so|hmm|I mean)\b", after.annotation.text)
