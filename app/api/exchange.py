"""What every exchange has: an id, a gate, a place in the metrics, and an answer even when a handler fails.

The outermost layer, and for the hot path the only one: FastAPI's own machinery costs more than the inference, so the handlers
of ``hot`` are called from here, and those of ``at_once`` by the connection itself. Everything else goes on to the application.
"""

import asyncio
import os
import re
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from itertools import count
from types import MappingProxyType

from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.access_log import AccessLog
from app.api.areas import Header
from app.api.deps import Beginner, Call, Exchange, Handler, Outcome, Parts, Shortcut, Socket, SocketHandler
from app.api.failures import CLIENT_GONE, failure_response, unforeseen
from app.api.gate import Admission
from app.errors import ClientGone, NotFound, ServiceError

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
WELL_FORMED_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
JSON = (b"content-type", b"application/json")
JSON_HEAD = b"content-type: application/json\r\ncontent-length: %d\r\nx-request-id: %b\r\n%b"
CLOSE = (b"connection", b"close")
SWITCHED = 101  # the status of a WebSocket that was accepted
STARTS = ("http.response.start", "websocket.accept")  # how an answer begins; that to a handshake is called websocket.http.response.start


class ExchangeMiddleware:
    """Outermost middleware. Puts an ``exchange`` into the scope."""

    def __init__(
        self,
        app: ASGIApp,
        parts: Parts,
        plain: Sequence[BaseRoute],
        hot: Mapping[tuple[str, str], Handler],
        at_once: Mapping[tuple[str, str], Beginner] = MappingProxyType({}),
        *,
        sockets: Mapping[str, SocketHandler] = MappingProxyType({}),
    ) -> None:
        """Wrap ``app``.

        ``plain``: the routes that are not FastAPI's, which do not note themselves in the scope.
        ``hot``: by method and path, what is answered without asking ``app``; ``at_once``: what of it needs not even a task.
        ``sockets``: the WebSockets by their paths.
        """
        self._app = app
        self._parts = parts
        self._hot = hot
        self._sockets = sockets
        self._access = AccessLog(parts.settings)
        self._at_once = at_once if not self._access.utterances else {}
        self._paths = {getattr(route, "endpoint", route.app): route.path for route in plain if isinstance(route, Route | Mount)}
        self._late: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one exchange."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        exchange = _exchange(scope)
        if self._access.utterances:
            receive = self._access.overhear(scope, receive)
        sender = _Sender(send, exchange, self._parts)
        serve = self._serve if scope["type"] == "http" else self._open
        await self._guarded(serve(scope, receive, sender, exchange), scope, receive, sender)

    def begins(self, scope: Scope) -> bool:
        """Whether this is a request for ``begin``."""
        return (scope["method"], scope["path"]) in self._at_once

    def begin(self, scope: Scope, body: bytes, shortcut: Shortcut) -> bool:
        """Begin to answer a request whose body is here; it is answered when its model has done its work, without a task that waits.

        False where the gate has something to say, or a failure: then it goes the ordinary way, as if nothing had been.
        """
        exchange = _exchange(scope)
        try:
            scope["admission"] = admission = self._parts.gate.admit(scope, exchange.headers)
            if admission.answer is not None:
                return False
            receive, _ = shortcut.channels()
            done = partial(self._finish, scope, exchange, admission, shortcut)
            return self._begun(Call(self._parts, exchange, receive, shortcut), (scope["method"], scope["path"]), body, done)
        except Exception:  # whatever it is, the ordinary way meets it again and says it
            return False

    def _begun(self, call: Call, asked: tuple[str, str], body: bytes, done: Callable[[Outcome], None]) -> bool:
        try:
            self._at_once[asked](call, body, done)
        except ServiceError as error:
            done(error)
        return True

    def _finish(self, scope: Scope, exchange: Exchange, admission: Admission, shortcut: Shortcut, outcome: Outcome) -> None:
        """Send what has come of it, and count it."""
        if isinstance(outcome, bytes) and shortcut.clear():
            if self._parts.service.draining:
                shortcut.close_afterwards()
            shortcut.send(JSON_HEAD % (len(outcome), exchange.request_id.encode(), _lines(admission.headers)), outcome)
            self._count(scope, 200, exchange.seconds(), hot=True)
            return
        receive, send = shortcut.channels()
        sender = _Sender(send, exchange, self._parts, admission.headers)
        task = asyncio.get_running_loop().create_task(self._guarded(_told(outcome, sender), scope, receive, sender))
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _serve(self, scope: Scope, receive: Receive, sender: "_Sender", exchange: Exchange) -> None:
        admission = scope.pop("admission", None) or self._parts.gate.admit(scope, exchange.headers)  # which counts: never twice
        sender.headers = admission.headers
        handler = self._hot.get((scope["method"], scope["path"]))
        if admission.answer is not None:
            await admission.answer(scope, receive, sender)
        elif handler is not None:
            await sender.json(await handler(Call(self._parts, exchange, receive)))
        else:
            await self._app(scope, receive, sender)

    async def _open(self, scope: Scope, receive: Receive, sender: "_Sender", exchange: Exchange) -> None:
        """A WebSocket: the exchange lasts as long as it is open. What is refused is answered as HTTP."""
        scope["method"] = "GET"
        admission = self._parts.gate.admit_socket(scope, exchange.headers)
        sender.headers = admission.headers
        handler = self._sockets.get(scope["path"])
        if admission.answer is not None:
            await admission.answer(scope, receive, sender)
        elif handler is None:
            raise NotFound("there is no WebSocket here; see /docs for what there is")
        else:
            with suppress(OSError):  # the client has left before it was answered
                await handler(Socket(self._parts, exchange, scope, receive, sender))

    async def _guarded(self, work: Coroutine[None, None, None], scope: Scope, receive: Receive, sender: "_Sender") -> None:
        """Answer also where ``work`` fails, and count the exchange."""
        exchange: Exchange = scope["exchange"]
        try:
            await work
        except ServiceError as error:
            await failure_response(error, scope)(scope, receive, sender)
        except ClientGone:
            await Response(status_code=CLIENT_GONE)(scope, receive, sender)
        except Exception as error:  # whatever a handler raises, the caller gets a problem and the server goes on
            failed = unforeseen(error, exchange.request_id)
            if not sender.status:
                await failure_response(failed, scope)(scope, receive, sender)
        finally:
            known = scope["path"] in self._sockets if scope["type"] == "websocket" else (scope["method"], scope["path"]) in self._hot
            self._count(scope, sender.status, exchange.seconds(), hot=known)

    def _count(self, scope: Scope, status: int, seconds: float, *, hot: bool) -> None:
        # A caller must not be able to invent labels: neither by paths nor by methods.
        path = scope["path"] if hot else getattr(scope.get("route"), "path", None) or self._paths.get(scope.get("endpoint"), "(none)")
        method = scope["method"] if scope["method"] in METHODS else "(other)"
        scope["route_template"] = path
        self._parts.metrics.answered(path, method, status, seconds)
        if status >= self._access.lowest:
            self._access.write(scope, path, status, seconds)


