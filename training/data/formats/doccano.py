"""doccano's JSONL, all its forms: ``label`` or ``labels`` with triples, ``entities`` with objects or triples, ``cats`` for intents.

>>> {"id": 7, "text": "to Oslo", "label": [[3, 7, "city"]]}
>>> {"id": 7, "text": "to Oslo", "entities": [{"id": 1, "label": "city", "start_offset": 3, "end_offset": 7}], "relations": []}
>>> {"id": 7, "text": "to Oslo", "entities": [[3, 7, "city"]], "cats": ["book"]}
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from training.data.formats import jsonl
from training.data.formats.lines import encoded, json_line
from training.data.records import DataProblem, Files, Numbered, Record, utterances

KEYS = ("label", "labels", "entities", "cats")
_OTHERS = ("relations", "Comments", "comments")  # what a project may have and we have no use for


def read(path: Path) -> Iterator[Numbered | DataProblem]:
    """An utterance a line. A label or category without a place is the intent; other keys stand beside."""
    for numbered in jsonl.read(path):
        if isinstance(numbered, DataProblem):
            yield numbered
            continue
        number, given = numbered
        try:
            yield number, _record(given)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            yield DataProblem(str(path), number, str(error) if type(error) is ValueError else f"not in the form of doccano ({error!r})")


def _record(given: dict[str, Any]) -> Record:
    spans: list[Record] = []
    intents: list[str] = []
    for mark in [mark for name in KEYS for mark in given.get(name) or ()]:
        if isinstance(mark, str):
            intents.append(mark)
        elif isinstance(mark, dict):
            spans.append({"start": mark["start_offset"], "end": mark["end_offset"], "label": mark["label"]})
        else:
            start, end, label = mark
            spans.append({"start": start, "end": end, "label": label})
    if len(intents) > 1:
        raise ValueError(f"{len(intents)} categories, {', '.join(intents)}; an utterance has one intent")
    spans.sort(key=lambda span: (span["start"], span["end"]))
    beside = {name: value for name, value in given.items() if name not in (*KEYS, *_OTHERS, "text")}
    return {"text": given.get("text"), "spans": spans, "intent": intents[0] if intents else None, **beside}


def write(records: Sequence[Record]) -> Files:
    """As a project of sequence labelling has it where no utterance has an intent, else as one of intents and slots has it."""
    said = utterances(records)
    with_intents = any(record.get("intent") for record in said)
    return {"": encoded(json_line(_line(record, with_intents=with_intents)) for record in said)}


def _line(record: Record, *, with_intents: bool) -> dict[str, Any]:
    beside = {name: value for name, value in record.items() if name not in (*KEYS, *_OTHERS, "text", "spans", "intent")}
    marks = [[span["start"], span["end"], span["label"]] for span in record.get("spans", ())]
    if not with_intents:
        return {**beside, "text": record["text"], "label": marks}
    return {**beside, "text": record["text"], "entities": marks, "cats": [record["intent"]] if record.get("intent") else []}
