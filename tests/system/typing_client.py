"""A client of ``/v1/stream`` that waits for nothing for ever."""

import base64
import json
import os
import struct
from typing import Any, Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.system.running import Service
from tests.system.wire import Connection, request

SUBPROTOCOL = "slotline.v1"
TEXT, BINARY, CLOSE, PING, FINAL, MASKED = 0x1, 0x2, 0x8, 0x9, 0x80, 0x80


class Typist:
    """A connection that behaves."""

    def __init__(self, service: Service, *subprotocols: str, **options: Any) -> None:
        """``options``: those of ``websockets``, such as ``origin`` and ``additional_headers``. Connects when it is entered."""
        self._connecting = connect(
            service.url.replace("http", "ws", 1) + "/v1/stream",
            subprotocols=list(subprotocols or [SUBPROTOCOL]),
            proxy=None,
            max_size=None,
            close_timeout=5,
            **options,
        )

    def __enter__(self) -> Self:
        self.connection: ClientConnection = self._connecting.__enter__()
        return self

    def __exit__(self, *left: Any) -> None:
        self._connecting.__exit__(*left)

    def send(self, message: Any) -> None:
        """Send JSON, or a string or bytes as they are."""
        self.connection.send(message if isinstance(message, str | bytes) else json.dumps(message))

    def receive(self, seconds: float = 15) -> dict[str, Any]:
        """The next message."""
        return json.loads(self.connection.recv(timeout=seconds))

    def ask(self, message: Any) -> dict[str, Any]:
        """The next message after having sent one."""
        self.send(message)
        return self.receive()

    def closed(self, seconds: float = 15) -> tuple[int | None, str]:
        """The code and the reason with which the server closes, after whatever else it says."""
        try:
            while True:
                self.connection.recv(timeout=seconds)
        except ConnectionClosed as closed:
            return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (None, "")


def handshake(*headers: str, path: str = "/v1/stream", method: str = "GET") -> bytes:
    """The bytes of an opening handshake; ``headers`` in place of the usual where they have the same name."""
    key = base64.b64encode(os.urandom(16)).decode()
    usual = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}"]
    names = {header.partition(":")[0].lower() for header in headers}
    kept = [header for header in usual if header.partition(":")[0].lower() not in names]
    return request(method, path, b"", *kept, *[header for header in headers if not header.endswith(":")])


def frame(payload: bytes, opcode: int = TEXT, *, final: bool = True, masked: bool = True) -> bytes:
    """The bytes of a client's frame."""
    length = len(payload)
    size = bytes([length]) if length < 126 else struct.pack("!BH", 126, length) if length < 65_536 else struct.pack("!BQ", 127, length)
    head = bytes([opcode | (FINAL if final else 0), size[0] | (MASKED if masked else 0)]) + size[1:]
    return head + (bytes(4) if masked else b"") + payload  # a mask of zeros leaves everything as it is


class RawStream(Connection):
    """A connection on which a test writes frames byte by byte, also wrong ones."""

    def __init__(self, service: Service, behind: bytes = b"") -> None:
        """Shake hands. ``behind``: what is sent with it, without waiting for the answer."""
        super().__init__(service)
        self.send(handshake() + behind)
        answer = self.answer()
        assert answer is not None
        assert answer.status == 101, answer

    def frame(self) -> tuple[int, bytes] | None:
        """Opcode and payload of the server's next frame; None where the connection ended instead."""
        try:
            head = self._stream.read(2)
            if len(head) < 2:
                return None
            length = head[1]
            if length == 126:
                (length,) = struct.unpack("!H", self._stream.read(2))
            elif length == 127:
                (length,) = struct.unpack("!Q", self._stream.read(8))
            return head[0] & 0x0F, self._stream.read(length)
        except ConnectionResetError:
            return None

    def close_code(self) -> int | None:
        """The code of the server's close frame, after whatever else it says."""
        while (found := self.frame()) is not None:
            opcode, payload = found
            if opcode == CLOSE:
                return int.from_bytes(payload[:2]) if payload else None
        return None
