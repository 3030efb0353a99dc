"""MASSIVE (FitzGerald et al. 2022): a JSON object a line, a file a language, all parts in it.

>>> {"id": "7", "locale": "en-US", "partition": "dev", "intent": "alarm_set", "annot_utt": "ring at [time : nine]"}
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from training.data.prepare.forms import Convert, Item, bracketed, item, record
from training.data.prepare.raw import read_json_lines
from training.data.records import Dropped

_SPLITS = {"train": "train", "dev": "valid"}


def converter(lang: str) -> Convert:
    """The training and the development part."""

    def convert(folder: Path, files: Iterable[str]) -> Iterator[Item]:
        for file in files:
            for given in read_json_lines(folder / file):
                split = _SPLITS.get(given["partition"])
                if split is None:
                    yield Dropped("the test part")
                    continue
                text, spans = bracketed(given["annot_utt"])
                source = f"massive/{lang}/{given['partition']}/{given['id']}"
                yield item(split, record(text, spans, given["intent"], source, lang=lang))

    return convert
