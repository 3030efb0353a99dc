"""Servers as processes of their own: started, watched from outside through /proc, surely stopped."""

import ctypes
import http.client
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.connection import Address

START_S = 60.0  # longest start
STOP_S = 15.0  # longest stop
ANNOUNCED = re.compile(r"listens on http://(\S+):(\d+)")
PR_SET_PDEATHSIG = 1
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Running:
    """A server. ``started``: time.perf_counter() at which its process was begun."""

    address: Address
    pid: int
    started: float

    def get(self, path: str) -> int:
        """The status of a GET; 0 while nobody answers."""
        connection = http.client.HTTPConnection(*self.address, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()

    def cpu_s(self) -> float:
        """Processor time so far, with its children's."""
        return sum(_cpu_ticks(pid) for pid in _family(self.pid)) / TICKS

    def rss_bytes(self) -> int:
        """Resident memory, shared libraries included; of its children too."""
        return sum(_rss_bytes(pid) for pid in _family(self.pid))


@contextmanager
def service(artifact: Path, *flags: str) -> Iterator[Running]:
    """``python -m app`` with one model."""
    with _process(["-m", "app", "--port", "0", "--models", str(artifact), "--log-level", "error", *flags]) as running:
        yield running


@contextmanager
def rival(kind: str, size: int) -> Iterator[Running]:
    """One of ``bench.rivals``, which answers ``size`` bytes."""
    with _process(["-m", "bench.rivals", kind, "--bytes", str(size)]) as running:
        yield running


def wait_until_ready(server: Running) -> float:
    """Seconds from the start of its process to its first 200 of /health/ready."""
    while server.get("/health/ready") != 200:
        if time.perf_counter() - server.started > START_S:
            raise RuntimeError(f"a server was not ready after {START_S:g} s")
        time.sleep(0.002)
    return time.perf_counter() - server.started


@contextmanager
def _process(arguments: Sequence[str]) -> Iterator[Running]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SLOTLINE_")}
    with tempfile.TemporaryFile("w+") as complaints:
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=complaints, text=True, env=environment, preexec_fn=_die_with_parent
        )
        try:
            address = _address(process)
            if address is None:
                complaints.seek(0)
                raise RuntimeError(f"python {' '.join(arguments)} did not start:\n{complaints.read()[-2000:]}")
            yield Running(address, process.pid, started)
        finally:
            _stop(process)


def _address(process: subprocess.Popen[str]) -> Address | None:
    """Where it says that it listens; None where it ends or says nothing for START_S."""
    limit = threading.Timer(START_S, process.kill)
    limit.start()
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if found := ANNOUNCED.search(line):
                return found[1], int(found[2])
        return None
    finally:
        limit.cancel()


def _stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)  # without the time that SIGTERM gives a load balancer
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    assert process.stdout is not None
    process.stdout.close()


def _die_with_parent() -> None:
    """A benchmark that is killed leaves no server behind (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _family(pid: int) -> list[int]:
    """The process and all below it."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            with suppress(OSError):
                found.extend(map(int, task.read_text().split()))
    return found


def _cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])  # utime and stime, fields 14 and 15 of proc(5)


def _rss_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
