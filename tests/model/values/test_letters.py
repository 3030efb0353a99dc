"""Plain texts, and which words of them may say nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.values.letters import CHARACTERS, OTHER, digits_of, ids_of, plain, words_of


@given(st.text(max_size=40))
def test_plain_is_plain_and_every_character_has_an_id(text: str) -> None:
    once = plain(text)
    assert plain(once) == once
    assert len(ids_of(once)) == len(once)
    assert "  " not in once
    assert once == once.strip()


@given(st.text(alphabet=CHARACTERS, max_size=40))
def test_known_characters_stay_and_are_never_other(text: str) -> None:
    assert plain(text) == " ".join(text.split())
    assert OTHER not in ids_of(plain(text))


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [("  Half  Past SEVEN ", "half past seven"), ("3–5 ма́я", "3-5 мая"), ("Четвёртого", "четвертого"), ("“café”", '"cafe"'), ("Й", "й")],
)
def test_spellings_of_one_phrase_are_one(typed: str, wanted: str) -> None:
    assert plain(typed) == wanted


def test_words_are_letters_that_stand_together_and_signs_that_mean_something() -> None:
    assert list(words_of("$5 o'clock, 7pm")) == [("$", 0, 1), ("o'clock", 3, 10), ("pm", 13, 15)]
    assert digits_of("2026-11-02 at 7") == "202611027"
