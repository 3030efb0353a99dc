"""The state of an unfinished run on disk: replaced whole after every epoch, so a killed run loses one epoch at most."""

import os
import tempfile
from pathlib import Path
from typing import Any

import torch

from training.config import TrainingError


def checkpoint_path(out: Path) -> Path:
    """The file beside the artefact directory ``out`` while its run is not finished."""
    return out.parent / f"{out.name}.checkpoint"


def save_checkpoint(path: Path, stored: dict[str, Any]) -> None:
    """Replace ``path``: a temporary file, synced, renamed over it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            torch.save(stored, stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def load_checkpoint(path: Path, identity: dict[str, Any]) -> dict[str, Any]:
    """What ``save_checkpoint`` stored, if it is of the same run.

    Raises TrainingError if there is none, or if its ``identity`` (settings, seed, data) is another.
    """
    if not path.exists():
        raise TrainingError(f"there is no unfinished run to resume: {path} is not there; start without --resume")
    stored: dict[str, Any] = torch.load(path, weights_only=True)
    for key, value in identity.items():
        if stored["identity"].get(key) != value:
            raise TrainingError(f"{path} belongs to a run with another {key}; resume it with the same, or delete the file and start again")
    return stored
