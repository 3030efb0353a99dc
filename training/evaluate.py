"""How well a tagger's answers agree with gold examples: measured on the exported file, through the class that serves it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.calibration import Calibration, Reliability, expected_calibration_error, reliability
from model.errors import TextError
from model.labels import OUTSIDE, Annotation, LabelScheme, Span, spans_of_slots
from model.tagger import Tagger
from training.data.records import Example
from training.scores import Scores, strict_spans

BATCH = 64
_DECIMALS = 6


@dataclass(frozen=True)
class Report:
    """Everything that was measured on a set of examples.

    ``slots`` as conlleval counts, ``strict`` as seqeval does in its strict mode (IOB2), ``per_label`` as ``slots``. Intents are counted
    where the gold one is known and the tagger has any; a sentence is right when all its slots and its intent, if counted, are. ``refused``
    texts (no words, too many) count as answered with nothing. ``word``, ``span``, ``intent``: see ``model.calibration.Calibration``.
    """

    examples: int
    refused: int
    slots: Scores
    strict: Scores
    per_label: dict[str, Scores]
    intent_count: int
    intent_accuracy: float
    sentence_accuracy: float
    word: Reliability
    span: Reliability
    intent: Reliability
    per_label_error: dict[str, float]

    def calibration(self, temperature_slots: float, temperature_intent: float) -> Calibration:
        """The record that goes into the artefact."""
        return Calibration(temperature_slots, temperature_intent, self.word, self.span, self.intent, self.per_label_error)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; ``intent_accuracy`` is None where no intent was counted."""
        return {
            "examples": self.examples,
            "refused": self.refused,
            "slots": self.slots.to_dict(),
            "strict_slots": self.strict.to_dict(),
            "labels": {label: scores.to_dict() for label, scores in self.per_label.items()},
            "intent_count": self.intent_count,
            "intent_accuracy": round(self.intent_accuracy, _DECIMALS) if self.intent_count else None,
            "sentence_accuracy": round(self.sentence_accuracy, _DECIMALS),
            "words": self.word.count,
            "word_calibration_error": self.word.error,
            "span_calibration_error": self.span.error,
            "intent_calibration_error": self.intent.error if self.intent_count else None,
        }

    def to_text(self) -> str:
        """The scores as aligned columns for a terminal."""
        intent = f"{self.intent_accuracy:.2%} of {self.intent_count}" if self.intent_count else "not counted"
        refused = f", {self.refused} of them refused" if self.refused else ""
        summary = [
            ("examples", f"{self.examples}{refused}"),
            ("intent accuracy", intent),
            ("sentence accuracy", f"{self.sentence_accuracy:.2%}"),
            ("calibration error", f"word {self.word.error:.4f}  span {self.span.error:.4f}  intent {self.intent.error:.4f}"),
        ]
        rows = [*self.per_label.items(), ("all slots", self.slots), ("all slots, strict", self.strict)]
        wide = max(len(name) for name, _ in [*rows, *summary])
        header = f"{'':{wide}}  {'precision':>9}  {'recall':>7}  {'F1':>7}  {'gold':>6}  {'found':>6}"
        table = [f"{name:{wide}}  {_columns(scores)}" for name, scores in rows]
        return "\n".join([header, *table, "", *(f"{name:{wide}}  {value}" for name, value in summary)])


def selection_score(report: Report) -> float:
    """What the best epoch is chosen by: the mean of slot F1 and, where there are intents, intent accuracy."""
    return (report.slots.f1 + report.intent_accuracy) / 2 if report.intent_count else report.slots.f1


def _columns(scores: Scores) -> str:
    return f"{scores.precision:>9.2%}  {scores.recall:>7.2%}  {scores.f1:>7.2%}  {scores.gold:>6}  {scores.predicted:>6}"


def evaluate(tagger: Tagger, examples: Sequence[Example]) -> Report:
    """Score the tagger's answers.

    Where a source annotates some labels only (``Example.annotated``), a span with another label is counted only if it touches a gold
    span: elsewhere nobody can tell whether it is right. Raises LabelError for a gold slot that does not fall on word borders.
    """
    names = {slot.name for example in examples for slot in example.annotation.slots} | set(tagger.labels.slots)
    reading = LabelScheme(tuple(sorted(names)))
    return _report([_judge(example, answer, tagger.labels, reading) for example, answer in answers(tagger, examples)])


def answers(tagger: Tagger, examples: Iterable[Example]) -> Iterator[tuple[Example, Annotation | None]]:
    """Each example with the tagger's answer, shortest first; None for a text that it refuses."""
    ordered = sorted(examples, key=lambda example: len(example.annotation.tokens))
    for start in range(0, len(ordered), BATCH):
        readable = []
        for example in ordered[start : start + BATCH]:
            try:
                readable.append((example, tagger.prepare(example.annotation.text, example.asked, example.ongoing)))
            except TextError:
                yield example, None
        batch = tagger.annotate_batch([prepared for _, prepared in readable])
        yield from zip((example for example, _ in readable), batch, strict=True)


@dataclass(frozen=True, slots=True)
class _Judged:
    """One answer held against its gold example; pairs are (confidence, right)."""

    gold: frozenset[Span]
    predicted: frozenset[Span]
    strict_gold: frozenset[Span]
    strict_predicted: frozenset[Span]
    spans: tuple[tuple[float, bool], ...] = ()
    words: tuple[tuple[float, bool, str], ...] = ()  # the third is the likeliest label
    intent: tuple[float, bool] | None = None
    refused: bool = False

    @property
    def right(self) -> bool:
        return self.gold == self.predicted and (self.intent is None or self.intent[1])


