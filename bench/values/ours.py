"""Our reader of values, the network, and what it is measured against: the words of its grammar looked up without it."""

from collections.abc import Callable, Sequence

from model.values.reader import Reader
from model.values.resolve import resolve
from model.values.value import Understood
from training.values.answers import Key, key_of
from training.values.evaluate import Case
from training.values.lexicon import lexicon

BATCH = 32

Read = Callable[[Sequence[Case]], list[list[Key]]]


def network(reader: Reader, batch: int = BATCH) -> Read:
    """The reader as it is served, a reading in doubt is none. ``batch``: phrases read together."""

    def read(cases: Sequence[Case]) -> list[list[Key]]:
        found: list[list[Key]] = []
        for start in range(0, len(cases), batch):
            chunk = cases[start : start + batch]
            readings = reader.read_batch([(case.text, case.kind) for case in chunk])
            for case, reading in zip(chunk, readings, strict=True):
                value = None if reading.doubt else resolve(reading.symbols, case.kind, case.context)
                found.append([key_of(value.value)] if isinstance(value, Understood) else [])
        return found

    return read


def rules(cases: Sequence[Case]) -> list[list[Key]]:
    """The words of the grammar looked up, the first reading that the resolver understands."""
    found = (lexicon().understood(case.text, case.kind, case.context) for case in cases)
    return [[key_of(each[1].value)] if each else [] for each in found]
