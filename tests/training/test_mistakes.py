import itertools
from dataclasses import replace

import pytest

from model.labels import OUTSIDE, Annotation, Slot, WordLabels
from model.text import tokenize
from training.data.records import Example
from training.mistakes import _confused, _mistake, pieces

TEXT = "from Oslo to New York"
ORIGIN, DESTINATION = Slot("origin", 5, 9), Slot("destination", 13, 21)
SLOTS = [(), (ORIGIN,), (Slot("destination", 5, 9),), (DESTINATION,), (ORIGIN, DESTINATION)]


def annotated(slots: tuple[Slot, ...]) -> Annotation:
    tokens = tokenize(TEXT)
    words = WordLabels([OUTSIDE] * 5, [[OUTSIDE]] * 5, [[0.5 + index / 10] for index in range(5)])
    return Annotation(TEXT, tokens, slots, None, words=words)


@pytest.mark.parametrize(("gold", "found"), list(itertools.product(SLOTS, repeat=2)))
def test_a_sentence_is_a_mistake_exactly_when_its_slots_differ(gold: tuple[Slot, ...], found: tuple[Slot, ...]) -> None:
    found = tuple(slot._replace(confidence=0.4) for slot in found)
    example, answer = Example(annotated(gold)), annotated(found)
    mistake = _mistake(example, answer, found)
    same = [(slot.name, slot.start, slot.end) for slot in gold] == [(slot.name, slot.start, slot.end) for slot in found]
    assert (mistake is None) == same
    confusion = _confused(example, answer, found)
    assert len(confusion) == 5
    assert all(one == other for one, other in confusion) == same
    if mistake:
        assert mistake.confidence > 0
        for shown in (mistake.gold, mistake.found):
            assert "".join(piece.text for piece in shown) == TEXT


def test_a_missed_span_counts_as_sure_as_its_words_were_of_something_else() -> None:
    example, answer = Example(annotated((DESTINATION,))), annotated(())
    mistake = _mistake(example, answer, ())
    assert mistake is not None
    assert mistake.confidence == 0.9


def test_what_a_source_does_not_mark_is_no_confusion_where_it_has_no_gold() -> None:
    example = replace(Example(annotated(())), annotated=frozenset({"origin"}))
    found = (ORIGIN, DESTINATION)
    assert [pair for pair in _confused(example, annotated(found), found) if pair[0] != pair[1]] == [(OUTSIDE, "origin")]


def test_a_text_is_cut_at_its_slots() -> None:
    assert [(piece.text, piece.label) for piece in pieces(TEXT, SLOTS[4])] == [
        ("from ", ""),
        ("Oslo", "origin"),
        (" to ", ""),
        ("New York", "destination"),
    ]
