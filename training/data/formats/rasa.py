"""Rasa's training data in YAML, versions 2 and 3: intents with marked examples, synonyms, lookup tables, regular expressions.

>>> "nlu:"
>>> "- intent: book_flight"
>>> "  examples: |"
>>> "    - from [NYC]{"entity": "place", "role": "departure", "value": "New York"} to [Oslo](place)"
"""

import itertools
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from training.data.formats.lines import encoded, whole_text
from training.data.records import DataProblem, Files, Read, Record, is_patterns, is_table, utterances

_MARK = re.compile(r"\[([^\]]+?)\](?:\(([^:)]+?)(?::([^)]+))?\)|\{([^}]+?)\}|\[(\{.*?\})\])")
_SPACE = "\n\r "  # what is stripped from an example
_SECTIONS = ("intent", "synonym", "lookup", "regex")
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # every scalar is a string: an intent may be called "no"

Example = tuple[int, str]
"""An example and its line."""


def read(path: Path) -> Iterator[Read]:
    """Utterances of a slot for each entity, named ``entity.role`` where there is a role; a table for each lookup and each synonym.

    Sections without ``nlu:`` (stories, rules, the domain) are not ours and are not looked at.
    """
    text = whole_text(path)
    if isinstance(text, DataProblem):
        yield text
        return
    try:
        document = yaml.compose(text, Loader=_LOADER)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        yield DataProblem(str(path), mark.line + 1 if mark else 1, f"broken YAML ({getattr(error, 'problem', None) or error})")
        return
    for section in _items(dict(_pairs(document)).get("nlu")):
        yield from _section(str(path), section)


def holds_training_data(path: Path) -> bool:
    """Whether a YAML file has an ``nlu`` key, or is broken, of which reading says more."""
    text = whole_text(path)
    try:
        return isinstance(text, str) and "nlu" in dict(_pairs(yaml.compose(text, Loader=_LOADER)))
    except (yaml.YAMLError, RecursionError):
        return True


def _section(file: str, node: yaml.Node) -> Iterator[Read]:
    fields = dict(_pairs(node))
    line = node.start_mark.line + 1
    kind = next((name for name in _SECTIONS if name in fields), None)
    name = _scalar(fields[kind]) if kind else None
    if kind is None or not name:
        yield DataProblem(file, line, f"a section needs a name under one of {', '.join(_SECTIONS)}")
        return
    examples: list[Example] = []
    for found in _examples(file, fields.get("examples")):
        if isinstance(found, DataProblem):
            yield found
        else:
            examples.append(found)
    if not examples:
        yield DataProblem(file, line, f"{kind} {name!r} has no examples")
    elif kind == "intent":
        for number, example in examples:
            yield from _utterance(file, number, example, name)
    else:
        yield line, _list(kind, name, [example for _, example in examples])


def _list(kind: str, name: str, examples: list[str]) -> Record:
    if kind == "synonym":
        return {"entity": None, "entries": [{"value": name, "phrases": examples}]}
    if kind == "lookup":
        return {"entity": name, "entries": [{"value": example, "phrases": []} for example in examples]}
    return {"regex": name, "patterns": examples}


def _examples(file: str, node: yaml.Node | None) -> Iterator[Example | DataProblem]:
    """Of a block of lines that begin with a dash, or of a list of objects with ``text``."""
    if isinstance(node, yaml.ScalarNode):
        block = node.style in ("|", ">")
        for index, line in enumerate(node.value.splitlines()):
            number = node.start_mark.line + 1 + (index + 1 if block else 0)
            if line.startswith("-"):
                if example := line[1:].strip(_SPACE):
                    yield number, example
            elif line.strip():
                yield DataProblem(file, number, f"the example {line!r} does not begin with a dash")
    for item in _items(node):
        text = _scalar(dict(_pairs(item)).get("text")) if isinstance(item, yaml.MappingNode) else _scalar(item)
        number = item.start_mark.line + 1
        yield (number, text.strip(_SPACE)) if text and text.strip(_SPACE) else DataProblem(file, number, "an example without text")


def _utterance(file: str, number: int, example: str, intent: str) -> Iterator[Read]:
    try:
        text, spans = unmarked(example)
    except ValueError as error:
        yield DataProblem(file, number, f"the marks in {example!r} are broken ({error})")
        return
    overlap = {"overlap": True} if any(one["end"] > other["start"] for one, other in itertools.pairwise(spans)) else {}
    yield number, {"text": text, "spans": spans, "intent": intent, **overlap}


