import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.artifact import read_artifact, write_artifact
from model.directory import MANIFEST, Format
from model.errors import ArtifactChanged, ArtifactError, ArtifactMissing, ArtifactVersion
from model.tagger import Tagger
from tests.tiny import tiny_artifact, write_tiny_artifact

FILES = sorted(
    [MANIFEST, "README.md", "calibration.json", "config.json", "graph.onnx", "labels.json", "samples.json", "scores.json", "vocabulary.txt"]
)


def test_reading_gives_what_was_written(artifact_dir: Path) -> None:
    written = tiny_artifact()
    read = read_artifact(artifact_dir)
    assert vars(read) | {"sha256": ""} == vars(written)
    assert len(read.sha256) == 64


def test_the_directory_holds_the_documented_files(artifact_dir: Path) -> None:
    assert sorted(file.name for file in artifact_dir.iterdir()) == FILES


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    path = write_tiny_artifact(tmp_path / "tiny")
    (path / name).unlink()
    with pytest.raises(ArtifactMissing, match=name):
        Tagger.load(path)


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_artifact(tmp_path_factory.mktemp("spoiled") / "tiny")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(FILES), place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_an_artefact_with_any_one_byte_changed_is_refused(spoiled: Path, name: str, place: float, flip: int) -> None:
    file = spoiled / name
    intact = file.read_bytes()
    changed = bytearray(intact)
    changed[int(place * len(intact))] ^= flip
    file.write_bytes(changed)
    try:
        with pytest.raises(ArtifactError):
            read_artifact(spoiled)
    finally:
        file.write_bytes(intact)


def test_every_byte_of_the_manifest_is_vouched_for(spoiled: Path) -> None:
    file = spoiled / MANIFEST
    intact = file.read_bytes()
    try:
        for position in range(len(intact)):
            changed = bytearray(intact)
            changed[position] ^= 1
            file.write_bytes(changed)
            with pytest.raises(ArtifactChanged):
                read_artifact(spoiled)
    finally:
        file.write_bytes(intact)


def test_another_format_version_is_refused_by_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.artifact.FORMAT", Format("slotline-artifact", 99))
    path = write_tiny_artifact(tmp_path / "tiny")
    monkeypatch.undo()
    with pytest.raises(ArtifactVersion, match="version 99; this code reads slotline-artifact version 2"):
        Tagger.load(path)


def test_a_path_that_is_no_artefact_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ArtifactMissing, match=MANIFEST):
            read_artifact(path)


def test_writing_again_replaces_the_artefact_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = write_tiny_artifact(tmp_path / "tiny", version="1.0.0")
    write_tiny_artifact(path, version="2.0.0", seed=2)
    assert Tagger.load(path).version == "2.0.0"
    assert os.listdir(tmp_path) == ["tiny"]


def test_what_a_killed_write_left_is_cleared_by_the_next_and_the_old_artefact_is_kept_until_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_tiny_artifact(tmp_path / "tiny", version="1.0.0")

    def power_cut(*_: object) -> None:
        raise OSError("power cut")

    monkeypatch.setattr("model.directory._write_synced", power_cut)
    with pytest.raises(OSError, match="power cut"):
        write_tiny_artifact(path, version="2.0.0")
    monkeypatch.undo()
    assert Tagger.load(path).version == "1.0.0"
    path.rename(tmp_path / ".tiny.retired")  # as after a crash between the two renames
    write_tiny_artifact(path, version="3.0.0")
    assert Tagger.load(path).version == "3.0.0"
    assert os.listdir(tmp_path) == ["tiny"]


def test_a_directory_that_is_no_artefact_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep me")
    with pytest.raises(FileExistsError, match="is no artefact"):
        write_tiny_artifact(tmp_path / "mine")
    assert (tmp_path / "mine" / "letter.txt").read_text() == "keep me"


def test_equal_artefacts_are_equal_bytes(tmp_path: Path) -> None:
    first, second = (write_artifact(tiny_artifact(), tmp_path / name) for name in ("one", "two"))
    assert first == second


def test_the_manifest_names_every_other_file_with_its_size(artifact_dir: Path) -> None:
    manifest = json.loads((artifact_dir / MANIFEST).read_bytes())
    assert sorted([MANIFEST, *manifest["files"]]) == FILES
    for name, entry in manifest["files"].items():
        assert entry["bytes"] == (artifact_dir / name).stat().st_size
