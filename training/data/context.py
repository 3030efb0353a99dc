"""What the other side had asked, for examples whose source does not tell: a tagger shall use it and not trust it blindly."""

import dataclasses
import random
import re
from collections.abc import Iterable, Iterator

from model.labels import Intent, LabelScheme, Slot
from training.data.records import Example

# A bare answer means what was asked for: "the 8th" is a departure or a check-in, "13" a time or a number of people.
FAMILIES = (
    ("origin", "destination", "via", "location", "pickup_location", "dropoff_location"),
    ("date", "departure_date", "arrival_date", "return_date", "check_in_date", "check_out_date", "pickup_date", "dropoff_date"),
    ("time", "departure_time", "arrival_time", "return_time", "pickup_time", "dropoff_time"),
    ("people", "rooms", "nights", "bags"),
)
_TIMES, _COUNTS = FAMILIES[2], FAMILIES[3]
_NUMBER = re.compile(
    r"\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|"
    r"один|два|две|три|четыре|пять|шесть|семь|восемь|девять|десять|одиннадцать|двенадцать",
    re.IGNORECASE,
)
ANSWERED = 0.5  # of the bare answers, the share that answers a question for any slot of its family
ASKED = 0.15  # of the others, the share in which some of their own slots had been asked for
BESIDE = 0.1  # the share in which something else had been asked for
ONGOING = 0.15  # the share whose intent was that of the conversation already
CHANGED = 0.05  # the share that turns from another booking to this one
CONTINUED = 0.5  # of the answers that show no intent by themselves, the share that has the conversation's
_MOST_ASKED = 3


def with_contexts(examples: Iterable[Example], scheme: LabelScheme, seed: int) -> Iterator[Example]:
    """The same examples, many of them in a context that fits or misleads; those that have one already stay as they are.

    The choice depends on ``seed`` and the example's place alone.
    """
    bookings = [intent for intent in scheme.intents if intent.startswith(("book_", "rent_"))]
    for index, example in enumerate(examples):
        rng = random.Random(seed * 1_000_003 + index)
        if example.asked or example.ongoing:
            yield example
        elif (family := bare_answer(example, scheme)) and rng.random() < ANSWERED:
            yield _answering(example, rng.choice(family), rng)
        else:
            yield _ongoing(dataclasses.replace(example, asked=_asked(example, scheme, rng)), bookings, rng)


def bare_answer(example: Example, scheme: LabelScheme) -> list[str]:
    """The slots of ``scheme`` that an example may fill which is one value and nothing else; none for any other example.

    >>> bare_answer(Example(annotate("Oslo.", Slot("origin", 0, 4))), scheme)
    ['origin', 'destination', 'via', 'location', 'pickup_location', 'dropoff_location']
    """
    text, slots = example.annotation.text, example.annotation.slots
    if len(slots) != 1 or any(letter.isalnum() for letter in text[: slots[0].start] + text[slots[0].end :]):
        return []
    family: tuple[str, ...] = next((family for family in FAMILIES if slots[0].name in family), ())
    if family in (_TIMES, _COUNTS) and _NUMBER.fullmatch(text[slots[0].start : slots[0].end]):
        family = (*_COUNTS, *_TIMES)
    return [name for name in family if name in scheme.slots]


def _answering(example: Example, name: str, rng: random.Random) -> Example:
    """The value as the answer to a question for ``name``."""
    (slot,) = example.annotation.slots
    annotation = example.annotation._replace(slots=(Slot(name, slot.start, slot.end),))
    annotated = None if example.annotated is None else example.annotated | {name}
    return dataclasses.replace(example, annotation=annotation, annotated=annotated, asked=(name,))


def _asked(example: Example, scheme: LabelScheme, rng: random.Random) -> tuple[str, ...]:
    own = sorted({slot.name for slot in example.annotation.slots})
    chance = rng.random()
    if own and chance < ASKED:
        return tuple(rng.sample(own, rng.randint(1, min(_MOST_ASKED, len(own)))))
    others = [name for name in scheme.slots if name not in own]
    return tuple(rng.sample(others, rng.randint(1, min(_MOST_ASKED, len(others))))) if others and chance > 1 - BESIDE else ()


def _ongoing(example: Example, bookings: list[str], rng: random.Random) -> Example:
    """The example in the course of a booking, mostly its own; one that shows no intent by itself takes the booking's."""
    intent = example.annotation.intent
    chance = rng.random()
    if not bookings:
        return example
    if intent is None and example.annotation.slots:
        ongoing = rng.choice(bookings) if chance < CONTINUED else None
        annotation = example.annotation._replace(intent=Intent(ongoing) if ongoing else None)
        return dataclasses.replace(example, annotation=annotation, ongoing=ongoing)
    if intent and intent.name in bookings and chance < ONGOING:
        return dataclasses.replace(example, ongoing=intent.name)
    return dataclasses.replace(example, ongoing=rng.choice(bookings) if intent and chance > 1 - CHANGED else None)
