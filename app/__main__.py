"""``python -m app``: reads the settings, loads the models, listens, stops gracefully."""

import logging
import signal
import socket
import sys
import time
from types import FrameType

import uvicorn
from fastapi import FastAPI

from app.api.deps import Parts
from app.errors import StartupError
from app.main import create_app
from app.protocol import EdgeProtocol
from app.settings import Settings, parse_arguments
from model.errors import SlotlineError


class Server(uvicorn.Server):
    """A server that tells the world before it goes: ready turns red, then listening ends, then what is in flight finishes."""

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        """Serve ``app`` as ``settings`` say."""
        super().__init__(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                loop="uvloop",
                http=EdgeProtocol,
                ws="none",
                log_config=None,
                access_log=False,
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

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say where."""
        await super().startup(sockets)
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        print(f"Slotline listens on http://{shown}:{port} (documentation: http://{shown}:{port}/docs)", flush=True)


def main(arguments: list[str]) -> int:
    """The exit code: 0 after a graceful stop, 2 where the service cannot start as it is set up."""
    settings = parse_arguments(arguments)
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        app = create_app(settings)
    except (StartupError, SlotlineError) as error:
        print(f"slotline cannot start: {error}", file=sys.stderr)
        return 2
    Server(app, settings).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
