"""A comparison on a terminal: what runs now and how far it is, and what is finished with its score."""

from contextlib import AbstractContextManager
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from training.compare.trainings import PlannedRun


class ComparisonWatch(AbstractContextManager["ComparisonWatch"]):
    """One bar for each run that has a process, one for all runs; a line for each run that has ended."""

    def __init__(self, console: Console) -> None:
        """Draws from ``with`` on."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[f1]}"),
        )
        self._console = console
        self._bars = Progress(*columns, console=console, transient=True)
        self._running: dict[PlannedRun, TaskID] = {}
        self._all = self._bars.add_task("all runs", total=None, f1="")

    def __enter__(self) -> "ComparisonWatch":
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bars.stop()

    def planned(self, runs: int) -> None:
        """How many runs there are."""
        self._bars.update(self._all, total=runs)

    def started(self, run: PlannedRun) -> None:
        """A bar."""
        done = len(run.epochs)
        self._running[run] = self._bars.add_task(run.name, total=run.config.fit.epochs, completed=done, f1="")

    def epoch(self, run: PlannedRun, number: int, f1: float) -> None:
        """Moves the bar."""
        self._bars.update(self._running[run], completed=number, f1=f"valid F1 {f1:.2%}")

    def ended(self, run: PlannedRun, failure: str | None) -> None:
        """A line in its place."""
        if run in self._running:
            self._bars.remove_task(self._running.pop(run))
        self._bars.advance(self._all)
        self._console.print(f"{run.name}: {failure or f'valid F1 {run.f1:.2%}'}", highlight=False, markup=False, soft_wrap=True)
