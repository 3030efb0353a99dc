"""People who type: a stroke every so often, whatever the server does, each on a stream of its own.

A stroke's latency counts from the moment at which it was due to the first answer that knows it: its own, or that to a newer one.
"""

import asyncio
import gc
import math
import random
import re
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import orjson
import uvloop
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.uri import parse_uri

from bench.alarm import Alarm
from bench.connection import SAMPLE, Address, clock
from bench.load import GRACE_S, Times, percentile

STROKE_S = (0.1, 0.2)  # between two strokes of one person, evenly spread
HEAD = re.compile(rb'\{"sequence":(\d+),"status":(\d+),')


@dataclass(frozen=True, slots=True)
class Stroke:
    """A key that somebody strikes: when it is due, seconds from the start, whose it is, and the text as it then stands."""

    due_s: float
    typist: int
    text: str


@dataclass(frozen=True, slots=True)
class Typed:
    """What became of N strokes. ``latency_s``: of each that was answered, by its own answer or by a newer one's.

    ``own``: how many had an answer of their own; ``refused``: answers that were problems; ``cpu_s``: of the generator; ``wrong`` of
    ``checked`` answers were about another text.
    """

    strokes: int
    latency_s: Times
    own: int
    refused: int
    cpu_s: float
    checked: int
    wrong: int

    @property
    def superseded(self) -> float:
        """The share of strokes that were never answered themselves, because a newer one was."""
        return 1 - self.own / self.strokes if self.strokes else math.nan

    @property
    def unanswered(self) -> int:
        """Strokes that no answer ever knew."""
        return self.strokes - len(self.latency_s)

    def latency(self, quantile: float) -> float:
        """Seconds that this share of the answered strokes took at most."""
        return percentile(self.latency_s, quantile)


def strokes(texts: Sequence[str], typists: int, seconds: float, seed: int = 0) -> list[Stroke]:
    """What ``typists`` strike within ``seconds``, by the time at which it is due: text after text, letter by letter, from nothing."""
    rng = random.Random(seed)
    found = []
    for typist in range(typists):
        at = rng.uniform(0, STROKE_S[1])
        pending: deque[str] = deque()
        while at < seconds:
            if not pending:
                text = rng.choice(texts)
                pending.extend(text[:end] for end in range(len(text) + 1))
            found.append(Stroke(at, typist, pending.popleft()))
            at += rng.uniform(*STROKE_S)
    return sorted(found, key=lambda stroke: stroke.due_s)


def type_all(address: Address, due: Sequence[Stroke], typists: int) -> Typed:
    """Strike every key when it is due. Raises ConnectionError where a stream cannot be opened or is lost."""
    gc.collect()
    gc.disable()  # its pauses would count as the server's
    try:
        return uvloop.run(_type_all(address, due, typists))
    finally:
        gc.enable()


async def _type_all(address: Address, due: Sequence[Stroke], typists: int) -> Typed:
    log = _Log(len(due))
    people = [await _Typist.sit_down(address, log) for _ in range(typists)]
    messages = [
        (stroke.due_s, people[stroke.typist], number, orjson.dumps({"sequence": number, "text": stroke.text, "caret": len(stroke.text)}))
        for number, stroke in enumerate(due)
    ]
    began, cpu_s, position = clock(), time.process_time(), 0

    def ring() -> None:
        nonlocal position
        now = clock() - began
        while position < len(messages) and messages[position][0] <= now:
            due_s, person, number, message = messages[position]
            person.strike(number, began + due_s, message)
            position += 1
        if position < len(messages):
            alarm.set(began + messages[position][0])

    alarm = Alarm(ring)
    try:
        ring()
        await asyncio.wait([asyncio.ensure_future(log.over.wait())], timeout=(due[-1].due_s if due else 0) + GRACE_S)
    finally:
        alarm.close()
        for person in people:
            person.leave()
    if log.lost:
        raise ConnectionError(f"{log.lost} of {typists} streams were lost: {log.why}")
    return Typed(len(due), np.array(log.latency_s), log.own, log.refused, time.process_time() - cpu_s, log.checked, log.wrong)


class _Log:
    def __init__(self, expected: int) -> None:
        self.expected = expected
        self.over = asyncio.Event()
        self.latency_s: list[float] = []
        self.own = self.refused = self.checked = self.wrong = self.lost = 0
        self.why = ""


class _Typist(asyncio.Protocol):
    """One stream. Life: ``sit_down``, any number of ``strike``, ``leave``."""

    def __init__(self, address: Address, log: _Log) -> None:
        self._wire = ClientProtocol(parse_uri(f"ws://{address[0]}:{address[1]}/v1/stream"), max_size=None)
        self._log = log
        self._waiting: deque[tuple[int, float, bytes]] = deque()
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._leaving = False

    @classmethod
    async def sit_down(cls, address: Address, log: _Log) -> "_Typist":
        """Open a stream."""
        _, typist = await asyncio.get_running_loop().create_connection(lambda: cls(address, log), *address)
        await asyncio.wait_for(typist._opened, GRACE_S)
        return typist

    def strike(self, number: int, due: float, message: bytes) -> None:
        """Send the text as it stands."""
        self._waiting.append((number, due, message))
        self._wire.send_text(message)
        self._flush()

    def leave(self) -> None:
        """End it."""
        self._leaving = True
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Shake hands."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's, which is one in all but its type
        self._wire.send_request(self._wire.connect())
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Read frames."""
        self._wire.receive_data(data)
        for event in self._wire.events_received():
            if isinstance(event, Response):
                self._open(event)
            elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self._on_answer(bytes(event.data))
            elif isinstance(event, Frame) and event.opcode is Opcode.CLOSE:
                self._log.why = str(self._wire.close_rcvd)
        self._flush()  # pongs

    def connection_lost(self, error: Exception | None) -> None:
        """Nobody should end it but ``leave``."""
        if not self._leaving:
            self._log.lost += 1
            self._log.over.set()

    def _open(self, response: Response) -> None:
        if self._wire.handshake_exc is not None:
            self._opened.set_exception(ConnectionError(f"a stream was refused: {response.status_code}"))
        else:
            self._opened.set_result(None)

    def _on_answer(self, answer: bytes) -> None:
        now, log = clock(), self._log
        head = HEAD.match(answer)
        assert head is not None, answer[:100]
        number, status = int(head[1]), int(head[2])
        log.refused += status != 200
        while self._waiting and self._waiting[0][0] <= number:
            asked, due, message = self._waiting.popleft()
            log.latency_s.append(now - due)
            if asked == number:
                log.own += 1
                if number % SAMPLE == 0:
                    log.checked += 1
                    log.wrong += status == 200 and orjson.loads(message)["text"] != orjson.loads(answer)["text"]
        if len(log.latency_s) == log.expected:
            log.over.set()

    def _flush(self) -> None:
        self._transport.write(b"".join(self._wire.data_to_send()))
