"""Which version of each model is active, candidate and previous, and what a command makes of them: pure.

The supervisor of several workers and the registry of each worker hold the same lines and apply the same commands to them.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar, get_args

from app.errors import Conflict, NotFound

T = TypeVar("T")
U = TypeVar("U")

Action = Literal["load", "promote", "rollback", "unload"]
Place = Literal["active", "candidate", "previous"]
PLACES: tuple[Place, ...] = get_args(Place)


@dataclass(frozen=True, slots=True)
class Command:
    """What an operator wants: ``artifact`` is the directory that ``load`` reads, ``which`` the version that ``unload`` drops."""

    action: Action
    name: str
    artifact: str = ""
    which: Place = "candidate"


@dataclass(frozen=True, slots=True)
class Release:
    """An artefact as it was loaded: its directory (absolute), version, sha256, and when (ISO 8601, UTC)."""

    directory: str
    version: str
    sha256: str
    loaded: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Line(Generic[T]):
    """The versions of one model. The active one answers; the others are loaded and wait."""

    active: T | None = None
    candidate: T | None = None
    previous: T | None = None

    def versions(self) -> dict[Place, T]:
        """Those that there are."""
        found: dict[Place, T | None] = {"active": self.active, "candidate": self.candidate, "previous": self.previous}
        return {place: version for place, version in found.items() if version is not None}


Lines = Mapping[str, Line[T]]


def mapped(line: Line[T], change: Callable[[T], U]) -> Line[U]:
    """The line with every version that there is changed."""
    return Line(**{place: change(version) for place, version in line.versions().items()})


def applied(lines: Lines[T], command: Command, default: str, fresh: T | None = None) -> dict[str, Line[T]]:
    """The lines after ``command``. ``fresh``: what ``load`` has read; ``default``: the model that must stay active.

    Raises NotFound for an unknown name and Conflict for what cannot be done now; ``lines`` are never changed.

    >>> applied({"booking": Line("v1", "v2")}, Command("promote", "booking"), "booking")
    {'booking': Line(active='v2', candidate=None, previous='v1')}
    """
    line = lines.get(command.name)
    empty: Line[T] = Line()
    if command.action == "load":
        changed = dataclasses.replace(line or empty, candidate=fresh)
    elif line is None:
        raise NotFound(f"there is no model {command.name[:100]!r}; loaded: {', '.join(sorted(lines))}")
    elif command.action == "promote":
        changed = _promoted(command.name, line)
    elif command.action == "rollback":
        changed = _rolled_back(command.name, line)
    else:
        changed = _unloaded(command, line, default)
    others = {name: other for name, other in lines.items() if name != command.name}
    return {**others, command.name: changed} if changed.versions() else others


def _promoted(name: str, line: Line[T]) -> Line[T]:
    if line.candidate is None:
        raise Conflict(f"{name} has no candidate; load one first")
    return Line(active=line.candidate, previous=line.active)


def _rolled_back(name: str, line: Line[T]) -> Line[T]:
    """Active and previous change places, so that a second rollback takes the first one back."""
    if line.previous is None:
        raise Conflict(f"{name} has no previous version to go back to; load and promote the one that you want")
    return Line(active=line.previous, candidate=line.candidate, previous=line.active)


def _unloaded(command: Command, line: Line[T], default: str) -> Line[T]:
    if command.which not in line.versions():
        raise Conflict(f"{command.name} has no {command.which} version that could be unloaded")
    if command.which == "active" and command.name == default:
        raise Conflict(f"{command.name} is the default model and always has an active version; promote another one in its place")
    left: dict[Place, T] = {place: version for place, version in line.versions().items() if place != command.which}
    return Line(**left)
