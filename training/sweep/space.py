"""What a sweep tries: a TOML file of variants and values, read into trials, each a list of overrides."""

import itertools
import json
import math
import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from model.config import build, require
from model.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Variant:
    """A name and how it changes the config, as ``--set`` takes it."""

    name: str
    set: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from ``low`` to ``high``; ``log``: as many below as above their geometric mean; ``whole``: rounded."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def __post_init__(self) -> None:
        require(self.low < self.high, "low", self.low, f"less than high ({self.high})")
        require(not self.log or self.low > 0, "low", self.low, "above 0 where log is true")

    def draw(self, rng: random.Random) -> float:
        """One of them."""
        drawn = math.exp(rng.uniform(math.log(self.low), math.log(self.high))) if self.log else rng.uniform(self.low, self.high)
        return round(drawn) if self.whole else float(f"{drawn:.3g}")


@dataclass(frozen=True, slots=True)
class Space:
    """A sweep. ``config``: the training config, its place told from that of the sweep's file.

    ``seeds``: runs of each trial, from the config's seed on. ``minutes``: after which none is begun; 0: no bound.
    Each variant (one without changes, where none is given) is tried with each combination of the values of ``grid``; with
    ``draws``, with so many random combinations instead, of which a number may also be of a range.
    """

    config: str
    seeds: int = 1
    minutes: float = 0.0
    variant: tuple[Variant, ...] = ()
    grid: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    ranges: dict[str, Range] = field(default_factory=dict)
    draws: int = 0
    draw_seed: int = 1

    def __post_init__(self) -> None:
        require(self.seeds >= 1, "seeds", self.seeds, "1 or more")
        require(self.minutes >= 0, "minutes", self.minutes, "0 or more")
        require(self.draws >= 0, "draws", self.draws, "0 or more")
        require(not self.ranges or self.draws > 0, "draws", self.draws, "1 or more where there are ranges")
        for key, values in self.grid.items():
            require(len(values) > 0, f"grid.{key}", values, "at least one value")
        names = [variant.name for variant in self.variant]
        for name in names:
            require(names.count(name) == 1, "variant.name", name, "each name once")


@dataclass(frozen=True, slots=True)
class Trial:
    """One point of the space: its name in the table, and its overrides."""

    name: str
    overrides: tuple[str, ...]


def load_space(path: Path) -> Space:
    """Read a sweep's TOML file. Raises ConfigError that names the file, and the key and value at fault."""
    try:
        return build(Space, tomllib.loads(path.read_text(encoding="utf-8")), path.name)
    except FileNotFoundError as error:
        raise ConfigError(f"{path} is not there; name a file such as training/sweeps/snips.toml") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error


def trials(space: Space) -> list[Trial]:
    """All trials, variant by variant.

    >>> trials(Space("x.toml", grid={"fit.epochs": (1, 2)}))
    [Trial('epochs 1', ('fit.epochs=1',)), Trial('epochs 2', ('fit.epochs=2',))]
    """
    points = [*_draws(space)] if space.draws else [*_grid(space)]
    found = []
    for variant in space.variant or (Variant(""),):
        for point in points:
            said = [f"{key.rpartition('.')[2]} {value}" for key, value in point.items()]
            name = ", ".join(part for part in (variant.name, *said) if part)
            found.append(Trial(name or "as it is", (*variant.set, *(f"{key}={json.dumps(value)}" for key, value in point.items()))))
    return found


def _grid(space: Space) -> Iterator[dict[str, Any]]:
    for values in itertools.product(*space.grid.values()):
        yield dict(zip(space.grid, values, strict=True))


def _draws(space: Space) -> Iterator[dict[str, Any]]:
    rng = random.Random(space.draw_seed)
    for _ in range(space.draws):
        chosen = {key: rng.choice(values) for key, values in space.grid.items()}
        yield chosen | {key: drawn.draw(rng) for key, drawn in space.ranges.items()}
