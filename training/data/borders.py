"""Spans that do not fall on the word borders of ``model.text``: what is nearest, and what to do about them.

The policies are ``training.config.MISALIGNED``. ``report``: the span is reported and stays as it is, so that whatever needs word borders
cannot use its utterance; ``snap``: it takes the nearest borders; ``drop``: it is left out; ``fail``: the work stops.
"""

from collections.abc import Sequence
from typing import NamedTuple

from model.text import Token, tokenize
from training.data.records import Record


class Misaligned(NamedTuple):
    """A span off word borders. ``nearest``: the characters of all words that it touches, None where it touches none."""

    span: Record
    text: str
    nearest: tuple[int, int] | None

    def __str__(self) -> str:
        """What is wrong, and what is nearest."""
        start, end = self.span["start"], self.span["end"]
        said = f"slot {self.span['label']!r} at {start}:{end} does not fall on word borders: {self.text[start:end]!r}"
        if self.nearest is None:
            return f"{said} touches no word"
        return f"{said}, nearest is {self.text[slice(*self.nearest)]!r} at {self.nearest[0]}:{self.nearest[1]}"


def misaligned(text: str, spans: Sequence[Record]) -> list[Misaligned]:
    """The spans of ``text`` that begin or end within a word or outside of words.

    >>> [str(one) for one in misaligned("to Oslo", [{"start": 3, "end": 5, "label": "city"}])]
    ["slot 'city' at 3:5 does not fall on word borders: 'Os', nearest is 'Oslo' at 3:7"]
    """
    if not spans:
        return []
    tokens = tokenize(text)
    starts, ends = {token.start for token in tokens}, {token.end for token in tokens}
    off = [span for span in spans if span["start"] not in starts or span["end"] not in ends]
    return [Misaligned(span, text, _nearest(tokens, span)) for span in off]


def settled(spans: Sequence[Record], off: Sequence[Misaligned], policy: str) -> list[Record]:
    """The spans after ``policy``: those of ``off`` as they are, on the nearest borders, or left out."""
    if policy not in ("snap", "drop"):
        return list(spans)
    nearest = {id(one.span): one.nearest if policy == "snap" else None for one in off}
    kept = []
    for span in spans:
        borders = nearest.get(id(span), (span["start"], span["end"]))
        if borders is not None:
            kept.append({**span, "start": borders[0], "end": borders[1]})
    return kept


def _nearest(tokens: Sequence[Token], span: Record) -> tuple[int, int] | None:
    touched = [token for token in tokens if token.start < span["end"] and token.end > span["start"]]
    return (touched[0].start, touched[-1].end) if touched else None
