"""Speaks HTTP/1.1 byte by byte, so that a test can also speak it wrongly."""

import json
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedReader
from typing import Any, Self

from tests.system.running import Service

GOOD = {"text": "I want to fly from Oslo to Tuzla on 3 November", "context": {"reference_time": "2026-10-20T10:00:00+08:00"}}


@dataclass(frozen=True)
class Answer:
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def request(method: str, path: str, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    """A request with ``headers`` beside the usual; ``length``: what Content-Length says, if not the truth; -1 leaves it out."""
    lines = [f"{method} {path} HTTP/1.1", "Host: slotline", *headers]
    if length != -1 and (body or length is not None):
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def post(body: bytes | dict[str, Any], *headers: str, path: str = "/v1/parse", length: int | None = None) -> bytes:
    """A request to parse."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return request("POST", path, content, "Content-Type: application/json", *headers, length=length)


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    """A request to parse whose body comes in chunks."""
    head = request("POST", "/v1/parse", b"", "Content-Type: application/json", "Transfer-Encoding: chunked")
    return head + b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + end


class Connection:
    """A connection that does not wait for ever."""

    def __init__(self, service: Service, *, timeout: float = 15) -> None:
        self.socket = socket.create_connection(service.address, timeout=timeout)
        self._stream = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, sent: bytes) -> None:
        """Send, and do not mind a server that has heard enough."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(sent)

    def answer(self, *, head: bool = False) -> Answer | None:
        """The next answer; None where the connection ended instead. ``head``: of a HEAD request, which has no body."""
        with suppress(ConnectionResetError):
            return _read(self._stream, head)

    def ends_within(self, seconds: float) -> bool:
        """Whether the server ends the connection, or says something, within so many seconds."""
        self.socket.settimeout(seconds)
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return False
        except ConnectionResetError:
            return True
        return True

    def close(self) -> None:
        """Leave with a farewell."""
        self._stream.close()
        self.socket.close()

    def reset(self) -> None:
        """Leave with a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()


def ask(service: Service, sent: bytes, *, head: bool = False) -> Answer | None:
    """The answer to one request on a connection of its own."""
    with Connection(service) as connection:
        connection.send(sent)
        return connection.answer(head=head)


def answers_until_end(service: Service, sent: bytes) -> list[Answer]:
    """Every answer that comes before the server ends the connection, which it must."""
    with Connection(service) as connection:
        connection.send(sent)
        return list(iter(connection.answer, None))


def until(true: Callable[[], bool], seconds: float = 10) -> None:
    """Ask again until it is so: another process does not tell when."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to be so in time"
        time.sleep(0.02)


def _read(stream: BufferedReader, head: bool) -> Answer | None:
    while (first := stream.readline()).startswith(b"HTTP/1.1 100"):
        stream.readline()
    if not first:
        return None
    headers = {}
    while line := stream.readline().strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    body = b"" if head else stream.read(int(headers.get("content-length", 0)))
    return Answer(int(first.split()[1]), headers, body)
