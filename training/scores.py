"""Slot scores: spans counted as conlleval and as seqeval's strict mode count them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from model.errors import LabelError
from model.labels import OUTSIDE, LabelScheme, Span

_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Scores:
    """Spans counted: ``correct`` are those that agree in both borders and label."""

    gold: int = 0
    predicted: int = 0
    correct: int = 0

    @classmethod
    def of(cls, pairs: Iterable[tuple[frozenset[Span], frozenset[Span]]]) -> "Scores":
        """Add up the gold and predicted spans of many utterances."""
        counts = [(len(gold), len(predicted), len(gold & predicted)) for gold, predicted in pairs]
        return cls(*(sum(column) for column in zip(*counts, strict=True))) if counts else cls()

    @property
    def precision(self) -> float:
        """Share of the predicted spans that are gold; 0 without any."""
        return self.correct / max(1, self.predicted)

    @property
    def recall(self) -> float:
        """Share of the gold spans that were predicted; 0 without any."""
        return self.correct / max(1, self.gold)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.correct / max(1, self.gold + self.predicted)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        shares = {name: round(getattr(self, name), _DECIMALS) for name in ("precision", "recall", "f1")}
        return {**shares, "gold": self.gold, "predicted": self.predicted, "correct": self.correct}


def conll_scores(gold_tags: Sequence[Sequence[str]], predicted_tags: Sequence[Sequence[str]]) -> Scores:
    """Tag sequences scored as conlleval reads them: an I- that continues nothing begins a span.

    >>> conll_scores([["B-origin", "I-origin"]], [["I-origin", "I-origin"]]).f1
    1.0

    Raises LabelError for a tag that is not O, B-label or I-label and for sequences of different lengths.
    """
    return _score_tags(gold_tags, predicted_tags, strict=False)


def strict_scores(gold_tags: Sequence[Sequence[str]], predicted_tags: Sequence[Sequence[str]]) -> Scores:
    """Tag sequences scored as seqeval does in its strict mode (IOB2): what does not begin with B- is no span. Raises as above."""
    return _score_tags(gold_tags, predicted_tags, strict=True)


def strict_spans(tags: Sequence[int], scheme: LabelScheme) -> list[Span]:
    """The spans of a tag sequence from which every I- that continues nothing was taken."""
    legal: list[int] = []
    for tag in tags:
        legal.append(tag if scheme.allowed[legal[-1] if legal else -1, tag] else 0)
    return scheme.decode(legal)


def _score_tags(gold_tags: Sequence[Sequence[str]], predicted_tags: Sequence[Sequence[str]], *, strict: bool) -> Scores:
    if [len(tags) for tags in gold_tags] != [len(tags) for tags in predicted_tags]:
        raise LabelError("gold and predicted tags differ in length; give one tag per word in both")
    scheme = _scheme_of([tag for tags in (*gold_tags, *predicted_tags) for tag in tags])
    index = {tag: number for number, tag in enumerate(scheme.tags)}

    def spans(tags: Sequence[str]) -> frozenset[Span]:
        numbers = [index[tag] for tag in tags]
        return frozenset(strict_spans(numbers, scheme) if strict else scheme.decode(numbers))

    return Scores.of((spans(gold), spans(predicted)) for gold, predicted in zip(gold_tags, predicted_tags, strict=True))


def _scheme_of(tags: Iterable[str]) -> LabelScheme:
    labels = set()
    for tag in set(tags) - {OUTSIDE}:
        prefix, dash, label = tag.partition("-")
        if prefix not in ("B", "I") or not dash:
            raise LabelError(f"tag {tag!r} is not BIO; use O, B-label or I-label")
        labels.add(label)
    return LabelScheme(tuple(sorted(labels)))
