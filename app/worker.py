"""One of several worker processes: serves on the supervisor's sockets and does what it says on the pipe.

Started by ``app.workers`` as ``python -m app.worker PIPE SOCKET[,SOCKET...] ARGUMENTS``, file descriptors first.
"""

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Coroutine
from itertools import count
from typing import Any

from fastapi import FastAPI

from app import logs, pipe
from app.api.deps import Parts
from app.errors import ServiceError, StartupError, Unavailable
from app.lineup import Command, Line, Lines, Release, mapped
from app.loading import Loaded, load_again, load_all
from app.main import assemble
from app.phrases import load_reader
from app.pipe import Message
from app.registry import ServedModel
from app.server import Server
from app.settings import Settings, parse_arguments
from model.errors import SlotlineError

BEATS = 4  # signs of life in the time after which their absence is death

logger = logging.getLogger("app.worker")  # also where it is run as __main__


def main(arguments: list[str]) -> int:
    """The exit code: 0 after a graceful stop, 2 where it cannot start; the supervisor has been told why."""
    connection = socket.socket(fileno=int(arguments[0]))
    sockets = [socket.socket(fileno=int(number)) for number in arguments[1].split(",")]
    settings = parse_arguments(arguments[2:])
    logs.configure(settings)
    pipe_to_supervisor = Supervised(connection, settings)
    try:
        app = pipe_to_supervisor.prepare_to_serve()
    except (StartupError, SlotlineError) as error:
        pipe_to_supervisor.tell({"kind": "failed", "reason": str(error)})
        return 2
    if app is not None:
        SupervisedServer(app, settings, pipe_to_supervisor).run(sockets)
    return 0


class Supervised:
    """A worker's end of the pipe. Carries out commands as ``app.control.Control``, by asking the supervisor."""

    def __init__(self, connection: socket.socket, settings: Settings) -> None:
        """``connection``: the pipe, to be read one line at a time until the event loop runs."""
        self._connection = connection
        self._settings = settings
        self._numbers = count(1)
        self._asked: dict[int, asyncio.Future[None]] = {}
        self._prepared: dict[int, ServedModel] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._writer: asyncio.StreamWriter | None = None

    def prepare_to_serve(self) -> FastAPI | None:
        """Load what the supervisor says, and wait for its word; None if it is gone. Raises what loading raises."""
        with self._connection.makefile("rb", buffering=0) as lines:
            if not (line := lines.readline()):
                return None
            loaded = self._load(pipe.decode(line)["lines"])
            app = assemble(self._settings, loaded, load_reader(self._settings), self)
            self._parts: Parts = app.state.parts
            registry = self._parts.service.registry
            self.tell({"kind": "loaded", "lines": pipe.lines_message(_releases(registry.lines)), "default": registry.default})
            return app if lines.readline() else None

    def tell(self, message: Message) -> None:
        """Send a message."""
        if self._writer is None:
            self._connection.sendall(pipe.encode(message))
        elif not self._writer.is_closing():
            self._writer.write(pipe.encode(message))

    async def command(self, command: Command) -> None:
        """Have ``command`` carried out in every worker or in none. Raises what ``Control.command`` raises."""
        number = next(self._numbers)
        self._asked[number] = done = asyncio.get_running_loop().create_future()
        self.tell({"kind": "ask", "number": number, "command": pipe.command_message(command)})
        try:
            await done
        finally:
            del self._asked[number]

    async def attend(self, server: Server) -> None:
        """Do what the supervisor says until it is gone; without it, stop as after a SIGTERM."""
        reader, self._writer = await asyncio.open_connection(sock=self._connection, limit=pipe.LONGEST)
        self.tell({"kind": "serving"})
        self._spawn(self._beat())
        try:
            while line := await reader.readline():
                self._do(pipe.decode(line), server)
            logger.error("the supervisor is gone; this worker stops")
        finally:
            for future in self._asked.values():
                future.set_exception(Unavailable("the supervisor is gone; send the command to another instance"))
            server.handle_exit(signal.SIGTERM, None)

    def _load(self, lines: Message | None) -> dict[str, Line[Loaded]]:
        threads = self._settings.threads
        if lines is None:
            return load_all(self._settings.models, threads=threads)
        return load_again(pipe.lines_of(lines), threads=threads)

    async def _beat(self) -> None:
        while True:
            self.tell({"kind": "beat", "fit": self._parts.service.fit})
            await asyncio.sleep(self._settings.worker_timeout_s / BEATS)

    def _do(self, message: Message, server: Server) -> None:
        kind = message["kind"]
        if kind == "prepare":
            self._spawn(self._prepare(message["number"], pipe.command_of(message["command"])))
        elif kind == "apply":
            self._apply(message)
        elif kind == "leave":
            server.leave()
        elif kind == "abort":
            if (served := self._prepared.pop(message["prepared"], None)) is not None:
                self._parts.service.registry.discard(served)
        elif kind == "answer" and (future := self._asked.get(message["number"])) is not None and not future.done():
            if message["error"] is None:
                future.set_result(None)
            else:
                future.set_exception(pipe.error_of(message["error"]))

    async def _prepare(self, number: int, command: Command) -> None:
        try:
            served = await self._parts.service.registry.read(command)
        except Exception as error:  # whatever it is, the supervisor must not wait for ever
            told = error if isinstance(error, ServiceError) else ServiceError(f"a worker could not load: {type(error).__name__}: {error}")
            self.tell({"kind": "reply", "number": number, "error": pipe.error_message(told)})
            return
        self._prepared[number] = served
        logger.info("%s %s is loaded and waits for the other workers", served.name, served.tagger.version)
        self.tell({"kind": "reply", "number": number, "error": None, "release": pipe.release_message(served.release)})

    def _apply(self, message: Message) -> None:
        command, error = pipe.command_of(message["command"]), None
        try:
            self._parts.service.registry.apply(command, self._prepared.pop(message["prepared"], None))
        except ServiceError as refused:
            error = pipe.error_message(refused)
        self.tell({"kind": "reply", "number": message["number"], "error": error})

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class SupervisedServer(Server):
    """Attends to the supervisor while it serves."""

    def __init__(self, app: FastAPI, settings: Settings, supervised: Supervised) -> None:
        """Serve ``app`` as the supervisor at the other end of ``supervised`` says."""
        super().__init__(app, settings)
        self._supervised = supervised

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then attend."""
        await super().startup(sockets)
        self._attending = asyncio.get_running_loop().create_task(self._supervised.attend(self))


def _releases(lines: Lines[ServedModel]) -> dict[str, Line[Release]]:
    return {name: mapped(line, lambda served: served.release) for name, line in lines.items()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
