"""The load generator: prebuilt requests over raw connections, closed loop for throughput, open loop for latency.

    load = closed_loop(("127.0.0.1", 8000), bodies, connections=32, seconds=3)
    load = open_loop(("127.0.0.1", 8000), bodies, poisson(rate=2_000, seconds=3))
    load.rate(), load.latency(0.99), load.statuses

Closed loop: each connection sends its next request when the answer to the last has come. So it finds the highest
throughput, but a server that stalls is asked less meanwhile, and its stall counts once.
Open loop: requests have times at which they are due, whatever the server does; latency counts from that time, also while a
request waits for a free connection, so a stall counts for everybody who would have come meanwhile (no coordinated omission).

``closed_loop`` and ``open_loop`` run an event loop of their own; inside a running one await ``drive_closed`` and ``drive_open``.
"""

import asyncio
import gc
import itertools
import math
from collections import Counter, deque
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import orjson
import uvloop

from bench.alarm import Alarm
from bench.connection import NO_ANSWER, Address, Check, Connection, Log, clock, connect

NOT_SENT = -1  # no connection became free in time
GRACE_S = 10.0
RETRY_S = 0.01  # between attempts to open a connection again
PREPARED = 16  # connections that are open before an open loop begins; more are opened when they are needed

Times = np.ndarray  # float64 [N]


def same_text(request: bytes, answer: bytes) -> bool:
    """Whether the answer is about the text that was sent, or about the texts of a batch in their order."""
    asked, said = orjson.loads(request), orjson.loads(answer)
    if "items" in asked:
        return [item["text"] for item in asked["items"]] == [result.get("text") for result in said["results"]]
    return bool(asked["text"] == said["text"])


@dataclass(frozen=True, slots=True)
class Asking:
    """How bodies are sent. ``check`` sees one 200 in SAMPLE: the body that was sent and the body that came."""

    path: str = "/v1/parse"
    headers: tuple[tuple[str, str], ...] = ()
    check: Check | None = same_text

    def log(self, bodies: Sequence[bytes]) -> Log:
        """Of whole POST requests, one for each body."""
        head = f"POST {self.path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in self.headers)
        requests = [b"%sContent-Length: %d\r\n\r\n%s" % (head.encode(), len(body), body) for body in bodies]
        return Log(bodies, requests, self.check)


PARSE = Asking()


@dataclass(frozen=True)
class Load:
    """What became of N requests, in the order in which they ended.

    ``due_s``: seconds from the start to when each was due (closed loop: was sent); ``latency_s`` from then to its answer;
    ``lag_s`` from then to its sending; ``status`` of HTTP, NO_ANSWER or NOT_SENT. ``seconds``: from start to last answer;
    ``cpu_s``: of the generator; ``wrong`` of ``checked`` answers were about another text.
    """

    due_s: Times
    latency_s: Times
    lag_s: Times
    status: np.ndarray
    seconds: float
    cpu_s: float
    checked: int
    wrong: int

    @property
    def statuses(self) -> dict[int, int]:
        """How many requests ended with each status."""
        return dict(Counter(self.status.tolist()))

    @property
    def failed(self) -> int:
        """How many ended with anything but a 200."""
        return int((self.status != 200).sum())

    def rate(self, status: int = 200) -> float:
        """Answers of this status a second."""
        return float((self.status == status).sum()) / self.seconds

    def latency(self, quantile: float, status: int = 200) -> float:
        """Seconds that this share of the answers of this status took at most; NaN where there was none."""
        return percentile(self.latency_s[self.status == status], quantile)

    def cpu_us(self) -> float:
        """What a request cost the generator, microseconds."""
        return 1e6 * self.cpu_s / max(1, len(self.status))


def percentile(values: Times, quantile: float) -> float:
    """The smallest value that at least this share of all do not exceed; NaN for none.

    >>> percentile(np.array([3.0, 1.0, 2.0, 4.0]), 0.5)
    2.0
    """
    return float(np.quantile(values, quantile, method="inverted_cdf")) if len(values) else math.nan


def poisson(rate: float, seconds: float, seed: int = 0) -> Times:
    """Due times of callers who do not know of each other: gaps are exponential, ``rate`` a second on average."""
    gaps = np.random.default_rng(seed).exponential(1 / rate, size=int(rate * seconds * 1.2) + 100)
    due_s = np.cumsum(gaps)
    return due_s[due_s < seconds]


def steady(rate: float, seconds: float) -> Times:
    """Due times in equal steps."""
    return np.arange(int(rate * seconds)) / rate


def closed_loop(address: Address, bodies: Sequence[bytes], connections: int, seconds: float, asking: Asking = PARSE) -> Load:
    """``connections`` callers, each with one request at a time, for ``seconds``; bodies in turn, from the first again after the last."""
    return _alone(drive_closed(address, bodies, connections, seconds, asking))


