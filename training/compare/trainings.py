"""Many training runs, each in a process of its own, kept on disk: what is finished is not trained again, what was stopped goes on."""

import contextlib
import hashlib
import json
import multiprocessing
import re
import signal
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Protocol

import torch

from model.directory import MANIFEST
from training.config import TrainingConfig
from training.data.corpus import Corpus
from training.evaluate import Report
from training.files import replace_file
from training.loop import Epoch
from training.network.tagger import TaggerNetwork
from training.pipeline import train
from training.pretrain import ClozeEpoch

_LONGEST_NAME = 60  # of a row, in the name of its directory
_SPAWN = multiprocessing.get_context("spawn")  # a forked torch may hang


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """One row of the comparison with one seed, its artefact directory ``out`` among them."""

    row: str
    config: TrainingConfig
    out: Path

    @classmethod
    def of(cls, row: str, config: TrainingConfig, data_sha256: str, folder: Path) -> "PlannedRun":
        """The run whose directory is named after all that its result depends on, so that a changed setting is another run."""
        depends = json.dumps([config.to_dict(), data_sha256, torch.__version__], sort_keys=True)
        named = re.sub(r"[^0-9A-Za-z.=_-]+", "-", row)[:_LONGEST_NAME]
        return cls(row, config, folder / f"{named}-{config.seed}-{hashlib.sha256(depends.encode()).hexdigest()[:12]}")

    @property
    def name(self) -> str:
        """As messages call it."""
        return f"{self.row}, seed {self.config.seed}"

    @property
    def finished(self) -> bool:
        """Whether its artefact is there; it is written whole or not at all."""
        return (self.out / MANIFEST).is_file()

    @property
    def epochs(self) -> list[dict[str, Any]]:
        """What was stored of each epoch done: ``number``, ``seconds`` of its training pass, ``f1`` on valid."""
        stored = self.out.with_name(f"{self.out.name}.json")
        if not stored.exists():
            return []
        epochs: list[dict[str, Any]] = json.loads(stored.read_text(encoding="utf-8"))["epochs"]
        return epochs

    @property
    def f1(self) -> float:
        """Slot F1 of the finished artefact on valid."""
        f1: float = json.loads((self.out / "scores.json").read_text(encoding="utf-8"))["all"]["slots"]["f1"]
        return f1

    @property
    def seconds(self) -> float:
        """Of all training passes; an epoch that a kill left without its time counts as the others' mean."""
        epochs = self.epochs
        return sum(epoch["seconds"] for epoch in epochs) / len(epochs) * epochs[-1]["number"] if epochs else 0.0

    def store(self, epoch: dict[str, Any]) -> None:
        """Add an epoch, or replace the one of its number."""
        epochs = [*(other for other in self.epochs if other["number"] < epoch["number"]), epoch]
        stored = {"row": self.row, "settings": self.config.to_dict(), "epochs": epochs}
        replace_file(
            self.out.with_name(f"{self.out.name}.json"), lambda stream: stream.write((json.dumps(stored, indent=1) + "\n").encode())
        )


class Watcher(Protocol):
    """Who wants to know how the runs go; ``training.watch`` draws them on a terminal."""

    def planned(self, runs: int) -> None:
        """So many runs there are, finished ones too."""

    def started(self, run: PlannedRun) -> None:
        """A run has a process now."""

    def epoch(self, run: PlannedRun, number: int, f1: float) -> None:
        """A run has done an epoch."""

    def ended(self, run: PlannedRun, failure: str | None) -> None:
        """A run is finished, or failed for a reason."""


def train_all(runs: Sequence[PlannedRun], data: Path, jobs: int, watcher: Watcher) -> dict[PlannedRun, str]:
    """Train what is not finished, ``jobs`` at a time; the runs that failed, each with its reason. One that fails harms no other."""
    waiting = deque(run for run in runs if not run.finished)
    running: dict[connection.Connection, tuple[PlannedRun, BaseProcess]] = {}
    failures: dict[PlannedRun, str] = {}
    watcher.planned(len(runs))
    for run in runs:
        if run.finished:
            watcher.ended(run, None)
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                running |= _start(waiting.popleft(), data, watcher)
            for ready in connection.wait(list(running)):
                assert isinstance(ready, connection.Connection)
                run, process = running[ready]
                if not _hear(ready, run, failures, watcher):
                    del running[ready]
                    _end(run, process, failures, watcher)
    finally:
        for _, process in running.values():
            process.terminate()
            process.join()
    return failures


def _start(run: PlannedRun, data: Path, watcher: Watcher) -> dict[connection.Connection, tuple[PlannedRun, BaseProcess]]:
    heard, told = _SPAWN.Pipe(duplex=False)
    process = _SPAWN.Process(target=_work, args=(run, data, told), daemon=True)
    process.start()
    told.close()  # so that the end of the process is the end of the pipe
    watcher.started(run)
    return {heard: (run, process)}


def _hear(heard: connection.Connection, run: PlannedRun, failures: dict[PlannedRun, str], watcher: Watcher) -> bool:
    """One message of a run; False when its process has ended."""
    try:
        message = heard.recv()
    except EOFError:
        heard.close()
        return False
    if isinstance(message, str):
        failures[run] = message
    else:
        watcher.epoch(run, *message)
    return True


def _end(run: PlannedRun, process: BaseProcess, failures: dict[PlannedRun, str], watcher: Watcher) -> None:
    process.join()
    if not run.finished:
        failures.setdefault(run, f"its process ended with code {process.exitcode}; the same command continues it")
    watcher.ended(run, failures.get(run))


def _work(run: PlannedRun, data: Path, told: connection.Connection) -> None:
    """What the process of a run does. Ctrl-C is the parent's to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        train(run.config, data, run.out, _Reporter(run, told), resume=True)
    except Exception as error:  # whatever it is, it is the failure of this row alone
        with contextlib.suppress(OSError):
            told.send(str(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}")


class _Reporter:
    """Tells the parent of every epoch and stores it; ends with the parent."""

    def __init__(self, run: PlannedRun, told: connection.Connection) -> None:
        self._run, self._told = run, told

    def corpus(self, train: Corpus, valid: Corpus) -> None:
        """The parent has read the same."""

    def step(self, done: int, total: int) -> None:
        parent = multiprocessing.parent_process()
        if parent is not None and not parent.is_alive():
            raise SystemExit(1)

    def gradient(self, step: int, network: TaggerNetwork, norm: float) -> None:
        pass

    def pretrained(self, epoch: ClozeEpoch) -> None:
        pass

    def epoch(self, epoch: Epoch, report: Report, *, best: bool) -> None:
        self._run.store({"number": epoch.number, "seconds": round(epoch.seconds, 3), "f1": report.to_dict()["slots"]["f1"]})
        self._told.send((epoch.number, report.slots.f1))
