import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import LabelError
from model.labels import LabelScheme, spans_of_slots
from model.text import tokenize
from tests.training.data.test_generate import TOWNS
from training.data.answers import generate_answers
from training.data.booking_spans import SLOTS
from training.data_config import GRAMMARS

SCHEME = LabelScheme(SLOTS, ("book_flight", "book_hotel", "rent_car", "greet"))
LANGUAGES = pytest.mark.parametrize("language", GRAMMARS)
LONGEST = 20  # words: an answer says hardly more than its values


@LANGUAGES
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), held_out=st.booleans())
def test_an_answer_has_only_slots_that_were_asked_for_and_little_else(language: str, seed: int, held_out: bool) -> None:
    for example in generate_answers(seed, 50, SCHEME, language=language, held_out=held_out):
        annotation = example.annotation
        assert annotation.tokens == tokenize(annotation.text)
        spans_of_slots(annotation.slots, annotation.tokens)
        assert annotation.slots
        names = {slot.name for slot in annotation.slots}
        assert names <= set(example.asked)
        assert len(annotation.tokens) <= LONGEST, annotation.text
        assert (annotation.intent.name if annotation.intent else None) == example.ongoing
        assert example.ongoing in (None, "book_flight", "book_hotel", "rent_car")


@LANGUAGES
def test_every_slot_is_answered_and_the_same_words_answer_several(language: str) -> None:
    examples = list(generate_answers(1, 8000, SCHEME, language=language))
    asked = {slot.name for example in examples for slot in example.annotation.slots}
    assert asked == set(SLOTS)
    of_text: dict[str, set[str]] = {}
    for example in examples:
        of_text.setdefault(example.annotation.text.lower(), set()).update(slot.name for slot in example.annotation.slots)
    assert max(map(len, of_text.values())) >= 4  # "4" is a time, a party, a number of rooms


@LANGUAGES
def test_the_same_seed_gives_the_same_answers_and_places_held_out_are_never_trained_on(language: str) -> None:
    first = list(generate_answers(3, 200, SCHEME, language=language))
    assert first == list(generate_answers(3, 200, SCHEME, language=language))
    assert first != list(generate_answers(4, 200, SCHEME, language=language))
    towns = TOWNS[language]
    shares = [list(generate_answers(7, 3000, SCHEME, language=language, places=towns, held_out=held_out)) for held_out in (False, True)]
    named = [{e.annotation.text[slot.start : slot.end].lower() for e in share for slot in e.annotation.slots} for share in shares]
    named = [{town for town in towns if town.lower() in words} for words in named]
    assert all(named)
    assert not named[0] & named[1]


def test_a_slot_without_an_answer_in_the_grammar_is_refused_by_name() -> None:
    with pytest.raises(LabelError, match="answer_shoe_size"):
        list(generate_answers(1, 5, LabelScheme(("shoe_size",), ())))
