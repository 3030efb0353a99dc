"""The server of one process: it tells the world before it goes, and loses nothing that it has accepted."""

import asyncio
import signal
import socket
import time
from types import FrameType

import uvicorn
from fastapi import FastAPI

from app.api.deps import Parts
from app.interpreter import tune_interpreter
from app.main import create_app
from app.protocol import EdgeProtocol
from app.settings import Settings
from app.sockets import BACKLOG, announce, refuse_new

ACCEPTING_S = 0.1  # for clients that have just connected to be accepted
FIRST_WORDS_S = 1.0  # at most, for those that were accepted to send their first request
TICK_S = 0.01


class Server(uvicorn.Server):
    """First ready turns red, then listening ends, then what is in flight finishes."""

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        """Serve ``app`` as ``settings`` say."""
        tune_interpreter()
        super().__init__(
            uvicorn.Config(
                app,
                loop="uvloop",
                http=EdgeProtocol,
                ws="none",  # ``app.protocol`` itself hands streams over to ``app.websocket``
                ws_max_size=settings.stream_message_bytes,
                ws_ping_interval=settings.stream_ping_s,
                ws_ping_timeout=settings.stream_ping_s,
                ws_per_message_deflate=False,  # it would cost more than the network, and memory for each stream
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
        self._others_listen = False

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

    def leave(self) -> None:
        """End because another process has taken this one's place on the same sockets."""
        self._parts.service.draining = self.should_exit = self._others_listen = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End listening without losing whoever got through; then finish what is in flight."""
        if not (self._others_listen or self.force_exit):
            for listener in sockets or ():
                refuse_new(listener)
            await asyncio.sleep(ACCEPTING_S)
            until = time.monotonic() + FIRST_WORDS_S
            while time.monotonic() < until and self._someone_is_about_to_ask():
                await asyncio.sleep(TICK_S)
        self._parts.streams.leave()
        await super().shutdown(sockets)

    def _someone_is_about_to_ask(self) -> bool:
        return any(isinstance(connection, EdgeProtocol) and connection.unused for connection in self.server_state.connections)


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
