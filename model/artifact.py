"""The artefact directory of a tagger: all that a trained one is."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.calibration import Calibration
from model.config import TaggerConfig, build
from model.directory import Format, as_json, read_directory, write_directory
from model.errors import ArtifactVersion, ConfigError, LabelError
from model.gazetteer import Gazetteer
from model.labels import LabelScheme
from model.names import NameLists
from model.vocabulary import Vocabulary

GAZETTEER, NAMES = "gazetteer.json", "names.json"  # files that few artefacts have
FORMAT = Format("slotline-artifact", 2)  # 1: graphs that did not rank the labels


@dataclass(frozen=True, slots=True)
class Sample:
    """An utterance with the answer that the exported graph gave, to be replayed before serving.

    ``tag_probabilities`` is [words, tags], ``intent_probabilities`` [intents], rounded to 6 decimals.
    """

    text: str
    slots: tuple[tuple[str, int, int], ...]
    tag_probabilities: tuple[tuple[float, ...], ...]
    intent_probabilities: tuple[float, ...]


@dataclass(frozen=True)
class ModelArtifact:
    """All that a trained tagger is. ``sha256`` is the manifest's, and so vouches for every file.

    ``gazetteer``: None where it has none. ``names``: None unless it is one of the word encoders.
    """

    config: TaggerConfig
    labels: LabelScheme
    vocabulary: Vocabulary
    calibration: Calibration
    graph: bytes
    samples: tuple[Sample, ...]
    scores: dict[str, Any]
    card: str
    sha256: str = ""
    gazetteer: Gazetteer | None = None
    names: NameLists | None = None


def write_artifact(artifact: ModelArtifact, path: Path) -> str:
    """Write the directory ``path`` and return the manifest's sha256; see ``write_directory``."""
    return write_directory(path, _encode(artifact), FORMAT, artifact.config.name, artifact.config.version)


def read_artifact(path: Path) -> ModelArtifact:
    """Read and verify the directory; raises as ``read_directory`` does, and ArtifactVersion where a file has another form."""
    contents, sha256 = read_directory(path, FORMAT)
    try:
        return dataclasses.replace(_decode(contents), sha256=sha256)
    except (KeyError, TypeError, ValueError, ConfigError, LabelError) as error:
        raise ArtifactVersion(f"{path} has files that this code does not understand ({error!r}); export it again") from error


def _encode(artifact: ModelArtifact) -> dict[str, bytes]:
    """Every file but the manifest, by name."""
    looked_up = {} if artifact.gazetteer is None else {GAZETTEER: as_json(artifact.gazetteer.to_dict())}
    names = {} if artifact.names is None else {NAMES: as_json(dataclasses.asdict(artifact.names))}
    return {
        **looked_up,
        **names,
        "README.md": artifact.card.encode(),
        "calibration.json": as_json(artifact.calibration.to_dict()),
        "config.json": as_json(dataclasses.asdict(artifact.config)),
        "graph.onnx": artifact.graph,
        "labels.json": as_json(dataclasses.asdict(artifact.labels)),
        "samples.json": as_json([dataclasses.asdict(sample) for sample in artifact.samples]),
        "scores.json": as_json(artifact.scores),
        "vocabulary.txt": "".join(f"{word}\n" for word in artifact.vocabulary.words).encode(),
    }


def _decode(contents: dict[str, bytes]) -> ModelArtifact:
    """The reverse of _encode."""
    samples = json.loads(contents["samples.json"])
    labels = build(LabelScheme, json.loads(contents["labels.json"]), "labels")
    looked_up = contents.get(GAZETTEER)
    return ModelArtifact(
        config=build(TaggerConfig, json.loads(contents["config.json"]), "config"),
        labels=labels,
        vocabulary=Vocabulary(tuple(contents["vocabulary.txt"].decode().split("\n")[:-1])),
        calibration=Calibration.from_dict(json.loads(contents["calibration.json"])),
        graph=contents["graph.onnx"],
        samples=tuple(_sample(entry) for entry in samples),
        scores=json.loads(contents["scores.json"]),
        card=contents["README.md"].decode(),
        gazetteer=None if looked_up is None else Gazetteer.from_dict(json.loads(looked_up), labels),
        names=build(NameLists, json.loads(contents[NAMES]), "names") if NAMES in contents else None,
    )


def _sample(entry: dict[str, Any]) -> Sample:
    return Sample(
        text=entry["text"],
        slots=tuple((name, start, end) for name, start, end in entry["slots"]),
        tag_probabilities=tuple(tuple(row) for row in entry["tag_probabilities"]),
        intent_probabilities=tuple(entry["intent_probabilities"]),
    )
