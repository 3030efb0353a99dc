"""The records that pass from a reader through a converter to the corpus, or to a writer."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.errors import LabelError, SlotlineError
from model.labels import Annotation

Record = dict[str, Any]
"""An utterance: ``text``, ``spans``, ``intent`` and what a set adds. A span has ``start``, ``end``, ``label`` and perhaps ``value`` (its
canonical form), ``entity`` (what kind of thing it is, where the label says its role), ``role`` and ``group``.

A converter may add ``annotated`` and ``in_dialogue``: the fields that the record has instead for whoever knows its dialogue, with
``asked`` and ``ongoing`` (see ``Example``).

Two records are no utterances: a table, ``{"entity": "city", "entries": [{"value": "New York", "phrases": ["NYC"]}]}`` (entity None: its
phrases mean the value in any slot, and extract nothing), and patterns, ``{"regex": "code", "patterns": ["[A-Z]{6}"]}``.
"""


class DataError(SlotlineError):
    """A data file is missing or of no known format, or a record is bad and ``strict`` was asked for; names file, line and reason."""


@dataclass(frozen=True, slots=True)
class Example:
    """One gold utterance.

    ``source`` is where it stands: the path of its file in the data directory, and its line. ``annotated`` names the labels that its
    annotators marked wherever they occur; ``None`` means all of them. An intent of ``None`` is not known.
    ``asked``: slots that the other side had just asked for; ``ongoing``: the intent of the conversation before it, where it is known.
    """

    annotation: Annotation
    source: str = ""
    annotated: frozenset[str] | None = None
    asked: tuple[str, ...] = ()
    ongoing: str | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """A record left out on purpose; equal reasons are counted together."""

    reason: str


@dataclass(frozen=True, slots=True)
class DataProblem:
    """A record that cannot be used, by file and line (counted from 1), and why.

    In a file that is one JSON value there are no lines to speak of: the number is the utterance's, in the order of the file.
    """

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        """``file:line: reason``, as compilers print it."""
        return f"{self.file}:{self.line}: {self.reason}"


Numbered = tuple[int, Record]
Read = Numbered | DataProblem | Dropped
Reader = Callable[[Path], Iterator[Read]]
"""A file to records with their lines; it says what is wrong with one, and never raises for bad data."""

Files = Mapping[str, bytes]
"""What a writer makes, by name: "" is the file that was asked for, any other name a file in the folder that was asked for."""

Writer = Callable[[Sequence[Record]], Files]
"""Records to files. What the format has no place for is left out; ``formats.losses`` finds it by reading the files again."""

Converter = Callable[[Record], Record | Dropped]


def is_table(record: Record) -> bool:
    """Whether it lists phrases and is no utterance."""
    return "entries" in record and "text" not in record


def is_patterns(record: Record) -> bool:
    """Whether it lists patterns and is no utterance."""
    return "patterns" in record and "text" not in record


def utterances(records: Sequence[Record]) -> list[Record]:
    """The records that are utterances."""
    return [record for record in records if not is_table(record) and not is_patterns(record)]


def checked(record: Record) -> Record:
    """The record, if its fields have the types that converters and writers rely on; raises LabelError."""
    if is_table(record) or is_patterns(record):
        return _checked_list(record)
    text, spans, intent = record.get("text"), record.get("spans", []), record.get("intent")
    if not isinstance(text, str) or not text.strip():
        raise LabelError(f"text = {text!r} is no utterance")
    if not isinstance(spans, list) or not all(isinstance(span, dict) for span in spans):
        raise LabelError("spans is no list of objects")
    for span in spans:
        start, end, label = span.get("start"), span.get("end"), span.get("label")
        if type(start) is not int or type(end) is not int or not isinstance(label, str):
            raise LabelError(f"span {span!r} needs whole numbers start and end and a string label")
        if not 0 <= start < end <= len(text):
            raise LabelError(f"span {start}:{end} ({label}) does not lie within the {len(text)} characters of the text")
        for name in ("value", "entity", "role", "group"):
            if not isinstance(span.get(name, ""), str):
                raise LabelError(f"{name} = {span[name]!r} of span {start}:{end} ({label}) is no string")
    if intent is not None and not isinstance(intent, str):
        raise LabelError(f"intent = {intent!r} is no string")
    return {**record, "spans": spans, "intent": intent}


def _checked_list(record: Record) -> Record:
    if is_patterns(record):
        name, strings = record.get("regex"), record["patterns"]
        if not isinstance(name, str) or not isinstance(strings, list) or not all(isinstance(one, str) for one in strings):
            raise LabelError(f"patterns of {name!r} need a string regex and a list of strings")
        return record
    entity, entries = record.get("entity"), record["entries"]
    if not (entity is None or (isinstance(entity, str) and entity)) or not isinstance(entries, list):
        raise LabelError(f"a table needs an entity, a string or null, and a list of entries, not {entity!r} and {type(entries).__name__}")
    for entry in entries:
        phrases = entry.get("phrases", []) if isinstance(entry, dict) else None
        if not isinstance(phrases, list) or not all(isinstance(one, str) and one.strip() for one in (entry.get("value"), *phrases)):
            raise LabelError(f"entry {entry!r} of table {entity!r} needs a string value and a list of strings phrases, none of them empty")
    return {"entity": entity, **record}
