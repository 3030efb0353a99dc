"""Why each step from a feedforward network to a BiLSTM is worth taking: every row trained, measured and put into one table."""

import json
import os
import platform
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from model.errors import SlotlineError
from training.compare.contrast import Pair, read_pairs
from training.compare.measure import Measured, measure, measure_speed
from training.compare.page import draw, render_html
from training.compare.rows import Row, load_rows
from training.compare.table import Comparison, Result
from training.compare.trainings import PlannedRun, Watcher, train_all
from training.config import TrainingConfig, load_config
from training.data.corpus import load_corpus
from training.data.fingerprint import fingerprint
from training.data.records import Example
from training.files import replace_file
from training.plan import plan


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command was asked for: ``rows`` by name, none for all; ``overrides`` as ``--set`` takes them."""

    config: Path
    data: Path
    out: Path
    seeds: int
    jobs: int
    rows: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """The command that measures the same again; where the data are is the caller's."""
        words = [
            "python",
            "-m",
            "training",
            "compare",
            str(self.config),
            "--data",
            "DIR",
            "--seeds",
            str(self.seeds),
            "--jobs",
            str(self.jobs),
        ]
        rows = ["--rows", *self.rows] if self.rows else []
        return shlex.join([*words, *rows, *(word for override in self.overrides for word in ("--set", override))])


@dataclass(frozen=True, slots=True)
class _Data:
    """What one seed's runs are trained on and measured with."""

    sha256: str
    valid: Sequence[Example]
    pairs: tuple[Pair, ...]


def compare(asked: Asked, watcher: Watcher) -> Comparison:
    """Train and measure every row with every seed, and write ``networks.{md,html,json}`` and the plots to ``asked.out``.

    A run that fails is missing from the comparison, with its reason. Raises ConfigError (a row, a pair, a setting) and DataError
    before the first run starts.
    """
    rows, base = load_rows(asked.rows), load_config(asked.config, asked.overrides)
    seeds = range(base.seed, base.seed + asked.seeds)
    read = {seed: _read(load_config(asked.config, [*asked.overrides, f"seed={seed}"]), asked.data) for seed in seeds}
    planned = {
        (row.name, seed): PlannedRun.of(row.name, row.config(asked.config, asked.overrides, seed), read[seed].sha256, asked.out / "runs")
        for seed in seeds
        for row in rows
    }
    failures = train_all(list(planned.values()), asked.data, asked.jobs, watcher)
    results = tuple(_result(row, [planned[row.name, seed] for seed in seeds], failures, read) for row in rows)
    comparison = Comparison(base.name, _head(asked, read), len(read[base.seed].pairs), results)
    _write(comparison, asked.out)
    return comparison


def _read(config: TrainingConfig, data: Path) -> _Data:
    train, valid = load_corpus(config, data)
    pairs = read_pairs(config.contrast, plan(config, train.examples).scheme.slots)
    return _Data(fingerprint(train.examples, valid.examples), valid.examples, pairs)


def _result(row: Row, runs: Sequence[PlannedRun], failed: Mapping[PlannedRun, str], read: Mapping[int, _Data]) -> Result:
    """Measure a row's finished runs, its speed on the first; one that cannot be measured counts as failed."""
    measured: list[Measured] = []
    failures = {run.config.seed: failed[run] for run in runs if run in failed}
    speed = None
    for run in (run for run in runs if run not in failed):
        of_seed = read[run.config.seed]
        try:
            measured.append(measure(run, of_seed.valid, of_seed.pairs))
            speed = speed or measure_speed(run.out, of_seed.valid)
        except SlotlineError as error:
            failures[run.config.seed] = str(error)
    return Result(row, tuple(measured), failures, speed)


def _head(asked: Asked, read: Mapping[int, _Data]) -> tuple[tuple[str, str], ...]:
    """Where, how and on what."""
    settings = load_config(asked.config, asked.overrides).to_dict()
    return (
        ("command", asked.command),
        ("seeds", ", ".join(map(str, read))),
        ("machine", f"{_chip()}, {os.cpu_count()} cores, {platform.system()}"),
        ("software", f"Python {platform.python_version()}, torch {version('torch')}, onnxruntime {version('onnxruntime')}"),
        ("data sha256", ", ".join(dict.fromkeys(each.sha256 for each in read.values()))),
        ("settings", "; ".join(f"{table}: {_settings(settings[table])}" for table in ("features", "network", "fit"))),
    )


def _settings(table: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in table.items())


def _chip() -> str:
    described = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    found = re.search(r"model name\s*:\s*(.+)", described)
    return found[1] if found else platform.processor() or platform.machine()


def _write(comparison: Comparison, out: Path) -> None:
    plots = draw(comparison)
    for plot in plots:
        _replace(out / plot.file, plot.svg)
    _replace(out / "networks.json", json.dumps(comparison.to_dict(), indent=1, ensure_ascii=False) + "\n")
    _replace(out / "networks.md", comparison.to_markdown([(plot.title, plot.file) for plot in plots]))
    _replace(out / "networks.html", render_html(comparison, plots))


def _replace(path: Path, text: str) -> None:
    replace_file(path, lambda stream: stream.write(text.encode()))
