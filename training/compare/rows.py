"""The rows of the comparison of networks: each one a name and how it changes a config. They stand in ``networks.toml``."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from model.config import build, require
from training.config import TrainingConfig, load_config

_TABLES = ("features", "fit", "network")  # a row must not change the data: all rows are measured on the same


@dataclass(frozen=True, slots=True)
class Row:
    """``set``: overrides as ``--set`` takes them. ``shows``: one or two sentences for under the table."""

    name: str
    title: str
    shows: str
    set: tuple[str, ...]

    def __post_init__(self) -> None:
        for override in self.set:
            require(override.partition(".")[0] in _TABLES, "set", override, f"a setting of {', '.join(_TABLES)}")

    def config(self, path: Path, overrides: Sequence[str], seed: int) -> TrainingConfig:
        """The config file as this row trains it, on one thread. What the row sets goes before ``overrides``.

        Raises ConfigError as ``load_config`` does.
        """
        return load_config(path, [*overrides, *self.set, f"seed={seed}", "fit.threads=1", "contrast=[]"])


@dataclass(frozen=True, slots=True)
class _Table:
    row: tuple[Row, ...]


def load_rows(names: Sequence[str] = ()) -> tuple[Row, ...]:
    """The rows of ``networks.toml``, or those named, in its order. Raises ConfigError for a name that is not there."""
    text = Path(__file__).with_name("networks.toml").read_text(encoding="utf-8")
    rows = build(_Table, tomllib.loads(text), "networks.toml").row
    known = [row.name for row in rows]
    for name in names:
        require(name in known, "--rows", name, f"names among {', '.join(known)}")
    return tuple(row for row in rows if not names or row.name in names)
