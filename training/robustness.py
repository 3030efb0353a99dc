"""How a tagger bears what people do to a text: other case, no punctuation, typos; and whether it leaves alone what is no booking."""

from collections.abc import Sequence
from dataclasses import dataclass

from model.labels import Annotation
from model.tagger import Tagger
from training.data.augment import KINDS, rewritten
from training.data.records import Example
from training.evaluate import answers, evaluate

OUT_OF_SCOPE = "out_of_scope"
_SEED = 1


@dataclass(frozen=True, slots=True)
class Bearing:
    """``slot_f1`` on the rewritten texts; ``same``: of the spans found in the text as it was, the share found again on the same words."""

    kind: str
    slot_f1: float
    same: float


@dataclass(frozen=True, slots=True)
class Scope:
    """``recall``: of the texts out of scope, the share that is told; ``accuracy``: of the others, the share with the right intent.

    ``spans``: texts out of scope in which slots were found.
    """

    out_of_scope: int
    recall: float
    accuracy: float
    spans: int


def bearings(tagger: Tagger, examples: Sequence[Example]) -> list[Bearing]:
    """The text as it was first, then every kind of ``training.data.augment.KINDS``; examples without gold slots are left out."""
    marked = [example for example in examples if example.annotation.slots]
    before = _found(tagger, marked)
    spans = sum(map(len, before))
    measured = [Bearing("as it was", evaluate(tagger, marked).slots.f1, 1.0)]
    for kind in KINDS:
        texts = list(rewritten(marked, kind, _SEED))
        again = sum(len(one & other) for one, other in zip(before, _found(tagger, texts), strict=True))
        measured.append(Bearing(kind, evaluate(tagger, texts).slots.f1, again / max(1, spans)))
    return measured


_Span = tuple[str, int, int]


def _found(tagger: Tagger, examples: Sequence[Example]) -> list[set[_Span]]:
    """The slots found in each text, in the order of ``examples``: label, and first and last of its words, punctuation not counted."""
    found = {id(example): _spans(answer) if answer else set() for example, answer in answers(tagger, examples)}
    return [found[id(example)] for example in examples]


def _spans(answer: Annotation) -> set[_Span]:
    words = [token for token in answer.tokens if any(letter.isalnum() for letter in token.text)]
    spans = set()
    for slot in answer.slots:
        inside = [index for index, word in enumerate(words) if slot.start <= word.start and word.end <= slot.end]
        spans.add((slot.name, inside[0] if inside else -1, inside[-1] if inside else -1))
    return spans


def scope(tagger: Tagger, examples: Sequence[Example]) -> Scope | None:
    """How well what is out of scope is told from what is not; None without gold of both or for a tagger without that intent."""
    judged = [(e, a) for e, a in answers(tagger, examples) if e.annotation.intent and a is not None and a.intent]
    outside = [answer for example, answer in judged if example.annotation.intent and example.annotation.intent.name == OUT_OF_SCOPE]
    inside = [(e, a) for e, a in judged if e.annotation.intent and e.annotation.intent.name != OUT_OF_SCOPE]
    if OUT_OF_SCOPE not in tagger.labels.intents or not outside or not inside:
        return None
    told = sum(answer.intent is not None and answer.intent.name == OUT_OF_SCOPE for answer in outside)
    right = sum(a.intent is not None and e.annotation.intent is not None and a.intent.name == e.annotation.intent.name for e, a in inside)
    return Scope(len(outside), told / len(outside), right / len(inside), sum(bool(answer.slots) for answer in outside))
