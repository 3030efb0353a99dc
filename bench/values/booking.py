"""Booking phrases of our own with their values, as cases: tests/data/value_phrases.jsonl.

Half of them, "tune", were looked at while the grammar and the resolver were mended; the other half, "held-out", were not.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from model.values.value import context_in
from training.values.answers import Key, duration
from training.values.evaluate import Case, with_typo

PHRASES = Path("tests/data/value_phrases.jsonl")
CONTEXT = context_in("Asia/Taipei", datetime.fromisoformat("2026-05-14T11:00:00+08:00"))


def booking_cases(seed: int = 1) -> Iterator[Case]:
    """Each phrase as it is and, where it has a long enough word, with one slip in it."""
    rng = random.Random(seed)
    for row in map(json.loads, PHRASES.read_text(encoding="utf-8").splitlines()):
        right = frozenset(key_of_text(value, row["kind"]) for value in row["values"])
        case = Case(row["text"], row["kind"], row["language"], "booking", row["share"], CONTEXT, right)
        yield case
        if slipped := with_typo(row["text"], rng):
            yield replace(case, text=slipped, typo=True, clean=row["text"])


def key_of_text(text: str, kind: str) -> Key:
    """The key of a value in the form of the file: "2026-06-03", "19:00..21:00", "..300 USD", "P3D"."""
    amount, _, currency = text.partition(" ")
    sides = amount.split("..")
    name = "moment" if "T" in text and kind not in ("duration", "money") else "time" if ":" in text else kind.removesuffix("_range")
    if kind == "duration":
        lengths = [duration(side) if side else None for side in sides]
        return ("durations", *lengths) if len(sides) > 1 else ("duration", *duration(amount))
    return (f"{name}s" if len(sides) > 1 else name, *(_side(side, kind, currency or None) for side in sides))


def _side(text: str, kind: str, currency: str | None) -> object:
    if not text:
        return None
    return (float(text), currency) if kind == "money" else float(text) if kind == "number" else text
