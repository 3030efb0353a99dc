"""Fixtures that several packages' tests share."""

from pathlib import Path

import pytest
from hypothesis import settings

from model.tagger import Tagger
from tests.tiny import write_tiny_artifact

# Two test processes share two cores: a slow example says nothing. pytest-timeout bounds the whole.
settings.register_profile("slotline", deadline=None)
settings.load_profile("slotline")


@pytest.fixture(scope="session")
def artifact_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny artefact named ``tiny``, read only."""
    return write_tiny_artifact(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def tagger(artifact_dir: Path) -> Tagger:
    """The tagger of the tiny artefact."""
    return Tagger.load(artifact_dir)
