"""A sweep: every trial with every seed, one after the other; what is finished is a file and is not run again."""

import hashlib
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.errors import SlotlineError
from training.compare.trainings import PlannedRun, Watcher, train_all
from training.config import TrainingConfig, load_config
from training.data.corpus import Allowed, load_sources
from training.data_config import SourceConfig
from training.files import replace_file
from training.sweep.outcome import Outcome, measure, read, store
from training.sweep.space import load_space, trials
from training.sweep.table import to_markdown


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command was asked for. ``minutes`` and ``seeds``: instead of the file's; ``overrides``: of every trial."""

    space: Path
    data: Path
    out: Path
    jobs: int = 1
    minutes: float | None = None
    seeds: int | None = None
    keep: bool = False
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Swept:
    """``outcomes``: finished runs in order; ``failures``: a line for each that failed; ``left``: how many were not begun."""

    outcomes: tuple[Outcome, ...]
    failures: tuple[str, ...]
    left: int


def sweep(asked: Asked, watcher: Watcher) -> Swept:
    """Run what is not finished while there is time, and write ``sweep.md`` to ``asked.out`` after every run.

    Trials take turns, seed by seed, so that a sweep that ends early has run each as often. Raises ConfigError before the first run
    for a trial whose settings are not allowed.
    """
    space = load_space(asked.space)
    planned = list(_planned(asked))
    minutes = space.minutes if asked.minutes is None else asked.minutes
    ends = time.monotonic() + 60 * minutes if minutes else float("inf")
    order = list(dict.fromkeys(run.row for run in planned))
    waiting = [run for run in planned if not _file(run).is_file()]
    failures: list[str] = []
    watcher.planned(len(waiting))
    each = _OfEach(watcher)
    _write(asked, order, planned)
    while waiting and time.monotonic() < ends:
        chunk, waiting = waiting[: asked.jobs], waiting[asked.jobs :]
        failed = train_all(chunk, asked.data, asked.jobs, each)
        failures += [f"{run.name}: {reason}" for run, reason in failed.items()]
        for run in (run for run in chunk if run not in failed):
            failures += _finish(run, asked)
        _write(asked, order, planned)
    return Swept(tuple(_outcomes(planned)), tuple(failures), len(waiting))


class _OfEach:
    """Tells a watcher how each run goes, and not that a few were planned: it knows of all."""

    def __init__(self, watcher: Watcher) -> None:
        self.started, self.epoch, self.ended = watcher.started, watcher.epoch, watcher.ended

    def planned(self, runs: int) -> None:
        pass


def _planned(asked: Asked) -> Iterator[PlannedRun]:
    """All runs, the first seed of every trial before the second."""
    space = load_space(asked.space)
    path = asked.space.parent / space.config
    first = load_config(path, asked.overrides).seed
    for seed in range(first, first + (asked.seeds or space.seeds)):
        for trial in trials(space):
            config = load_config(path, [*asked.overrides, *trial.overrides, f"seed={seed}"])
            yield PlannedRun.of(trial.name, config, fingerprint(config, asked.data), asked.out / "runs")


def fingerprint(config: TrainingConfig, data: Path) -> str:
    """sha256 of the files that a config reads, as they are."""
    digest = hashlib.sha256()
    for source in (*config.train, *config.valid, *config.pretrain.texts, *config.names.sources):
        for file in _files(source, data):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _files(source: SourceConfig, data: Path) -> Sequence[Path]:
    path = data / source.path
    return sorted(file for file in path.iterdir() if file.is_file()) if path.is_dir() else [path] if path.is_file() else []


def _file(run: PlannedRun) -> Path:
    """Of the finished run: beside its directory, under the same name."""
    return run.out.with_name(f"{run.out.name}.outcome.json")


def _finish(run: PlannedRun, asked: Asked) -> list[str]:
    """Measure and store a run, and clear what is not kept; says what failed."""
    try:
        valid = load_sources(run.config.valid, asked.data, Allowed()).examples
        store(measure(run.out, valid, trial=run.row, seed=run.config.seed, seconds=run.seconds), _file(run))
    except SlotlineError as error:
        return [f"{run.name}: {error}"]
    if not asked.keep:
        shutil.rmtree(run.out)
        run.out.with_name(f"{run.out.name}.report.html").unlink(missing_ok=True)
    return []


def _outcomes(planned: Sequence[PlannedRun]) -> Iterator[Outcome]:
    for run in planned:
        if _file(run).is_file():
            yield read(_file(run))


def _write(asked: Asked, order: Sequence[str], planned: Sequence[PlannedRun]) -> None:
    table = to_markdown(f"{asked.space.stem}, {planned[0].config.name}", order, _outcomes(planned))
    replace_file(asked.out / "sweep.md", lambda stream: stream.write(table.encode()))
