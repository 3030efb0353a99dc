"""Runs ``python -m app`` as a process of its own."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ANNOUNCED = re.compile(r"listens on (http://\S+:\d+)")


class Service:
    """A running service: its address, and all that it has printed so far."""

    def __init__(self, models: Path, *flags: str) -> None:
        """Start it and wait until it says where it listens."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SLOTLINE_")}
        command = [sys.executable, "-m", "app", "--port", "0", "--models", str(models), *flags]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**environment, "OMP_NUM_THREADS": "1"}
        )
        self.printed: list[str] = []
        self._announced = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._announced.wait(timeout=30) or not self.url:
            self.process.kill()
            raise RuntimeError("the service did not start:\n" + "".join(self.printed))

    @property
    def url(self) -> str:
        """Where it listens; empty while it has not said so."""
        found = ANNOUNCED.search("".join(self.printed))
        return found.group(1) if found else ""

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        host, port = self.url.removeprefix("http://").split(":")
        return host, int(port)

    def stop(self, sign: signal.Signals = signal.SIGTERM, *, timeout: float = 30) -> int:
        """Send a signal, wait for the end, return the exit code."""
        self.process.send_signal(sign)
        return self.ended(timeout=timeout)

    def ended(self, *, timeout: float = 30) -> int:
        """Wait for the end, return the exit code."""
        code = self.process.wait(timeout)
        self._reader.join(timeout)
        return code

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.printed.append(line)
                if ANNOUNCED.search(line):
                    self._announced.set()
        self._announced.set()


@contextmanager
def running(models: Path, *flags: str) -> Iterator[Service]:
    """A service that is surely gone afterwards."""
    service = Service(models, *flags)
    try:
        yield service
    finally:
        if service.process.poll() is None:
            service.process.kill()
        service.ended()
