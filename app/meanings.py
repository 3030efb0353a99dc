"""Slots to values: which phrases they ask for, what the outcomes make of them, and what the slots say about each other."""

from collections.abc import Sequence

from app.kinds import SLOT_KINDS, Kind
from app.phrases import SAYS_NOTHING, Found, Meaning, Outcome, Phrase
from app.reference import Occasion
from model.labels import Annotation
from model.values.relations import Filled, related

BY_CALENDAR = ("date", "time")  # the kinds of slots that may decide each other's values


TEXT = Meaning(is_text=True)
NOT_UNDERSTOOD = Meaning()


def phrases_of(annotation: Annotation) -> list[Phrase]:
    """The phrases of the slots that say a value, in their order: their words, or what a gazetteer says that these mean."""
    text, kinds = annotation.text, SLOT_KINDS
    if annotation.origins is not None:
        pairs = zip(annotation.slots, annotation.origins, strict=True)
        said = [(slot.name, origin.value or text[slot.start : slot.end]) for slot, origin in pairs]
        return [Phrase(words, kinds[name].name) for name, words in said if name in kinds]
    return [Phrase(text[slot.start : slot.end], kinds[slot.name].name) for slot in annotation.slots if slot.name in kinds]


def texts_of(annotation: Annotation) -> list[Meaning]:
    """What the slots mean where nothing can be read."""
    return [TEXT] * len(annotation.slots)


def meanings_of(annotation: Annotation, outcomes: Sequence[Outcome], occasion: Occasion) -> list[Meaning]:
    """What each slot means. ``outcomes``: of ``phrases_of(annotation)``."""
    left = iter(outcomes)
    found = []
    by_calendar = []
    for place, slot in enumerate(annotation.slots):
        kind = SLOT_KINDS.get(slot.name)
        meaning = TEXT if kind is None else _meaning(kind, next(left))
        found.append(meaning)
        if kind is not None and kind.name in BY_CALENDAR and meaning.value is not None:
            by_calendar.append((place, Filled(slot.name, meaning.value, meaning.alternatives)))
    if len(by_calendar) > 1:
        _relate(found, by_calendar, occasion)
    return found


def _meaning(kind: Kind, outcome: Outcome) -> Meaning:
    if not isinstance(outcome, Found):
        return NOT_UNDERSTOOD
    if outcome.meaning is not None:
        return outcome.meaning
    return TEXT if kind.or_text and (kind.name == "place" or outcome.outcome is SAYS_NOTHING) else NOT_UNDERSTOOD


def _relate(found: list[Meaning], by_calendar: Sequence[tuple[int, Filled]], occasion: Occasion) -> None:
    """Take the readings that go together: "evening" beside "7" makes it 19:00."""
    given = [filled for _, filled in by_calendar]
    for (place, before), after in zip(by_calendar, related(given, occasion.context), strict=True):
        if after is not before:
            found[place] = Meaning(after.value, after.alternatives)
