"""MultiDoGO (Peskov et al. 2019), airline, annotated by sentence: a table, columns parted by tabs, one label a token.

>>> "conversationId turnNumber sentenceNumber utteranceId utterance slot-labels intent"
>>> "c1 2 0 <CONV>c1<TURN>2<SENT>0 | fly to new york | O O arrival_city arrival_city | bookflight<div>contentonly"
"""

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

from training.data.prepare.forms import Item, item, mark, record
from training.data.prepare.raw import read_table
from training.data.records import Dropped, Record

_SPLITS = {"train.tsv": "train", "dev.tsv": "valid"}
NAMES = tuple(_SPLITS)
_COLUMNS = ("utteranceId", "utterance", "slot-labels", "intent")


def convert(folder: Path, files: Iterable[str]) -> Iterator[Item]:
    """Equal labels side by side are one span; two intents are joined by ``+``."""
    for file in files:
        for row in read_table(folder / file, "\t", _COLUMNS):
            tokens, labels = row["utterance"].split(), row["slot-labels"].split()
            if not tokens:
                yield Dropped("no text")
            elif len(tokens) != len(labels):
                yield Dropped("a line break in the text: not as many labels as tokens")
            else:
                source = f"multidogo/airline/sentence/{row['utteranceId']}"
                intent = row["intent"].replace("<div>", "+")
                yield item(_SPLITS[file], record(" ".join(tokens), _spans(tokens, labels), intent, source))


def _spans(tokens: list[str], labels: list[str]) -> Iterator[Record]:
    ends = itertools.accumulate(len(token) + 1 for token in tokens)
    placed = ((label, end - 1 - len(token), end - 1) for token, label, end in zip(tokens, labels, ends, strict=True))
    for label, run in itertools.groupby(placed, key=lambda one: one[0]):
        if label != "O":
            borders = [border for _, *pair in run for border in pair]
            yield mark(borders[0], borders[-1], label)
