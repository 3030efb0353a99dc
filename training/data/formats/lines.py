"""The lines of a file, numbered from 1, and whole JSON files; what cannot be read is a problem and no exception."""

import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from training.data.records import DataProblem


def numbered_lines(path: Path) -> Iterator[tuple[int, str | DataProblem]]:
    """UTF-8, gzipped if the name ends in ``.gz``; a file that cannot be read on ends in a DataProblem at that line."""
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


def whole_json(path: Path) -> Any:
    """A file that is one JSON value, or a DataProblem with the line at which it breaks."""
    text = whole_text(path)
    if isinstance(text, DataProblem):
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        return DataProblem(str(path), error.lineno, f"broken JSON ({error.msg})")
    except (ValueError, RecursionError) as error:
        return DataProblem(str(path), 1, f"broken JSON ({error})")


def whole_text(path: Path) -> str | DataProblem:
    """A file in UTF-8, its line ends as they are."""
    lines = [line for _, line in numbered_lines(path)]
    return next((line for line in lines if isinstance(line, DataProblem)), None) or "".join(map(str, lines))


def json_line(value: Any) -> str:
    """One JSON value and a line end; its text contains no other."""
    return json.dumps(value, ensure_ascii=False) + "\n"


def json_file(value: Any) -> bytes:
    """A JSON value for people to read."""
    return encoded([json.dumps(value, ensure_ascii=False, indent=1), "\n"])


def encoded(parts: Iterable[str]) -> bytes:
    """UTF-8; a half of a surrogate pair, which JSON can name and UTF-8 cannot, becomes U+FFFD."""
    return "".join(parts).encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _open(path: Path) -> IO[bytes]:
    return io.BufferedReader(gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")
