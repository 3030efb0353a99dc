"""What routes need of a request: its parts of the application, its body within limits, its client's presence."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType, TracebackType
from typing import NamedTuple, Protocol, Self, cast

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from app.api.gate import Gate
from app.control import Control
from app.errors import BodyTimeout, BodyTooLarge, ClientGone, NotAcceptable, WrongMediaType
from app.metrics import Metrics
from app.outbox import Outbox
from app.rasa_names import AS_THEY_ARE, RasaNames
from app.service import AnnotationService
from app.settings import Settings
from app.streams import Streams
from app.timers import Timers

DISCARDED = 8  # times the limit: so much of a body too large is read and dropped, that its client gets to read the answer
PATIENCE_S = 0.05  # a request that is answered within it is not watched for its client's leaving, which would cost a task
REFUSED = re.compile(r"q=0(\.0*)?")


@dataclass(frozen=True, slots=True)
class Parts:
    """What ``app.main`` wires together."""

    service: AnnotationService
    settings: Settings
    metrics: Metrics
    gate: Gate
    timers: Timers
    outbox: Outbox
    control: Control
    streams: Streams
    rasa_names: RasaNames = AS_THEY_ARE


class Exchange(NamedTuple):
    """A request's id, the time.perf_counter() at which it came and its headers by lower-case name."""

    request_id: str
    started: float
    headers: Mapping[bytes, bytes] = MappingProxyType({})

    def seconds(self) -> float:
        """Since the request came."""
        return time.perf_counter() - self.started


class Shortcut(Protocol):
    """The connection of a request without ASGI in between; ``app.protocol`` puts it into the scope."""

    def channels(self) -> tuple[Receive, Send]:
        """The ordinary way."""

    def gone(self) -> bool:
        """Whether the client has closed the connection."""

    def clear(self) -> bool:
        """Whether the answer can be sent at once."""

    def send(self, head: bytes, body: bytes) -> None:
        """Answer 200: ``head`` has the lines of the answer's own headers."""

    def close_afterwards(self) -> None:
        """End the connection after the answer."""


class Call(NamedTuple):
    """A request on the hot path, its body not yet read."""

    parts: Parts
    exchange: Exchange
    receive: Receive
    shortcut: Shortcut | None = None


Handler = Callable[[Call], Awaitable[bytes]]  # gives the JSON of a 200, or raises ServiceError or ClientGone
Outcome = bytes | Exception  # the same two, for whoever does not wait
Beginner = Callable[[Call, bytes, Callable[[Outcome], None]], None]  # takes the body; raises only what is wrong at once


class Socket(NamedTuple):
    """A WebSocket that the gate has admitted, not yet accepted."""

    parts: Parts
    exchange: Exchange
    scope: Scope
    receive: Receive
    send: Send


SocketHandler = Callable[[Socket], Awaitable[None]]  # serves it to its end; raises ServiceError where it does not accept it


def call_of(request: Request) -> Call:
    """The same call when it came by a route."""
    return Call(parts(request), exchange_of(request), request.receive)


def exchange_of(request: Request) -> Exchange:
    """What ``app.api.exchange`` noted about the request."""
    return cast(Exchange, request.scope["exchange"])


def parts(request: Request) -> Parts:
    """The application's parts."""
    return cast(Parts, request.app.state.parts)


async def json_body(call: Call) -> bytes:
    """The body of a request that sends and takes JSON.

    Raises WrongMediaType, NotAcceptable, BodyTooLarge, BodyTimeout and ClientGone.
    """
    check_head(call)
    return await whole_body(call)


async def whole_body(call: Call) -> bytes:
    """The body of a request, whatever it declares it to be. Raises WrongMediaType, BodyTooLarge, BodyTimeout and ClientGone.

    WrongMediaType: it is compressed.
    """
    _check_encoding(call.exchange.headers)
    settings = call.parts.settings
    with Watched(call.parts.timers, settings.body_timeout_s, lambda watched: watched.break_off(_too_late(settings.body_timeout_s))):
        return await _read(call, settings.max_body_bytes)


def check_head(call: Call) -> None:
    """Raises WrongMediaType and NotAcceptable for a request that does not send or take JSON."""
    _check_content_type(call.exchange.headers)
    _check_accept(call.exchange.headers)


