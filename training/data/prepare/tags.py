"""Token and tag files (SlotGated's ATIS and SNIPS): ``seq.in``, ``seq.out`` and ``label``, a line an utterance.

>>> "fly to oslo"                       # train/seq.in
>>> "O O B-toloc.city_name"             # train/seq.out
>>> "atis_flight"                       # train/label
"""

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath

from training.data.formats import seq
from training.data.prepare.forms import Convert, Item, item, record
from training.data.prepare.raw import RawError
from training.data.records import DataProblem

NAMES = tuple(f"{split}/{name}" for split in ("train", "valid") for name in ("seq.in", "seq.out", "label"))


def converter(name: str) -> Convert:
    """The text is the tokens joined by one space; ``source`` counts the lines from 0."""

    def convert(folder: Path, files: Iterable[str]) -> Iterator[Item]:
        for split in (str(PurePath(file).parent) for file in files if file.endswith("seq.in")):
            for read in seq.read(folder / split):
                if isinstance(read, DataProblem):
                    raise RawError(f"{read}; fetch the files again")
                number, made = read
                yield item(split, record(made["text"], made["spans"], made["intent"], f"{name}/{split}/{number - 1}"))

    return convert
