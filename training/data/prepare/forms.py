"""What every converter of a publisher's format makes: a record for one of the set's files, or a drop with its reason."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from training.data.records import Dropped, Record

Item = tuple[str, Record | str] | Dropped
"""The name of a file without its suffix (``train``), and a record or a line as it stands; or what was left out."""

Convert = Callable[[Path, Iterable[str]], Iterator[Item]]
"""The folder of the publisher's files and their names in it, in order, to the records in order."""

_BRACKET = re.compile(r"\[\s*([^\[\]:]+?)\s*:\s*([^\[\]]*?)\s*\]")


def mark(start: int, end: int, label: str, **more: str) -> Record:
    """A labelled span of characters, its end exclusive."""
    return {"start": start, "end": end, "label": label, **more}


def record(text: str, spans: Iterable[Record], intent: str | None, source: str, **more: object) -> Record | Dropped:
    """A record whose spans are in order and end at no space; ``lang`` is English unless given, ``overlap`` says that spans do.

    A span of nothing but spaces, or outside the text, drops the record.
    """
    spans = list(spans)
    if not all(0 <= span["start"] < span["end"] <= len(text) and text[span["start"] : span["end"]].strip() for span in spans):
        return Dropped("a span that is empty or outside the text")
    lang = more.pop("lang", "en")
    trimmed = sorted((_trimmed(text, span) for span in spans), key=lambda span: (span["start"], span["end"]))
    overlap = {"overlap": True} if _overlapping(trimmed) else {}
    return {"text": text, "spans": trimmed, "intent": intent, "lang": lang, "source": source, **more, **overlap}


def item(split: str, made: Record | Dropped) -> Item:
    """The record as one of its file; a drop stays a drop."""
    return made if isinstance(made, Dropped) else (split, made)


def bracketed(annotated: str) -> tuple[str, list[Record]]:
    """Text with its spans written into it, as plain text and spans.

    >>> bracketed("ring at [time : nine]")
    ('ring at nine', [{'start': 8, 'end': 12, 'label': 'time'}])
    """
    text, spans, behind = "", [], 0
    for match in _BRACKET.finditer(annotated):
        text += annotated[behind : match.start()]
        spans.append(mark(len(text), len(text) + len(match[2]), match[1]))
        text += match[2]
        behind = match.end()
    return text + annotated[behind:], spans


def letters(text: str) -> str:
    """The letters and digits of a text in lower case: what stays the same when two sets share an utterance."""
    return re.sub(r"[\W_]+", "", text.casefold())


def _trimmed(text: str, span: Record) -> Record:
    words = text[span["start"] : span["end"]]
    start = span["start"] + len(words) - len(words.lstrip())
    return {**span, "start": start, "end": start + len(words.strip())}


def _overlapping(spans: Sequence[Record]) -> bool:
    end = 0
    for span in spans:
        if span["start"] < end:
            return True
        end = max(end, span["end"])
    return False
