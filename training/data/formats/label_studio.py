"""Label Studio's JSON export: tasks with annotations, whose results are regions with labels and choices for the whole text.

>>> [{"id": 7, "data": {"text": "to Oslo"}, "annotations": [{"result": [
...     {"type": "labels", "from_name": "label", "to_name": "text", "value": {"start": 3, "end": 7, "text": "Oslo", "labels": ["city"]}},
...     {"type": "choices", "from_name": "intent", "to_name": "text", "value": {"choices": ["book"]}}]}]}]
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from training.data.formats.lines import json_file, whole_json
from training.data.records import DataProblem, Dropped, Files, Read, Record, utterances

UNANNOTATED = Dropped("a task that nobody annotated")
_BESIDE = ("value", "entity", "role", "group")


def read(path: Path) -> Iterator[Read]:
    """An utterance for each task: of its annotations the one marked as ground truth, else the first that was not cancelled.

    The text is ``data.text``, or the only string of ``data``; other data stand beside it. The first choice is the intent. Offsets are held
    against the text of their region; those that count UTF-16 units, as browsers do, are brought to ours.
    """
    given = whole_json(path)
    if isinstance(given, DataProblem):
        yield given
        return
    if not isinstance(given, list):
        yield DataProblem(str(path), 1, "no list of tasks; export the project as JSON")
        return
    for number, task in enumerate(given, 1):
        try:
            yield _task(number, task)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            why = str(error) if type(error) is ValueError else repr(error)
            yield DataProblem(str(path), number, f"task {task.get('id') if isinstance(task, dict) else task!r}: {why}")


def _task(number: int, task: Any) -> Read:
    beside = dict(task["data"])
    name = "text" if "text" in beside else _only_string(beside)
    text = beside.pop(name)
    if not isinstance(text, str):
        raise ValueError(f"its text {text!r} is no string")
    annotations = [one for one in task.get("annotations", ()) if not one.get("was_cancelled")]
    if not annotations:
        return UNANNOTATED
    chosen = next((one for one in annotations if one.get("ground_truth")), annotations[0])
    spans: list[Record] = []
    intent = None
    for result in chosen["result"]:
        value = result["value"]
        if result["type"] == "labels":
            start, end = _offsets(text, value)
            spans += [{"start": start, "end": end, "label": label, **_meta(result)} for label in value["labels"]]
        elif result["type"] == "choices" and intent is None:
            intent = value["choices"][0]
    spans.sort(key=lambda span: (span["start"], span["end"]))
    number_of = {"id": task["id"]} if "id" in task and "id" not in beside else {}
    return number, {"text": text, "spans": spans, "intent": intent, **number_of, **beside}


def _only_string(given: dict[str, Any]) -> str:
    strings = [name for name, value in given.items() if isinstance(value, str)]
    if len(strings) != 1:
        raise ValueError(f"its data have no text: name the field 'text', not one of {', '.join(given) or 'none'}")
    return strings[0]


def _offsets(text: str, value: dict[str, Any]) -> tuple[int, int]:
    """Code points. Raises ValueError where the text at the offsets is not that of the region, however they are counted."""
    start, end, words = int(value["start"]), int(value["end"]), value.get("text")
    if words is None or text[start:end] == words:
        return start, end
    units = text.encode("utf-16-le", "surrogatepass")
    before, within = (units[2 * a : 2 * b].decode("utf-16-le", "surrogatepass") for a, b in ((0, start), (start, end)))
    if within != words:
        raise ValueError(f"the region {start}:{end} says {words!r}, but there the text is {text[start:end]!r}")
    return len(before), len(before) + len(within)


def _meta(result: dict[str, Any]) -> dict[str, Any]:
    meta = result.get("meta")
    return {name: meta[name] for name in _BESIDE if name in meta} if isinstance(meta, dict) else {}


def write(records: Sequence[Record]) -> Files:
    """A task for each utterance, with the controls ``label`` and ``intent`` over ``text``; what else a span says is in its ``meta``."""
    tasks = []
    for number, record in enumerate(utterances(records), 1):
        beside = {name: value for name, value in record.items() if name not in ("text", "spans", "intent", "id")}
        identity = record.get("id", number)
        shown = {"text": record["text"], **beside}
        if type(identity) is not int:  # their own ids are whole numbers
            shown, identity = {**shown, "id": identity}, number
        tasks.append({"id": identity, "data": shown, "annotations": [{"result": [*_results(record)]}], "predictions": []})
    return {"": json_file(tasks)}


def _results(record: Record) -> Iterator[dict[str, Any]]:
    for number, span in enumerate(record.get("spans", ())):
        start, end = span["start"], span["end"]
        meta = {name: span[name] for name in _BESIDE if name in span}
        yield {
            "id": f"span{number}",
            "from_name": "label",
            "to_name": "text",
            "type": "labels",
            "value": {"start": start, "end": end, "text": record["text"][start:end], "labels": [span["label"]]},
            **({"meta": meta} if meta else {}),
        }
    if record.get("intent"):
        yield {"id": "intent", "from_name": "intent", "to_name": "text", "type": "choices", "value": {"choices": [record["intent"]]}}
