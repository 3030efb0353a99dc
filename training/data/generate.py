"""A grammar of booking utterances to examples: what public sets lack (arrivals, returns, stopovers, corrections, rare roles).

The grammars stand in ``words_LANGUAGE.toml`` and ``frames_LANGUAGE.toml``; their notation is explained in ``notation.py``.
"""

import functools
import random
import unicodedata
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import regex

from model.errors import LabelError
from model.labels import Annotation, Intent, Slot
from model.text import tokenize
from training.data import inflection
from training.data.as_typed import AS_TYPED
from training.data.notation import Node, Rule, load_rules, load_weights, parse
from training.data.records import Example

HELD_OUT_PLACES = 8  # of the smaller places, one in eight is never trained on
LARGE_PLACES = 1800  # half of all names are among the first so many
NO_INTENT = "unknown"

_MARK = regex.compile(r"\[([^\[\]]*)\]\(([\w.-]+)\)")


@dataclass(frozen=True, slots=True)
class Situation:
    """What a symbol's expansion depends on: chance, the intent, the places to name, which share of the frames, the grammar."""

    rng: random.Random
    intent: str
    places: Sequence[str]
    held_out: bool
    rules: Mapping[str, Rule]


def generate(seed: int, count: int, *, places: Sequence[str] = (), held_out: bool = False, language: str = "en") -> Iterator[Example]:
    """``count`` examples, the same for the same arguments; ``places`` are cities, those first that are named most.

    With ``held_out`` only frames and places that are otherwise never used. Raises LabelError for a language without a grammar.
    """
    rng, rules, weights = random.Random(seed), load_rules(language), load_weights(language)
    named = named_places(places, rules, held_out)
    for _ in range(count):
        (intent,) = rng.choices(list(weights), list(weights.values()))
        situation = Situation(rng, intent, named, held_out, rules)
        text, slots = read_marked(AS_TYPED[language](expand(Node("symbol", f"say_{intent}"), "", situation), rng))
        wanted = None if intent == NO_INTENT else Intent(intent)
        yield Example(Annotation(text, tokenize(text), slots, wanted), source=f"generated_{language}")


def named_places(places: Sequence[str], rules: Mapping[str, Rule], held_out: bool) -> tuple[str, ...]:
    """The share of the places that may be named; of the grammar's own cities where there are no others.

    The largest are never held out: a name that only texts out of scope mention would be taken for a sign of them.
    """
    names = tuple(places) or rules["city"].templates("")
    large = min(LARGE_PLACES, len(names) // 4)
    share = _share(names[large:], HELD_OUT_PLACES, held_out)
    return share if held_out else names[:large] + share


def read_marked(marked: str) -> tuple[str, tuple[Slot, ...]]:
    """Text with marked spans to plain text and slots. Raises LabelError for a bracket without a label.

    >>> read_marked("to [Oslo](destination) now")
    ('to Oslo now', (Slot(name='destination', start=3, end=7, confidence=1.0, alternatives=()),))
    """
    text, slots, behind = "", [], 0
    for match in _MARK.finditer(marked):
        text += marked[behind : match.start()]
        slots.append(Slot(match[2], len(text), len(text) + len(match[1])))
        text += match[1]
        behind = match.end()
    text += marked[behind:]
    if "[" in text or "]" in text:
        raise LabelError(f"{marked!r} has a bracket that is no [span](label); mend the template")
    return text, tuple(slots)


def expand(node: Node, argument: str, situation: Situation) -> str:
    """A template as text with marks; ``argument`` stands for every ``$``. Raises LabelError for a symbol without a rule."""
    rng = situation.rng
    if node.kind == "text":
        return node.text
    if node.kind == "choice":
        return expand(rng.choice(node.parts), argument, situation)
    if node.kind == "shuffle":
        return " ".join(expand(part, argument, situation) for part in rng.sample(node.parts, len(node.parts)))
    inside = "".join(expand(part, argument, situation) for part in node.parts)
    if node.kind == "sequence":
        return inside
    if node.kind == "mark":
        return f"[{inside}]({node.text.replace('$', argument)})"
    words = _expand_symbol(node.text, node.argument.replace("$", argument), situation)
    return inflection.inflect(words, node.case) if node.case else words


def _expand_symbol(name: str, argument: str, situation: Situation) -> str:
    rng = situation.rng
    if name == "n":
        low, high = map(int, argument.split("-"))
        return str(rng.randint(low, high))
    if name == "city":
        place = rng.choice(situation.places[:LARGE_PLACES] if rng.random() < 0.5 else situation.places)
        return _plain(place) if rng.random() < 0.6 else place
    if name not in situation.rules:
        raise LabelError(f"symbol {name!r} has no rule; add a row of that name to the grammar")
    return expand(parse(rng.choice(situation.rules[name].choices(situation.intent, situation.held_out))), argument, situation)


@functools.cache
def _plain(name: str) -> str:
    """``Málaga`` as typed without accents; a Russian name stays as it is."""
    if regex.search(r"\p{Cyrillic}", name):
        return name
    return "".join(letter for letter in unicodedata.normalize("NFD", name) if not unicodedata.combining(letter))


def _share(names: Sequence[str], parts: int, held_out: bool) -> tuple[str, ...]:
    """The held-out one in ``parts`` of the names, or the others; by the name itself, so that new ones move none."""
    return tuple(name for name in names if (zlib.crc32(name.encode()) % parts == 0) == held_out)
