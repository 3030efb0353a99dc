"""CoNLL: a token a line with its tag in the last column, an empty line between utterances, intents in comments.

>>> "# intent: book_flight"
>>> "to      O"
>>> "Oslo    B-destination"
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from model.text import Token
from training.data.formats.lines import encoded, numbered_lines
from training.data.formats.tagged import joined, spans_of_tags, tagged
from training.data.records import DataProblem, Files, Numbered, Record, utterances

_COMMENT = re.compile(r"# ?(text|intent|lang|id) *[:=] ?(.*)", re.DOTALL)
_BESIDE = ("intent", "lang", "id")
_BREAKS = re.compile(r"[\r\n]")


def read(path: Path) -> Iterator[Numbered | DataProblem]:
    """The first column is the token, the last its tag: IOB2, IOB1, BIOES or BILOU. Columns end at tabs, or where there are none at spaces.

    ``# intent: x``, ``# lang: en`` and ``# id: 7`` before an utterance are its fields, ``# text: ...`` is the text with its own
    spaces; without it the tokens are joined by one space. Other comments and lines of ``-DOCSTART-`` are skipped.
    """
    block = _Block(path)
    for number, line in numbered_lines(path):
        if isinstance(line, DataProblem):
            block.spoil(line)
        elif line.strip():
            block.add(number, line.rstrip("\r\n"))
        else:
            yield from block.ended()
            block = _Block(path)
    yield from block.ended()


class _Block:
    """The lines of one utterance. Life: ``add`` or ``spoil`` for each, then ``ended``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._first = 0
        self._said: dict[str, str] = {}
        self._words: list[str] = []
        self._tags: list[str] = []
        self._problem: DataProblem | None = None

    def add(self, number: int, line: str) -> None:
        columns = line.split("\t") if "\t" in line else line.split()
        comment = _COMMENT.fullmatch(line)
        if comment:
            self._said[comment[1]] = comment[2]
        elif line.startswith("-DOCSTART-") or (line[0] == "#" and "\t" not in line and not _is_row(columns)):
            return
        elif len(columns) < 2 or not columns[0].strip():
            self.spoil(DataProblem(str(self._path), number, f"{line!r} is no token with a tag"))
        else:
            self._words.append(columns[0].strip())
            self._tags.append(columns[-1].strip())
        self._first = self._first or number

    def spoil(self, problem: DataProblem) -> None:
        """It cannot be used; the first reason is the one that is told."""
        self._problem = self._problem or problem

    def ended(self) -> Iterator[Numbered | DataProblem]:
        if self._problem or not self._words:
            yield from [self._problem] if self._problem else []
            return
        tokens: tuple[Token, ...] | None = joined(self._words)
        text = " ".join(self._words)
        if "text" in self._said:
            text = self._said["text"]
            tokens = _placed(self._words, text)
        if tokens is None:
            yield DataProblem(str(self._path), self._first, f"its tokens do not stand in its text {text!r} in this order")
            return
        beside: Record = {name: self._said[name] for name in ("lang", "id") if name in self._said}
        yield self._first, {"text": text, "spans": spans_of_tags(tokens, self._tags), "intent": self._said.get("intent") or None, **beside}


def write(records: Sequence[Record]) -> Files:
    """Words with tags of IOB2; the text with its own spaces stands in a comment."""
    return {"": encoded(line for record in utterances(records) for line in _block(record))}


def _block(record: Record) -> Iterator[str]:
    tokens, tags = tagged(record)
    if not tokens:
        return
    for name in ("text", *_BESIDE):
        said = record.get(name)
        if isinstance(said, str) and said and not _BREAKS.search(said):
            yield f"# {name}: {said}\n"
    yield from (f"{token.text}\t{tag}\n" for token, tag in zip(tokens, tags, strict=True))
    yield "\n"


def _is_row(columns: Sequence[str]) -> bool:
    """Whether a line that begins with # is the token # with its tag."""
    return len(columns) > 1 and (columns[-1] == "O" or columns[-1][1:2] == "-")


def _placed(words: Sequence[str], text: str) -> tuple[Token, ...] | None:
    """Where the words stand in the text, one behind the other with nothing but spaces between; None where they do not."""
    tokens, end = [], 0
    for word in words:
        start = text.find(word, end)
        if start < 0:
            return None
        tokens.append(Token(word, start, start + len(word)))
        end = start + len(word)
    borders = [0, *(border for token in tokens for border in (token.start, token.end)), len(text)]
    between = [text[start:end] for start, end in list(pairwise(borders))[::2]]
    return tuple(tokens) if not any(any(letter.isalnum() for letter in gap) for gap in between) else None
