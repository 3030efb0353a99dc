"""Connections of the load generator: raw HTTP/1.1 over asyncio's transports, and the log of what became of each request."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import cast

NO_ANSWER = 0  # the connection could not be opened, broke, or gave nothing in time
SAMPLE = 64  # one answer in so many is checked

Address = tuple[str, int]
Check = Callable[[bytes, bytes], bool]
clock = time.perf_counter


class Log:
    """What is sent in a run, and what became of it."""

    def __init__(self, bodies: Sequence[bytes], requests: Sequence[bytes], check: Check | None) -> None:
        """``requests`` holds a whole request for each of ``bodies``."""
        self.requests = requests
        self.open: set[Connection] = set()
        self._bodies = bodies
        self._check = check
        self._due: list[float] = []
        self._sent: list[float] = []
        self._ended: list[float] = []
        self._status: list[int] = []
        self.complete = asyncio.Event()
        self.checked = self.wrong = 0
        self.begin()

    def begin(self, expected: int = -1) -> None:
        """Now it starts, and is complete after so many requests."""
        self.expected = expected
        self.began = clock()
        self._cpu = time.process_time()

    def add(self, due: float, sent: float, ended: float, status: int) -> None:
        """A request has ended; times of ``clock``."""
        self._due.append(due)
        self._sent.append(sent)
        self._ended.append(ended)
        self._status.append(status)
        if len(self._status) == self.expected:
            self.complete.set()

    def check(self, number: int, answer: bytes, status: int) -> None:
        """Look at one answer in SAMPLE; ``answer`` is whole, head and body."""
        if self._check is not None and status == 200 and number % SAMPLE == 0:
            self.checked += 1
            self.wrong += not self._check(self._bodies[number % len(self._bodies)], answer.partition(b"\r\n\r\n")[2])

    def times(self) -> tuple[list[float], list[float], list[float], list[int]]:
        """When each request was due, was sent and ended, and with which status."""
        return self._due, self._sent, self._ended, self._status

    def cpu_s(self) -> float:
        """Processor time of this process since the beginning."""
        return time.process_time() - self._cpu


async def connect(address: Address, log: Log, free: Callable[["Connection"], None]) -> "Connection | None":
    """A new connection, None where there is none to be had; ``free`` is called when it is open and after each of its answers."""
    try:
        _, connection = await asyncio.get_running_loop().create_connection(lambda: Connection(log, free), *address)
    except OSError:
        return None
    return connection


class Connection(asyncio.Protocol):
    """One request at a time; ``gone`` ends with the connection."""

    def __init__(self, log: Log, free: Callable[["Connection"], None]) -> None:
        """Of a run with this log; ``free`` may send the next request."""
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._log = log
        self._free = free
        self._waits = False  # for an answer
        self._number = 0
        self._due = self._sent = 0.0
        self._received = b""
        self._needed = 0  # bytes of the answer; 0 while its head has not come

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio's."""
        self._transport = cast(asyncio.Transport, transport)
        self._log.open.add(self)
        self._free(self)

    def send(self, number: int, due: float) -> None:
        """Send the request of this number, which was due at ``due``."""
        self._waits, self._number, self._due, self._sent = True, number, due, clock()
        requests = self._log.requests
        self._transport.write(requests[number % len(requests)])

    def close(self) -> None:
        """Break it."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """asyncio's."""
        answer = self._received + data if self._received else data
        if not self._needed:
            self._needed = _length(answer)
        if not self._needed or len(answer) < self._needed:
            self._received = answer
            return
        self._received, self._needed, self._waits = b"", 0, False
        status = int(answer[9:12])
        self._log.add(self._due, self._sent, clock(), status)
        self._log.check(self._number, answer, status)
        if b"\r\nconnection: close\r\n" in answer[: answer.index(b"\r\n\r\n") + 2].lower():
            self._transport.close()
        else:
            self._free(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio's."""
        self._log.open.discard(self)
        if self._waits:
            self._log.add(self._due, self._sent, clock(), NO_ANSWER)
        if not self.gone.done():
            self.gone.set_result(None)


def _length(answer: bytes) -> int:
    """Bytes of the whole answer, by its Content-Length; 0 while its head is not whole. Raises ValueError for one without."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return 0
    head = answer[: end + 2].lower()
    found = head.find(b"\r\ncontent-length:")
    if found < 0:
        raise ValueError(f"an answer without Content-Length is not understood: {head[:200]!r}")
    return end + 4 + int(head[found + 17 : head.index(b"\r\n", found + 2)])
