"""CLINC150 (Larson et al. 2019): one JSON object, a list of text and intent for each part.

>>> {"train": [["is my train late", "travel_alert"]], "oos_train": [["how tall is ben nevis", "oos"]], "val": [], "oos_val": []}
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from training.data.prepare.forms import Item, item, record
from training.data.prepare.raw import read_json

NAMES = ("data_full.json",)
_PARTS = {"train": "train", "oos_train": "train", "val": "valid", "oos_val": "valid"}


def convert(folder: Path, files: Iterable[str]) -> Iterator[Item]:
    """What is out of scope comes last; the test parts are not read."""
    for file in files:
        given = read_json(folder / file)
        for part, split in _PARTS.items():
            for number, (text, intent) in enumerate(given[part]):
                yield item(split, record(text, [], intent, f"clinc150/{part}/{number}"))
