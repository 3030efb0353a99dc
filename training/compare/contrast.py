"""Minimal pairs: the same word in two utterances, where only a word before it tells which label it has.

A network that sees one word at a time gives both the same label and fails every pair, whatever its weights are. A pair is written
as LABELS are read aloud, the word in question marked, and stands in a config under ``contrast``::

    contrast = [["flights to [oslo](destination)", "flights from [oslo](origin)"]]
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from model.errors import ConfigError, LabelError
from model.labels import spans_of_slots
from model.tagger import Tagger
from model.text import tokenize
from training.data.generate import read_marked


@dataclass(frozen=True, slots=True)
class Half:
    """One utterance of a pair: tokens ``start`` to ``end`` (exclusive) are the word in question, ``label`` its label."""

    text: str
    start: int
    end: int
    label: str

    @property
    def words(self) -> tuple[str, ...]:
        """The word in question, which may be a name of several words."""
        return tuple(token.text for token in tokenize(self.text)[self.start : self.end])


Pair = tuple[Half, Half]


def read_pairs(written: Iterable[Sequence[str]], known: Collection[str]) -> tuple[Pair, ...]:
    """The pairs of a config; ``known`` are the labels that its training data have.

    Raises ConfigError for what is no pair: not two utterances, not one marked word in each, different words, equal labels, a label
    that is not known.
    """
    return tuple(_read_pair(pair, known, f"contrast[{number}]") for number, pair in enumerate(written))


def _read_pair(pair: Sequence[str], known: Collection[str], where: str) -> Pair:
    if len(pair) != 2:
        raise ConfigError(f"{where} has {len(pair)} utterances: give two, which differ in one word before the marked one")
    one, other = (_read_half(marked, known, where) for marked in pair)
    if one.words != other.words:
        raise ConfigError(f"{where} marks {' '.join(one.words)!r} and {' '.join(other.words)!r}: mark the same word in both utterances")
    if one.label == other.label:
        raise ConfigError(f"{where} gives {' '.join(one.words)!r} the label {one.label!r} twice: the two must differ")
    return one, other


def _read_half(marked: str, known: Collection[str], where: str) -> Half:
    try:
        text, slots = read_marked(marked)
        spans = spans_of_slots(slots, tokenize(text))
    except LabelError as error:
        raise ConfigError(f"{where}: {error}") from error
    if len(spans) != 1:
        raise ConfigError(f"{where}: {marked!r} has {len(spans)} marked words: mark the one in question, as [oslo](origin)")
    (span,) = spans
    if span.label not in known:
        raise ConfigError(f"{where}: label {span.label!r} is not one of the {len(known)} in the training data: use one of those")
    return Half(text, span.start, span.end, span.label)


def told_apart(tagger: Tagger, pairs: Sequence[Pair]) -> list[bool]:
    """For each pair, whether the likeliest label of every word in question is the right one in both utterances.

    The likeliest label of a word by itself, before the tags of neighbours are made to agree, since those see the neighbours.
    """
    return [all(_is_right(tagger, half) for half in pair) for pair in pairs]


def _is_right(tagger: Tagger, half: Half) -> bool:
    return likeliest_labels(tagger, half) == [half.label] * (half.end - half.start)


def likeliest_labels(tagger: Tagger, half: Half) -> list[str]:
    """What the tagger takes each word in question for."""
    words = tagger.annotate(half.text).words
    assert words is not None
    return [ranked[0] for ranked in words.likeliest[half.start : half.end]]
