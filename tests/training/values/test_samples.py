"""Phrases to train on: held-out ones never, slips that are slips."""

import random

from hypothesis import given
from hypothesis import strategies as st

from model.values.letters import digits_of
from model.values.spelling import is_slip
from model.values.symbols import UNKNOWN, copied
from training.values.grammar import Part
from training.values.noise import Ambiguity, slip, with_lost_spaces, with_typos
from training.values.samples import Phrase, Said, Source, can_be_said, is_held_out

SOURCE = Source({"en": ["banana", "kitchen"], "ru": ["кухня", "окно"]})


def test_what_is_drawn_copies_its_digits_can_be_said_and_is_the_same_for_the_same_seed() -> None:
    rng, again = random.Random(1), random.Random(1)
    for _ in range(1500):
        phrase = SOURCE.draw(rng)
        assert copied(phrase.symbols) == digits_of(phrase.text), phrase
        assert can_be_said(phrase)
        assert SOURCE.draw(again) == phrase


def test_held_out_phrases_are_held_out_and_differ_from_their_slips() -> None:
    pairs = list(SOURCE.held_out(seed=1, count=64, typos=1))
    assert len(pairs) == 64
    assert all(is_held_out(clean.text) for clean, _ in pairs)
    assert all(clean.symbols == slipped.symbols for clean, slipped in pairs)
    assert sum(clean.text != slipped.text for clean, slipped in pairs) > 32
    assert {clean.language for clean, _ in pairs} == {"en", "ru"}


def test_negatives_have_a_part_that_says_nothing() -> None:
    assert all(UNKNOWN in phrase.symbols for phrase in SOURCE.negatives(seed=1, count=100))


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzабвгдежз", min_size=4, max_size=10), st.integers(0, 10_000))
def test_a_slip_is_one_edit(word: str, seed: int) -> None:
    slipped = slip(word, random.Random(seed))
    assert slipped == word or is_slip(slipped, word)


def test_a_slip_that_could_be_another_word_is_not_made() -> None:
    ambiguity = Ambiguity([("june", ("M6",)), ("july", ("M7",)), ("jun", ("M6",))], ["june bug"])
    assert ambiguity.is_clear("jun", ("M6",))
    assert ambiguity.is_clear("juune", ("M6",))
    assert not ambiguity.is_clear("july", ("M6",))
    assert not ambiguity.is_clear("juny", ("M6",))  # one edit from July too
    parts = [Part("2", ("2",)), Part("june", ("M6",))]
    for seed in range(200):
        assert with_typos(parts, random.Random(seed), ambiguity, 2)[0] == parts[0]


def test_a_space_between_digits_is_never_lost() -> None:
    parts = [Part("5", ("5",)), Part("0", ("0",)), Part("may", ("M5",))]
    lost = [with_lost_spaces(parts, random.Random(seed), 1.0) for seed in range(50)]
    assert all(not each[1].glued for each in lost)
    assert any(each[2].glued for each in lost)


def test_equal_symbols_need_a_character_between_them() -> None:
    assert can_be_said(Phrase("aab", "", (Said("n1", 0, 1), Said("n1", 2, 3)), "en"))
    assert not can_be_said(Phrase("aa", "", (Said("n1", 0, 1), Said("n1", 1, 2)), "en"))
    assert not can_be_said(Phrase("a", "", (Said("n1", 0, 1), Said("n2", 0, 1)), "en"))