def _judge(example: Example, answer: Annotation | None, scheme: LabelScheme, reading: LabelScheme) -> _Judged:
    """Hold one answer against the gold; ``reading`` knows the labels of both."""
    gold_slots, tokens = example.annotation.slots, answer.tokens if answer else example.annotation.tokens
    gold = spans_of_slots(gold_slots, tokens)
    found = list(zip(spans_of_slots(answer.slots, tokens), answer.slots, strict=True)) if answer else []
    kept = [(span, slot.confidence) for span, slot in found if can_be_judged(span, gold, example.annotated)]
    predicted = [span for span, _ in kept]
    return _Judged(
        gold=frozenset(gold),
        predicted=frozenset(predicted),
        strict_gold=frozenset(strict_spans(reading.encode(gold, len(tokens)), reading)),
        strict_predicted=frozenset(strict_spans(reading.encode(predicted, len(tokens)), reading)),
        spans=tuple((confidence, span in gold) for span, confidence in kept),
        words=_judge_words(answer, gold, example.annotated, scheme) if answer else (),
        intent=_judge_intent(example, answer, scheme),
        refused=answer is None,
    )


def can_be_judged(span: Span, gold: Sequence[Span], annotated: frozenset[str] | None) -> bool:
    """Whether a source that annotates some labels only tells if a span is right: it has its label, or touches a gold span."""
    return annotated is None or span.label in annotated or any(span.start < other.end and other.start < span.end for other in gold)


def _judge_words(
    answer: Annotation, gold: Sequence[Span], annotated: frozenset[str] | None, scheme: LabelScheme
) -> tuple[tuple[float, bool, str], ...]:
    """Each word's likeliest label. On a word without a gold label, labels that its source leaves out count as "O"."""
    assert answer.label_probabilities_TL is not None
    labels_TL = np.array(answer.label_probabilities_TL, dtype=np.float64)
    gold_T = [OUTSIDE] * len(answer.tokens)
    for span in gold:
        gold_T[span.start : span.end] = [span.label] * (span.end - span.start)
    if annotated is not None:
        untagged_T = np.array([label == OUTSIDE for label in gold_T])
        left_out = np.array([label != OUTSIDE and label not in annotated for label in scheme.labels])
        labels_TL[untagged_T, 0] += labels_TL[np.ix_(untagged_T, left_out)].sum(axis=1)
        labels_TL[np.ix_(untagged_T, left_out)] = 0
    best_T = [scheme.labels[best] for best in labels_TL.argmax(axis=1)]
    confidence_T = np.minimum(labels_TL.max(axis=1), 1.0).tolist()  # float32 rows may sum to a little more than 1
    return tuple((confidence, best == label, best) for confidence, best, label in zip(confidence_T, best_T, gold_T, strict=True))


def _judge_intent(example: Example, answer: Annotation | None, scheme: LabelScheme) -> tuple[float, bool] | None:
    gold = example.annotation.intent
    if gold is None or not scheme.intents:
        return None
    if answer is None or answer.intent is None:
        return 0.0, False
    return min(answer.intent.confidence, 1.0), answer.intent.name == gold.name


def _report(judged: Sequence[_Judged]) -> Report:
    intents = [one.intent for one in judged if one.intent is not None]
    words = [word for one in judged for word in one.words]
    return Report(
        examples=len(judged),
        refused=sum(one.refused for one in judged),
        slots=Scores.of((one.gold, one.predicted) for one in judged),
        strict=Scores.of((one.strict_gold, one.strict_predicted) for one in judged),
        per_label=_per_label(judged),
        intent_count=len(intents),
        intent_accuracy=sum(right for _, right in intents) / max(1, len(intents)),
        sentence_accuracy=sum(one.right for one in judged) / max(1, len(judged)),
        word=_table([(confidence, right) for confidence, right, _ in words]),
        span=_table([pair for one in judged for pair in one.spans]),
        intent=_table(intents),
        per_label_error=_per_label_error(words),
    )


def _per_label(judged: Sequence[_Judged]) -> dict[str, Scores]:
    gold = Counter(span.label for one in judged for span in one.gold)
    predicted = Counter(span.label for one in judged for span in one.predicted)
    correct = Counter(span.label for one in judged for span in one.gold & one.predicted)
    return {label: Scores(gold[label], predicted[label], correct[label]) for label in sorted(gold | predicted)}


def _table(pairs: Sequence[tuple[float, bool]]) -> Reliability:
    return reliability(np.array([confidence for confidence, _ in pairs]), np.array([right for _, right in pairs], dtype=bool))


def _per_label_error(words: Sequence[tuple[float, bool, str]]) -> dict[str, float]:
    """Expected calibration error over the words of which a label is the likeliest."""
    label_N = np.array([label for _, _, label in words])
    confidence_N = np.array([confidence for confidence, _, _ in words])
    right_N = np.array([right for _, right, _ in words], dtype=bool)
    return {
        str(label): expected_calibration_error(confidence_N[label_N == label], right_N[label_N == label]) for label in np.unique(label_N)
    }
