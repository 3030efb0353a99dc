"""What every exchange has: an id, a place in the metrics, and an answer even when a handler fails."""

import logging
import re
import time
import traceback
import uuid
from collections.abc import Sequence

from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.deps import Exchange, Parts
from app.api.problems import problem_response
from app.errors import ServiceError

logger = logging.getLogger(__name__)

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
WELL_FORMED_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class ExchangeMiddleware:
    """Outermost middleware. Puts an ``exchange`` into the scope."""

    def __init__(self, app: ASGIApp, parts: Parts, plain: Sequence[BaseRoute]) -> None:
        """Wrap ``app``. ``plain``: the routes that are not FastAPI's, which do not note themselves in the scope."""
        self._app = app
        self._parts = parts
        self._paths = {getattr(route, "endpoint", route.app): route.path for route in plain if isinstance(route, Route | Mount)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one exchange."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["exchange"] = exchange = Exchange(_request_id(scope), time.perf_counter())
        request_id = exchange.request_id
        status = 0

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
                if self._parts.service.draining:
                    # A client that keeps its connection must go to another instance before this one closes it.
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        try:
            await self._app(scope, receive, send_marked)
        except Exception as error:  # whatever a handler raises, the caller gets a problem and the server goes on
            _log(error, request_id)
            if not status:
                failed = ServiceError("the service failed on this request; tell the operator its request_id")
                await problem_response(failed, request_id)(scope, receive, send_marked)
        finally:
            self._count(scope, status, exchange.seconds())

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        # A caller must not be able to invent labels: neither by paths nor by methods.
        noted = getattr(scope.get("route"), "path", None)
        path = noted or self._paths.get(scope.get("endpoint"), "(none)")
        method = scope["method"] if scope["method"] in METHODS else "(other)"
        self._parts.metrics.requests.labels(path, method, str(status)).inc()
        self._parts.metrics.duration.labels(path).observe(seconds)


def _request_id(scope: Scope) -> str:
    """The caller's X-Request-ID if it is well-formed, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and WELL_FORMED_ID.fullmatch(value):
            return str(value, "ascii")
    return uuid.uuid4().hex


def _log(error: Exception, request_id: str) -> None:
    """The type and the place, not the message, which may quote an utterance."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    logger.error("request %s failed: %s\n%s", request_id, type(error).__name__, frames)
