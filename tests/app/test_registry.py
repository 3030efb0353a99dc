from pathlib import Path

import pytest

from app.errors import NotFound, StartupError
from app.loading import active_lines, load_all, loaded
from app.metrics import Metrics
from app.registry import ModelRegistry
from app.settings import Settings
from model.errors import ArtifactChanged, ArtifactMissing
from tests.fakes import FakeTagger
from tests.tiny import write_tiny_artifact


def registry(*names: str, default: str | None = None) -> ModelRegistry:
    return ModelRegistry(active_lines(loaded(FakeTagger(name)) for name in names), Settings(default_model=default), Metrics())


def test_one_artefact_and_a_directory_of_artefacts_are_both_loaded(artifact_dir: Path, tmp_path: Path) -> None:
    assert list(load_all(artifact_dir)) == ["tiny"]
    write_tiny_artifact(tmp_path / "b", name="second", seed=2)
    write_tiny_artifact(tmp_path / "a", name="first")
    (tmp_path / ".half-written").mkdir()
    (tmp_path / "README.md").write_text("not an artefact")
    assert list(load_all(tmp_path)) == ["first", "second"]


def test_a_broken_artefact_is_refused_by_its_reason(tmp_path: Path) -> None:
    graph = write_tiny_artifact(tmp_path / "tiny") / "graph.onnx"
    graph.write_bytes(graph.read_bytes()[:-1] + b"!")
    with pytest.raises(ArtifactChanged, match=r"graph\.onnx"):
        load_all(tmp_path)
    (tmp_path / "tiny" / "manifest.json").unlink()
    with pytest.raises(ArtifactMissing, match="manifest"):
        load_all(tmp_path)


def test_a_directory_without_artefacts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="no artefact"):
        load_all(tmp_path)
    with pytest.raises(StartupError, match="not a directory"):
        load_all(tmp_path / "none")


def test_the_default_is_the_only_model_or_booking_or_what_the_settings_say() -> None:
    assert registry("other").default == "other"
    assert registry("other", "booking").default == "booking"
    assert registry("other", "booking", default="other").default == "other"


@pytest.mark.parametrize(("names", "default"), [(("a", "b"), None), (("a",), "b"), ((), None)])
def test_a_default_that_is_not_loaded_is_refused(names: tuple[str, ...], default: str | None) -> None:
    with pytest.raises(StartupError, match="--default-model"):
        registry(*names, default=default)


def test_two_models_of_one_name_are_refused() -> None:
    with pytest.raises(StartupError, match="'same'"):
        registry("same", "same")


def test_an_unknown_model_is_not_found_and_the_loaded_are_named() -> None:
    with pytest.raises(NotFound, match="loaded: a, b"):
        registry("b", "a", default="a").get("c")
