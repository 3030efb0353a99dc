import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.labels import Annotation, LabelScheme, Slot
from model.text import tokenize
from training.data.context import FAMILIES, bare_answer, with_contexts
from training.data.generate import generate
from training.data.records import Example

SCHEME = LabelScheme(
    ("origin", "destination", "departure_date", "date", "return_date", "time", "arrival_time", "people", "rooms", "cuisine"),
    ("book_flight", "book_hotel", "rent_car", "greet"),
)


def examples(count: int = 400) -> list[Example]:
    """Of the grammar, but only what SCHEME knows."""
    known = set(SCHEME.slots)
    return [e for e in generate(5, count) if {s.name for s in e.annotation.slots} <= known and _intent(e) in (None, *SCHEME.intents)]


def _intent(example: Example) -> str | None:
    return example.annotation.intent.name if example.annotation.intent else None


@given(st.integers(0, 1000))
def test_contexts_change_no_word_and_no_span_but_the_name_of_a_bare_answer(seed: int) -> None:
    given_ = examples(60)
    for before, after in zip(given_, with_contexts(given_, SCHEME, seed), strict=True):
        assert (after.annotation.text, after.source) == (before.annotation.text, before.source)
        assert [(s.start, s.end) for s in after.annotation.slots] == [(s.start, s.end) for s in before.annotation.slots]
        renamed = after.annotation.slots != before.annotation.slots
        if renamed:
            assert after.asked == (after.annotation.slots[0].name,)
            assert after.annotation.slots[0].name in bare_answer(before, SCHEME)
        assert set(after.asked) <= set(SCHEME.slots)
        assert after.ongoing in (None, "book_flight", "book_hotel", "rent_car")
        if _intent(after) != _intent(before):
            assert _intent(before) is None
            assert _intent(after) == after.ongoing


def test_the_same_seed_gives_the_same_contexts_and_another_one_others() -> None:
    one, same, other = (list(with_contexts(examples(), SCHEME, seed)) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_what_has_a_context_keeps_it() -> None:
    told = [Example(e.annotation, asked=("time",), ongoing="rent_car") for e in examples(50)]
    assert list(with_contexts(told, SCHEME, 3)) == told


def test_contexts_are_there_fitting_and_misleading_and_absent() -> None:
    shown = list(with_contexts(examples(2000), SCHEME, 1))
    own = [bool({s.name for s in e.annotation.slots} & set(e.asked)) for e in shown if e.asked]
    assert sum(not e.asked for e in shown) > len(shown) / 2
    assert sum(own) > 20
    assert own.count(False) > 20
    assert {e.ongoing == _intent(e) for e in shown if e.ongoing} == {True, False}


@pytest.mark.parametrize(
    ("text", "name", "family"),
    [
        ("Oslo.", "origin", ["origin", "destination"]),
        ("the 8th", "date", []),
        ("8th!", "date", ["date", "departure_date", "return_date"]),
        ("to Oslo", "destination", []),
        ("sushi", "cuisine", []),
        ("two", "people", ["people", "rooms", "time", "arrival_time"]),
        ("13", "time", ["people", "rooms", "time", "arrival_time"]),
        ("noon", "time", ["time", "arrival_time"]),
        ("twosome", "people", ["people", "rooms"]),
    ],
)
def test_a_bare_answer_is_one_value_and_nothing_else(text: str, name: str, family: list[str]) -> None:
    word = text.split()[-1].strip(".!")
    start = text.index(word)
    example = Example(Annotation(text, tokenize(text), (Slot(name, start, start + len(word)),), None))
    assert set(bare_answer(example, SCHEME)) == set(family)


def test_no_slot_is_of_two_families() -> None:
    names = [name for family in FAMILIES for name in family]
    assert len(names) == len(set(names))
