"""RESTAURANTS-8K (Coope et al. 2020): one JSON list; a start of 0 is left out.

>>> [{"userInput": {"text": "9 of us"}, "context": {"requestedSlots": ["people"]},
...   "labels": [{"slot": "people", "valueSpan": {"endIndex": 7}}]}]
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from training.data.prepare.forms import Item, item, mark, record
from training.data.prepare.raw import read_json

NAMES = ("train_0.json",)


def convert(folder: Path, files: Iterable[str]) -> Iterator[Item]:
    """The publishers give no validation part: a tenth of the texts, letter case aside, is ours, so that copies stay together."""
    for file in files:
        for number, given in enumerate(read_json(folder / file)):
            text = given["userInput"]["text"]
            asked = given.get("context", {}).get("requestedSlots")
            more = {"requested": asked} if asked else {}
            spans = [
                mark(label["valueSpan"].get("startIndex", 0), label["valueSpan"]["endIndex"], label["slot"])
                for label in given.get("labels", [])
            ]
            yield item(_split(text), record(text, spans, None, f"restaurants8k/train_0/{number}", **more))


def _split(text: str) -> str:
    return "train" if int(hashlib.md5(text.lower().encode(), usedforsecurity=False).hexdigest(), 16) % 10 else "valid"
