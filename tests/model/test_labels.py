import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import LabelError
from model.labels import LabelScheme, Slot, Span, spans_of_slots
from model.text import tokenize

SCHEME = LabelScheme(("origin", "destination", "date"), ("book",))
LENGTH = 12


@st.composite
def span_lists(draw: st.DrawFn) -> list[Span]:
    borders = sorted(draw(st.lists(st.integers(0, LENGTH), unique=True, max_size=8)))
    return [Span(start, end, draw(st.sampled_from(SCHEME.slots))) for start, end in itertools.pairwise(borders) if draw(st.booleans())]


@given(span_lists())
def test_decoding_what_was_encoded_gives_the_same_spans(spans: list[Span]) -> None:
    assert SCHEME.decode(SCHEME.encode(spans, LENGTH)) == spans


@given(span_lists())
def test_encoded_tags_follow_only_allowed_transitions(spans: list[Span]) -> None:
    tags = SCHEME.encode(spans, LENGTH)
    assert SCHEME.allowed[[len(SCHEME.tags), *tags[:-1]], tags].all()


@given(st.lists(st.integers(0, len(SCHEME.tags) - 1), max_size=LENGTH))
def test_decoding_any_tags_twice_changes_nothing(tags: list[int]) -> None:
    spans = SCHEME.decode(tags)
    assert SCHEME.decode(SCHEME.encode(spans, len(tags))) == spans


def test_an_inside_tag_may_follow_only_its_own_slot() -> None:
    names = SCHEME.tags
    for previous in range(len(names) + 1):
        for tag, name in enumerate(names):
            own = previous < len(names) and names[previous][2:] == name[2:]
            assert SCHEME.allowed[previous, tag] == (not name.startswith("I-") or own)
    assert SCHEME.allowed.dtype == np.bool_


@pytest.mark.parametrize(
    ("spans", "reason"),
    [
        ([Span(0, 1, "nowhere")], "'nowhere' is not one of the 3 slots"),
        ([Span(0, 13, "date")], "does not lie within 12 tokens"),
        ([Span(3, 3, "date")], "does not lie within 12 tokens"),
        ([Span(0, 3, "date"), Span(2, 4, "origin")], "overlaps another span"),
    ],
)
def test_spans_that_cannot_be_tags_are_refused_by_name(spans: list[Span], reason: str) -> None:
    with pytest.raises(LabelError, match=reason):
        SCHEME.encode(spans, LENGTH)


@pytest.mark.parametrize("slots", [("a", "a"), ("O",), ("",), (" a",)])
def test_label_names_that_would_be_ambiguous_are_refused(slots: tuple[str, ...]) -> None:
    with pytest.raises(LabelError):
        LabelScheme(slots)


def test_slots_that_fall_on_word_borders_become_spans() -> None:
    text = "from New York, please"
    assert spans_of_slots([Slot("origin", 5, 13)], tokenize(text)) == [Span(1, 3, "origin")]
    with pytest.raises(LabelError, match="5:12"):
        spans_of_slots([Slot("origin", 5, 12)], tokenize(text))


def test_what_intents_carry_is_named_for_each_intent_and_by_known_slots() -> None:
    with pytest.raises(LabelError, match="carried has 1 entries for 2 intents"):
        LabelScheme(("origin",), ("go", "stay"), (("origin",),))
    with pytest.raises(LabelError, match="carried names 'price', which is no slot"):
        LabelScheme(("origin",), ("go",), (("price",),))
    assert LabelScheme(("origin", "date"), ("go", "stay"), (("date",), ())).carried_tags.tolist() == [
        [True, False, False, True, True],
        [True, False, False, False, False],
    ]
    assert LabelScheme(("origin",), ("go",)).carried_tags.all()


@pytest.mark.parametrize("followed", [(0, 3, 1), (4, 0, 1), (0, 0, 0), (-1, 0, 1)])
def test_what_followed_what_is_counted_of_known_tags_alone(followed: tuple[int, int, int]) -> None:
    with pytest.raises(LabelError, match="followed has"):
        LabelScheme(("origin",), followed=(followed,))
    with pytest.raises(LabelError, match=r"follow_weight = 2.0 is not allowed: use 0 to 1"):
        LabelScheme(("origin",), follow_weight=2.0)
