import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.calibration import Calibration
from model.errors import LabelError, TextError
from model.labels import Annotation, Intent, LabelScheme, Slot
from model.tagger import Prepared, Tagger
from model.text import tokenize
from training.data.records import Example
from training.evaluate import Report, evaluate
from training.scores import Scores

SCHEME = LabelScheme(("origin", "destination", "date"), ("book_flight", "book_train"))
TEXT = "from Tuzla to Bergen on Sunday"
ORIGIN, DESTINATION, DATE = Slot("origin", 5, 10, 0.9), Slot("destination", 14, 20, 0.8), Slot("date", 24, 30, 0.7)


@dataclass
class ScriptedTagger:
    """Answers each text with the slots and the intent that it was told to."""

    script: dict[str, tuple[tuple[Slot, ...], str | None]]
    labels: LabelScheme = SCHEME
    batches: list[int] = field(default_factory=list)

    def prepare(self, text: str, expected_slots: Sequence[str] = (), intent: str | None = None) -> Prepared:
        if not tokenize(text):
            raise TextError("no words")
        return Prepared(text, tokenize(text), None)

    def annotate_batch(self, batch: Sequence[Prepared]) -> list[Annotation]:
        self.batches.append(len(batch))
        return [self._answer(prepared) for prepared in batch]

    def _answer(self, prepared: Prepared) -> Annotation:
        slots, intent = self.script[prepared.text]
        labels_TL = np.zeros((prepared.cells, len(self.labels.labels)), dtype=np.float32)
        labels_TL[:, 0] = 1
        for slot in slots:
            for index, token in enumerate(prepared.tokens):
                if slot.start <= token.start < slot.end:
                    labels_TL[index, 0] = 1 - slot.confidence
                    labels_TL[index, self.labels.labels.index(slot.name)] = slot.confidence
        return Annotation(prepared.text, prepared.tokens, slots, intent and Intent(intent, 0.6), label_probabilities_TL=labels_TL)


def gold(*slots: Slot, text: str = TEXT, intent: str | None = None, annotated: frozenset[str] | None = None) -> Example:
    return Example(Annotation(text, tokenize(text), slots, intent and Intent(intent)), "here", annotated)


def scored(example: Example, *slots: Slot, intent: str | None = None) -> Report:
    return evaluate(ScriptedTagger({example.annotation.text: (slots, intent)}), [example])


def test_a_tagger_that_answers_with_the_gold_is_right_in_everything() -> None:
    report = scored(gold(ORIGIN, DESTINATION, intent="book_train"), ORIGIN, DESTINATION, intent="book_train")
    assert report.slots == report.strict == Scores(2, 2, 2)
    assert (report.intent_accuracy, report.intent_count, report.sentence_accuracy) == (1, 1, 1)
    assert report.per_label == {"destination": Scores(1, 1, 1), "origin": Scores(1, 1, 1)}


def test_confused_roles_are_a_miss_of_one_label_and_a_false_find_of_the_other() -> None:
    report = scored(gold(ORIGIN), Slot("destination", 5, 10, 0.9))
    assert report.per_label == {"destination": Scores(0, 1, 0), "origin": Scores(1, 0, 0)}
    assert report.sentence_accuracy == 0


def test_a_wrong_intent_spoils_the_sentence_but_no_slot() -> None:
    report = scored(gold(ORIGIN, intent="book_train"), ORIGIN, intent="book_flight")
    assert (report.slots.f1, report.intent_accuracy, report.sentence_accuracy) == (1, 0, 0)


def test_an_unknown_intent_is_not_counted() -> None:
    report = scored(gold(ORIGIN), ORIGIN, intent="book_flight")
    assert (report.intent_count, report.sentence_accuracy) == (0, 1)
    assert report.to_dict()["intent_accuracy"] is None
    assert "not counted" in report.to_text()


def test_what_a_source_did_not_annotate_is_not_held_against_the_tagger() -> None:
    report = scored(gold(ORIGIN, annotated=frozenset({"origin"})), ORIGIN, DATE)
    assert report.slots == Scores(1, 1, 1)
    assert report.sentence_accuracy == 1
    assert report.span.count == 1
    assert report.word.count == 6
    assert "date" not in report.per_label_error


