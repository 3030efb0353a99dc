"""Where several worker processes keep their counts; for their supervisor, so nothing that serves is imported.

The supervisor runs its workers inside ``with shared_directory():`` and does nothing else about metrics; ``app.metrics_workers``
tells what the workers do there.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
IN_MEMORY = Path("/dev/shm")  # writable also where a container's root file system is not
PREFIX = "slotline-metrics-"
HELD = "supervisor.lock"


@contextmanager
def shared_directory() -> Iterator[Path]:
    """A fresh directory, in memory where there is such a place, named to the processes that are started meanwhile.

    To be entered by the supervisor, before it starts its first worker; the directory goes with it, or, if it was killed, with the
    next supervisor's start.
    """
    parent = IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    for abandoned in filter(_is_abandoned, parent.glob(f"{PREFIX}*")):
        shutil.rmtree(abandoned, ignore_errors=True)
    directory, owner = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent)), os.getpid()
    lock = _hold(directory)
    os.environ[VARIABLE] = str(directory)
    try:
        yield directory
    finally:
        if os.getpid() == owner:  # a forked worker that leaves by an exception passes here too
            os.environ.pop(VARIABLE, None)
            shutil.rmtree(directory, ignore_errors=True)
            os.close(lock)


def is_free(lock: int) -> bool:
    """Whether nobody held the lock of this open file; it is held then, until the file is closed or the process ends."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _hold(directory: Path) -> int:
    """Show that the directory has an owner: with a lock that is held before anybody can see it."""
    lock = os.open(directory / "new", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    (directory / "new").rename(directory / HELD)
    return lock


def _is_abandoned(directory: Path) -> bool:
    """Whether its supervisor and all of its workers have ended."""
    locks = list(directory.glob("*.lock"))
    return directory / HELD in locks and all(_can_be_taken(lock) for lock in locks)


def _can_be_taken(path: Path) -> bool:
    try:
        with path.open() as file:
            return is_free(file.fileno())
    except OSError:  # gone meanwhile, or somebody else's
        return False
