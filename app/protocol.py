"""The HTTP edge: uvicorn's protocol, with bounds in time and size on all that a client can do before and after a request.

What uvicorn leaves open and this closes: a head that never ends (in bytes or in time), trailers and chunk extensions without end,
the rest of a body that was refused already, pipelining without end, an answer that nobody fetches, and any number of connections.
"""

import asyncio
from typing import Any, cast

import httptools
from fastapi import FastAPI
from starlette.types import Scope
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from app.api.deps import Parts
from app.api.exchange import ExchangeMiddleware
from app.errors import BrokenHttp, HeadTimeout, HeadTooLarge, ServiceError, TooManyConnections
from app.shortcut import Shortcut, refusal
from app.websocket import opens_stream, take_over, without_upgrade

MOST_HEAD_BYTES = 32_768  # of the request line and the headers together
VERSIONS = ("1.1", "1.0")
MOST_PIPELINED = 16  # requests of one connection that wait behind the one that is being answered
LINGER_S = 1.0  # for so long a refused client is listened to, or it would find a reset in place of its answer


class _NoMore(list[tuple[bytes, bytes]]):
    """Where uvicorn would put trailers: nothing here reads them, and there is no end to them."""

    def append(self, header: tuple[bytes, bytes]) -> None:
        """Drop it."""


_NO_MORE = _NoMore()