def check_accept(request: Request) -> None:
    """Raises NotAcceptable for a client that takes no JSON."""
    _check_accept(exchange_of(request).headers)


def _check_accept(headers: Mapping[bytes, bytes]) -> None:
    accept = headers.get(b"accept")
    if accept and accept != b"*/*" and not _accepts_json(accept.decode("latin-1")):
        raise NotAcceptable("this is answered as application/json; send an Accept header that allows it, or none")


class Watched:
    """Work inside ``with`` that can be broken off from outside; the error that it is broken off with is raised in its place.

    After ``seconds`` of it ``on_late`` is called, once: most work is over by then and costs one timer that never rings.
    """

    __slots__ = ("_error", "_listener", "_task", "_timer")

    def __init__(self, timers: Timers, seconds: float, on_late: Callable[["Watched"], None]) -> None:
        """Begins at once: make it in the ``with`` statement."""
        self._error: Exception | None = None
        self._listener: asyncio.Task[None] | None = None
        self._task = asyncio.current_task(timers.loop)
        self._timer = timers.later(seconds, lambda: on_late(self))

    def __enter__(self) -> Self:
        """The work begins."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """The work has ended. Raises what it was broken off with."""
        self._timer.cancel()
        if self._listener is not None:
            self._listener.cancel()
        if self._error is not None and kind is asyncio.CancelledError and self._task is not None and self._task.uncancel() == 0:
            raise self._error from None

    def break_off(self, error: Exception) -> None:
        """Cancel the work; ``error`` says why."""
        self._error = error
        assert self._task is not None
        self._task.cancel()

    def break_off_without_client(self, receive: Receive) -> None:
        """From now on, break off with ClientGone when the client of a request leaves whose body has been read."""
        self._listener = asyncio.get_running_loop().create_task(self._listen(receive))

    async def _listen(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.break_off(ClientGone())


def client_watched(call: Call) -> Watched:
    """Watches over the work on an answer: it is broken off when nobody waits for it any more. Raises ClientGone."""
    return Watched(call.parts.timers, PATIENCE_S, lambda watched: watched.break_off_without_client(call.receive))


def _check_content_type(headers: Mapping[bytes, bytes]) -> None:
    given = headers.get(b"content-type", b"")
    if given != b"application/json":
        _check_spelling(given.decode("latin-1"))
    _check_encoding(headers)


def _check_encoding(headers: Mapping[bytes, bytes]) -> None:
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise WrongMediaType("send the body without Content-Encoding; compressed bodies are not taken")


def _check_spelling(content_type: str) -> None:
    kind, _, parameters = content_type.partition(";")
    kind = kind.strip().lower()
    charset = parameters.lower().replace(" ", "").replace('"', "").partition("charset=")[2]
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise WrongMediaType("send the body as JSON with the header Content-Type: application/json")
    if charset not in ("", "utf-8", "utf8"):
        raise WrongMediaType("send the body in UTF-8, the only encoding of JSON")


async def _read(call: Call, limit: int) -> bytes:
    declared = call.exchange.headers.get(b"content-length", b"")
    if declared.isdigit() and int(declared[:20]) > limit and b"expect" in call.exchange.headers:
        raise too_large(limit)
    chunks: list[bytes] = []
    size, more = 0, True
    while more and size <= DISCARDED * limit:
        message = await call.receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        size += len(chunk)
        more = message.get("more_body", False)
        if size <= limit:
            chunks.append(chunk)
    if size > limit:
        raise too_large(limit)
    return b"".join(chunks)


def _too_late(seconds: float) -> BodyTimeout:
    return BodyTimeout(f"the body did not arrive within {seconds:g} s; send it at once")


def too_large(limit: int) -> BodyTooLarge:
    """The error for a body of more than ``limit`` bytes."""
    return BodyTooLarge(f"the body is larger than {limit} bytes; send less at a time")


def _accepts_json(accept: str) -> bool:
    """Whether an Accept header (RFC 9110, 12.5.1) allows application/json: the most specific range decides."""
    allowed = {}
    for entry in accept.lower().replace(" ", "").split(","):
        kind, *parameters = entry.split(";")
        allowed[kind] = not any(REFUSED.fullmatch(parameter) for parameter in parameters)
    return next((allowed[kind] for kind in ("application/json", "application/*", "*/*") if kind in allowed), False)
