"""Utterances with their spans written into the text, as 'to [Oslo](destination)'."""

import re

from training.data.booking_spans import span
from training.data.records import Dropped, Record


def marked(text: str, label_of: str = "label") -> tuple[str, list[Record]]:
    """ "to [Oslo](destination)" as its text and its spans; a set's "Service/slot" gives the span its ``slot_full``."""
    plain, spans, end = "", [], 0
    for match in re.finditer(r"\[(.*?)\]\((.*?)\)", text):
        plain += text[end : match.start()]
        label = match[2] if label_of == "label" else match[2].rpartition("/")[2]
        spans.append({**span(len(plain), len(plain) + len(match[1]), label), "slot_full": match[2]})
        plain, end = plain + match[1], match.end()
    return plain + text[end:], spans


def shown(record: Record | Dropped) -> str:
    """The text of a converted record with its spans marked."""
    assert isinstance(record, dict), record
    text = record["text"]
    for one in sorted(record["spans"], key=lambda each: -each["start"]):
        text = f"{text[: one['start']]}[{text[one['start'] : one['end']]}]({one['label']}){text[one['end'] :]}"
    return text
