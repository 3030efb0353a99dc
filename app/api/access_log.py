"""The line that a request leaves in the log, where requests are logged at all."""

import logging

from starlette.types import Message, Receive, Scope

from app.settings import Settings

LOGGED_FROM = {"off": 1000, "failures": 500, "all": 0}  # the least status that has a line
MOST_BODY_BYTES = 4_096

logger = logging.getLogger("app.access")


class AccessLog:
    """The lines of requests. ``lowest``: the least status that has one, so that whoever asks first pays a comparison."""

    def __init__(self, settings: Settings) -> None:
        """Log as ``settings`` say."""
        self.lowest = LOGGED_FROM[settings.access_log]
        self.utterances = settings.log_utterances

    def write(self, scope: Scope, route: str, status: int, seconds: float) -> None:
        """One line, but for 503, of which an overload would write thousands a second; the metrics count them.

        The caller is told where the scope has ``caller``: the name of its key; how a stream went, where it has ``stream``.
        """
        if status == 503 and self.lowest:
            return
        client = scope.get("client")
        fields = {
            "request_id": scope["exchange"].request_id,
            "route": route,
            "status": status,
            "duration_ms": round(1000 * seconds, 3),
            "client": client[0] if client else None,
            "caller": scope.get("caller"),
            **scope.get("stream", {}),
        }
        if self.utterances:
            fields["body"] = bytes(scope.get("overheard", b"")[:MOST_BODY_BYTES]).decode("utf-8", "replace")
        logger.log(logging.ERROR if status >= 500 else logging.INFO, "%s %s", scope["method"], route, extra=fields)

    def overhear(self, scope: Scope, receive: Receive) -> Receive:
        """``receive``, with the beginning of what came kept in ``scope["overheard"]``. Only where ``utterances`` is on."""
        body = scope["overheard"] = bytearray()

        async def heard() -> Message:
            message = await receive()
            if len(body) < MOST_BODY_BYTES:
                body.extend(message.get("body") or (message.get("text") or "").encode())
            return message

        return heard
