"""What every reader of values does: answer the phrases of a file, and say how long one takes.

    python -m bench.values.NAME PHRASES ANSWERS

PHRASES holds JSON lines such as ``{"text": "at 7 pm", "kind": "time", "language": "en", "reference": "2026-10-20T10:00:00+08:00",
"order": "mdy"}``; each line of ANSWERS is a list of keys as ``training.values.answers`` writes them, any of which is what the reader
said (one value may be written in two ways), or an empty list for a phrase that it does not read. Prints one JSON object.
Only the standard library is imported here.
"""

from __future__ import annotations  # Duckling's interpreter is Python 3.9

import argparse
import json
import re
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

Key = tuple[object, ...]
Phrase = dict[str, Any]
Answer = Callable[[Phrase], list[Key]]

_SMALL = frozenset({"a", "an", "the", "on", "at", "in", "for", "by", "to", "of", "в", "во", "на", "с", "со", "к", "ко", "за", "это"})
REPEATED = 3  # times that all phrases are read for the clock, the fastest counts


def main(reader: str, answer: Answer) -> None:
    """The command line of a reader."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("phrases", type=Path)
    parser.add_argument("answers", type=Path)
    options = parser.parse_args()
    with options.phrases.open(encoding="utf-8") as lines:
        phrases = [json.loads(line) for line in lines]
    answers = [answered(answer, phrase) for phrase in phrases]
    options.answers.write_text("".join(json.dumps(keys) + "\n" for keys in answers), encoding="utf-8")
    taken = min(_timed(answer, phrases) for _ in range(REPEATED))
    print(json.dumps({"reader": reader, "us": 1e6 * taken / len(phrases)}))


def answered(answer: Answer, phrase: Phrase) -> list[Key]:
    """The answer; a reader that raises has none."""
    try:
        return answer(phrase)
    except Exception:  # whatever a library raises is its answer to this phrase, and the others are asked still
        return []


def _timed(answer: Answer, phrases: Sequence[Phrase]) -> float:
    began = time.perf_counter()
    for phrase in phrases:
        answered(answer, phrase)
    return time.perf_counter() - began


def is_whole(text: str, start: int, end: int) -> bool:
    """Whether a span is all of a text but small words and punctuation: what a reader leaves out else, it has not understood."""
    return all(word in _SMALL for word in re.findall(r"\w+", (text[:start] + " " + text[end:]).lower()))


def moment_keys(moment: datetime, grain: str, reference: datetime) -> list[Key]:
    """A moment of a grain as keys; within a day of the reference also as a time."""
    day = moment.date()
    if grain == "day":
        return [("date", day.isoformat())]
    if grain in ("week", "month", "year"):
        return [("dates", day.isoformat(), last_of(day, grain).isoformat())]
    keys: list[Key] = [("moment", f"{moment:%Y-%m-%dT%H:%M}")]
    return [*keys, ("time", f"{moment:%H:%M}")] if abs((day - reference.date()).days) <= 1 else keys


def range_keys(start: datetime | None, end: datetime | None, grain: str) -> list[Key]:
    """A range whose end is the first moment behind it, as keys."""
    if grain in ("day", "week", "month", "year"):
        last = None if end is None else (end - timedelta(1)).date().isoformat()
        return [("dates", None if start is None else start.date().isoformat(), last)]
    step = timedelta(hours=1) if grain == "hour" else timedelta(minutes=1)
    keys: list[Key] = []
    for stop in {end, end and end - step}:
        for name, form in (("moments", "%Y-%m-%dT%H:%M"), ("times", "%H:%M")):
            keys.append((name, *(None if side is None else side.strftime(form) for side in (start, stop))))
    return keys


def last_of(first: date, unit: str) -> date:
    """The last day of the week, month or year that begins on a day."""
    if unit == "week":
        return first + timedelta(6)
    months = first.year * 12 + first.month - 1 + (12 if unit == "year" else 1)
    return date(months // 12, months % 12 + 1, 1) - timedelta(1)
