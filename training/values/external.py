"""Phrases of public sets with the value that each should have, in the form of ``training.values.answers``.

A phrase of the validation share is never trained on; which share a phrase belongs to, a hash of its text tells.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import regex

from model.values.letters import plain
from model.values.value import Context, context_in
from training.values import duckling, recognizers
from training.values.answers import Key
from training.values.samples import is_held_out
from training.values.words import rows

VALID_SHARE = 3  # one phrase in so many is validated on
DUCKLING = context_in("Etc/GMT+2", datetime.fromisoformat("2013-02-12T04:30:00-02:00"))
SGD = context_in("UTC", datetime.fromisoformat("2019-03-01T09:00:00+00:00"))
NLUPP = context_in("UTC", datetime.fromisoformat("2022-03-15T09:00:00+00:00"))
_WHOLE = regex.compile(
    r"(?:(?:this|last|next) )?(?:week|month|year|\p{L}+ber|january|february|april|may|june|july|august|march|\d{4})", regex.IGNORECASE
)
_HALF = regex.compile(r"[ap]\.? ?m|morning|afternoon|evening|night|noon", regex.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Gold:
    """A phrase, the kind to ask for, the moment it was said, and the keys any of which is right; none: it must be refused."""

    text: str
    kind: str
    language: str
    source: str
    context: Context
    right: frozenset[Key]


def gold_phrases(data: Path) -> list[Gold]:
    """All phrases that have a value or must have none, each (text, kind) once. Raises OSError where a set is missing."""
    seen: dict[tuple[str, str], Gold] = {}
    for source in SOURCES:
        for gold in source(data):
            key = (plain(gold.text), gold.kind)
            if key[0] and key not in seen:
                seen[key] = gold
    return list(seen.values())


def is_valid(gold: Gold) -> bool:
    """Whether a phrase is only validated on."""
    return is_held_out(gold.text, VALID_SHARE)


def _duckling(data: Path) -> Iterator[Gold]:
    for language in ("en", "ru"):
        for row in rows(data / "values" / f"duckling_{language}.jsonl"):
            if row["region"] not in (None, "US"):
                continue
            found = duckling.answer(row["dim"], row["expected_haskell"], row["text"])
            if found:
                yield Gold(row["text"], found[0], language, "duckling", DUCKLING, found[1])


def _recognizers(data: Path) -> Iterator[Gold]:
    for row in rows(data / "values" / "recognizers_en.jsonl"):
        if "English" not in row["spec"] or "Extractor" in row["spec"]:
            continue
        reference = datetime.fromisoformat(f"{row['ref'] or '2016-11-07T00:00:00'}"[:19] + "+00:00")
        for result in row["results"]:
            found = recognizers.answer(result)
            if found:
                order = "dmy" if "EnglishOthers" in row["spec"] else "mdy"
                yield Gold(result["Text"], found[0], "en", "recognizers", context_in("UTC", reference, order=order), found[1])


def _sgd(data: Path) -> Iterator[Gold]:
    for row in rows(data / "sgd" / "train.jsonl.gz"):
        for _, slot, surfaces, values in row.get("acts", ()):
            kind = "date" if "date" in slot else "time" if slot.endswith("time") else ""
            for surface, value in zip(surfaces, values, strict=False):
                if kind == "date" and len(value) == 10 and value[4] == "-":
                    yield Gold(surface, kind, "en", "sgd", SGD, frozenset({("date", value)}))
                elif kind == "time" and len(value) == 5 and value[2] == ":":
                    yield Gold(surface, kind, "en", "sgd", SGD, frozenset({("time", value)}))


def _nlupp(data: Path) -> Iterator[Gold]:
    for folder in ("nlupp_hotels", "nlupp_banking"):
        for row in rows(data / folder / "train.jsonl"):
            for span in row["spans"]:
                value = row.get("values", {}).get(span["label"])
                text = row["text"][span["start"] : span["end"]]
                if found := _nlupp_answer(value, text):
                    yield Gold(text, found[0], "en", "nlupp", NLUPP, found[1])


def _nlupp_answer(value: object, text: str) -> tuple[str, frozenset[Key]] | None:
    """Dates of any year where none is said, but no whole months and years, which have a day there; times of either half of the day."""
    if isinstance(value, dict) and set(value) == {"day", "month", "year"} and not _WHOLE.fullmatch(text):
        years = {value["year"]} if regex.search(r"\d{4}", text) else {value["year"] - 1, value["year"], value["year"] + 1}
        return "date", frozenset({("date", f"{year:04d}-{value['month']:02d}-{value['day']:02d}") for year in years})
    if isinstance(value, dict) and set(value) == {"hour", "minute"}:
        hour, minute = value["hour"], value["minute"]
        hours = {hour} if _HALF.search(text) or hour > 12 else {hour, (hour + 12) % 24}
        day = NLUPP.today.isoformat()
        times = {f"{each:02d}:{minute:02d}" for each in hours}
        return "time", frozenset({("time", each) for each in times} | {("moment", f"{day}T{each}") for each in times})
    return None


SOURCES: tuple[Callable[[Path], Iterator[Gold]], ...] = (_duckling, _recognizers, _sgd, _nlupp)
