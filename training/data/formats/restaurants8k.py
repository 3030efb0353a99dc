"""RESTAURANTS-8K as its publishers give it, which is only read: a file of JSON, such as one of the few-shot splits."""

from collections.abc import Iterator
from pathlib import Path

from training.data.prepare import restaurants8k
from training.data.prepare.raw import RawError
from training.data.records import DataProblem, Dropped, Numbered


def read(path: Path) -> Iterator[Numbered | DataProblem]:
    """The records of a file, without the texts that are our validation part."""
    try:
        for number, made in enumerate(restaurants8k.convert(path.parent, [path.name]), 1):
            if not isinstance(made, Dropped) and made[0] == "train" and isinstance(made[1], dict):
                yield number, made[1]
    except (RawError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        yield DataProblem(str(path), 0, f"not a file of RESTAURANTS-8K ({error!r})")
