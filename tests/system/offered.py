"""Offers requests at a rate that does not wait for answers, over raw connections; times count from when a request was due."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

RETRY_AFTER = b"retry-after:"


@dataclass(frozen=True)
class Outcome:
    """What became of one request. ``due_s`` and ``answered_s`` count from the start of the load; status 0 is no answer at all."""

    due_s: float
    answered_s: float
    status: int
    retry_after: bool

    @property
    def latency_s(self) -> float:
        """From when it was due, so that a generator that falls behind hides nothing."""
        return self.answered_s - self.due_s


@dataclass(frozen=True)
class Load:
    """All outcomes of one load."""

    outcomes: Sequence[Outcome]
    seconds: float

    def of(self, status: int) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.status == status]

    def latency_s(self, status: int, quantile: float) -> float:
        """A quantile of the latencies of one status."""
        ordered = sorted(outcome.latency_s for outcome in self.of(status))
        return ordered[min(int(quantile * len(ordered)), len(ordered) - 1)]

    def good_per_s(self, within_s: float) -> float:
        """Answers with 200 in time, per second of the load; those that come after its end would count what it left in the queue."""
        return sum(outcome.latency_s <= within_s and outcome.answered_s <= self.seconds for outcome in self.of(200)) / self.seconds

    def __str__(self) -> str:
        statuses = sorted(Counter(outcome.status for outcome in self.outcomes).items())
        parts = [
            f"{status}: {count} (p50 {self.latency_s(status, 0.5):.3f} s, p99 {self.latency_s(status, 0.99):.3f} s)"
            for status, count in statuses
        ]
        return f"{len(self.outcomes) / self.seconds:.0f} offered per s for {self.seconds:g} s: " + ", ".join(parts)


async def offer(address: tuple[str, int], request: bytes, *, per_second: float, seconds: float, patience_s: float = 10) -> Load:
    """Send ``request`` ``per_second`` times a second, evenly, each over a connection that is free or new."""
    pool, start = _Pool(address, request), time.perf_counter()
    tasks = []
    for number in range(int(per_second * seconds)):
        due_s = number / per_second
        if (early := start + due_s - time.perf_counter()) > 0.001:
            await asyncio.sleep(early)
        elif number % 16 == 0:
            await asyncio.sleep(0)  # behind: catch up, but let answers in
        tasks.append(asyncio.create_task(pool.ask(start, due_s, patience_s)))
    outcomes = await asyncio.gather(*tasks)
    pool.close()
    return Load(outcomes, seconds)


async def saturate(address: tuple[str, int], request: bytes, *, clients: int, seconds: float, patience_s: float = 10) -> Load:
    """As many as go: each client sends its next request when it has the answer to the last."""
    pool, start = _Pool(address, request), time.perf_counter()
    outcomes: list[Outcome] = []

    async def client() -> None:
        while (due_s := time.perf_counter() - start) < seconds:
            outcomes.append(await pool.ask(start, due_s, patience_s))

    await asyncio.gather(*(client() for _ in range(clients)))
    pool.close()
    return Load(outcomes, max(outcome.answered_s for outcome in outcomes))


class _Pool:
    """Connections that wait for no answer at the moment."""

    def __init__(self, address: tuple[str, int], request: bytes) -> None:
        self._address = address
        self._request = request
        self._free: list[_Client] = []

    async def ask(self, start: float, due_s: float, patience_s: float) -> Outcome:
        try:
            async with asyncio.timeout(patience_s):
                while self._free and not (client := self._free.pop()).closed:
                    break
                else:
                    _, client = await asyncio.get_running_loop().create_connection(_Client, *self._address)
                status, head = await client.ask(self._request)
        except (TimeoutError, OSError):
            return Outcome(due_s, time.perf_counter() - start, 0, False)
        if not client.closed:
            self._free.append(client)
        return Outcome(due_s, time.perf_counter() - start, status, RETRY_AFTER in head)

    def close(self) -> None:
        for client in self._free:
            client.close()


class _Client(asyncio.Protocol):
    """One connection that asks one thing at a time."""

    def __init__(self) -> None:
        self.closed = False
        self._received = bytearray()
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.Transport | None = None

    def ask(self, request: bytes) -> "asyncio.Future[tuple[int, bytes]]":
        """Status and head of the answer."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._received.clear()
        self._transport.write(request)
        return self._answer

    def close(self) -> None:
        assert self._transport is not None
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0 or self._answer is None or self._answer.done():
            return
        head = bytes(self._received[:end]).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r")[0])
        if len(self._received) >= end + 4 + length:
            self.closed = b"connection: close" in head
            self._answer.set_result((int(head[9:12]), head))

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError("the server went away"))
