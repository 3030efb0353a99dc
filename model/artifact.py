"""The artefact directory: written whole or not at all, read only when every byte is the one that was written."""

import dataclasses
import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.calibration import Calibration
from model.config import TaggerConfig, build
from model.errors import ArtifactChanged, ArtifactMissing, ArtifactVersion, ConfigError, LabelError
from model.labels import LabelScheme
from model.vocabulary import Vocabulary

FORMAT = "slotline-artifact"
FORMAT_VERSION = 2  # 1: graphs that did not rank the labels
MANIFEST = "manifest.json"


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
    """All that a trained tagger is. ``sha256`` is the manifest's, and so vouches for every file."""

    config: TaggerConfig
    labels: LabelScheme
    vocabulary: Vocabulary
    calibration: Calibration
    graph: bytes
    samples: tuple[Sample, ...]
    scores: dict[str, Any]
    card: str
    sha256: str = ""


def write_artifact(artifact: ModelArtifact, path: Path) -> str:
    """Write the directory ``path`` and return the manifest's sha256; an artefact that stood there is replaced.

    Files are written and synced in a neighbouring hidden directory that then takes the name, so a reader sees the old
    artefact, for a moment none, or the new one, never a half. Raises FileExistsError if ``path`` is something else.
    """
    if path.exists() and not (path / MANIFEST).is_file():
        raise FileExistsError(f"{path} exists and is no artefact; choose another directory or remove it")
    path.parent.mkdir(parents=True, exist_ok=True)
    contents = _encode(artifact)
    contents[MANIFEST] = _manifest(artifact, contents)
    fresh, retired = (path.with_name(f".{path.name}.{state}") for state in ("fresh", "retired"))
    shutil.rmtree(fresh, ignore_errors=True)  # what a killed process left
    fresh.mkdir()
    for name, payload in contents.items():
        _write_synced(fresh / name, payload)
    _sync_directory(fresh)
    if path.exists():
        shutil.rmtree(retired, ignore_errors=True)
        path.rename(retired)
    fresh.rename(path)
    _sync_directory(path.parent)
    shutil.rmtree(retired, ignore_errors=True)
    return hashlib.sha256(contents[MANIFEST]).hexdigest()


def read_artifact(path: Path) -> ModelArtifact:
    """Read and verify the directory.

    Raises ArtifactMissing (no directory, manifest or listed file), ArtifactChanged (a byte differs from what was
    written) and ArtifactVersion (another format).
    """
    manifest, sha256 = _read_manifest(path)
    contents = {name: _read_verified(path / name, entry) for name, entry in manifest["files"].items()}
    try:
        return dataclasses.replace(_decode(contents), sha256=sha256)
    except (KeyError, TypeError, ValueError, ConfigError, LabelError) as error:
        raise ArtifactVersion(f"{path} has files that this code does not understand ({error!r}); export it again") from error


def _encode(artifact: ModelArtifact) -> dict[str, bytes]:
    """Every file but the manifest, by name."""
    return {
        "README.md": artifact.card.encode(),
        "calibration.json": _json(artifact.calibration.to_dict()),
        "config.json": _json(dataclasses.asdict(artifact.config)),
        "graph.onnx": artifact.graph,
        "labels.json": _json(dataclasses.asdict(artifact.labels)),
        "samples.json": _json([dataclasses.asdict(sample) for sample in artifact.samples]),
        "scores.json": _json(artifact.scores),
        "vocabulary.txt": "".join(f"{word}\n" for word in artifact.vocabulary.words).encode(),
    }


def _decode(contents: dict[str, bytes]) -> ModelArtifact:
    """The reverse of _encode."""
    samples = json.loads(contents["samples.json"])
    return ModelArtifact(
        config=build(TaggerConfig, json.loads(contents["config.json"]), "config"),
        labels=build(LabelScheme, json.loads(contents["labels.json"]), "labels"),
        vocabulary=Vocabulary(tuple(contents["vocabulary.txt"].decode().split("\n")[:-1])),
        calibration=Calibration.from_dict(json.loads(contents["calibration.json"])),
        graph=contents["graph.onnx"],
        samples=tuple(_sample(entry) for entry in samples),
        scores=json.loads(contents["scores.json"]),
        card=contents["README.md"].decode(),
    )


def _sample(entry: dict[str, Any]) -> Sample:
    return Sample(
        text=entry["text"],
        slots=tuple((name, start, end) for name, start, end in entry["slots"]),
        tag_probabilities=tuple(tuple(row) for row in entry["tag_probabilities"]),
        intent_probabilities=tuple(entry["intent_probabilities"]),
    )


def _json(value: Any) -> bytes:
    """The one spelling of a value, so that equal values are equal bytes."""
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()


def _manifest(artifact: ModelArtifact, contents: dict[str, bytes]) -> bytes:
    """The manifest names every file with its size and sha256, and carries a checksum of itself."""
    body = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "name": artifact.config.name,
        "version": artifact.config.version,
        "files": {name: {"bytes": len(payload), "sha256": hashlib.sha256(payload).hexdigest()} for name, payload in contents.items()},
    }
    return _json({**body, "checksum": hashlib.sha256(_json(body)).hexdigest()})


def _read_manifest(path: Path) -> tuple[dict[str, Any], str]:
    """The manifest and its sha256."""
    try:
        raw = (path / MANIFEST).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ArtifactMissing(f"{path} has no {MANIFEST}; point to a directory that training or export wrote") from error
    try:
        manifest = json.loads(raw)
        body = {key: value for key, value in manifest.items() if key != "checksum"}
        intact = raw == _json(manifest) and hashlib.sha256(_json(body)).hexdigest() == manifest["checksum"]
    except (ValueError, KeyError, AttributeError, RecursionError):
        intact = False
    if not intact:
        raise ArtifactChanged(f"{path / MANIFEST} was changed since it was written; copy or export the artefact again")
    if (manifest["format"], manifest["format_version"]) != (FORMAT, FORMAT_VERSION):
        found = f"{manifest['format']} version {manifest['format_version']}"
        raise ArtifactVersion(f"{path} is {found}; this code reads {FORMAT} version {FORMAT_VERSION}: export it again")
    return manifest, hashlib.sha256(raw).hexdigest()


def _read_verified(file: Path, entry: dict[str, Any]) -> bytes:
    """The file's bytes, if they are the ones that the manifest names."""
    try:
        payload = file.read_bytes()
    except FileNotFoundError as error:
        raise ArtifactMissing(f"{file} is missing; copy or export the artefact again") from error
    if len(payload) != entry["bytes"] or hashlib.sha256(payload).hexdigest() != entry["sha256"]:
        raise ArtifactChanged(f"{file} was changed since it was written; copy or export the artefact again")
    return payload


def _write_synced(file: Path, payload: bytes) -> None:
    with file.open("wb") as stream:
        stream.write(payload)
        stream.flush()
        os.fsync(stream.fileno())


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
