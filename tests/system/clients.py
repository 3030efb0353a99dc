"""Clients that ask without pause, each over its own connection, and remember every exchange."""

import json
import socket
import threading
import time
from dataclasses import dataclass
from typing import Any, Self

import httpx
import numpy as np

from model.tagger import Tagger
from tests.system.running import Service

TEXTS = tuple(f"I want to fly from Oslo to Tuzla on {'the ' * index}3 November" for index in range(6))
HTTP = httpx.Client(headers={"Connection": "close"}, timeout=30)  # a new connection for each request, which any worker may accept
REFERENCE = {"reference_time": "2026-10-20T10:00:00+08:00"}


@dataclass(frozen=True)
class Exchange:
    """A request and what came of it.

    ``worker``: the process that answers on this connection, None before it did. ``error``: why there is no answer.
    """

    text: str
    began: float
    ended: float
    status: int = 0
    answer: dict[str, Any] | None = None
    worker: str | None = None
    error: str | None = None

    @property
    def version(self) -> str:
        """The version that the answer names."""
        assert self.answer is not None
        return str(self.answer["model"]["version"])


class Clients:
    """Threads that ask while the ``with`` block runs, and until nobody listens. ``fresh``: a new connection for each request."""

    def __init__(self, service: Service, count: int = 4, *, fresh: bool = False) -> None:
        """``count`` connections at the same time."""
        self.exchanges: list[Exchange] = []
        self._address, self._fresh = service.address, fresh
        self._over = threading.Event()
        self._news = threading.Condition()
        self._threads = [threading.Thread(target=self._ask, args=(index,), daemon=True) for index in range(count)]

    def __enter__(self) -> Self:
        """Begin, and wait for the first answers."""
        for thread in self._threads:
            thread.start()
        self.exchange(len(self._threads))
        return self

    def __exit__(self, *_: object) -> None:
        """Finish what was asked."""
        self._over.set()
        for thread in self._threads:
            thread.join(timeout=30)
            assert not thread.is_alive()

    def exchange(self, count: int) -> None:
        """Wait for so many further exchanges."""
        with self._news:
            wanted = len(self.exchanges) + count
            assert self._news.wait_for(lambda: len(self.exchanges) >= wanted, timeout=30)

    def failed(self) -> list[Exchange]:
        """Those without the answer that they should have."""
        return [exchange for exchange in self.exchanges if exchange.error or exchange.status != 200]

    def _ask(self, number: int) -> None:
        while not self._over.is_set():
            try:
                connection = socket.create_connection(self._address, timeout=20)
            except ConnectionRefusedError:  # nobody listens any more
                return
            with connection:
                self._converse(connection, number)

    def _converse(self, connection: socket.socket, number: int) -> None:
        worker, more = None, True
        while more and not self._over.is_set():
            text, began = TEXTS[(len(self.exchanges) + number) % len(TEXTS)], time.monotonic()
            try:
                status, headers, answer = ask(connection, text)
            except OSError as error:
                self._note(Exchange(text, began, time.monotonic(), worker=worker, error=repr(error)))
                return
            worker = headers["x-request-id"][:16]  # random per process
            self._note(Exchange(text, began, time.monotonic(), status, answer, worker))
            more = headers.get("connection") != "close" and not self._fresh

    def _note(self, exchange: Exchange) -> None:
        with self._news:
            self.exchanges.append(exchange)
            self._news.notify_all()


def ask(connection: socket.socket, text: str) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Status, headers and answer. Raises OSError where the connection ends first."""
    body = json.dumps({"text": text, "context": REFERENCE, "include": ["distribution"]}).encode()
    head = f"POST /v1/parse HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)
    with connection.makefile("rb") as stream:
        first = stream.readline()
        if not first:
            raise ConnectionError("closed without an answer")
        headers = {}
        while line := stream.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        content = stream.read(int(headers.get("content-length", 0)))
        if not content:
            raise ConnectionError("closed within an answer")
        return int(first.split()[1]), headers, json.loads(content)


def wrong(exchanges: list[Exchange], taggers: dict[str, Tagger]) -> list[Exchange]:
    """The answered exchanges whose answer is not the one that the version gives which it names."""
    expected = {(version, text): tagger.annotate(text) for version, tagger in taggers.items() for text in TEXTS}
    found = []
    for exchange in exchanges:
        if exchange.answer is None:
            continue
        annotation = expected[exchange.version, exchange.text]
        slots = [(slot["name"], slot["start"], slot["end"]) for slot in exchange.answer["slots"]]
        same = slots == [(slot.name, slot.start, slot.end) for slot in annotation.slots]
        difference = np.abs(np.subtract(exchange.answer["distribution"]["probabilities"], annotation.label_probabilities_TL)).max()
        if not same or difference > 2e-6:
            found.append(exchange)
    return found
