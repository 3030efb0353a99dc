"""The shipped reader on booking phrases of our own, tests/data/value_phrases.jsonl: right, and hardly ever wrong in silence.

Half of the phrases, "tune", were looked at while the grammar was mended; the other half, "held-out", were not.
"""

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from model.values.reader import Reader
from model.values.resolve import resolve
from model.values.value import Understood, context_in
from tests.model.values.test_phrases import shown

ROWS = [json.loads(line) for line in Path("tests/data/value_phrases.jsonl").read_text(encoding="utf-8").splitlines()]
CONTEXT = context_in("Asia/Taipei", datetime.fromisoformat("2026-05-14T11:00:00+08:00"))
RIGHT, WRONG = 0.95, 0.01  # shares of the phrases


def verdict(row: dict[str, Any], reading: Any) -> str:
    found = resolve(reading.symbols, row["kind"], CONTEXT)
    if reading.doubt or not isinstance(found, Understood):
        return "refused" if row["values"] else "right"
    return "right" if shown(found.value).removesuffix(" None") in row["values"] else "wrong"


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("share", ["tune", "held-out"])
def test_booking_phrases_have_their_values(language: str, share: str) -> None:
    rows = [row for row in ROWS if (row["language"], row["share"]) == (language, share)]
    readings = Reader.load(Path("model/readers/values")).read_batch([(row["text"], row["kind"]) for row in rows])
    counts = Counter(verdict(row, reading) for row, reading in zip(rows, readings, strict=True))
    assert counts["wrong"] <= WRONG * len(rows), counts
    assert counts["right"] >= RIGHT * len(rows), counts


def test_the_file_has_both_languages_all_kinds_and_phrases_without_a_value() -> None:
    assert len(ROWS) > 500
    assert len({(row["text"], row["kind"]) for row in ROWS}) == len(ROWS)
    kinds = {(row["language"], row["kind"]) for row in ROWS if row["values"]}
    assert kinds >= {
        (language, kind) for language in ("en", "ru") for kind in ("date", "date_range", "time", "datetime", "number", "duration", "money")
    }
    assert sum(not row["values"] for row in ROWS) > 50
