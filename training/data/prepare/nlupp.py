"""NLU++ (Casanueva et al. 2022): twenty folds a domain, each a JSON list; ``intents`` and ``slots`` may be absent.

>>> [{"text": "back on monday", "intents": ["change"],
...   "slots": {"date_to": {"text": "monday", "span": [8, 14], "value": {"day": 21, "month": 3, "year": 2022}}}}]
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from training.data.prepare.forms import Convert, Item, item, mark, record
from training.data.prepare.raw import read_json
from training.data.records import Dropped

VALID_FOLDS = ("fold16", "fold17")  # the last two, 18 and 19, are held out for tests
FOLDS = 18


def names(domain: str) -> tuple[str, ...]:
    """The folds that are read, in order."""
    return tuple(f"{domain}/fold{number}.json" for number in range(FOLDS))


def converter(domain: str) -> Convert:
    """The intent is the atoms joined by ``+``; ``values`` is None where the publishers give several values (``values``)."""

    def convert(folder: Path, files: Iterable[str]) -> Iterator[Item]:
        for path in (folder / file for file in files):
            split = "valid" if path.stem in VALID_FOLDS else "train"
            for number, given in enumerate(read_json(path)):
                atoms, slots = given.get("intents", []), given.get("slots", {})
                spans = [mark(slot["span"][0], slot["span"][1], name) for name, slot in slots.items()]
                source = f"nlupp/{domain}/{path.stem}/{number}"
                made = record(given["text"], spans, "+".join(atoms) or None, source, intents=atoms)
                if slots and not isinstance(made, Dropped):
                    made["values"] = {name: slot.get("value") for name, slot in slots.items()}
                yield item(split, made)

    return convert
