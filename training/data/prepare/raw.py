"""Publishers' files read with errors that name the file and the line."""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from model.errors import SlotlineError


class RawError(SlotlineError):
    """A publisher's file is missing, broken or in another format; the message names the file, where it breaks and what to do."""


def read_text(path: Path, encoding: str = "utf-8", otherwise: str = "") -> str:
    """The text of a file with its line ends as they are; ``otherwise`` is the encoding of a file that is not in the first."""
    contents = path.read_bytes()
    try:
        return contents.decode(encoding)
    except UnicodeDecodeError as error:
        if otherwise:
            return contents.decode(otherwise)
        line = contents.count(b"\n", 0, error.start) + 1
        raise RawError(f"{path}:{line}: not {encoding} ({error.reason}); fetch the file again") from error


def parse_json(text: str, path: Path, first_line: int = 1) -> Any:
    """JSON text to values. Raises RawError with the line, counted from ``first_line``."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise RawError(f"{path}:{first_line + error.lineno - 1}: broken JSON ({error.msg}); fetch the file again") from error
    except RecursionError as error:
        raise RawError(f"{path}:{first_line}: broken JSON (nested too deep); fetch the file again") from error


def read_json(path: Path) -> Any:
    """A file that is one JSON value."""
    return parse_json(read_text(path), path)


def read_json_lines(path: Path) -> Iterator[Any]:
    """A file with one JSON value a line; empty lines are skipped."""
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if line.strip():
            yield parse_json(line, path, number)


def read_table(path: Path, delimiter: str, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    """The rows of a table with a header that has ``columns``. Raises RawError for a row with too few or too many."""
    reader = csv.DictReader(read_text(path).splitlines(keepends=True), delimiter=delimiter, strict=True)
    lacking = [name for name in columns if name not in (reader.fieldnames or ())]
    if lacking:
        raise RawError(f"{path}:1: no column called {' or '.join(lacking)}; fetch the file again")
    try:
        for row in reader:
            if None in row or None in row.values():
                raise RawError(f"{path}:{reader.line_num}: not the {len(reader.fieldnames or ())} columns of the header")
            yield row
    except csv.Error as error:
        raise RawError(f"{path}:{reader.reader.line_num}: {error}; fetch the file again") from error