def open_loop(
    address: Address, bodies: Sequence[bytes], due_s: Times, connections: int = 256, give_up_s: float = math.inf, asking: Asking = PARSE
) -> Load:
    """A request at each of ``due_s`` (seconds, ascending) over at most ``connections``, which are opened as they are needed.

    A request for which no connection is free waits; after ``give_up_s`` it ends as NOT_SENT.
    """
    return _alone(drive_open(address, bodies, due_s, connections, give_up_s, asking))


def _alone(run: Coroutine[Any, Any, Load]) -> Load:
    """Without the garbage collector, whose pauses would count as the server's."""
    gc.collect()
    gc.disable()
    try:
        return uvloop.run(run)
    finally:
        gc.enable()


async def drive_closed(address: Address, bodies: Sequence[bytes], connections: int, seconds: float, asking: Asking = PARSE) -> Load:
    """``closed_loop`` in the running event loop."""
    log = asking.log(bodies)
    stop = log.began + seconds
    numbers = itertools.count()

    def free(connection: "Connection") -> None:
        now = clock()
        if now < stop:
            connection.send(next(numbers), now)
        else:
            connection.close()

    async def caller() -> None:
        while clock() < stop:
            connection = await connect(address, log, free)
            if connection is None:
                log.add(clock(), clock(), clock(), NO_ANSWER)
                await asyncio.sleep(RETRY_S)
            else:
                await connection.gone

    await _settle({asyncio.create_task(caller()) for _ in range(connections)}, log, seconds)
    return _load(log)


async def drive_open(
    address: Address, bodies: Sequence[bytes], due_s: Times, connections: int = 256, give_up_s: float = math.inf, asking: Asking = PARSE
) -> Load:
    """``open_loop`` in the running event loop."""
    log = asking.log(bodies)
    schedule = _Schedule(address, log, connections, give_up_s)
    await schedule.prepare()
    log.begin(len(due_s))
    await _settle({asyncio.create_task(schedule.keep(due_s))}, log, float(due_s[-1]) if len(due_s) else 0.0)
    return _load(log)


async def _settle(tasks: set["asyncio.Task[None]"], log: "Log", seconds: float) -> None:
    """Wait for the end, then break what is still open: its requests end as NO_ANSWER."""
    _, late = await asyncio.wait(tasks, timeout=log.began + seconds + GRACE_S - clock())
    for task in late:
        task.cancel()
    open_still = list(log.open)
    for connection in open_still:
        connection.close()
    await asyncio.gather(*(connection.gone for connection in open_still), *late, return_exceptions=True)
    for task in tasks - late:
        task.result()


def _load(log: Log) -> Load:
    due, sent, ended, status = (np.array(times) for times in log.times())
    seconds = float(ended.max()) - log.began if len(ended) else 0.0
    return Load(due - log.began, ended - due, sent - due, status, max(seconds, 1e-9), log.cpu_s(), log.checked, log.wrong)


class _Schedule:
    """Requests at their times over a pool of connections; the one that was used last goes first."""

    def __init__(self, address: Address, log: Log, connections: int, give_up_s: float) -> None:
        self._connect = partial(connect, address, log, self._free)
        self._log = log
        self._most = connections
        self._give_up_s = give_up_s
        self._idle: list[Connection] = []
        self._backlog: deque[tuple[int, float]] = deque()
        self._holders: set[asyncio.Task[None]] = set()

    async def prepare(self) -> None:
        """Open the first connections."""
        for _ in range(min(self._most, PREPARED)):
            self._hold_one()
        for _ in range(int(GRACE_S / RETRY_S)):
            if len(self._idle) == len(self._holders):
                return
            await asyncio.sleep(RETRY_S)

    async def keep(self, due_s: Times) -> None:
        """Send everything when it is due, and wait until all has ended."""
        due = (self._log.began + due_s).tolist()
        position = 0

        def ring() -> None:
            nonlocal position
            now = clock()
            while position < len(due) and due[position] <= now:
                self._dispatch(position, due[position])
                position += 1
            if position < len(due):
                alarm.set(due[position])

        alarm = Alarm(ring)
        try:
            ring()
            if due:
                await self._log.complete.wait()
        finally:
            alarm.close()
            for holder in self._holders:
                holder.cancel()
            for _, late in self._backlog:
                self._log.add(late, clock(), clock(), NO_ANSWER)

    def _dispatch(self, number: int, due: float) -> None:
        if self._idle:
            self._idle.pop().send(number, due)
            return
        self._backlog.append((number, due))
        if len(self._holders) < self._most:
            self._hold_one()

    def _free(self, connection: "Connection") -> None:
        """A connection was opened, or has its answer."""
        while self._backlog:
            number, due = self._backlog.popleft()
            now = clock()
            if now - due <= self._give_up_s:
                connection.send(number, due)
                return
            self._log.add(due, now, now, NOT_SENT)
        self._idle.append(connection)

    def _hold_one(self) -> None:
        self._holders.add(asyncio.create_task(self._hold()))

    async def _hold(self) -> None:
        """One connection, opened again whenever it is lost."""
        while True:
            connection = await self._connect()
            if connection is None:
                await asyncio.sleep(RETRY_S)
                continue
            await connection.gone
            if connection in self._idle:
                self._idle.remove(connection)
