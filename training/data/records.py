"""The records that pass from a reader through a converter to the corpus."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from model.labels import Annotation

Record = dict[str, Any]
"""``text``, ``spans``, ``intent`` and what a set adds. A converter may add ``annotated`` and ``in_dialogue``: the fields that the
record has instead for whoever knows its dialogue, with ``asked`` and ``ongoing`` (see ``Example``)."""


@dataclass(frozen=True, slots=True)
class Example:
    """One gold utterance.

    ``source`` is where it stands: the path of its file in the data directory, and its line. ``annotated`` names the labels that its
    annotators marked wherever they occur; ``None`` means all of them. An intent of ``None`` is not known.
    ``asked``: slots that the other side had just asked for; ``ongoing``: the intent of the conversation before it, where it is known.
    """

    annotation: Annotation
    source: str = ""
    annotated: frozenset[str] | None = None
    asked: tuple[str, ...] = ()
    ongoing: str | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """A record left out on purpose; equal reasons are counted together."""

    reason: str


@dataclass(frozen=True, slots=True)
class DataProblem:
    """A record that cannot be used, by file and line (counted from 1), and why."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        """``file:line: reason``, as compilers print it."""
        return f"{self.file}:{self.line}: {self.reason}"


Converter = Callable[[Record], Record | Dropped]
