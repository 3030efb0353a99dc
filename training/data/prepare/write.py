"""A source's files to ours: all are read before the first is written, and equal input gives equal bytes."""

import gzip
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from training.data.prepare.raw import RawError
from training.data.prepare.sources import SOURCES, Source
from training.data.records import Dropped
from training.files import replace_file

OnFile = Callable[[int, int], None]
"""Told how many files are read, and of how many."""


@dataclass
class Prepared:
    """How many records each file that was written has, and how many records were left out, by reason."""

    written: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)


def prepare(name: str, folder: Path, out: Path, *, partial: bool = False, on_file: OnFile = lambda done, total: None) -> Prepared:
    """Write the set ``name`` from the publisher's files in ``folder`` to ``out/name``.

    With ``partial`` files may be missing. Raises RawError for an unknown name and for files that are missing or broken.
    """
    if name not in SOURCES:
        raise RawError(f"source {name!r} is not known: use one of {', '.join(SOURCES)}")
    source = SOURCES[name]
    prepared = Prepared()
    contents: dict[str, io.BytesIO] = {}
    reading = _Reading(folder, _files(source, folder, partial=partial), on_file)
    try:
        for made in source.convert(folder, reading):
            if isinstance(made, Dropped):
                prepared.dropped[made.reason] += 1
                continue
            file = f"{made[0]}{source.suffix}"
            line = made[1] if isinstance(made[1], str) else json.dumps(made[1], ensure_ascii=False) + "\n"
            contents.setdefault(file, io.BytesIO()).write(line.encode())
            prepared.written[file] += 1
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise RawError(f"{reading.current}: not in the format of {name} ({error!r}); fetch {source.origin} again") from error
    for file, content in contents.items():
        replace_file(out / name / file, _writer(file, content))
    return prepared


class _Reading:
    """The names of a source's files, in order; remembers the one being read and tells how many are done."""

    def __init__(self, folder: Path, files: Sequence[str], on_file: OnFile) -> None:
        self._folder, self._files, self._on_file = folder, files, on_file
        self.current = folder

    def __iter__(self) -> Iterator[str]:
        for number, file in enumerate(self._files):
            self._on_file(number, len(self._files))
            self.current = self._folder / file
            yield file
        self._on_file(len(self._files), len(self._files))


def _files(source: Source, folder: Path, *, partial: bool) -> list[str]:
    """The source's files that are there; raises RawError for the first one that is missing."""
    found: list[str] = []
    for name in source.files:
        there = sorted(str(path.relative_to(folder)) for path in folder.glob(name)) if "*" in name else [name] * (folder / name).is_file()
        if not there and not partial:
            raise RawError(f"{folder / name} is not there; it is to be had from {source.origin}, or say --partial to do without")
        found += there
    if not found:
        raise RawError(f"{folder} has none of the files {', '.join(source.files[:3])}; they are to be had from {source.origin}")
    return found


def _writer(file: str, content: io.BytesIO) -> Callable[[IO[bytes]], object]:
    """Gzip without name and time, where the file's name asks for it."""
    if not file.endswith(".gz"):
        return lambda stream: stream.write(content.getbuffer())

    def write(stream: IO[bytes]) -> None:
        with gzip.GzipFile(filename="", mode="wb", fileobj=stream, mtime=0) as packed:
            packed.write(content.getbuffer())

    return write
