"""A reader's training run: its settings, read from TOML."""

import dataclasses
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from model.config import build, require
from model.errors import ConfigError
from training.values.network import ReaderNetworkConfig


@dataclass(frozen=True, slots=True)
class ReaderFitConfig:
    """How the weights are found. An epoch is ``samples`` fresh phrases; ``batch``: phrases of one length in a step."""

    epochs: int = 20
    samples: int = 50_000
    batch: int = 96
    learning_rate: float = 3e-3
    final_learning_rate: float = 5e-5
    warmup_steps: int = 200
    weight_decay: float = 1e-3
    clip_norm: float = 2.0
    ema_decay: float = 0.999
    threads: int = 1

    def __post_init__(self) -> None:
        for name in ("epochs", "samples", "batch", "threads"):
            require(getattr(self, name) >= 1, name, getattr(self, name), "1 or more")
        for name in ("learning_rate", "clip_norm"):
            require(getattr(self, name) > 0, name, getattr(self, name), "a number above 0")
        for name in ("final_learning_rate", "warmup_steps", "weight_decay"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")
        require(0 <= self.ema_decay < 1, "ema_decay", self.ema_decay, "0 or more, below 1")


@dataclass(frozen=True, slots=True)
class ReaderTrainingConfig:
    """One reader. ``task``: always "values", which tells its file from a tagger's. ``max_wrong``: the share of readings that may be
    wrong in silence, by which the thresholds are chosen. ``samples``: "kind | phrase", recorded in the artefact."""

    task: str
    name: str
    version: str
    samples: tuple[str, ...]
    languages: tuple[str, ...] = ("en", "ru")
    card: str = ""
    seed: int = 1
    valid: int = 4000
    max_wrong: float = 0.005
    network: ReaderNetworkConfig = field(default_factory=ReaderNetworkConfig)
    fit: ReaderFitConfig = field(default_factory=ReaderFitConfig)

    def __post_init__(self) -> None:
        require(self.task == "values", "task", self.task, "values")
        require(self.valid >= 1, "valid", self.valid, "1 or more")
        require(0 < self.max_wrong < 1, "max_wrong", self.max_wrong, "a share above 0, below 1")
        require(all(" | " in sample for sample in self.samples), "samples", self.samples, 'entries such as "time | half past seven"')

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as the checkpoint stores them."""
        return dataclasses.asdict(self)


def load_reader_config(path: Path) -> ReaderTrainingConfig:
    """Read a TOML file. Raises ConfigError that names the file, and the key and value at fault."""
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path} is not there; name a file such as training/configs/values.toml") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error
    return build(ReaderTrainingConfig, settings, path.name)
