"""Whether to take a slot for granted: why one is uncertain."""

from collections.abc import Sequence
from typing import NamedTuple

from app.meanings import NOT_UNDERSTOOD
from app.phrases import Meaning
from model.labels import OUTSIDE, Annotation, Origin, Slot

AMBIGUOUS_SHARE = 0.5  # an alternative with at least this share of the slot's confidence makes its role ambiguous


class JudgedSlot(NamedTuple):
    """A slot with the reason not to take it for granted, None where it is accepted, and what it means, None where nobody asked for it.

    ``origin``: where it comes from; None where the model has no gazetteer.
    """

    slot: Slot
    reason: str | None
    meaning: Meaning | None
    origin: Origin | None = None


def judged(annotation: Annotation, meanings: Sequence[Meaning | None], min_confidence: float) -> tuple[JudgedSlot, ...]:
    """The slots with what they mean, and whether to doubt it."""
    pairs = zip(annotation.slots, meanings, strict=True)
    slots = [JudgedSlot(slot, judge(slot, meaning, min_confidence), meaning) for slot, meaning in pairs]
    if annotation.origins is not None:
        slots = [slot._replace(origin=origin) for slot, origin in zip(slots, annotation.origins, strict=True)]
    return tuple(slots)


def judge(slot: Slot, meaning: Meaning | None, min_confidence: float) -> str | None:
    """Why a slot is uncertain, or None. A doubt of the slot goes before one of its value, which its ``value`` of null tells too.

    >>> judge(Slot("origin", 0, 6, 0.6, (("destination", 0.35),)), None, 0.5)
    'ambiguous_role'
    """
    if slot.confidence < min_confidence:
        return "low_confidence"
    for label, probability in slot.alternatives:  # likeliest first
        if label != OUTSIDE:
            if probability >= AMBIGUOUS_SHARE * slot.confidence:
                return "ambiguous_role"
            break
    return "value_not_understood" if meaning is NOT_UNDERSTOOD else None
