"""The notation of the grammar of booking utterances: templates to trees, symbols to their rules.

A grammar is two files, ``words_LANGUAGE.toml`` and ``frames_LANGUAGE.toml``; a template is written as LABELS are read aloud::

    from [{city}](origin)            a span, labelled
    <to|into> <a~b>                  one of several; all of them in any order
    {when:arrival_date}              a symbol; its templates see ``arrival_date`` where they write ``$``
    {city@gent}                      a symbol whose words are inflected; the case has the name that pymorphy3 gives it
    {n:2-9}                          a whole number
    3x ...                           in front: three times as likely as its neighbours

A symbol may have other templates for some intents (a table by intent, ``any`` for the rest).
"""

import functools
import tomllib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import regex

from model.errors import LabelError
from training.data_config import GRAMMARS

HELD_OUT_FRAMES = 6  # one frame in six is never trained on
COMMON_WEIGHT = 4

_PIECE = regex.compile(r"\{(\w+)(?::([\w$-]+))?(?:@([\w,]+))?\}|\]\(([\w$]+)\)|([<>|~\[])|([^<>|~\[\]{}]+)")
_WEIGHT = regex.compile(r"(\d+)x ")
_THROUGH = regex.compile(r"(\d+x )?(\{lead_in\})?\{\w+\}( \{lead_out\})?")


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a template: ``text``, ``symbol`` (argument, case), ``mark`` (label), ``sequence``, ``choice`` or ``shuffle``."""

    kind: str
    text: str = ""
    argument: str = ""
    case: str = ""
    parts: tuple["Node", ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A symbol's templates by intent, ``any`` for intents without their own. Frames have a held-out share, words do not."""

    by_intent: Mapping[str, tuple[str, ...]]
    frame: bool

    def templates(self, intent: str) -> tuple[str, ...]:
        """The templates of an intent."""
        return self.by_intent.get(intent) or self.by_intent["any"]

    def choices(self, intent: str, held_out: bool) -> tuple[str, ...]:
        """The templates of an intent and a share, each as often as its ``3x`` says."""
        return _weighted(self.templates(intent), held_out if self.frame else None)


@functools.cache
def load_rules(language: str) -> Mapping[str, Rule]:
    """Every symbol of a language. Raises LabelError for a language without a grammar."""
    return _rules("words", language, frame=False) | _rules("frames", language, frame=True)


@functools.cache
def load_weights(language: str) -> Mapping[str, int]:
    """How often each intent is generated."""
    weights: dict[str, int] = _tables("frames", language)["weights"]
    return weights


def _rules(kind: str, language: str, *, frame: bool) -> dict[str, Rule]:
    tables = {name: table for name, table in _tables(kind, language).items() if name != "weights"}
    by_intent = {name: table if isinstance(table, dict) else {"any": table} for name, table in tables.items()}
    return {name: Rule({key: tuple(value) for key, value in table.items()}, frame) for name, table in by_intent.items()}


def _tables(kind: str, language: str) -> dict[str, Any]:
    if language not in GRAMMARS:
        raise LabelError(f"language {language!r} has no grammar; use one of {', '.join(GRAMMARS)}")
    return tomllib.loads(Path(__file__).with_name(f"{kind}_{language}.toml").read_text(encoding="utf-8"))


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


@functools.cache
def parse(template: str) -> Node:
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
        symbol, argument, case, label, sign, text = pieces[start]
        if label or (sign and sign in ">|~"):
            break
        start += 1
        if symbol:
            parts.append(Node("symbol", symbol, argument or "", case or ""))
        elif text:
            parts.append(Node("text", text))
        elif sign == "[":
            inside, start = _parse_sequence(pieces, start)
            if start == len(pieces) or not pieces[start][3]:
                raise LabelError("a template opens [ and does not close it with ](label)")
            parts.append(Node("mark", str(pieces[start][3]), parts=(inside,)))
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
        sign = pieces[start][4]
        start += 1
        if sign == ">":
            return Node(kind, parts=tuple(parts)), start
        kind = "shuffle" if sign == "~" else kind
