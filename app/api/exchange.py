"""What every exchange has: an id, a gate, a place in the metrics, and an answer even when a handler fails.

The outermost layer, and for the hot path the only one: FastAPI's own machinery costs more than the inference, so the handlers
of ``hot`` are called from here. Everything else goes on to the application.
"""

import logging
import os
import re
import time
import traceback
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import count

from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.access_log import AccessLog
from app.api.areas import Header
from app.api.deps import Call, Exchange, Handler, Parts, Shortcut
from app.api.problems import CLIENT_GONE, problem_response
from app.errors import ClientGone, ServiceError

logger = logging.getLogger(__name__)

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
WELL_FORMED_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
JSON = (b"content-type", b"application/json")
JSON_HEAD = b"content-type: application/json\r\ncontent-length: %d\r\nx-request-id: %b\r\n%b"
CLOSE = (b"connection", b"close")


class ExchangeMiddleware:
    """Outermost middleware. Puts an ``exchange`` into the scope."""

    def __init__(self, app: ASGIApp, parts: Parts, plain: Sequence[BaseRoute], hot: Mapping[tuple[str, str], Handler]) -> None:
        """Wrap ``app``.

        ``plain``: the routes that are not FastAPI's, which do not note themselves in the scope.
        ``hot``: by method and path, what is answered without asking ``app``.
        """
        self._app = app
        self._parts = parts
        self._hot = hot
        self._access = AccessLog(parts.settings)
        self._paths = {getattr(route, "endpoint", route.app): route.path for route in plain if isinstance(route, Route | Mount)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one exchange."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        scope["exchange"] = exchange = Exchange(_request_id(headers), time.perf_counter(), headers)
        sender = _Sender(send, exchange, self._parts)
        handler = self._hot.get((scope["method"], scope["path"]))
        shortcut: Shortcut | None = scope.pop("shortcut", None)  # it knows the scope: a circle that would wait for the collector
        if self._access.utterances:
            receive, shortcut = self._access.overhear(scope, receive), None
        try:
            admission = self._parts.gate.admit(scope, headers)
            sender.headers = admission.headers
            if admission.answer is not None:
                await admission.answer(scope, receive, sender)
            elif handler is not None:
                body = await handler(Call(self._parts, exchange, receive, shortcut))
                if shortcut is not None and shortcut.ends_in(send):
                    sender.json_at_once(body, shortcut)
                else:
                    await sender.json(body)
            else:
                await self._app(scope, receive, sender)
        except ServiceError as error:
            await problem_response(error, exchange.request_id)(scope, receive, sender)
        except ClientGone:
            await Response(status_code=CLIENT_GONE)(scope, receive, sender)
        except Exception as error:  # whatever a handler raises, the caller gets a problem and the server goes on
            _log(error, exchange.request_id)
            if not sender.status:
                failed = ServiceError("the service failed on this request; tell the operator its request_id")
                await problem_response(failed, exchange.request_id)(scope, receive, sender)
        finally:
            self._count(scope, sender.status, exchange.seconds(), hot=handler is not None)

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

    def __init__(self, send: Send, exchange: Exchange, parts: Parts) -> None:
        self._send = send
        self._exchange = exchange
        self._parts = parts
        self.headers: tuple[Header, ...] = ()
        self.status = 0

    async def __call__(self, message: Message) -> None:
        """ASGI's send."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), *self._marks()]
        await self._send(message)

    async def json(self, body: bytes) -> None:
        """A whole 200."""
        self.status = 200
        headers = [JSON, (b"content-length", b"%d" % len(body)), *self._marks()]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})

    def json_at_once(self, body: bytes, shortcut: Shortcut) -> None:
        """The same, where nothing stands between here and the connection."""
        self.status = 200
        if self._parts.service.draining:
            shortcut.close_afterwards()
        shortcut.send(JSON_HEAD % (len(body), self._exchange.request_id.encode(), _lines(self.headers)), body)

    def _marks(self) -> list[tuple[bytes, bytes]]:
        marks = [(b"x-request-id", self._exchange.request_id.encode()), *self.headers]
        if self._parts.service.draining:
            # A client that keeps its connection must go to another instance before this one closes it.
            marks.append(CLOSE)
        return marks


@lru_cache(maxsize=1024)
def _lines(headers: tuple[Header, ...]) -> bytes:
    return b"".join([b"%b: %b\r\n" % header for header in headers])


_process = os.urandom(8).hex()
_numbers = count(1)


def _request_id(headers: Mapping[bytes, bytes]) -> str:
    """The caller's X-Request-ID if it is well-formed, else a new one: 32 hexadecimal digits, the first half random per process."""
    given = headers.get(b"x-request-id")
    if given is not None and WELL_FORMED_ID.fullmatch(given):
        return str(given, "ascii")
    return f"{_process}{next(_numbers):016x}"


def _log(error: Exception, request_id: str) -> None:
    """The type and the place, not the message, which may quote an utterance."""
    extra = {"request_id": request_id, "traceback": "".join(traceback.format_tb(error.__traceback__))}
    logger.error("request %s failed: %s", request_id, type(error).__name__, extra=extra)
