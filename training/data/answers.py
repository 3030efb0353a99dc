"""Answers to a question: a value and hardly a word more, whose slot is known from what was asked and from nothing else."""

import random
from collections.abc import Iterator, Sequence

from model.labels import Annotation, Intent, LabelScheme
from model.text import tokenize
from training.data.as_typed import AS_TYPED
from training.data.booking_spans import TIME_OF_DATE
from training.data.context import FAMILIES
from training.data.generate import Situation, expand, named_places, read_marked
from training.data.notation import Node, load_rules
from training.data.records import Example

ONGOING = 0.6  # the share whose booking is known too
BESIDE = 0.25  # the share in which another slot was asked for as well
_PLACES, _DATES, _TIMES, _ = FAMILIES
_SYMBOLS = dict.fromkeys(_PLACES, "answer_place") | dict.fromkeys(_DATES, "answer_date") | dict.fromkeys(_TIMES, "answer_time")


def generate_answers(
    seed: int, count: int, scheme: LabelScheme, *, language: str = "en", places: Sequence[str] = (), held_out: bool = False
) -> Iterator[Example]:
    """``count`` examples with the slots of ``scheme`` that were asked for: every slot, or pair of slots, as often as any other.

    Places as in ``generate``. Raises LabelError for a language without a grammar, or a slot that the grammar has no answer for.
    """
    rng, rules = random.Random(seed), load_rules(language)
    named = named_places(places, rules, held_out)
    questions = _questions(scheme.slots)
    bookings = [intent for intent in scheme.intents if intent.startswith(("book_", "rent_"))]
    for _ in range(count):
        asked = rng.choice(questions)
        symbol, argument = _said(asked)
        situation = Situation(rng, rng.choice(bookings or [""]), named, held_out, rules)
        reply = expand(Node("symbol", "reply"), "", situation)
        text, found = read_marked(AS_TYPED[language](reply + expand(Node("symbol", symbol, argument), "", situation), rng))
        ongoing = situation.intent if rng.random() < ONGOING and bookings else None
        annotation = Annotation(text, tokenize(text), found, Intent(ongoing) if ongoing else None)
        yield Example(annotation, source=f"answers_{language}", asked=_also(asked, scheme.slots, rng), ongoing=ongoing)


def _questions(slots: Sequence[str]) -> list[tuple[str, ...]]:
    """What may be asked for at a time: each slot, a date with its time, a name with the surname."""
    pairs = [("first_name", "last_name"), *TIME_OF_DATE.items()]
    return [(slot,) for slot in slots] + [pair for pair in pairs if set(pair) <= set(slots)]


def _said(asked: tuple[str, ...]) -> tuple[str, str]:
    """The symbol of the grammar that answers, and its argument."""
    if len(asked) == 1:
        return _SYMBOLS.get(asked[0], f"answer_{asked[0]}"), asked[0]
    return ("answer_name", "") if "last_name" in asked else ("answer_moment", asked[0].removesuffix("date"))


def _also(asked: tuple[str, ...], slots: Sequence[str], rng: random.Random) -> tuple[str, ...]:
    """The same with a slot of another kind beside it, now and then."""
    kinds = {_SYMBOLS.get(slot, slot) for slot in asked}
    others = [slot for slot in slots if _SYMBOLS.get(slot, slot) not in kinds and (slot in _SYMBOLS or slot not in FAMILIES[3])]
    return (*asked, rng.choice(others)) if rng.random() < BESIDE else asked
