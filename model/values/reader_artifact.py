"""The artefact directory of a reader of values."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.config import build, require
from model.directory import Format, as_json, read_directory, write_directory
from model.errors import ArtifactVersion, ConfigError
from model.values.letters import CHARACTERS, KINDS
from model.values.symbols import ALPHABET

FORMAT = Format("slotline-reader", 1)


@dataclass(frozen=True, slots=True)
class ReaderConfig:
    """A served reader. ``symbols``: what the graph says, without the blank, in its order; ``characters`` and ``kinds``: its inputs.

    ``thresholds``: by kind, the probability that a reading needs to be trusted.
    """

    name: str
    version: str
    languages: tuple[str, ...]
    thresholds: dict[str, float]
    symbols: tuple[str, ...] = ALPHABET
    characters: str = CHARACTERS
    kinds: tuple[str, ...] = KINDS

    def __post_init__(self) -> None:
        unknown = set(self.symbols) - set(ALPHABET)
        require(not unknown, "symbols", sorted(unknown), "symbols of model.values.symbols")
        require(self.characters == CHARACTERS, "characters", self.characters, "the characters of model.values.letters")
        require(self.kinds == KINDS, "kinds", self.kinds, f"the kinds {KINDS}")

    def threshold(self, kind: str) -> float:
        """The probability that a reading of a kind needs; the highest of all for a kind without its own."""
        return self.thresholds.get(kind, max(self.thresholds.values(), default=0.0))


@dataclass(frozen=True, slots=True)
class ReaderSample:
    """A phrase with what the exported graph read, to be replayed before serving."""

    text: str
    kind: str
    symbols: tuple[str, ...]
    confidence: float


@dataclass(frozen=True)
class ReaderArtifact:
    """All that a trained reader is. ``quiet``: words that may say nothing; ``forms``: each symbol with the words that may say it."""

    config: ReaderConfig
    graph: bytes
    quiet: tuple[str, ...]
    forms: tuple[str, ...] = ()
    samples: tuple[ReaderSample, ...] = ()
    scores: dict[str, Any] = dataclasses.field(default_factory=dict)
    card: str = ""
    sha256: str = ""


def write_reader(artifact: ReaderArtifact, path: Path) -> str:
    """Write the directory ``path`` and return the manifest's sha256; see ``write_directory``."""
    contents = {
        "README.md": artifact.card.encode(),
        "config.json": as_json(dataclasses.asdict(artifact.config)),
        "forms.txt": "".join(f"{form}\n" for form in artifact.forms).encode(),
        "graph.onnx": artifact.graph,
        "quiet.txt": "".join(f"{word}\n" for word in artifact.quiet).encode(),
        "samples.json": as_json([dataclasses.asdict(sample) for sample in artifact.samples]),
        "scores.json": as_json(artifact.scores),
    }
    return write_directory(path, contents, FORMAT, artifact.config.name, artifact.config.version)


def read_reader(path: Path) -> ReaderArtifact:
    """Read and verify the directory; raises as ``read_directory`` does, and ArtifactVersion where a file has another form."""
    contents, sha256 = read_directory(path, FORMAT)
    try:
        return ReaderArtifact(
            config=build(ReaderConfig, json.loads(contents["config.json"]), "config"),
            graph=contents["graph.onnx"],
            quiet=tuple(contents["quiet.txt"].decode().split("\n")[:-1]),
            forms=tuple(contents["forms.txt"].decode().split("\n")[:-1]),
            samples=tuple(build(ReaderSample, entry, "sample") for entry in json.loads(contents["samples.json"])),
            scores=json.loads(contents["scores.json"]),
            card=contents["README.md"].decode(),
            sha256=sha256,
        )
    except (KeyError, TypeError, ValueError, ConfigError) as error:
        raise ArtifactVersion(f"{path} has files that this code does not understand ({error!r}); export it again") from error
