"""Words of real utterances that say nothing of a value, so that the reader meets what it must not understand."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import regex

from model.values.letters import plain

SETS = {
    "en": ("sgd/train.jsonl.gz", "massive_en/train.jsonl"),
    "ru": ("massive_ru/train.jsonl", "multiwoz_ru/train.jsonl.gz"),
}
MOST = 12_000
_WORD = regex.compile(r"\p{L}{2,}")


def frequent_words(data: Path) -> dict[str, list[str]]:
    """The words of the training parts of public sets by language, the most frequent first. Raises OSError where a set is missing."""
    return {language: [word for word, _ in _counted(data, files).most_common(MOST)] for language, files in SETS.items()}


def _counted(data: Path, files: tuple[str, ...]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for file in files:
        for row in rows(data / file):
            counts.update(_WORD.findall(plain(row["text"])))
    return counts


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a file of JSON lines, packed by gzip or not. Raises OSError where it is missing."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as stream:
        yield from map(json.loads, stream)
