"""Spans to one tag per token and back, for the formats that have tokens."""

import itertools
from collections.abc import Iterator, Sequence

from model.errors import LabelError
from model.labels import LabelScheme, Slot, spans_of_slots
from model.text import Token, tokenize
from training.data.records import Record

_BEGIN, _END = "BSU", "ESLU"  # of IOB2, and of BIOES and BILOU


def spans_of_tags(tokens: Sequence[Token], tags: Sequence[str]) -> list[Record]:
    """Tags to character spans: IOB2, IOB1, BIOES and BILOU alike; what continues nothing begins a span, as conlleval has it.

    >>> spans_of_tags([Token("to", 0, 2), Token("Oslo", 3, 7)], ["O", "B-destination"])
    [{'start': 3, 'end': 7, 'label': 'destination'}]
    """
    spans: list[Record] = []
    going = ""  # the label of a span that may go on
    for token, tag in zip(tokens, tags, strict=True):
        prefix, _, label = tag.partition("-")
        if not label:
            prefix, label = "I", "" if tag == "O" else tag
        if not label:
            going = ""
            continue
        if going == label and prefix not in _BEGIN:
            spans[-1]["end"] = token.end
        else:
            spans.append({"start": token.start, "end": token.end, "label": label})
        going = "" if prefix in _END else label
    return spans


def joined(words: Sequence[str]) -> tuple[Token, ...]:
    """The words as tokens of a text in which one space stands between them."""
    ends = itertools.accumulate(len(word) + 1 for word in words)
    return tuple(Token(word, end - 1 - len(word), end - 1) for word, end in zip(words, ends, strict=True))


def tagged(record: Record) -> tuple[tuple[Token, ...], list[str]]:
    """The words of an utterance with a tag of IOB2 for each; spans that no words carry are left out, as are those inside others."""
    tokens = tokenize(record["text"])
    spans = list(_carried(record.get("spans", ()), tokens))
    scheme = LabelScheme(tuple(dict.fromkeys(span.name for span in spans)))
    tags = scheme.encode(spans_of_slots(spans, tokens), len(tokens))
    return tokens, [scheme.tags[tag] for tag in tags]


def _carried(spans: Sequence[Record], tokens: Sequence[Token]) -> Iterator[Slot]:
    end = 0
    for span in sorted(spans, key=lambda span: (span["start"], -span["end"])):
        slot = Slot(span["label"], span["start"], span["end"])
        try:
            LabelScheme((slot.name,))
            spans_of_slots([slot], tokens)
        except LabelError:
            continue
        if slot.start >= end and not slot.name.split()[1:]:
            end = slot.end
            yield slot
