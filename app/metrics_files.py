"""Where several worker processes keep their counts; for their supervisor, so nothing that serves is imported.

The supervisor runs its workers inside ``with shared_directory():`` and does nothing else about metrics; ``app.metrics_workers``
tells what the workers do there.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
IN_MEMORY = Path("/dev/shm")  # writable also where a container's root file system is not


@contextmanager
def shared_directory() -> Iterator[Path]:
    """A fresh directory, in memory where there is such a place, named to the processes that are started meanwhile.

    To be entered by the supervisor, before it starts its first worker; the directory goes with it.
    """
    memory = IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None
    directory, owner = Path(tempfile.mkdtemp(prefix="slotline-metrics-", dir=memory)), os.getpid()
    os.environ[VARIABLE] = str(directory)
    try:
        yield directory
    finally:
        if os.getpid() == owner:  # a forked worker that leaves by an exception passes here too
            os.environ.pop(VARIABLE, None)
            shutil.rmtree(directory, ignore_errors=True)