class EdgeProtocol(HttpToolsProtocol):
    """One connection. Everything belongs to the event loop; what runs for every request is a few attributes."""

    def __init__(
        self, config: Config, server_state: ServerState, app_state: dict[str, Any], _loop: asyncio.AbstractEventLoop | None = None
    ) -> None:
        """``config.app`` must be an application of ``app.main``."""
        super().__init__(config, server_state, app_state, _loop)
        self._parts: Parts = cast(FastAPI, config.app).state.parts
        self._settings = self._parts.settings
        self.timeout_keep_alive = self._settings.keep_alive_s  # uvicorn says int, and only passes it to call_later
        self._chunk = 0  # bytes that came last
        self._framing = 0  # bytes of the current head or body that were no content; those that came with its first do not count
        self._upgrading = False  # the current request wishes for another protocol
        self._deaf = False  # refused, or handed over: whatever still comes is dropped
        self._error: ServiceError | None = None  # what is wrong with the current message
        self._answering: RequestResponseCycle | None = None  # behind which others may wait
        stack = cast(FastAPI, config.app).middleware_stack
        self._exchanges = stack if isinstance(stack, ExchangeMiddleware) else None  # where nobody stands before it: answers without a task
        self._ending_head = False
        self._held: RequestResponseCycle | None = None  # a request that may be answered so, once its body is here
        self._head_timer: asyncio.TimerHandle | None = None
        self._end_timer: asyncio.TimerHandle | None = None  # aborts a connection that should have ended

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, or refuse one too many."""
        super().connection_made(transport)
        most = self._settings.max_connections
        if len(self.connections) > 2 * most:
            transport.abort()  # so many that not even the refusals find room
        elif len(self.connections) > most:
            self._refuse(TooManyConnections(f"{most} connections are open; close some, or try again in a second", retry_after_s=1))
        else:
            self._expect_head()

    @property
    def unused(self) -> bool:
        """Whether no request has come yet, though one may be on its way."""
        return self.cycle is None and not self.transport.is_closing()

    def shutdown(self) -> None:
        """The server stops: end the connection behind its answer."""
        self._parts.outbox.flush()
        super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        for timer in (self._head_timer, self._end_timer):
            if timer is not None:
                timer.cancel()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)
        if self._answering is not None and self._answering is not self.cycle:  # uvicorn tells only the last of those that wait
            self._answering.disconnected = True
            self._answering.message_event.set()

    def data_received(self, data: bytes) -> None:
        """Feed the parser, and see that the connection either answers a request or waits for one with a clock running."""
        if self._deaf:
            return
        self._chunk = len(data)
        self._framing += self._chunk
        self._unset_keepalive_if_required()
        self._feed(data)
        if self._held is not None:  # its body is not whole yet
            self._release()
        if (self.cycle is None or self.cycle.response_complete) and not self._deaf:
            self._expect_head()
        if self._framing > MOST_HEAD_BYTES:
            self._check_framing()

    def on_headers_complete(self) -> None:
        """A head has ended. What is raised here comes back from the parser as a broken request: ``send_400_response``."""
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        if self._framing + self._chunk > MOST_HEAD_BYTES:
            self._check_head()
        self._framing = 0
        self._upgrading = self.parser.should_upgrade()
        if self._upgrading and not self._should_upgrade():
            return  # _decline_upgrade will come back with it
        if self.pipeline and len(self.pipeline) >= MOST_PIPELINED:
            raise BrokenHttp("too many pipelined requests")
        self._ending_head = True
        super().on_headers_complete()
        self._ending_head = False
        if not self._upgrading:
            self.headers = _NO_MORE
            if not self.pipeline:
                self._answering = self.cycle
            if self.scope["http_version"] not in VERSIONS:
                raise BrokenHttp("another version")

    def on_body(self, body: bytes) -> None:
        """Body is not framing."""
        self._framing -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request is whole. As uvicorn's, which asks the parser once more whether it is an upgrade."""
        self._framing = 0
        if not self._upgrading and not self.cycle.response_complete:
            self.cycle.more_body = False
            self.cycle.message_event.set()
            if self._held is self.cycle and not self._begun_at_once(self._held):
                self._release()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Hold back what may be answered without a task, until its body is here; that is mostly within the same bytes."""
        begins = self._ending_head and self._exchanges is not None and self._exchanges.begins(cast(Scope, cycle.scope))
        if begins and not cycle.waiting_for_100_continue:
            self._held = cycle
        else:
            super()._start_asgi_task(cycle, app)

    def _begun_at_once(self, cycle: RequestResponseCycle) -> bool:
        assert self._exchanges is not None
        begun = self._exchanges.begin(cast(Scope, cycle.scope), bytes(cycle.body), Shortcut(cycle, self._parts.outbox))
        if begun:
            self._held = None
        return begun

    def _release(self) -> None:
        cycle, self._held = self._held, None
        if cycle is not None:
            super()._start_asgi_task(cycle, self.app)

    def on_response_complete(self) -> None:
        """Give a client that gets no further answer a limited time to fetch this one."""
        self._answering = self.pipeline[-1][0] if self.pipeline else None
        if self.pipeline or self.transport.is_closing():
            super().on_response_complete()
        else:  # as uvicorn's, with a timer that costs less, for it is nearly always cancelled
            self.server_state.total_requests += 1
            self._unset_keepalive_if_required()
            self.flow.resume_reading()
            expiry = self._parts.timers.later(self.timeout_keep_alive, self.timeout_keep_alive_handler)
            self.timeout_keep_alive_task = cast(asyncio.TimerHandle, expiry)
        if self.transport.is_closing():
            self._end_after(self._settings.answer_timeout_s)

    def pause_writing(self) -> None:
        """The client does not fetch its answer: for how long?"""
        super().pause_writing()
        self._end_after(self._settings.answer_timeout_s)

    def resume_writing(self) -> None:
        """The client fetches its answer."""
        super().resume_writing()
        if self._end_timer is not None and not self.transport.is_closing():
            self._end_timer.cancel()
            self._end_timer = None

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, even one whose client did not fetch all of its last answer."""
        super().timeout_keep_alive_handler()
        self._end_after(LINGER_S)

    def send_400_response(self, msg: str) -> None:
        """What the parser cannot read. ``msg`` is uvicorn's and says nothing."""
        self._break(self._error or BrokenHttp("the request is not well-formed HTTP/1.1; the connection is closed"))

    def _should_upgrade(self) -> bool:
        """Only to a stream, by a handshake that is whole, and not before all answers are given."""
        owing = self.cycle is not None and not self.cycle.response_complete
        return not owing and self.parser.get_method() == b"GET" and opens_stream(self.url, self.headers)

    def _hand_over(self, rest: bytes) -> None:
        """Another protocol has the connection now. ``rest``: what came behind the handshake."""
        self._deaf = True
        if self._end_timer is not None:
            self._end_timer.cancel()
        take_over(self, rest)

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self._should_upgrade():
                self._hand_over(data[upgrade.args[0] :])
            elif self.parser.get_method() == b"CONNECT":
                self.send_400_response("")
            else:
                self._decline_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self.send_400_response("")

    @property
    def _in_head(self) -> bool:
        """Whether a message has begun whose headers have not ended: uvicorn has made its scope, but no cycle with it."""
        return self.scope is not None and (self.cycle is None or self.cycle.scope is not self.scope)

    def _decline_upgrade(self, rest: bytes) -> None:
        """Read the request again as if it had not wished for another protocol.

        The parser takes what follows such a head for that protocol, so the body would be lost. It must not be: some clients
        (Java's) wish for HTTP/2 with their first request.
        """
        head = without_upgrade(self.parser.get_method(), self.url, self.headers)
        self.parser = httptools.HttpRequestParser(self)
        self._feed(head + rest)

    def _expect_head(self) -> None:
        if self._head_timer is None and not self.transport.is_closing():
            self._head_timer = self.loop.call_later(self._settings.head_timeout_s, self._on_head_timeout)

    def _on_head_timeout(self) -> None:
        self._head_timer = None
        if self._in_head:
            self._refuse(HeadTimeout(f"the head of the request did not arrive within {self._settings.head_timeout_s:g} s; send it at once"))
        else:  # nothing was asked, so nothing is answered
            self.transport.close()
            self._end_after(LINGER_S)

    def _check_head(self) -> None:
        if len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > MOST_HEAD_BYTES:
            self._error = _head_too_large()
            raise self._error

    def _check_framing(self) -> None:
        if self._in_head:
            self._break(_head_too_large())
        elif self._framing > self._settings.max_body_bytes:
            self._break(BrokenHttp("the body has more framing than content; send it in larger chunks and without trailers"))

    def _break(self, error: ServiceError) -> None:
        """End a connection whose next bytes mean nothing, after the answers to the whole requests before them."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            self._refuse(error)
        elif not cycle.more_body:
            cycle.keep_alive = False  # the last request that was whole; its answer ends the connection
        elif cycle.response_started or self.pipeline:
            self.transport.close()
        else:
            cycle.disconnected = True  # its body will never be whole: the error is its answer
            cycle.message_event.set()
            self._refuse(error)

    def _refuse(self, error: ServiceError) -> None:
        """Answer ``error``, say no more and close when the client has, or soon."""
        if self._deaf or self.transport.is_closing():
            return
        self._deaf = True
        self._unset_keepalive_if_required()
        self._parts.metrics.answered("(none)", "(other)", error.status, 0.0)
        self.transport.write(refusal(error, b"" if self.scope is None else self.url))
        self.transport.write_eof()
        self.flow.resume_reading()
        self._end_after(LINGER_S)

    def _end_after(self, seconds: float) -> None:
        if self._end_timer is None:
            self._end_timer = self.loop.call_later(seconds, self.transport.abort)


def _head_too_large() -> HeadTooLarge:
    return HeadTooLarge(f"the request line and the headers have more than {MOST_HEAD_BYTES} bytes; send fewer")
