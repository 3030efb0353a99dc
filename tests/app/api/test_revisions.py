from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.revisions import MOST_SEQUENCE, STABLE_AFTER, Steadiness, places_before, sequence_of

WORDS = st.lists(st.sampled_from(["to", "from", "Oslo", "Rome", "😀"]), max_size=8)


def answer(*words: tuple[str, str], version: str = "1") -> dict[str, Any]:
    """Words with their slots, one blank between them."""
    start, shown = 0, []
    for text, slot in words:
        shown.append({"text": text, "start": start, "end": start + len(text), "slot": slot})
        start += len(text) + 1
    return {"model": {"name": "booking", "version": version}, "words": shown}


def marked(steadiness: Steadiness, given: dict[str, Any], caret: int | None = None) -> list[tuple[bool, bool]]:
    steadiness.mark(given, caret)
    return [(word["stable"], word["partial"]) for word in given["words"]]


@given(WORDS, WORDS)
def test_a_word_is_found_where_the_same_word_stood(before: list[str], now: list[str]) -> None:
    places = places_before(before, now)
    assert len(places) == len(now)
    assert all(place is None or before[place] == word for place, word in zip(places, now, strict=True))
    found = [place for place in places if place is not None]
    assert found == sorted(set(found))


@given(WORDS, WORDS, WORDS)
def test_what_is_put_in_or_taken_out_in_the_middle_moves_nothing_around_it(head: list[str], middle: list[str], tail: list[str]) -> None:
    for before, now in (([*head, *tail], [*head, *middle, *tail]), ([*head, *middle, *tail], [*head, *tail])):
        assert sum(place is not None for place in places_before(before, now)) >= len(head) + len(tail)


@given(WORDS)
def test_the_same_text_is_found_word_by_word(words: list[str]) -> None:
    assert places_before(words, words) == list(range(len(words)))


def test_a_word_is_stable_once_its_slot_was_the_same_in_three_answers_on_end() -> None:
    steadiness = Steadiness()
    stable = [marked(steadiness, answer(("to", "O"), ("Oslo", slot)))[1][0] for slot in ("B", "A", "A", "A", "A", "B", "A")]
    assert stable == [False, False, False, True, True, False, False]
    assert STABLE_AFTER == 3


def test_a_word_that_is_still_typed_begins_anew_and_those_around_it_do_not() -> None:
    steadiness = Steadiness()
    for _ in range(3):
        marked(steadiness, answer(("to", "O"), ("Rome", "A"), ("today", "B")))
    assert marked(steadiness, answer(("to", "O"), ("New", "A"), ("Rome", "A"), ("today", "B"))) == [
        (True, False),
        (False, False),
        (True, False),
        (True, False),
    ]


def test_another_model_and_an_answer_without_words_begin_anew() -> None:
    for between in (answer(("to", "O"), version="2"), {"model": answer()["model"]}):
        steadiness = Steadiness()
        for _ in range(3):
            marked(steadiness, answer(("to", "O")))
        steadiness.mark(between, None)
        assert marked(steadiness, answer(("to", "O"))) == [(False, False)]


def test_a_word_is_partial_where_the_caret_is_in_it_or_at_its_end() -> None:
    partial = [[mark[1] for mark in marked(Steadiness(), answer(("to", "O"), ("Oslo", "A")), caret)] for caret in (None, *range(8))]
    neither, first, second = [False, False], [True, False], [False, True]
    assert partial == [neither, neither, first, first, neither, second, second, second, second]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"sequence": 3}', (True, 3)),
        ('{"sequence": 3, "text": "\\ud83d"}', (True, 3)),
        ('{"sequence": -1}', (True, None)),
        ('{"sequence": true}', (True, None)),
        ('{"sequence": 3.0}', (True, None)),
        ('{"sequence": "3"}', (True, None)),
        (f'{{"sequence": {MOST_SEQUENCE + 1}}}', (True, None)),
        ("[3]", (True, None)),
        ("3", (True, None)),
        ("", (False, None)),
        ('{"sequence": 3', (False, None)),
        ("[" * 100_000, (False, None)),
        ('{"sequence": 1' + "0" * 5_000 + "}", (False, None)),
    ],
)
def test_a_message_that_is_no_revision_may_still_name_its_sequence(text: str, expected: tuple[bool, int | None]) -> None:
    assert sequence_of(text) == expected