def unmarked(example: str) -> tuple[str, list[Record]]:
    """A marked example as its text and its spans. Raises ValueError for attributes that are no JSON object with an entity.

    >>> unmarked('to [NYC]{"entity": "city", "role": "to", "value": "New York"}')
    ('to NYC', [{'start': 3, 'end': 6, 'label': 'city.to', 'entity': 'city', 'role': 'to', 'value': 'New York'}])
    """
    text, spans, behind = "", [], 0
    for match in _MARK.finditer(example):
        text += example[behind : match.start()]
        for attributes in _attributes(match):
            spans.append({"start": len(text), "end": len(text) + len(match[1]), **_labelled(attributes, match[1])})
        text += match[1]
        behind = match.end()
    return text + example[behind:], spans


def _attributes(match: re.Match[str]) -> list[dict[str, Any]]:
    _, entity, value, attributes, several = match.groups()
    if entity is not None:
        return [{"entity": entity, "value": value}]
    given = json.loads(f"{{{attributes}}}" if attributes else f"[{several}]")
    return given if isinstance(given, list) else [given]


def _labelled(given: dict[str, Any], words: str) -> Record:
    entity, role = given.get("entity"), given.get("role")
    if not isinstance(entity, str) or not entity:
        raise ValueError("no entity")
    named = {"entity": entity, "role": str(role)} if role else {}
    beside = {name: str(given[name]) for name in ("group", "value") if given.get(name) and given[name] != words}
    return {"label": f"{entity}.{role}" if role else entity, **named, **beside}


class _Block(str):
    """Written as a literal block."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(_Block, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="|"))


def write(records: Sequence[Record]) -> Files:
    """A section for each intent in the order of their first examples, then synonyms, lookup tables and regular expressions."""
    by_intent: dict[str, list[str]] = defaultdict(list)
    for record in utterances(records):
        marked_text = marked(record)
        if record.get("intent") and marked_text is not None:
            by_intent[record["intent"]].append(marked_text)
    sections: list[dict[str, Any]] = [{"intent": intent, "examples": _written(examples)} for intent, examples in by_intent.items()]
    tables = [record for record in records if is_table(record)]
    sections += [{"synonym": value, "examples": _written(phrases)} for value, phrases in _synonyms(tables).items()]
    sections += [
        {"lookup": table["entity"], "examples": _written(_phrases(table))} for table in tables if table["entity"] and table["entries"]
    ]
    sections += [{"regex": record["regex"], "examples": _written(record["patterns"])} for record in records if is_patterns(record)]
    document = {"version": "3.1", "nlu": sections}
    return {"": encoded([yaml.dump(document, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=1_000_000)])}


def marked(record: Record) -> str | None:
    """An utterance as an example, None where it has no such form: spans that overlap, brackets that would be read as marks."""
    text, spans = record["text"], sorted(record.get("spans", ()), key=lambda span: span["start"])
    written, behind = "", 0
    for span in spans:
        if span["start"] < behind:
            return None
        written += text[behind : span["start"]] + f"[{text[span['start'] : span['end']]}]{_attributes_of(span)}"
        behind = span["end"]
    written += text[behind:]
    try:
        found, marks = unmarked(written.strip(_SPACE))
    except ValueError:
        return None
    borders = [(span["start"], span["end"], span["label"]) for span in spans]
    return written if found == text and [(span["start"], span["end"], span["label"]) for span in marks] == borders else None


def _attributes_of(span: Mapping[str, Any]) -> str:
    named = {"entity": span["label"]}
    if span.get("role") and span["label"] == f"{span.get('entity')}.{span['role']}":
        named = {"entity": span["entity"], "role": span["role"]}
    attributes = {**named, **{name: span[name] for name in ("group", "value") if span.get(name)}}
    plain = len(attributes) == 1 and not set(span["label"]) & set(":)")
    return f"({span['label']})" if plain else json.dumps(attributes, ensure_ascii=False)


def _synonyms(tables: Sequence[Record]) -> dict[str, list[str]]:
    """By value. A lookup table of Rasa has no values of its own: its synonyms become everybody's."""
    found: dict[str, list[str]] = defaultdict(list)
    for entry in (entry for table in tables for entry in table["entries"]):
        if entry.get("phrases"):
            found[entry["value"]] += entry["phrases"]
    return found


def _phrases(table: Record) -> list[str]:
    return list(dict.fromkeys(phrase for entry in table["entries"] for phrase in (entry["value"], *entry.get("phrases", ()))))


def _written(examples: Sequence[str]) -> Any:
    """Lines with a dash; a list where an example has a line break of its own."""
    if any(len(example.splitlines()) > 1 for example in examples):
        return [{"text": example} for example in examples]
    return _Block("".join(f"- {example}\n" for example in examples))


def _pairs(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield key.value, value


def _items(node: yaml.Node | None) -> list[yaml.Node]:
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _scalar(node: yaml.Node | None) -> str | None:
    return node.value if isinstance(node, yaml.ScalarNode) else None
