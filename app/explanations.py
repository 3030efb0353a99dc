"""Why a slot was found: how far its probability falls when each of the other words is left out (Zeiler and Fergus 2014, occlusion).

An utterance of T words is read T times more, each time without one of its words, in the batches that the queue makes anyhow.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, Protocol

from app.capacity import QueueLimits
from app.errors import invalid
from app.waiting import Fall, Falls, Promise, Served
from model.decode import DECIMALS, rounded
from model.labels import BY_GAZETTEER, Annotation, LabelScheme, Span, spans_of_slots
from model.tagger import Prepared

MOST_WORDS = 64  # the cost grows with their square

Tell = Callable[[Served | Exception], None]


class Explains(Protocol):
    """The part of a tagger that this needs."""

    @property
    def labels(self) -> LabelScheme:
        """The slots that it tells apart."""

    def leave_out(self, prepared: Prepared, word: int) -> Prepared:
        """The same utterance without one word."""


class Asked(NamedTuple):
    """What goes through the model for some utterances, and where the answers go."""

    rows: Sequence[Prepared]
    promises: Sequence[Promise[Served]]


def check_words(prepared: Prepared, pointer: str) -> None:
    """Raises Invalid for an utterance too long to be explained."""
    words = len(prepared.tokens)
    if words > MOST_WORDS:
        message = f"the text has {words} words; at most {MOST_WORDS} are explained, so send fewer, or no `explanation` in `include`"
        raise invalid(pointer, "too_many_words_to_explain", message)


def asked_for(batch: Sequence[Prepared], tagger: Explains, tells: Sequence[Tell], most: QueueLimits) -> Asked:
    """Each of ``batch`` and, behind it, the same without each of its words. ``tells`` get each one's answer with its falls, or an error.

    Raises Invalid where all of it is more than ever may wait.
    """
    rows: list[Prepared] = []
    promises: list[Promise[Served]] = []
    for prepared, tell in zip(batch, tells, strict=True):
        words = len(prepared.tokens)
        variants = [prepared, *[tagger.leave_out(prepared, word) for word in range(words) if words > 1]]
        rows += variants
        promises += _together(len(variants), partial(_tell_explained, tagger.labels, tell))
    cells = sum(len(prepared.tokens) for prepared in rows)
    if len(rows) > most.items or cells > most.words:
        limit = f"at most {most.items} of {most.words} may wait, so send fewer texts at a time"
        raise invalid("/include", "too_much_to_explain", f"to explain this takes {len(rows)} readings of {cells} words together; {limit}")
    return Asked(rows, promises)


def _together(count: int, tell: Callable[[list[Served] | Exception], None]) -> list[Promise[Served]]:
    """Promises of ``count`` answers, at least one, that are told as one, in their order; or the first error, at once."""
    answers: dict[int, Served] = {}
    failed = False

    def take(place: int, answer: Served | Exception) -> None:
        nonlocal failed
        if failed:
            return
        if isinstance(answer, Exception):
            failed = True
            tell(answer)
            return
        answers[place] = answer
        if len(answers) == count:
            tell([answers[place] for place in range(count)])

    return [Promise(partial(take, place)) for place in range(count)]


def _tell_explained(scheme: LabelScheme, tell: Tell, answers: list[Served] | Exception) -> None:
    if isinstance(answers, Exception):
        tell(answers)
        return
    served, *without = answers
    outcome: Served | Exception
    try:
        outcome = served._replace(falls=falls_of(served.annotation, [other.annotation for other in without], scheme))
    except Exception as error:  # it belongs to this utterance; the batch that calls back goes on
        outcome = error
    tell(outcome)


def falls_of(annotation: Annotation, without: Sequence[Annotation], scheme: LabelScheme) -> tuple[Falls, ...]:
    """Of each slot, what the words outside of it do for it. ``without``: the utterance read without its first word, its second, ..."""
    spans = spans_of_slots(annotation.slots, annotation.tokens)
    return tuple(_falls(annotation, place, span, without, scheme) for place, span in enumerate(spans))


def _falls(annotation: Annotation, place: int, span: Span, without: Sequence[Annotation], scheme: LabelScheme) -> Falls:
    """Of a slot that a gazetteer knows, whose confidence hangs on no other word, the falls are those of the network's probability."""
    slot = annotation.slots[place]
    column = scheme.labels.index(slot.name)
    looked_up = annotation.origins is not None and annotation.origins[place].source == BY_GAZETTEER
    confidence = _probability(annotation, span.start, span.end, column) if looked_up else slot.confidence
    falls = []
    for word, other in enumerate(without):
        if not span.start <= word < span.end:
            moved = int(word < span.start)  # what stands behind the word that is left out moves up
            falls.append(Fall(word, round(confidence - _probability(other, span.start - moved, span.end - moved, column), DECIMALS)))
    return tuple(falls)


def _probability(annotation: Annotation, start: int, end: int, column: int) -> float:
    """As ``model.decode`` has it: the mean over the words."""
    assert annotation.label_probabilities_TL is not None
    return float(rounded(annotation.label_probabilities_TL[start:end, column].mean()))
