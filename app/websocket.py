"""The edge of WebSockets: uvicorn's protocol, with bounds on all that a client can make it keep.

What uvicorn leaves open and this closes: pongs for a client that fetches nothing, a message in fragments without end, an end that the
client does not fetch, and a refusal that is lost because the client was still sending. Nothing here logs: frames are utterances.
"""

import asyncio
import logging
import re
from collections.abc import Iterable, Sequence
from typing import Any, cast

from fastapi import FastAPI
from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Frame

from app.api import stream
from app.api.deps import Parts

STREAM = stream.PATH.encode()
HANDSHAKE_FIELDS = (b"upgrade", b"sec-websocket-version", b"sec-websocket-key")  # each once
KEY = re.compile(rb"[A-Za-z0-9+/]{22}==")  # 16 random bytes
HANDSHAKE = b"GET %b HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %b\r\n\r\n"
MOST_FRAGMENTS = 256  # of one message; a fragment may be empty, so that the bytes of a message do not bound them
LINGER_S = 2.0  # for so long a client whose stream was closed may take to close it too

logger = logging.getLogger(__name__)
logger.setLevel(logging.CRITICAL)


def opens_stream(url: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a GET is a whole opening handshake (RFC 6455, 4.2.1) for a stream. ``headers``: their names in lower case."""
    given = [(name, value) for name, value in headers if name in HANDSHAKE_FIELDS]
    fields = dict(given)
    wanted = fields.get(b"upgrade", b"").lower() == b"websocket" and fields.get(b"sec-websocket-version") == b"13"
    return (
        url.partition(b"?")[0] == STREAM
        and len(given) == len(fields) == len(HANDSHAKE_FIELDS)
        and wanted
        and KEY.fullmatch(fields[b"sec-websocket-key"]) is not None
    )


def take_over(edge: HttpToolsProtocol, rest: bytes) -> None:
    """Serve the connection of ``edge``, whose request is such a handshake, as a stream. ``rest``: what came behind the request."""
    edge.connections.discard(edge)
    protocol = StreamProtocol(edge.config, edge.server_state, edge.app_state)
    protocol.connection_made(edge.transport)
    edge.transport.set_protocol(protocol)
    protocol.open(edge.url, edge.headers)
    if rest:
        protocol.data_received(rest)


def without_upgrade(method: bytes, url: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The head of a request as if it had not wished for another protocol."""
    head = [method, b" ", url, b" HTTP/1.1\r\n"]
    for name, value in headers:
        if name == b"connection":
            value = b"close" if b"close" in value.lower() else b"keep-alive"
        if name != b"upgrade":
            head += [name, b": ", value, b"\r\n"]
    return b"".join([*head, b"\r\n"])


class StreamProtocol(WebSocketsSansIOProtocol):
    """One connection, from its handshake on. Everything belongs to the event loop."""

    def __init__(
        self, config: Config, server_state: ServerState, app_state: dict[str, Any], _loop: asyncio.AbstractEventLoop | None = None
    ) -> None:
        """``config.app`` must be an application of ``app.main``."""
        super().__init__(config, server_state, app_state, _loop)
        parts: Parts = cast(FastAPI, config.app).state.parts
        self._answer_s = parts.settings.answer_timeout_s
        self.logger = self.conn.logger = logger
        self.conn.debug = False
        self.close_timeout = LINGER_S
        self._clogged = False  # the client does not fetch what was sent
        self._abort_timer: asyncio.TimerHandle | None = None

    def open(self, url: bytes, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """Begin with a handshake that ``opens_stream`` has found whole.

        The library gets of it what it needs: it takes shorter and fewer headers than HTTP does here, and refuses others without a word.
        """
        fields = dict(headers)
        self.data_received(HANDSHAKE % (STREAM, fields[b"sec-websocket-key"]))
        offered = b",".join(value for name, value in headers if name == b"sec-websocket-protocol").decode("latin-1")
        subprotocols = [name for part in offered.split(",") if (name := part.strip())]
        # The application has not begun yet.
        cast(dict[str, Any], self.scope).update(headers=headers, query_string=url.partition(b"?")[2], subprotocols=subprotocols)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        if self._abort_timer is not None:
            self._abort_timer.cancel()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The server stops: ``app.streams`` has told the stream, which ends by itself; what cannot is ended here."""
        if self._clogged:
            self.transport.abort()
        elif self.close_sent or not self.handshake_complete:
            super().shutdown()

    def data_received(self, data: bytes) -> None:
        """Read frames, until one could not be read."""
        if self.conn.parser_exc is None:
            super().data_received(data)

    def pause_writing(self) -> None:
        """The client does not fetch its answers: nothing more is taken from it, and it has a limited time."""
        super().pause_writing()
        self._clogged = True
        self.transport.pause_reading()
        self._abort_after(self._answer_s)

    def resume_writing(self) -> None:
        """It fetches them."""
        super().resume_writing()
        self._clogged = False
        if self._abort_timer is not None and not self.close_sent:
            self._abort_timer.cancel()
            self._abort_timer = None
        if not self.read_paused:
            self.transport.resume_reading()

    async def receive(self) -> ASGIReceiveEvent:
        """The next message."""
        message = await super().receive()
        if self._clogged:
            self.transport.pause_reading()  # uvicorn has just resumed it
        return message

    async def send(self, message: ASGISendEvent) -> None:
        """Send, and give a client whose stream ends a limited time to fetch that."""
        await super().send(message)
        if self.close_sent:
            self._abort_after(self._answer_s)

    def handle_cont(self, event: Frame) -> None:
        """Another fragment of a message."""
        if len(self.frames) >= MOST_FRAGMENTS:
            self.conn.fail(1008, f"a message has more than {MOST_FRAGMENTS} fragments")
            self.handle_parser_exception()
        elif not self.close_sent:
            super().handle_cont(event)

    def handle_close(self, event: Frame) -> None:
        """The client ends it."""
        super().handle_close(event)
        self._abort_after(self._answer_s)

    def handle_parser_exception(self) -> None:
        """What came cannot be taken: say so, and listen on until the client has read it, or it would find a reset in its place."""
        if self.close_sent:
            return
        assert self.conn.close_sent is not None
        closing = {"type": "websocket.disconnect", "code": self.conn.close_sent.code, "reason": self.conn.close_sent.reason}
        self.queue.put_nowait(cast(ASGIReceiveEvent, closing))
        self.close_sent = True
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.transport.write_eof()
        self.read_paused = False
        self.transport.resume_reading()
        self.close_timer = self.loop.call_later(LINGER_S, self.transport.close)
        self._abort_after(self._answer_s)

    def keepalive_timeout(self) -> None:
        """The client is not there any more."""
        self.queue.put_nowait({"type": "websocket.disconnect", "code": 1011})
        super().keepalive_timeout()
        self._abort_after(LINGER_S)

    def _abort_after(self, seconds: float) -> None:
        if self._abort_timer is None:
            self._abort_timer = self.loop.call_later(seconds, self.transport.abort)
