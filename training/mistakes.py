"""Where a tagger is wrong: which slots it confuses, word by word, and the sentences that it misreads."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from model.labels import OUTSIDE, Annotation, Slot, spans_of_slots
from model.tagger import Tagger
from training.data.records import Example
from training.evaluate import answers, can_be_judged


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text and the slot that it belongs to ("" for none)."""

    text: str
    label: str


@dataclass(frozen=True, slots=True)
class Mistake:
    """A sentence read otherwise than its gold says. ``confidence``: of the surest of its mistakes."""

    source: str
    gold: tuple[Piece, ...]
    found: tuple[Piece, ...]
    gold_intent: str
    found_intent: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Mistakes:
    """``sentences``: those misread, surest first; ``confusion``: words by (gold label, found label), the right ones too."""

    sentences: tuple[Mistake, ...]
    confusion: dict[tuple[str, str], int]

    def most_frequent(self, count: int) -> list[tuple[str, str, int]]:
        """The commonest confusions: gold label, found label, words."""
        wrong = [(gold, found, words) for (gold, found), words in self.confusion.items() if gold != found]
        return sorted(wrong, key=lambda entry: (-entry[2], entry))[:count]


def mistakes(tagger: Tagger, examples: Sequence[Example]) -> Mistakes:
    """All of them; a text that the tagger refuses is left out. Raises what ``training.evaluate.answers`` raises."""
    sentences: list[Mistake] = []
    confusion: Counter[tuple[str, str]] = Counter()
    for example, answer in answers(tagger, examples):
        if answer is None:
            continue
        kept = _judged(example, answer)
        confusion.update(_confused(example, answer, kept))
        if mistake := _mistake(example, answer, kept):
            sentences.append(mistake)
    return Mistakes(tuple(sorted(sentences, key=lambda one: -one.confidence)), dict(confusion))


def _judged(example: Example, answer: Annotation) -> tuple[Slot, ...]:
    gold = spans_of_slots(example.annotation.slots, answer.tokens)
    found = zip(spans_of_slots(answer.slots, answer.tokens), answer.slots, strict=True)
    return tuple(slot for span, slot in found if can_be_judged(span, gold, example.annotated))


def _confused(example: Example, answer: Annotation, kept: Sequence[Slot]) -> list[tuple[str, str]]:
    """(gold, found) of every word; on a word without a gold label, one that its source does not mark counts as none."""
    labels = []
    for slots in (example.annotation.slots, kept):
        of_word = [OUTSIDE] * len(answer.tokens)
        for span in spans_of_slots(slots, answer.tokens):
            of_word[span.start : span.end] = [span.label] * (span.end - span.start)
        labels.append(of_word)
    marked = example.annotated
    return [(gold, found if gold != OUTSIDE or marked is None or found in marked else OUTSIDE) for gold, found in zip(*labels, strict=True)]


def _mistake(example: Example, answer: Annotation, kept: Sequence[Slot]) -> Mistake | None:
    gold = {(slot.name, slot.start, slot.end) for slot in example.annotation.slots}
    found = {(slot.name, slot.start, slot.end) for slot in kept}
    wanted = example.annotation.intent.name if example.annotation.intent else ""
    given = answer.intent.name if answer.intent and wanted else ""
    misled = bool(given) and wanted != given
    if found == gold and not misled:
        return None
    sure = [slot.confidence for slot in kept if (slot.name, slot.start, slot.end) not in gold]
    for _, start, end in gold - found:  # how sure the words of a missed span are of what they were taken for
        said = zip(answer.tokens, answer.words.probabilities, strict=True) if answer.words else ()
        sure += [likeliest for token, (likeliest, *_) in said if start <= token.start < end]
    if misled and answer.intent:
        sure.append(answer.intent.confidence)
    text = answer.text
    return Mistake(example.source, pieces(text, example.annotation.slots), pieces(text, kept), wanted, given, max(sure, default=0.0))


def pieces(text: str, slots: Sequence[Slot]) -> tuple[Piece, ...]:
    """The whole text, cut at the borders of its slots."""
    cut, behind = [], 0
    for slot in sorted(slots, key=lambda slot: slot.start):
        cut += [Piece(text[behind : slot.start], ""), Piece(text[slot.start : slot.end], slot.name)]
        behind = slot.end
    return tuple(piece for piece in [*cut, Piece(text[behind:], "")] if piece.text)
