"""Our readers of values: the network, the rules of its grammar's words without it, and the two together."""

from collections.abc import Callable, Sequence

from model.values.reader import Reader
from model.values.resolve import resolve
from model.values.value import Understood
from training.values.answers import Key, key_of
from training.values.evaluate import Case
from training.values.lexicon import lexicon

BATCH = 32

Read = Callable[[Sequence[Case]], list[list[Key]]]


def network(reader: Reader) -> Read:
    """The reader as it is served: batches of 32, a reading in doubt is none."""

    def read(cases: Sequence[Case]) -> list[list[Key]]:
        found: list[list[Key]] = []
        for start in range(0, len(cases), BATCH):
            chunk = cases[start : start + BATCH]
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


def rules_first(reader: Reader) -> Read:
    """Rules, and the network for what they refuse."""

    def read(cases: Sequence[Case]) -> list[list[Key]]:
        found = rules(cases)
        left = [place for place, keys in enumerate(found) if not keys]
        for place, keys in zip(left, network(reader)([cases[place] for place in left]), strict=True):
            found[place] = keys
        return found

    return read


def network_first(reader: Reader) -> Read:
    """The network, and rules for what it refuses."""

    def read(cases: Sequence[Case]) -> list[list[Key]]:
        return [keys or other for keys, other in zip(network(reader)(cases), rules(cases), strict=True)]

    return read


def voting(reader: Reader) -> Read:
    """Either where the other refuses; where both read and differ, none."""

    def read(cases: Sequence[Case]) -> list[list[Key]]:
        pairs = zip(network(reader)(cases), rules(cases), strict=True)
        return [[] if keys and other and keys != other else keys or other for keys, other in pairs]

    return read
