"""The server of one process: it tells the world before it goes, and loses nothing that it has accepted."""

import asyncio
import contextlib
import signal
import socket
import time
from types import FrameType

import uvicorn
from fastapi import FastAPI

from app.api.deps import Parts
from app.main import create_app
from app.settings import Settings
from app.sockets import BACKLOG, announce

LAST_WORDS_S = 0.1  # for clients that connected just before the end of listening to send their request


class Server(uvicorn.Server):
    """First ready turns red, then listening ends, then what is in flight finishes."""

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        """Serve ``app`` as ``settings`` say."""
        super().__init__(
            uvicorn.Config(
                app,
                loop="uvloop",
                http="httptools",
                ws="none",
                backlog=BACKLOG,
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=settings.stop_timeout_s,
            )
        )
        self._parts: Parts = app.state.parts
        self._stop_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """First signal: drain. Any further one, and Ctrl-C: stop listening at once.

        The signal is not kept for raising it again after the shutdown, so the exit code is 0.
        """
        self._parts.service.draining = True
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        if sig == signal.SIGINT or self._stop_at is not None:
            self.should_exit = True
        self._stop_at = time.monotonic() + self._parts.settings.drain_s

    async def on_tick(self, counter: int) -> bool:
        """End of listening once the time to drain is over."""
        if self._stop_at is not None and time.monotonic() >= self._stop_at:
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End listening, but answer whoever got through before; then finish what is in flight."""
        twins = [listener.dup() for listener in sockets or ()]
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        await asyncio.sleep(0)  # the loop lets go of a socket in its next turn; until then the twins keep what waits
        await self._welcome([connection for twin in twins for connection in _last_connections(twin)])
        if not self.force_exit:
            await asyncio.sleep(LAST_WORDS_S)
        await super().shutdown(sockets)

    async def _welcome(self, connections: list[socket.socket]) -> None:
        loop, config, state = asyncio.get_running_loop(), self.config, self.lifespan.state
        for connection in connections:
            await loop.connect_accepted_socket(
                lambda: config.http_protocol_class(config, self.server_state, state),  # type: ignore[call-arg]
                connection,
            )


def _last_connections(listener: socket.socket) -> list[socket.socket]:
    """End listening, and what waited in the kernel until then: those clients think that they are through, and would be reset."""
    listener.setblocking(False)
    found = []
    with listener, contextlib.suppress(OSError):  # none waits any more
        while True:
            found.append(listener.accept()[0])
            found[-1].setblocking(False)
    return found


def serve_alone(settings: Settings, sockets: list[socket.socket]) -> int:
    """Load the models, serve until told to stop. Raises StartupError and model.errors.ArtifactError."""
    server = _AnnouncingServer(create_app(settings), settings)
    server.run(sockets)
    return 0


class _AnnouncingServer(Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say where."""
        await super().startup(sockets)
        announce(sockets or [])
