"""The counts of several worker processes, kept so that whichever is scraped answers for all of them.

Each worker claims a name, ``w0``, ``w1``, ..., with a lock that the kernel opens when the process ends, however it ends. A worker
that is started later takes the first free name and goes on counting in the files of that name: sums never shrink, and there are never
more files than there were workers at once. What a dead worker showed (gauges) is removed by the next scrape, or by its successor.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from prometheus_client import Metric, ProcessCollector, values
from prometheus_client.multiprocess import mark_process_dead
from prometheus_client.registry import Collector

from app.metrics_files import VARIABLE, is_free


@dataclass(frozen=True, slots=True)
class Worker:
    """This process's place in the directory. ``lock`` is a file descriptor that is kept until the process ends."""

    directory: Path
    name: str
    lock: int


def join() -> Worker | None:
    """Take a place in the directory that a supervisor has named; None for a process that serves alone.

    Metrics that are made afterwards are kept in the directory. Call it in the worker, not before a fork.
    """
    named = os.environ.get(VARIABLE)
    if not named:
        return None
    worker = _claim(Path(named))
    mark_process_dead(worker.name, named)  # type: ignore[no-untyped-call]  # what the last one of this name showed is not ours
    # The library would name the files by process id and leave two more behind with each process that ends.
    values.ValueClass = values.MultiProcessValue(lambda: worker.name)  # type: ignore[no-untyped-call]
    return worker


def living(directory: Path) -> list[tuple[str, int]]:
    """Name and process id of each worker; what a dead one showed, but not what it counted, is removed."""
    found = []
    for path in sorted(directory.glob("w*.lock")):
        with path.open() as file, suppress(ValueError):  # a worker that has just claimed the name has not written its id yet
            if is_free(file.fileno()):
                mark_process_dead(path.stem, str(directory))  # type: ignore[no-untyped-call]
            else:
                found.append((path.stem, int(file.read())))
    return found


class WorkerProcesses(Collector):
    """Memory, processor time and open files of each worker, read anew at each scrape."""

    def __init__(self, directory: Path) -> None:
        """Of the workers in ``directory``."""
        self._directory = directory

    def collect(self) -> Iterator[Metric]:
        """The library's process metrics with a label ``worker``."""
        families: dict[str, Metric] = {}
        for name, process in living(self._directory):
            for family in ProcessCollector(pid=lambda process=process: process, registry=None).collect():  # type: ignore[misc]
                merged = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
                for sample in family.samples:
                    merged.add_sample(sample.name, {"worker": name}, sample.value)
        yield from families.values()


def _claim(directory: Path) -> Worker:
    for number in count():
        lock = os.open(directory / f"w{number}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        if is_free(lock):
            os.truncate(lock, 0)
            os.write(lock, str(os.getpid()).encode())
            return Worker(directory, f"w{number}", lock)
        os.close(lock)
    raise AssertionError("there is no end of numbers")
