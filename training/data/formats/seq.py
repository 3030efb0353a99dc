"""Folders of ``seq.in``, ``seq.out`` and ``label``, as SlotGated and its followers have ATIS and SNIPS."""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from training.data.formats.lines import encoded, numbered_lines
from training.data.formats.tagged import joined, spans_of_tags, tagged
from training.data.records import DataProblem, Files, Numbered, Record, utterances

NAMES = ("seq.in", "seq.out", "label")


def read(path: Path) -> Iterator[Numbered | DataProblem]:
    """A folder with ``seq.in`` (tokens), ``seq.out`` (their BIO tags) and ``label`` (the intent), a line an utterance.

    The text is the tokens joined by one space.
    """
    missing = [name for name in NAMES if not (path / name).is_file()]
    if missing:
        yield DataProblem(str(path), 0, f"{' and '.join(missing)} missing; the folder needs seq.in, seq.out and label")
        return
    files = [(line for _, line in numbered_lines(path / name)) for name in NAMES]
    for number, lines in enumerate(itertools.zip_longest(*files), 1):
        text = [line for line in lines if isinstance(line, str)]
        if len(text) < len(files):
            unreadable = next((line for line in lines if isinstance(line, DataProblem)), None)
            yield unreadable or DataProblem(str(path), number, "seq.in, seq.out and label differ in their number of lines")
            return
        words, tags, intent = text[0].split(), text[1].split(), text[2].strip()
        if len(words) != len(tags):
            yield DataProblem(str(path), number, f"{len(words)} tokens but {len(tags)} tags")
        elif words:
            yield number, {"text": " ".join(words), "spans": spans_of_tags(joined(words), tags), "intent": intent or None}


def write(records: Sequence[Record]) -> Files:
    """The words of each utterance, with spaces between them."""
    rows = [(record, *tagged(record)) for record in utterances(records)]
    return {
        "seq.in": encoded(" ".join(token.text for token in tokens) + "\n" for _, tokens, _ in rows),
        "seq.out": encoded(" ".join(tags) + "\n" for _, _, tags in rows),
        "label": encoded(" ".join((record.get("intent") or "").split()) + "\n" for record, _, _ in rows),
    }