def test_a_label_outside_the_annotated_ones_is_an_error_where_the_gold_says_otherwise() -> None:
    report = scored(gold(ORIGIN, annotated=frozenset({"origin"})), Slot("date", 5, 10, 0.9))
    assert report.slots == Scores(gold=1, predicted=1, correct=0)


def test_a_false_find_of_an_annotated_label_counts_in_a_partly_annotated_source() -> None:
    report = scored(gold(annotated=frozenset({"origin"})), ORIGIN)
    assert report.slots == Scores(gold=0, predicted=1, correct=0)


def test_a_gold_label_that_the_tagger_does_not_know_counts_as_missed() -> None:
    report = scored(gold(Slot("cuisine", 5, 10)))
    assert report.per_label == {"cuisine": Scores(1, 0, 0)}


def test_a_text_that_the_tagger_refuses_counts_as_answered_with_nothing() -> None:
    tagger = ScriptedTagger({TEXT: ((ORIGIN,), "book_train")})
    report = evaluate(tagger, [gold(ORIGIN, intent="book_train"), gold(text=" ", intent="book_train")])
    assert (report.examples, report.refused, report.intent_count, report.intent_accuracy) == (2, 1, 2, 0.5)
    assert "1 of them refused" in report.to_text()


def test_word_and_span_calibration_compare_confidence_with_what_was_right() -> None:
    report = scored(gold(ORIGIN), ORIGIN, Slot("destination", 14, 20, 0.8))
    assert report.span.count == 2
    assert report.span.error == pytest.approx((0.1 + 0.8) / 2, abs=1e-6)
    assert report.word.error == pytest.approx((0.1 + 0.8) / 6, abs=1e-6)
    assert report.per_label_error == pytest.approx({"O": 0.0, "origin": 0.1, "destination": 0.8}, abs=1e-6)


def test_a_gold_slot_that_cuts_a_word_is_refused() -> None:
    with pytest.raises(LabelError, match="does not fall on word borders"):
        scored(gold(Slot("origin", 5, 8)))


def test_no_example_is_no_score_and_no_failure() -> None:
    report = evaluate(ScriptedTagger({}), [])
    assert (report.examples, report.slots.f1, report.sentence_accuracy, report.word.error) == (0, 0, 0, 0)


def test_answers_are_asked_for_in_batches_of_at_most_64() -> None:
    texts = [f"to Bergen on day {number}" for number in range(150)]
    tagger = ScriptedTagger({text: ((), None) for text in texts})
    assert evaluate(tagger, [gold(text=text) for text in texts]).examples == 150
    assert tagger.batches == [64, 64, 22]


@given(st.permutations(range(9)))
def test_the_order_of_the_examples_does_not_matter(tagger: Tagger, order: list[int]) -> None:
    texts = [" ".join(["to", "Bergen", "from", "Tuzla", "on", "3", "November", ",", "please"][: 9 - number]) for number in range(9)]
    examples = [gold(text=text, intent="book_train") for text in texts]
    one, other = evaluate(tagger, examples), evaluate(tagger, [examples[index] for index in order])
    assert one.slots == other.slots
    assert one.word.error == pytest.approx(other.word.error, abs=1e-5)


def test_the_report_is_json_and_its_table_is_aligned() -> None:
    report = scored(gold(ORIGIN, DATE, intent="book_train"), ORIGIN, intent="book_train")
    stored = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert stored["slots"] == {"precision": 1.0, "recall": 0.5, "f1": 0.666667, "gold": 2, "predicted": 1, "correct": 1}
    table = report.to_text().split("\n\n")[0].splitlines()
    assert len({len(line) for line in table}) == 1
    assert table[1].split() == ["date", "0.00%", "0.00%", "0.00%", "1", "0"]


def test_the_calibration_record_carries_the_tables_and_the_temperatures() -> None:
    report = scored(gold(ORIGIN, intent="book_train"), ORIGIN, intent="book_train")
    calibration = report.calibration(1.5, 0.5)
    assert calibration == Calibration(1.5, 0.5, report.word, report.span, report.intent, report.per_label_error)
    assert Calibration.from_dict(json.loads(json.dumps(calibration.to_dict()))) == calibration