class _Sender:
    """Sends an answer with the headers that every one carries, and remembers its status."""

    __slots__ = ("_exchange", "_parts", "_send", "headers", "status")

    def __init__(self, send: Send, exchange: Exchange, parts: Parts, headers: tuple[Header, ...] = ()) -> None:
        self._send = send
        self._exchange = exchange
        self._parts = parts
        self.headers = headers
        self.status = 0

    async def __call__(self, message: Message) -> None:
        """ASGI's send."""
        if message["type"].endswith(STARTS):
            self.status = message.get("status", SWITCHED)
            message["headers"] = [*message.get("headers", ()), *self._marks()]
        await self._send(message)

    async def json(self, body: bytes) -> None:
        """A whole 200."""
        self.status = 200
        headers = [JSON, (b"content-length", b"%d" % len(body)), *self._marks()]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})

    def _marks(self) -> list[tuple[bytes, bytes]]:
        marks = [(b"x-request-id", self._exchange.request_id.encode()), *self.headers]
        if self._parts.service.draining:
            # A client that keeps its connection must go to another instance before this one closes it.
            marks.append(CLOSE)
        return marks


async def _told(outcome: Outcome, sender: _Sender) -> None:
    if isinstance(outcome, Exception):
        raise outcome
    await sender.json(outcome)


@lru_cache(maxsize=1024)
def _lines(headers: tuple[Header, ...]) -> bytes:
    return b"".join([b"%b: %b\r\n" % header for header in headers])


def _exchange(scope: Scope) -> Exchange:
    """The exchange of a request, which begins now, unless it has begun."""
    exchange: Exchange | None = scope.get("exchange")
    if exchange is None:
        headers = dict(scope["headers"])
        exchange = scope["exchange"] = Exchange(_request_id(headers), time.perf_counter(), headers)
    return exchange


_process = os.urandom(8).hex()
_numbers = count(1)


def _request_id(headers: Mapping[bytes, bytes]) -> str:
    """The caller's X-Request-ID if it is well-formed, else a new one: 32 hexadecimal digits, the first half random per process."""
    given = headers.get(b"x-request-id")
    if given is not None and WELL_FORMED_ID.fullmatch(given):
        return str(given, "ascii")
    return f"{_process}{next(_numbers):016x}"
