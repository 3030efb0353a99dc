"""Files to records: every reader gives each record with its line, or says what is wrong with it, and never raises for bad data."""

import gzip
import io
import itertools
import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from training.data.prepare import restaurants8k
from training.data.prepare.raw import RawError
from training.data.records import DataProblem, Dropped, Record

Numbered = tuple[int, Record]
Reader = Callable[[Path], Iterator[Numbered | DataProblem]]


def read_jsonl(path: Path) -> Iterator[Numbered | DataProblem]:
    """One JSON object a line, UTF-8, gzipped if the name ends in ``.gz``; empty lines are skipped.

    >>> {"text": "to Oslo", "spans": [{"start": 3, "end": 7, "label": "destination"}], "intent": "book_flight"}
    """
    for number, line in _lines(path):
        if isinstance(line, DataProblem):
            yield line
        elif line.strip():
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as error:
                yield DataProblem(str(path), number, f"broken JSON ({error})")
                continue
            yield (number, record) if isinstance(record, dict) else DataProblem(str(path), number, "not a JSON object")


def read_seq(path: Path) -> Iterator[Numbered | DataProblem]:
    """A folder with ``seq.in`` (tokens), ``seq.out`` (their BIO tags) and ``label`` (the intent), a line an utterance.

    The text is the tokens joined by one space.
    """
    missing = [name for name in ("seq.in", "seq.out", "label") if not (path / name).is_file()]
    if missing:
        yield DataProblem(str(path), 0, f"{' and '.join(missing)} missing; the folder needs seq.in, seq.out and label")
        return
    files = [(line for _, line in _lines(path / name)) for name in ("seq.in", "seq.out", "label")]
    for number, lines in enumerate(itertools.zip_longest(*files), 1):
        text = [line for line in lines if isinstance(line, str)]
        if len(text) < len(files):
            unreadable = next((line for line in lines if isinstance(line, DataProblem)), None)
            yield unreadable or DataProblem(str(path), number, "seq.in, seq.out and label differ in their number of lines")
            return
        tokens, tags, intent = text[0].split(), text[1].split(), text[2].strip()
        if len(tokens) != len(tags):
            yield DataProblem(str(path), number, f"{len(tokens)} tokens but {len(tags)} tags")
        elif tokens:
            yield number, {"text": " ".join(tokens), "spans": _spans(tokens, tags), "intent": intent or None, "source": str(path)}


def read_restaurants8k(path: Path) -> Iterator[Numbered | DataProblem]:
    """A file of RESTAURANTS-8K as its publishers give it, such as a few-shot split, without the texts that are our validation part."""
    try:
        for number, made in enumerate(restaurants8k.convert(path.parent, [path.name]), 1):
            if not isinstance(made, Dropped) and made[0] == "train" and isinstance(made[1], dict):
                yield number, made[1]
    except (RawError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        yield DataProblem(str(path), 0, f"not a file of RESTAURANTS-8K ({error!r})")


READERS: dict[str, Reader] = {"jsonl": read_jsonl, "seq": read_seq, "restaurants8k": read_restaurants8k}


def _spans(tokens: list[str], tags: list[str]) -> list[dict[str, object]]:
    """BIO tags over tokens joined by spaces to character spans; an I- that continues nothing begins a span."""
    ends = list(itertools.accumulate(len(token) + 1 for token in tokens))
    spans: list[dict[str, object]] = []
    previous = "O"
    for token, end, tag in zip(tokens, ends, tags, strict=True):
        prefix, _, label = tag.partition("-")
        if prefix == "I" and previous != "O" and previous.partition("-")[2] == label:
            spans[-1]["end"] = end - 1
        elif tag != "O":
            spans.append({"start": end - 1 - len(token), "end": end - 1, "label": label or tag})
        previous = tag
    return spans


def _lines(path: Path) -> Iterator[tuple[int, str | DataProblem]]:
    """Numbered lines; a file that cannot be read on ends in a DataProblem at that line."""
    number = 0
    try:
        with _open(path) as stream:
            for number, raw in enumerate(stream, 1):
                try:
                    yield number, raw.decode("utf-8")
                except UnicodeDecodeError as error:
                    yield number, DataProblem(str(path), number, f"not UTF-8 ({error.reason} at byte {error.start})")
    except (OSError, EOFError, zlib.error) as error:
        yield number + 1, DataProblem(str(path), number + 1, f"cannot be read on ({error})")


def _open(path: Path) -> IO[bytes]:
    return io.BufferedReader(gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")
