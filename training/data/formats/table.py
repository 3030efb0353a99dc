"""The formats by name, and which one a file or folder is in."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from training.data.formats import conll, doccano, jsonl, label_studio, rasa, restaurants8k, seq, snips
from training.data.formats.lines import numbered_lines, whole_json
from training.data.records import DataError, Reader, Writer

_LOOKED_AT = 100  # lines of a JSONL file that may tell whose it is


@dataclass(frozen=True, slots=True)
class Format:
    """``carries``: what of a record, besides text and spans, comes back from a file that was written; words for people."""

    title: str
    read: Reader
    write: Writer
    carries: str


FORMATS: dict[str, Format] = {
    "jsonl": Format("our own JSONL", jsonl.read, jsonl.write, "everything"),
    "rasa": Format("Rasa's YAML", rasa.read, rasa.write, "intent, values, roles, groups, synonyms, lookup tables, regular expressions"),
    "snips": Format("Snips NLU's JSON", snips.read, snips.write, "intent, entities, lookup tables with synonyms, one language"),
    "label-studio": Format(
        "Label Studio's JSON export", label_studio.read, label_studio.write, "intent, values, roles, groups, other fields"
    ),
    "doccano": Format("doccano's JSONL", doccano.read, doccano.write, "intent, other fields"),
    "conll": Format("CoNLL, a token and its tag a line", conll.read, conll.write, "intent, language, id"),
    "seq": Format("a folder of seq.in, seq.out and label", seq.read, seq.write, "intent"),
}

PUBLISHED: dict[str, Reader] = {"restaurants8k": restaurants8k.read}  # as the publishers of a set give it: only read, and only by name


def detect(path: Path) -> str:
    """The name of the format of a file or folder, by its name and a look at its beginning. Raises DataError where that does not tell."""
    if path.is_dir():
        found = "seq" if any((path / name).exists() for name in seq.NAMES) else ""
    else:
        suffix = (Path(path.stem) if path.suffix == ".gz" else path).suffix.lower()
        found = _BY_SUFFIX[suffix](path) if suffix in _BY_SUFFIX else ""
    if not found:
        raise DataError(f"{path} is in none of the formats that can be told from a name; name it: one of {', '.join(FORMATS)}")
    return found


def format_of(name: str, path: Path) -> Format:
    """The format of this name, or where it is empty that of ``path``. Raises DataError for a name that is none."""
    if name and name not in FORMATS:
        raise DataError(f"format = {name!r} is not allowed: use one of {', '.join(FORMATS)}")
    return FORMATS[name or detect(path)]


def reader_of(name: str, path: Path) -> Reader:
    """What reads the format of this name, or where it is empty that of ``path``. Raises DataError for a name that is none."""
    return PUBLISHED[name] if name in PUBLISHED else format_of(name, path).read


def files_of(path: Path) -> list[Path]:
    """The files of a source: itself, or where it is a folder that is no set by itself, the Rasa files below it, in order of names."""
    if not path.is_dir() or any((path / name).exists() for name in seq.NAMES):
        return [path]
    yamls = [file for file in sorted(path.rglob("*")) if file.suffix in (".yml", ".yaml") and rasa.holds_training_data(file)]
    if not yamls:
        raise DataError(f"{path} has neither seq.in, seq.out and label nor a YAML file with nlu: in it; name a file")
    return yamls


def _of_lines(path: Path) -> str:
    """Ours or doccano's: by the first line that has the marks of one."""
    for given in islice(_objects(path), _LOOKED_AT):
        if "spans" in given or "entries" in given or "patterns" in given:
            return "jsonl"
        if any(isinstance(given.get(key), list) for key in doccano.KEYS):
            return "doccano"
    return "jsonl"


def _objects(path: Path) -> Iterator[dict[str, object]]:
    for _, line in numbered_lines(path):
        try:
            given = json.loads(line) if isinstance(line, str) else None
        except (ValueError, RecursionError):
            continue
        if isinstance(given, dict):
            yield given


def _of_json(path: Path) -> str:
    given = whole_json(path)
    if isinstance(given, list):
        return "label-studio" if all(isinstance(task, dict) and "data" in task for task in given) else ""
    if not isinstance(given, dict):
        return ""
    intents = given.get("intents", given)
    bodies = list(intents.values()) if isinstance(intents, dict) else [None]
    return "snips" if all(isinstance(body, list) or (isinstance(body, dict) and "utterances" in body) for body in bodies) else ""


_BY_SUFFIX: dict[str, Callable[[Path], str]] = {
    **dict.fromkeys((".jsonl", ".ndjson"), _of_lines),
    ".json": _of_json,
    **dict.fromkeys((".yml", ".yaml"), lambda path: "rasa"),
    **dict.fromkeys((".conll", ".bio", ".iob", ".iob2", ".bioes", ".tsv"), lambda path: "conll"),
}
