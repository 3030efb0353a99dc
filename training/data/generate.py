"""A grammar of booking utterances to examples: what public sets lack (arrivals, returns, stopovers, corrections, rare roles).

The grammar stands in ``words.toml`` and ``frames.toml``; a template is written as LABELS are read aloud::

    from [{city}](origin)            a span, labelled
    <to|into> <a~b>                  one of several; all of them in any order
    {when:arrival_date}              a symbol; its templates see ``arrival_date`` where they write ``$``
    {n:2-9}                          a whole number
    3x ...                           in front: three times as likely as its neighbours

A symbol may have other templates for some intents (a table by intent, ``any`` for the rest). Russian has files of its own, and its
cities are inflected: ``{city:gent}``.
"""

import csv
import functools
import gzip
import json
import random
import tomllib
import unicodedata
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import regex

from model.errors import LabelError
from model.labels import Annotation, Intent, Slot
from model.text import tokenize
from training.data import russian
from training.data.records import Example

HELD_OUT_FRAMES = 6  # one frame in six, and one place in eight, is never trained on
HELD_OUT_PLACES = 8
COMMON_WEIGHT = 4
LARGE_PLACES = 1500  # half of all names are among the first so many
NO_INTENT = "unknown"

_MARK = regex.compile(r"\[([^\[\]]*)\]\(([\w.-]+)\)")
_PIECE = regex.compile(r"\{(\w+)(?::([\w$-]+))?\}|\]\(([\w$]+)\)|([<>|~\[])|([^<>|~\[\]{}]+)")
_WEIGHT = regex.compile(r"(\d+)x ")
_THROUGH = regex.compile(r"(\d+x )?(\{lead_in\})?\{\w+\}( \{lead_out\})?")
_ARTICLE = regex.compile(r"\[(the|an?) (?!week)", regex.IGNORECASE)  # "a week" is the one span that begins with its article
_AN = regex.compile(r"\b([aA]) (?=\[?(?!one\b|uni|use|eur)[aeiou]|\[?8\b)", regex.IGNORECASE)
# во Францию, со вторника, ко второму: a preposition of one letter gets a vowel before such a cluster
_RU_TWO = regex.compile(r"\b([ВвСсКк]) (?=\[?(?:втор|Влад|Вьет|Фр|все|мног))(\[?)", regex.IGNORECASE)
_PLACE = regex.compile(
    r"(?!(?:the|a|an|at|in|on|to|by|of|for|from)\b)\p{Lu}[\p{Latin}\p{M}'’.-]+(?: [\p{Latin}\p{M}'’.-]+){0,2}", regex.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a template: ``text``, ``symbol`` (argument), ``mark`` (label), ``sequence``, ``choice`` or ``shuffle``."""

    kind: str
    text: str = ""
    argument: str = ""
    parts: tuple["Node", ...] = ()


@dataclass(frozen=True, slots=True)
class Situation:
    """What a symbol's expansion depends on: language, chance, the intent, the places to name, which share of the frames."""

    language: str
    rng: random.Random
    intent: str
    places: Sequence[str]
    held_out: bool


def generate(seed: int, count: int, *, language: str = "en", places: Sequence[str] = (), held_out: bool = False) -> Iterator[Example]:
    """``count`` examples, the same for the same arguments; ``places`` are cities, those first that are named most.

    With ``held_out`` only frames and places that are otherwise never used.
    """
    rng = random.Random(seed)
    grammar = _grammar(language)
    named = _share(places, HELD_OUT_PLACES, held_out) or _share(grammar["city"].templates(""), HELD_OUT_PLACES, held_out)
    weights = _weights(language)
    for _ in range(count):
        (intent,) = rng.choices(list(weights), list(weights.values()))
        situation = Situation(language, rng, intent, named, held_out)
        text, slots = read_marked(_as_typed(_expand(_symbol(f"say_{intent}"), "", situation), rng))
        wanted = None if intent == NO_INTENT else Intent(intent)
        yield Example(Annotation(text, tokenize(text), slots, wanted), source="generated" if language == "en" else f"generated_{language}")


def load_places(folder: Path, language: str = "en") -> tuple[str, ...]:
    """City names of a gazetteer folder as ``language`` has them, the largest first where sizes are known."""
    return russian.load_places(folder) if language == "ru" else _latin_places(folder)


def _latin_places(folder: Path) -> tuple[str, ...]:
    """City names of one to three words of Latin letters from a gazetteer folder, the largest first where sizes are known."""
    with (folder / "world-cities.csv").open(encoding="utf-8", newline="") as stream:
        names = {row["name"] for row in csv.DictReader(stream) if _PLACE.fullmatch(_plain(row["name"]))}
    people: dict[str, int] = defaultdict(int)
    with gzip.open(folder / "cities_dr5hn.jsonl.gz", "rt", encoding="utf-8") as stream:
        for city in map(json.loads, stream):
            if city.get("type") in ("city", "capital", None):
                people[city["name"]] = max(people[city["name"]], city.get("population") or 0)
    return tuple(sorted(names, key=lambda name: (-people[name], name)))


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


def _as_typed(marked: str, rng: random.Random) -> str:
    """The expansion as a person types it: spaces, a or an, articles outside of spans, letter case, final stop."""
    marked = regex.sub(r"\[\s*([^\[\]]*?)\s*\]", r"[\1]", marked)
    marked = _RU_TWO.sub(r"\1о \2", marked)
    if rng.random() < 0.7:  # most people type no ё
        marked = marked.replace("ё", "е").replace("Ё", "Е")
    marked = _AN.sub(r"\1n ", _ARTICLE.sub(r"\1 [", marked))
    marked = regex.sub(r"\s+(?=[,.?!])", "", regex.sub(r"\s+", " ", marked)).strip(" ,")
    marked = regex.sub(r"([?.!,])(?:\s*[,.])+", r"\1", marked)
    if rng.random() < 0.35:
        return marked.lower().rstrip(".?!" if rng.random() < 0.5 else "")
    marked = regex.sub(r"^(\[?)(\p{Ll})", lambda match: match[1] + match[2].upper(), marked)
    ends = regex.search(r"[.?!](\]\(\w+\))?$", marked)
    return marked if ends or rng.random() < 0.5 else marked + "."


def _expand(node: Node, argument: str, situation: Situation) -> str:
    """Text with marks; ``argument`` stands for every ``$``."""
    rng = situation.rng
    if node.kind == "text":
        return node.text
    if node.kind == "choice":
        return _expand(rng.choice(node.parts), argument, situation)
    if node.kind == "shuffle":
        return " ".join(_expand(part, argument, situation) for part in rng.sample(node.parts, len(node.parts)))
    inside = "".join(_expand(part, argument, situation) for part in node.parts)
    if node.kind == "sequence":
        return inside
    if node.kind == "mark":
        return f"[{inside}]({node.text.replace('$', argument)})"
    return _expand_symbol(node.text, node.argument.replace("$", argument), situation)


def _expand_symbol(name: str, argument: str, situation: Situation) -> str:
    rng = situation.rng
    if name == "n":
        low, high = map(int, argument.split("-"))
        return str(rng.randint(low, high))
    if name == "city":
        place = rng.choice(situation.places[:LARGE_PLACES] if rng.random() < 0.5 else situation.places)
        if situation.language == "ru":
            return (russian.inflect(place, argument) if argument else None) or place
        return _plain(place) if rng.random() < 0.6 else place
    return _expand(_grammar(situation.language)[name].choose(situation), argument, situation)


@functools.cache
def _plain(name: str) -> str:
    """``Málaga`` as typed without accents."""
    return "".join(letter for letter in unicodedata.normalize("NFD", name) if not unicodedata.combining(letter))


@dataclass(frozen=True, slots=True)
class Rule:
    """A symbol's templates by intent, ``any`` for intents without their own. Frames have a held-out share, words do not."""

    by_intent: Mapping[str, tuple[str, ...]]
    frame: bool

    def templates(self, intent: str) -> tuple[str, ...]:
        """The templates of an intent."""
        return self.by_intent.get(intent) or self.by_intent["any"]

    def choose(self, situation: Situation) -> Node:
        """One template of the situation's intent and share."""
        return _parse(situation.rng.choice(_weighted(self.templates(situation.intent), situation.held_out if self.frame else None)))


@functools.cache
def _weighted(templates: tuple[str, ...], held_out: bool | None) -> tuple[str, ...]:
    """The templates of one share (of both for ``None``), each as often as its ``3x`` says."""
    chosen = templates if held_out is None else _frames(templates, held_out)
    return tuple(_WEIGHT.sub("", template) for template in chosen for _ in range(_weight(template)))


def _weight(template: str) -> int:
    weight = _WEIGHT.match(template)
    return int(weight[1]) if weight else 1


def _frames(templates: tuple[str, ...], held_out: bool) -> tuple[str, ...]:
    """One share of a list of frames: about one in ``HELD_OUT_FRAMES`` is held out, never the commonest.

    Both shares keep the frames that only hand over to others, as ``{lead_in}{trip}``; of a short list both keep all.
    """
    through = {template for template in templates if _THROUGH.fullmatch(template)}
    rare = (template for template in templates if _weight(template) < COMMON_WEIGHT and template not in through)
    held = set(sorted(rare, key=lambda template: zlib.crc32(template.encode()))[: len(templates) // HELD_OUT_FRAMES])
    return tuple(template for template in templates if template in through or (template in held) == held_out) if held else templates


def _share(names: Sequence[str], parts: int, held_out: bool) -> tuple[str, ...]:
    """The held-out one in ``parts`` of the names, or the others; by the name itself, so that new ones move none."""
    return tuple(name for name in names if (zlib.crc32(name.encode()) % parts == 0) == held_out)


@functools.cache
def _grammar(language: str) -> dict[str, Rule]:
    return _rules(_file("words", language), frame=False) | _rules(_file("frames", language), frame=True)


def _file(name: str, language: str) -> str:
    return f"{name}.toml" if language == "en" else f"{name}_{language}.toml"


def _rules(file: str, *, frame: bool) -> dict[str, Rule]:
    tables = tomllib.loads(Path(__file__).with_name(file).read_text(encoding="utf-8"))
    tables.pop("weights", None)
    by_intent = {name: table if isinstance(table, dict) else {"any": table} for name, table in tables.items()}
    return {name: Rule({key: tuple(value) for key, value in table.items()}, frame) for name, table in by_intent.items()}


def _weights(language: str) -> dict[str, int]:
    """How often each intent is generated."""
    weights: dict[str, int] = tomllib.loads(Path(__file__).with_name(_file("frames", language)).read_text(encoding="utf-8"))["weights"]
    return weights


def _symbol(name: str) -> Node:
    return Node("symbol", name)


@functools.cache
def _parse(template: str) -> Node:
    """A template as a tree. Raises LabelError where brackets do not match."""
    pieces = [match.groups() for match in _PIECE.finditer(template)]
    node, end = _parse_sequence(pieces, 0)
    if end != len(pieces):
        raise LabelError(f"template {template!r} closes a bracket that it did not open")
    return node


_Piece = tuple[str | None, ...]


def _parse_sequence(pieces: Sequence[_Piece], start: int) -> tuple[Node, int]:
    """Nodes up to the end of an alternative, a mark or the template; and where that is."""
    parts: list[Node] = []
    while start < len(pieces):
        symbol, argument, label, sign, text = pieces[start]
        if label or (sign and sign in ">|~"):
            break
        start += 1
        if symbol:
            parts.append(Node("symbol", symbol, argument or ""))
        elif text:
            parts.append(Node("text", text))
        elif sign == "[":
            inside, start = _parse_sequence(pieces, start)
            if start == len(pieces) or not pieces[start][2]:
                raise LabelError("a template opens [ and does not close it with ](label)")
            parts.append(Node("mark", str(pieces[start][2]), parts=(inside,)))
            start += 1
        else:
            choice, start = _parse_choice(pieces, start)
            parts.append(choice)
    return Node("sequence", parts=tuple(parts)), start


def _parse_choice(pieces: Sequence[_Piece], start: int) -> tuple[Node, int]:
    """The alternatives behind ``<`` up to ``>``."""
    parts, kind = [], "choice"
    while True:
        part, start = _parse_sequence(pieces, start)
        parts.append(part)
        if start == len(pieces):
            raise LabelError("a template opens < and does not close it")
        sign = pieces[start][3]
        start += 1
        if sign == ">":
            return Node(kind, parts=tuple(parts)), start
        kind = "shuffle" if sign == "~" else kind
