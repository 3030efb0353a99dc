"""Utterances in pairs that differ in hardly a word and yet in a role: what a recurrent network is for, counted for the model card.

A file has one JSON object a line: ``text``, ``spans`` of ``start``, ``end`` and ``label``, ``lang`` and ``pair``, the number that both
utterances of a pair share.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from model.errors import ConfigError
from model.tagger import Tagger


@dataclass(frozen=True, slots=True)
class Utterance:
    """One of a pair; ``slots`` are label, start and end, in text order."""

    text: str
    slots: tuple[tuple[str, int, int], ...]
    language: str
    pair: int


@dataclass(frozen=True, slots=True)
class PairScore:
    """Of one language: utterances, those with every slot and border right, pairs, and those of which both are right."""

    language: str
    utterances: int
    right: int
    pairs: int
    whole: int


def read_pairs(path: Path) -> tuple[Utterance, ...]:
    """A file's utterances in order. Raises ConfigError that names the line at fault, or the file that is not there."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise ConfigError(f"{path} is not there; minimal_pairs names a file beside the config") from error
    return tuple(_read(line, f"{path}:{number}") for number, line in enumerate(lines, start=1))


def _read(line: str, place: str) -> Utterance:
    try:
        one = json.loads(line)
        spans = sorted((span["start"], span["end"], span["label"]) for span in one["spans"])
        return Utterance(one["text"], tuple((label, start, end) for start, end, label in spans), one["lang"], one["pair"])
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{place} is no utterance of a pair: it needs text, spans, lang and pair ({error!r})") from error


def count_pairs(tagger: Tagger, utterances: Sequence[Utterance]) -> list[PairScore]:
    """How many are read right, one row a language in the order of the file; languages that the tagger does not read are left out."""
    found: dict[str, dict[int, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for one in utterances:
        if one.language in tagger.artifact.config.languages:
            slots = tuple((slot.name, slot.start, slot.end) for slot in tagger.annotate(one.text).slots)
            found[one.language][one.pair].append(slots == one.slots)
    return [_score(language, list(pairs.values())) for language, pairs in found.items()]


def _score(language: str, pairs: list[list[bool]]) -> PairScore:
    each = [right for pair in pairs for right in pair]
    return PairScore(language, len(each), sum(each), len(pairs), sum(map(all, pairs)))
