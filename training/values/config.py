"""A reader's training run: its settings, read from TOML."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from model.config import build, require
from training.config import PRECISIONS, NetworkConfig, read_settings


@dataclass(frozen=True, slots=True)
class ReaderNetworkConfig:
    """The shape. ``char_dim``: dimensions of a character, to which those of the kind are added; the rest as in NetworkConfig."""

    char_dim: int = 48
    hidden: int = 160
    layers: int = 1
    dropout: float = 0.1
    cell: str = "lstm"

    def __post_init__(self) -> None:
        require(1 <= self.char_dim <= 1024, "char_dim", self.char_dim, "1 to 1024")
        require(self.cell in ("lstm", "gru"), "cell", self.cell, "lstm or gru")
        assert self.stack

    @property
    def stack(self) -> NetworkConfig:
        """The recurrent layers, in both directions. Raises ConfigError for a shape that is not allowed."""
        return NetworkConfig(hidden=self.hidden, layers=self.layers, state_dropout=self.dropout, cell=self.cell)


@dataclass(frozen=True, slots=True)
class ReaderFitConfig:
    """How the weights are found. An epoch is ``samples`` fresh phrases; ``batch``: phrases of one length in a step.

    ``precision``: of the network while training; the loss is always in fp32.
    """

    epochs: int = 20
    samples: int = 50_000
    batch: int = 96
    learning_rate: float = 3e-3
    final_learning_rate: float = 5e-5
    warmup_steps: int = 200
    weight_decay: float = 1e-3
    clip_norm: float = 2.0
    ema_decay: float = 0.999
    precision: str = "bf16"
    threads: int = 1

    def __post_init__(self) -> None:
        for name in ("epochs", "samples", "batch", "threads"):
            require(getattr(self, name) >= 1, name, getattr(self, name), "1 or more")
        for name in ("learning_rate", "clip_norm"):
            require(getattr(self, name) > 0, name, getattr(self, name), "a number above 0")
        for name in ("final_learning_rate", "warmup_steps", "weight_decay"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")
        require(self.precision in PRECISIONS, "precision", self.precision, f"one of {', '.join(PRECISIONS)}")
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
    max_wrong: float = 0.005
    network: ReaderNetworkConfig = field(default_factory=ReaderNetworkConfig)
    fit: ReaderFitConfig = field(default_factory=ReaderFitConfig)

    def __post_init__(self) -> None:
        require(self.task == "values", "task", self.task, "values")
        require(0 < self.max_wrong < 1, "max_wrong", self.max_wrong, "a share above 0, below 1")
        require(all(" | " in sample for sample in self.samples), "samples", self.samples, 'entries such as "time | half past seven"')


def load_reader_config(path: Path, overrides: Sequence[str] = ()) -> ReaderTrainingConfig:
    """Read a TOML file; ``overrides`` as ``load_config`` takes them. Raises ConfigError that names the file, the key and the value."""
    return build(ReaderTrainingConfig, read_settings(path, overrides), path.name)
