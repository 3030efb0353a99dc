"""The state of an unfinished run on disk: replaced whole after every epoch, so a killed run loses one epoch at most."""

from pathlib import Path
from typing import Any

import torch

from training.config import TrainingError
from training.files import replace_file


def checkpoint_path(out: Path) -> Path:
    """The file beside the artefact directory ``out`` while its run is not finished."""
    return out.parent / f"{out.name}.checkpoint"


def save_checkpoint(path: Path, stored: dict[str, Any]) -> None:
    """Replace ``path``."""
    replace_file(path, lambda stream: torch.save(stored, stream))


def load_checkpoint(path: Path, identity: dict[str, Any]) -> dict[str, Any] | None:
    """What ``save_checkpoint`` stored; None if there is nothing, as after a kill before the end of the first epoch.

    Raises TrainingError if it is of a run with another ``identity`` (settings, seed, data).
    """
    if not path.exists():
        return None
    stored: dict[str, Any] = torch.load(path, weights_only=True)
    for key, value in identity.items():
        if stored["identity"].get(key) != value:
            raise TrainingError(f"{path} belongs to a run with another {key}; resume it with the same, or delete the file and start again")
    return stored
