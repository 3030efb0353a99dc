"""An operator's commands in all workers or in none: prepared by all, decided here, applied by all.

What is decided is kept, so a worker that is replaced starts with it, and one that dies in between changes nothing.
"""

import asyncio
from collections.abc import Coroutine, Iterable
from itertools import count
from typing import Any

from app import lineup, pipe
from app.errors import Conflict, Draining, ServiceError, Unavailable
from app.lineup import Command, Line, Lines, Place, Release
from app.pipe import Message
from app.workerprocess import Gone, WorkerProcess


class Commands:
    """The lines that all workers serve, and who the workers are."""

    def __init__(self) -> None:
        """Nothing is known until the first worker has loaded."""
        self.lines: dict[str, Line[Release]] | None = None
        self._default = ""
        self._workers: set[WorkerProcess] = set()
        self._turn = asyncio.Lock()
        self._numbers = count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def close(self) -> None:
        """Carry out nothing more."""
        self._closed = True

    async def admit(self, worker: WorkerProcess, given: dict[str, Line[Release]] | None, loaded: Message) -> bool:
        """Let ``worker`` serve if what it has loaded is what all serve; between the two no command is carried out.

        ``given``: the ``lines`` with which it was started. Of those, a waiting version that it could read no longer is unloaded in
        all, because the next worker could not read it either.
        """
        lines = pipe.lines_of(loaded["lines"])
        async with self._turn:
            if self.lines is None:
                self.lines, self._default = lines, loaded["default"]
            elif given is self.lines:
                for lost in _lost(given, lines):
                    await self._carry_out(lost)
            if lines != self.lines:
                return False
            worker.tell({"kind": "listen"})
            if await worker.report() is None:
                return False
            worker.serving = True
            self._workers.add(worker)
        self._spawn(self._forget(worker))
        return True

    def ask(self, worker: WorkerProcess, message: Message) -> None:
        """Carry out the command that came to ``worker``, after those that came before, and tell it the outcome."""
        self._spawn(self._answer(worker, message))

    async def _answer(self, worker: WorkerProcess, message: Message) -> None:
        error = None
        try:
            async with self._turn:
                await self._carry_out(pipe.command_of(message["command"]))
        except ServiceError as refused:
            error = pipe.error_message(refused)
        worker.tell({"kind": "answer", "number": message["number"], "error": error})

    async def _carry_out(self, command: Command) -> None:
        if self._closed:
            raise Draining("the service is stopping; send the command to another instance", retry_after_s=1)
        number = next(self._numbers)
        fresh = await self._prepare(number, command) if command.action == "load" else None
        # Decided: from here on whoever starts, starts with the new lines, and whoever cannot follow is replaced.
        self.lines = lineup.applied(self.lines or {}, command, self._default, fresh)
        apply = {"kind": "apply", "number": next(self._numbers), "command": pipe.command_message(command), "prepared": number}
        for worker, reply in await self._request_all(apply):
            if reply is not None and reply["error"] is not None:
                worker.kill()

    async def _prepare(self, number: int, command: Command) -> Release:
        """What every worker has read, the same in all. Raises what a worker answers, Conflict and Unavailable."""
        replies = await self._request_all({"kind": "prepare", "number": number, "command": pipe.command_message(command)})
        try:
            return _agreed(reply for _, reply in replies)
        except ServiceError:
            for worker in self._workers:
                worker.tell({"kind": "abort", "prepared": number})
            raise

    async def _request_all(self, message: Message) -> list[tuple[WorkerProcess, Message | None]]:
        """Every worker with its reply; None for one that ended instead. One that hangs will be killed, so this ends."""

        async def request(worker: WorkerProcess) -> tuple[WorkerProcess, Message | None]:
            try:
                return worker, await worker.request(message)
            except Gone:
                return worker, None

        return await asyncio.gather(*(request(worker) for worker in self._workers))

    async def _forget(self, worker: WorkerProcess) -> None:
        await worker.ended()
        self._workers.discard(worker)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _lost(served: Lines[Release], loaded: Lines[Release]) -> list[Command]:
    """What unloads the waiting versions of ``served`` that ``loaded`` lacks."""
    places: tuple[Place, ...] = ("candidate", "previous")
    return [
        Command("unload", name, which=place)
        for name, line in served.items()
        for place in places
        if place in line.versions() and place not in loaded.get(name, Line()).versions()
    ]


def _agreed(replies: Iterable[Message | None]) -> Release:
    releases = []
    for reply in replies:
        if reply is None:
            raise Unavailable("a worker ended while it loaded the artefact, and nothing has changed; try again", retry_after_s=1)
        if reply["error"] is not None:
            raise pipe.error_of(reply["error"])
        releases.append(Release(**reply["release"]))
    if not releases:
        raise Unavailable("no worker serves now, and nothing has changed; try again", retry_after_s=1)
    if any(release != releases[0] for release in releases):
        raise Conflict("the artefact changed while it was read, and nothing has changed here; load it again when it is whole")
    return releases[0]
