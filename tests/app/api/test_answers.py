import json
from types import SimpleNamespace
from typing import Any, get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.api import answers
from app.api.requests import OffsetUnit, ParseRequest
from app.judgement import judge, judged
from app.lineup import Release
from app.meanings import NOT_UNDERSTOOD, TEXT, texts_of
from app.phrases import Meaning
from app.reference import occasion_of
from app.registry import ServedModel
from app.service import Plan, Reading
from model.errors import TextError
from model.labels import Slot
from model.values.value import Value
from tests.fakes import FakeTagger

SERVED = ServedModel(FakeTagger(), SimpleNamespace(), Release("", "1.0.0", "", ""))
WORDS = st.lists(
    st.sampled_from(["from", "to", "on", "for", "😀", "Омск", "é", "e\u0301", "Rome", "\u200f", "👩🏽‍🚒", "3"]) | st.text(max_size=4)
)
UNITS = {"codepoint": ("utf-32-le", 4), "utf16": ("utf-16-le", 2), "utf8": ("utf-8", 1)}


def shown(text: str, **options: Any) -> dict[str, Any]:
    annotation = SERVED.tagger.annotate(text)
    slots = judged(annotation, texts_of(annotation), 0.5)
    plan = Plan(SERVED, "en", occasion_of(None, None, "future"), (), None, (), 0.5, True)
    asked = {name: tuple(value) if isinstance(value, list) else value for name, value in options.items()}  # as JSON arrays are read
    answer = answers.parsed(Reading(annotation, slots, (), 0.0, 0.0), plan, ParseRequest(text=text, **asked), 0.0)
    return json.loads(json.dumps(answer))


@pytest.mark.parametrize("unit", get_args(OffsetUnit))
@given(words=WORDS)
def test_every_offset_cuts_its_own_text_out_of_the_callers_string(words: list[str], unit: OffsetUnit) -> None:
    text = " ".join(words)
    assume(all(not 0xD800 <= ord(character) <= 0xDFFF for character in text))
    assume(SERVED.tagger.labels and text.strip() and _has_words(text))
    encoding, width = UNITS[unit]
    encoded = text.encode(encoding)
    answer = shown(text, offset_unit=unit)
    for part in answer["slots"] + answer["words"]:
        assert encoded[width * part["start"] : width * part["end"]].decode(encoding) == part["text"]


@given(words=WORDS)
def test_rows_sum_to_one_and_agree_with_the_words(words: list[str]) -> None:
    text = " ".join(["ok", *words])
    assume(all(not 0xD800 <= ord(character) <= 0xDFFF for character in text))
    answer = shown(text, include=["words", "distribution"], top_k=2)
    labels = answer["distribution"]["labels"]
    for word, row in zip(answer["words"], answer["distribution"]["probabilities"], strict=True):
        assert sum(row) == pytest.approx(1, abs=1e-4)
        assert word["confidence"] == row[labels.index(word["slot"])]
        assert [probability for _, probability in word["top"]] == sorted(row, reverse=True)[:2]
        assert all(row[labels.index(label)] == probability for label, probability in word["top"])


@given(words=WORDS, top_k=st.integers(1, 7))
def test_the_likeliest_labels_are_the_same_however_many_are_asked(words: list[str], top_k: int) -> None:
    text = " ".join(["from", *words])
    everything = shown(text, top_k=100)["words"]
    for word, whole in zip(shown(text, top_k=top_k)["words"], everything, strict=True):
        assert word == {**whole, "top": whole["top"][:top_k]}


@given(words=WORDS)
def test_a_word_has_the_label_of_the_slot_over_it(words: list[str]) -> None:
    answer = shown(" ".join(["from", *words]))
    for word in answer["words"]:
        over = [slot["name"] for slot in answer["slots"] if slot["start"] <= word["start"] and word["end"] <= slot["end"]]
        assert over == ([] if word["slot"] == "O" else [word["slot"]])


def test_only_what_is_included_is_sent() -> None:
    bare = shown("from Oslo", include=[])
    assert "words" not in bare
    assert "distribution" not in bare
    assert "alternatives" not in bare["slots"][0]
    assert len(shown("from Oslo", include=["alternatives"], top_k=1)["slots"][0]["alternatives"]) == 1


@pytest.mark.parametrize(
    ("slot", "meaning", "reason"),
    [
        (Slot("origin", 0, 1, 0.9), TEXT, None),
        (Slot("origin", 0, 1, 0.49), TEXT, "low_confidence"),
        (Slot("origin", 0, 1, 0.5), TEXT, None),
        (Slot("origin", 0, 1, 0.6, (("O", 0.4),)), TEXT, None),
        (Slot("origin", 0, 1, 0.6, (("O", 0.1), ("destination", 0.3))), TEXT, "ambiguous_role"),
        (Slot("origin", 0, 1, 0.6, (("destination", 0.29),)), TEXT, None),
        (Slot("origin", 0, 1, 0.3, (("destination", 0.3),)), TEXT, "low_confidence"),
        (Slot("people", 0, 1, 0.9), None, None),
        (Slot("people", 0, 1, 0.9), Meaning(Value("number", 2)), None),
        (Slot("people", 0, 1, 0.9), NOT_UNDERSTOOD, "value_not_understood"),
        (Slot("people", 0, 1, 0.9, (("O", 0.1), ("rooms", 0.1))), NOT_UNDERSTOOD, "value_not_understood"),
        (Slot("people", 0, 1, 0.6, (("rooms", 0.3),)), NOT_UNDERSTOOD, "ambiguous_role"),
        (Slot("people", 0, 1, 0.4), NOT_UNDERSTOOD, "low_confidence"),
    ],
)
def test_a_slot_is_uncertain_for_the_gravest_reason(slot: Slot, meaning: Meaning | None, reason: str | None) -> None:
    assert judge(slot, meaning, 0.5) == reason


def _has_words(text: str) -> bool:
    try:
        return bool(SERVED.tagger.prepare(text))
    except TextError:
        return False
