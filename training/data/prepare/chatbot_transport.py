"""The chatbot corpus (Braun et al. 2017): one JSON object; spans count tokens, the last one included.

>>> {"sentences": [{"text": "from kiel to ulm?", "intent": "FindConnection", "training": True,
...                 "entities": [{"entity": "StationDest", "start": 3, "stop": 3, "text": "ulm"}]}]}
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from training.data.prepare.forms import Item, item, mark, record
from training.data.prepare.raw import read_json
from training.data.records import Dropped

NAMES = ("ChatbotCorpus.json",)
_TOKEN = re.compile(r"\w+|[^\w\s]")


def convert(folder: Path, files: Iterable[str]) -> Iterator[Item]:
    """The sentences marked for training; ``source`` counts all of them from 0."""
    for file in files:
        for number, given in enumerate(read_json(folder / file)["sentences"]):
            if not given["training"]:
                yield Dropped("the test part")
                continue
            tokens = [match.span() for match in _TOKEN.finditer(given["text"])]
            spans = [mark(tokens[one["start"]][0], tokens[one["stop"]][1], one["entity"]) for one in given["entities"]]
            yield item("train", record(given["text"], spans, given["intent"], f"chatbot/{number}"))
