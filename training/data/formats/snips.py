"""Snips NLU's dataset in JSON: utterances in pieces under their intents, and entities with their values and synonyms.

>>> {"language": "en",
...  "intents": {"book": {"utterances": [{"data": [{"text": "to "}, {"text": "Oslo", "entity": "city", "slot_name": "to"}]}]}},
...  "entities": {"city": {"data": [{"value": "Oslo", "synonyms": ["Christiania"]}], "use_synonyms": True}}}
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from training.data.formats.lines import json_file, whole_json
from training.data.records import DataProblem, Files, Read, Record, is_table, utterances

_DEFAULTS: dict[str, Any] = {"use_synonyms": True, "automatically_extensible": True, "matching_strictness": 1.0}


def read(path: Path) -> Iterator[Read]:
    """Utterances whose labels are the slots' names; their ``entity`` stands beside where it has another name. A table for each entity.

    The older form, ``{"intent": [{"data": [...]}]}`` without entities, is read too.
    """
    given = whole_json(path)
    if isinstance(given, DataProblem):
        yield given
        return
    intents = given.get("intents", given) if isinstance(given, dict) else None
    if not isinstance(given, dict) or not isinstance(intents, dict):
        yield DataProblem(str(path), 1, "no object with intents; a dataset of Snips has the keys language, intents and entities")
        return
    lang = given.get("language")
    number = 0
    for intent, body in intents.items():
        found = body.get("utterances") if isinstance(body, dict) else body
        if not isinstance(found, list):
            yield DataProblem(str(path), number + 1, f"intent {intent!r} has no list of utterances")
            continue
        for utterance in found:
            number += 1
            yield _utterance(str(path), number, utterance, intent, lang)
    for name, entity in (given["entities"] if isinstance(given.get("entities"), dict) else {}).items():
        yield from _table(str(path), number, name, entity)


def _utterance(file: str, number: int, given: Any, intent: str, lang: Any) -> Read:
    pieces = given.get("data") if isinstance(given, dict) else None
    if not isinstance(pieces, list) or not all(isinstance(piece, dict) and isinstance(piece.get("text"), str) for piece in pieces):
        return DataProblem(file, number, f"an utterance of {intent!r} has no list of pieces with a text")
    text, spans = "", []
    for piece in pieces:
        entity, name = piece.get("entity"), piece.get("slot_name", piece.get("entity"))
        if name is not None and piece["text"]:
            kind = {"entity": entity} if entity not in (None, name) else {}
            spans.append({"start": len(text), "end": len(text) + len(piece["text"]), "label": name, **kind})
        text += piece["text"]
    return number, {"text": text, "spans": spans, "intent": intent, **({"lang": lang} if isinstance(lang, str) else {})}


def _table(file: str, number: int, name: str, entity: Any) -> Iterator[Read]:
    rows = entity.get("data", []) if isinstance(entity, dict) else None
    if not isinstance(rows, list):
        yield DataProblem(file, number, f"entity {name!r} has no list of values")
        return
    entries = []
    for row in rows:
        value, phrases = (row.get("value"), row.get("synonyms", [])) if isinstance(row, dict) else (row, [])
        if isinstance(phrases, list) and all(isinstance(phrase, str) and phrase.strip() for phrase in (value, *phrases)):
            entries.append({"value": value, "phrases": phrases})
        else:
            yield DataProblem(file, number, f"{row!r} of entity {name!r} is no value with synonyms")
    beside = {key: entity[key] for key, usual in _DEFAULTS.items() if entity.get(key, usual) != usual}
    if entries or beside:
        yield number + 1, {"entity": name, "entries": entries, **beside}


def write(records: Sequence[Record]) -> Files:
    """One language, the commonest; utterances without intent have no place."""
    said = utterances(records)
    language = Counter(record["lang"] for record in said if isinstance(record.get("lang"), str)).most_common(1)
    intents: dict[str, Any] = {}
    entities: dict[str, Any] = {record["entity"]: _entity(record) for record in records if is_table(record) and record["entity"]}
    for record in said:
        pieces = _pieces(record)
        if record.get("intent") and pieces is not None:
            intents.setdefault(record["intent"], {"utterances": []})["utterances"].append({"data": pieces})
            for piece in pieces:
                if "entity" in piece and piece["entity"] not in entities:
                    builtin = piece["entity"].startswith("snips/")
                    entities[piece["entity"]] = {} if builtin else {"data": [], **_DEFAULTS}
    return {"": json_file({"language": language[0][0] if language else "en", "intents": intents, "entities": entities})}


def _entity(record: Record) -> dict[str, Any]:
    rows = [{"value": entry["value"], "synonyms": list(entry.get("phrases", ()))} for entry in record["entries"]]
    return {"data": rows, **{name: record.get(name, usual) for name, usual in _DEFAULTS.items()}}


def _pieces(record: Record) -> list[dict[str, str]] | None:
    """None where spans overlap."""
    text, pieces, behind = record["text"], [], 0
    for span in sorted(record.get("spans", ()), key=lambda span: span["start"]):
        if span["start"] < behind:
            return None
        if behind < span["start"]:
            pieces.append({"text": text[behind : span["start"]]})
        kind = span.get("entity", span["label"])
        pieces.append({"text": text[span["start"] : span["end"]], "entity": kind, "slot_name": span["label"]})
        behind = span["end"]
    return [*pieces, {"text": text[behind:]}] if behind < len(text) else pieces
