"""What routes need of a request: its parts of the application, its body within limits, its client's presence."""

import asyncio
import re
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self, cast

from starlette.requests import Request
from starlette.types import Message

from app.api.problems import ClientGone
from app.errors import BodyTimeout, BodyTooLarge, NotAcceptable, WrongMediaType
from app.metrics import Metrics
from app.service import AnnotationService
from app.settings import Settings

DISCARDED = 8  # times the limit: so much of a body too large is read and dropped, that its client gets to read the answer
PATIENCE_S = 0.05  # a request that is answered within it is not watched for its client's leaving, which would cost a task
REFUSED = re.compile(r"q=0(\.0*)?")


@dataclass(frozen=True, slots=True)
class Parts:
    """What ``app.main`` wires together."""

    service: AnnotationService
    settings: Settings
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request's id and the time.perf_counter() at which it came."""

    request_id: str
    started: float

    def seconds(self) -> float:
        """Since the request came."""
        return time.perf_counter() - self.started


def exchange_of(request: Request) -> Exchange:
    """What ``app.api.exchange`` noted about the request."""
    return cast(Exchange, request.scope["exchange"])


def parts(request: Request) -> Parts:
    """The application's parts."""
    return cast(Parts, request.app.state.parts)


async def json_body(request: Request) -> bytes:
    """The body of a request that sends and takes JSON.

    Raises WrongMediaType, NotAcceptable, BodyTooLarge, BodyTimeout and ClientGone.
    """
    _check_content_type(request)
    check_accept(request)
    settings = parts(request).settings
    try:
        async with asyncio.timeout(settings.body_timeout_s):
            return await _read(request, settings.max_body_bytes)
    except TimeoutError:
        raise BodyTimeout(f"the body did not arrive within {settings.body_timeout_s:g} s; send it at once") from None


def check_accept(request: Request) -> None:
    """Raises NotAcceptable for a client that takes no JSON."""
    accept = request.headers.get("accept")
    if accept and not _accepts_json(accept):
        raise NotAcceptable("this is answered as application/json; send an Accept header that allows it, or none")


class PresentClient:
    """Cancels the work inside ``async with`` when the client leaves, and turns that into ClientGone."""

    def __init__(self, request: Request) -> None:
        """``request``'s body must have been read."""
        self._receive = request.receive
        self._gone = False

    async def __aenter__(self) -> Self:
        """Begin, after a moment of patience, to listen."""
        self._task = asyncio.current_task()
        self._listener: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(PATIENCE_S, self._begin)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop listening."""
        self._timer.cancel()
        if self._listener is not None:
            self._listener.cancel()
        if self._gone and kind is asyncio.CancelledError and self._task is not None and self._task.uncancel() == 0:
            raise ClientGone from error

    def _begin(self) -> None:
        self._listener = asyncio.get_running_loop().create_task(self._listen())

    async def _listen(self) -> None:
        while True:
            message: Message = await self._receive()
            if message["type"] == "http.disconnect":
                self._gone = True
                assert self._task is not None
                self._task.cancel()
                return


def _check_content_type(request: Request) -> None:
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    kind = kind.strip().lower()
    charset = parameters.lower().replace(" ", "").replace('"', "").partition("charset=")[2]
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise WrongMediaType("send the body as JSON with the header Content-Type: application/json")
    if charset not in ("", "utf-8", "utf8"):
        raise WrongMediaType("send the body in UTF-8, the only encoding of JSON")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise WrongMediaType("send the body without Content-Encoding; compressed bodies are not taken")


async def _read(request: Request, limit: int) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > limit and "expect" in request.headers:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size, more = 0, True
    while more and size <= DISCARDED * limit:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        size += len(chunk)
        more = message.get("more_body", False)
        if size <= limit:
            chunks.append(chunk)
    if size > limit:
        raise _too_large(limit)
    return b"".join(chunks)


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"the body is larger than {limit} bytes; send less at a time")


def _accepts_json(accept: str) -> bool:
    """Whether an Accept header (RFC 9110, 12.5.1) allows application/json: the most specific range decides."""
    allowed = {}
    for entry in accept.lower().replace(" ", "").split(","):
        kind, *parameters = entry.split(";")
        allowed[kind] = not any(REFUSED.fullmatch(parameter) for parameter in parameters)
    return next((allowed[kind] for kind in ("application/json", "application/*", "*/*") if kind in allowed), False)
