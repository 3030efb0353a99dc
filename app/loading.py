"""From artefact directories to taggers that have proven themselves: found, verified, replayed."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.errors import BrokenArtifact, FieldError, Invalid, StartupError, invalid
from app.lineup import Command, Line, Lines, Place, Release
from model.directory import MANIFEST
from model.errors import ArtifactChanged, ArtifactError
from model.tagger import Tagger

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A tagger with the artefact that it is."""

    tagger: Tagger
    release: Release


def load(directory: Path, *, threads: int = 1) -> Loaded:
    """The tagger of an artefact directory, verified and replayed. Raises model.errors.ArtifactError."""
    tagger = Tagger.load(directory, threads=threads)
    tagger.replay()
    return loaded(tagger, str(directory.resolve()))


def loaded(tagger: Tagger, directory: str = "") -> Loaded:
    """``tagger`` as it was just loaded from ``directory``."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Loaded(tagger, Release(directory, tagger.version, tagger.sha256, now))


def load_all(directory: Path, *, threads: int = 1) -> dict[str, Line[Loaded]]:
    """Every artefact of ``directory`` (or the one that it is), each the active version of its name.

    Raises StartupError when there is none or two are of one name, and ArtifactError for one that cannot be trusted.
    """
    return active_lines([load(path, threads=threads) for path in _artifact_directories(directory.resolve())])


def active_lines(found: Iterable[Loaded]) -> dict[str, Line[Loaded]]:
    """One line for each. Raises StartupError for two of one name."""
    lines: dict[str, Line[Loaded]] = {}
    for entry in found:
        if entry.tagger.name in lines:
            raise StartupError(
                f"two artefacts are named {entry.tagger.name!r}; remove one, or let its directory begin with _: "
                "then only an admin command loads it"
            )
        lines[entry.tagger.name] = Line(active=entry)
    return lines


def load_again(lines: Lines[Release], *, threads: int = 1) -> dict[str, Line[Loaded]]:
    """The same versions as ``lines``, for a worker that takes another's place.

    Those that only wait are left out where they can be read no longer. Raises ArtifactError for an active one.
    """
    return {name: found for name, line in lines.items() if (found := _load_line(line, threads)).versions()}


def _load_line(line: Line[Release], threads: int) -> Line[Loaded]:
    found: dict[Place, Loaded] = {}
    for place, release in line.versions().items():
        try:
            found[place] = _load_same(release, threads)
        except ArtifactError as error:
            if place == "active":
                raise
            logger.warning("the %s version %s is lost: %s", place, release.version, error)
    return Line(**found)


def _load_same(release: Release, threads: int) -> Loaded:
    found = load(Path(release.directory), threads=threads)
    if found.release != release:
        raise ArtifactChanged(
            f"{release.directory} is no longer the artefact that was loaded (sha256 {release.sha256[:12]}, found "
            f"{found.release.sha256[:12]}); put it back, and give every version a directory of its own"
        )
    return Loaded(found.tagger, release)


def load_named(models: Path, command: Command, *, threads: int = 1) -> Loaded:
    """What a ``load`` command names.

    Raises Invalid for a directory that is not below ``models`` or holds a model of another name, and BrokenArtifact with the reason
    for one that cannot be served.
    """
    directory = _directory_below(models, command.artifact)
    try:
        found = load(directory, threads=threads)
    except Exception as error:  # whatever is wrong with its files: verifying can end in any exception, and the old version serves on
        reason = str(error) or type(error).__name__
        raise BrokenArtifact(reason, errors=(FieldError("/artifact", "broken_artifact", reason),)) from error
    if found.tagger.name != command.name:
        message = f"the artefact in {command.artifact!r} is named {found.tagger.name!r}, not {command.name!r}; load it under its own name"
        raise invalid("/artifact", "other_name", message)
    return found


def _directory_below(models: Path, given: str) -> Path:
    if not given or given[0] == "." or any(character in given for character in "/\\\0"):
        raise _no_directory(given, "is no name of a directory of artefacts")
    try:
        root = models.resolve()
        directory = (root / given).resolve()
        there = directory.is_dir()
    except (OSError, RuntimeError):  # a name too long, or links in a circle
        there = False
    if not there:
        raise _no_directory(given, "is not there")
    if root not in directory.parents:
        raise _no_directory(given, "leads out of the directory of artefacts")
    return directory


def _no_directory(given: str, problem: str) -> Invalid:
    return invalid("/artifact", "no_artifact", f"{given[:100]!r} {problem}; name one directly below --models")


def _artifact_directories(directory: Path) -> Sequence[Path]:
    if (directory / MANIFEST).is_file():
        return [directory]
    if not directory.is_dir():
        raise StartupError(f"{directory} is not a directory; point --models to a directory of artefacts")
    # A folder without manifest is a broken artefact, which loading will say; leading . and _ mark what is none.
    found = sorted(path for path in directory.iterdir() if path.is_dir() and path.name[0] not in "._")
    if not found:
        raise StartupError(f"{directory} has no artefact; train one, or point --models to a directory of artefacts")
    return found
