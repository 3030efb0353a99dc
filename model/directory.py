"""A directory of files written whole or not at all, read only when every byte is the one that was written."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from model.errors import ArtifactChanged, ArtifactMissing, ArtifactVersion

MANIFEST = "manifest.json"


class Format(NamedTuple):
    """What a directory is, as its manifest says it: "slotline-artifact", version 2."""

    name: str
    version: int


def write_directory(path: Path, contents: Mapping[str, bytes], form: Format, name: str, version: str) -> str:
    """Write files by name into the directory ``path`` and return the manifest's sha256; an artefact that stood there is replaced.

    ``name`` and ``version`` are the artefact's own. Files are written and synced in a neighbouring hidden directory that then takes the
    name, so a reader sees the old artefact, for a moment none, or the new one, never a half. Raises FileExistsError if ``path`` is
    something else.
    """
    if path.exists() and not (path / MANIFEST).is_file():
        raise FileExistsError(f"{path} exists and is no artefact; choose another directory or remove it")
    path.parent.mkdir(parents=True, exist_ok=True)
    manifest = _manifest(contents, form, name, version)
    fresh, retired = (path.with_name(f".{path.name}.{state}") for state in ("fresh", "retired"))
    shutil.rmtree(fresh, ignore_errors=True)  # what a killed process left
    fresh.mkdir()
    for file, payload in {**contents, MANIFEST: manifest}.items():
        _write_synced(fresh / file, payload)
    _sync_directory(fresh)
    if path.exists():
        shutil.rmtree(retired, ignore_errors=True)
        path.rename(retired)
    fresh.rename(path)
    _sync_directory(path.parent)
    shutil.rmtree(retired, ignore_errors=True)
    return hashlib.sha256(manifest).hexdigest()


def read_directory(path: Path, form: Format) -> tuple[dict[str, bytes], str]:
    """The files by name, and the manifest's sha256, which vouches for all of them.

    Raises ArtifactMissing (no directory, manifest or listed file), ArtifactChanged (a byte differs from what was
    written) and ArtifactVersion (another format).
    """
    manifest, sha256 = _read_manifest(path, form)
    return {name: _read_verified(path / name, entry) for name, entry in manifest["files"].items()}, sha256


def as_json(value: Any) -> bytes:
    """The one spelling of a value, so that equal values are equal bytes."""
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()


def _manifest(contents: Mapping[str, bytes], form: Format, name: str, version: str) -> bytes:
    """The manifest names every file with its size and sha256, and carries a checksum of itself."""
    body = {
        "format": form.name,
        "format_version": form.version,
        "name": name,
        "version": version,
        "files": {file: {"bytes": len(payload), "sha256": hashlib.sha256(payload).hexdigest()} for file, payload in contents.items()},
    }
    return as_json({**body, "checksum": hashlib.sha256(as_json(body)).hexdigest()})


def _read_manifest(path: Path, form: Format) -> tuple[dict[str, Any], str]:
    """The manifest and its sha256."""
    try:
        raw = (path / MANIFEST).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ArtifactMissing(f"{path} has no {MANIFEST}; point to a directory that training or export wrote") from error
    try:
        manifest = json.loads(raw)
        body = {key: value for key, value in manifest.items() if key != "checksum"}
        intact = raw == as_json(manifest) and hashlib.sha256(as_json(body)).hexdigest() == manifest["checksum"]
    except (ValueError, KeyError, AttributeError, RecursionError):
        intact = False
    if not intact:
        raise ArtifactChanged(f"{path / MANIFEST} was changed since it was written; copy or export the artefact again")
    if (manifest["format"], manifest["format_version"]) != form:
        found = f"{manifest['format']} version {manifest['format_version']}"
        raise ArtifactVersion(f"{path} is {found}; this code reads {form.name} version {form.version}: export it again")
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
