"""What several commands say in the same way on a terminal."""

import argparse
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from training.data.corpus import Corpus

SHOWN_PROBLEMS = 5


def add_data(parser: argparse.ArgumentParser) -> None:
    """``CONFIG`` and ``--data``."""
    parser.add_argument("config", type=Path, metavar="CONFIG", help="a TOML file such as training/configs/atis.toml")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder that holds the data sets")


def add_overrides(parser: argparse.ArgumentParser) -> None:
    """``--set``, as often as wanted."""
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides", help="change a setting: fit.epochs=5")


def progress_bar(console: Console) -> Progress:
    """A bar that is gone when its work is done, with its rate and the time left."""
    told = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), RateColumn(), TimeRemainingColumn())
    return Progress(SpinnerColumn(), *told, console=console, transient=True)


def print_problems(console: Console, corpus: Corpus) -> None:
    """Bad records, counted by reason, the first few by name: nothing is dropped in silence."""
    for reason, count in sorted(corpus.dropped.items()):
        console.print(f"{count} records left out: {reason}", highlight=False, markup=False, soft_wrap=True)
    for problem in corpus.problems[:SHOWN_PROBLEMS]:
        console.print(f"bad record: {problem}", highlight=False, markup=False, soft_wrap=True)
    if len(corpus.problems) > SHOWN_PROBLEMS:
        console.print(f"... {len(corpus.problems)} bad records in all", highlight=False, soft_wrap=True)


class RateColumn(ProgressColumn):
    """How many of the task's ``unit``, if it has one, are done in a second."""

    def render(self, task: Task) -> Text:
        """Empty until it is known."""
        unit, speed = task.fields.get("unit"), task.finished_speed or task.speed
        return Text(f"{speed:.1f} {unit}/s" if unit and speed else "", style="progress.data.speed")


class StepBars:
    """A bar for the steps of an epoch and one for the epochs of a run, on a terminal; elsewhere nothing."""

    def __init__(self, console: Console, epochs: int, number: int) -> None:
        """``number``: of the first epoch; 0 where it is none of the run's or not known, and then the run has no bar yet."""
        self._bars, self._epochs, self._number = progress_bar(console), epochs, number
        self._steps: TaskID | None = None
        self._run: TaskID | None = None

    def step(self, done: int, total: int) -> None:
        """So many steps of the epoch are done."""
        self._bars.start()
        if self._steps is None:
            place = f"epoch {self._number}/{self._epochs}" if self._number else "epoch"
            self._steps = self._bars.add_task(place, total=total, unit="steps")
        if self._run is None and self._number:
            self._run = self._bars.add_task("run", total=self._epochs)
        self._bars.update(self._steps, completed=done)
        if self._run is not None:
            self._bars.update(self._run, completed=self._number - 1 + done / total)

    def end(self, following: int) -> None:
        """The epoch is over; ``following``: the number of the next."""
        if self._steps is not None:
            self._bars.remove_task(self._steps)
            self._steps = None
        self._number = following

    def close(self) -> None:
        """Take the bars away."""
        self._bars.stop()


class EpochTable:
    """Rows under a head, each printed when its epoch is over; another head where the columns change."""

    def __init__(self, console: Console) -> None:
        """Nothing is printed yet."""
        self._console = console
        self._titles: tuple[str, ...] = ()

    def row(self, cells: dict[str, str], *, best: bool = False) -> None:
        """Title -> cell. ``best``: shown in another colour, where there are colours."""
        if tuple(cells) != self._titles:
            self._titles = tuple(cells)
            self._print(self._titles, "bold")
        self._print(tuple(cells.values()), "green" if best else "")

    def _print(self, cells: tuple[str, ...], style: str) -> None:
        line = "  ".join(cell.rjust(max(len(title), 7)) for title, cell in zip(self._titles, cells, strict=True))
        self._console.print(Text(line, style=style), soft_wrap=True)
