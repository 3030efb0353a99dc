"""Our own format: one JSON object a line, which carries everything."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from training.data.formats.lines import encoded, json_line, numbered_lines
from training.data.records import DataProblem, Files, Numbered, Record


def read(path: Path) -> Iterator[Numbered | DataProblem]:
    """One JSON object a line, UTF-8, gzipped if the name ends in ``.gz``; empty lines are skipped.

    >>> {"text": "to Oslo", "spans": [{"start": 3, "end": 7, "label": "destination"}], "intent": "book_flight"}
    >>> {"entity": "city", "entries": [{"value": "Oslo", "phrases": ["Christiania"]}]}
    """
    for number, line in numbered_lines(path):
        if isinstance(line, DataProblem):
            yield line
        elif line.strip():
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as error:
                yield DataProblem(str(path), number, f"broken JSON ({error})")
                continue
            yield (number, record) if isinstance(record, dict) else DataProblem(str(path), number, "not a JSON object")


def write(records: Sequence[Record]) -> Files:
    """A line each."""
    return {"": encoded(map(json_line, records))}
