"""Opens streams of an application inside the test's event loop, without a socket."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

SECONDS = 20


class Stream:
    """The client's end of one WebSocket."""

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.outgoing: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.opened: dict[str, Any] = {}
        self.fetching = asyncio.Event()
        self.fetching.set()

    def send(self, message: Any) -> None:
        """Send JSON, or a string or bytes as they are."""
        kind = "bytes" if isinstance(message, bytes) else "text"
        said = message if isinstance(message, str | bytes) else json.dumps(message)
        self.incoming.put_nowait({"type": "websocket.receive", kind: said})

    def leave(self, code: int = 1005) -> None:
        """Go away."""
        self.incoming.put_nowait({"type": "websocket.disconnect", "code": code})

    async def next(self) -> dict[str, Any]:
        """The next ASGI message of the server."""
        return await asyncio.wait_for(self.outgoing.get(), SECONDS)

    async def receive(self) -> dict[str, Any]:
        """The next answer."""
        message = await self.next()
        assert message["type"] == "websocket.send", message
        return json.loads(message["text"])

    async def ask(self, message: Any) -> dict[str, Any]:
        """The next answer after having sent a message."""
        self.send(message)
        return await self.receive()

    async def closed(self) -> int:
        """The code with which the server closes, after whatever else it says."""
        while (message := await self.next())["type"] != "websocket.close":
            pass
        return message["code"]


@asynccontextmanager
async def streaming(
    client: httpx.AsyncClient, path: str = "/v1/stream", subprotocols: tuple[str, ...] = (), **headers: str
) -> AsyncIterator[Stream]:
    """A stream of ``client.app``; ``opened`` is how its handshake was answered, which may be a refusal."""
    stream = Stream()

    async def send(message: dict[str, Any]) -> None:
        await stream.fetching.wait()
        stream.outgoing.put_nowait(dict(message))

    named = {"host": "slotline", **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {
        "type": "websocket",
        "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
        "subprotocols": list(subprotocols),
        "client": ("127.0.0.1", 1),
        "scheme": "ws",
    }
    stream.incoming.put_nowait({"type": "websocket.connect"})
    serving = asyncio.create_task(client.app(scope, stream.incoming.get, send))
    stream.opened = await stream.next()
    try:
        yield stream
    finally:
        stream.leave()
        stream.fetching.set()
        await asyncio.wait_for(serving, SECONDS)
