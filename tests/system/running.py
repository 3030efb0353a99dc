"""Runs ``python -m app`` as a process of its own."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
        self._news = threading.Condition()
        self._over = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.says(ANNOUNCED)
        except AssertionError:
            self.process.kill()
            raise

    def says(self, pattern: str | re.Pattern[str], *, times: int = 1, timeout: float = 30) -> None:
        """Wait until it has printed ``pattern`` so many times."""
        with self._news:
            self._news.wait_for(lambda: self._over or self._said(pattern) >= times, timeout)
            assert self._said(pattern) >= times, f"the service has not said {pattern!r}:\n" + "".join(self.printed)

    def workers(self) -> set[int]:
        """The process ids of its children."""
        children = set()
        for status in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):  # it has just ended
                fields = status.read_text().rpartition(")")[2].split()
                if int(fields[1]) == self.process.pid and fields[0] != "Z":
                    children.add(int(status.parent.name))
        return children

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
                with self._news:
                    self.printed.append(line)
                    self._news.notify_all()
        with self._news:
            self._over = True
            self._news.notify_all()

    def _said(self, pattern: str | re.Pattern[str]) -> int:
        return sum(re.search(pattern, line) is not None for line in self.printed)


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
