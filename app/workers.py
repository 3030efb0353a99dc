"""The supervisor of several worker processes: starts, watches, replaces and stops them.

It binds the sockets once and never serves, so a worker that dies takes only its own connections with it. It imports nothing that
serves: no graph, no arrays, no web.
"""

import asyncio
import logging
import signal
import socket
import sys
import time
from collections.abc import Sequence

from app import logs, metrics_files, pipe
from app.commands import Commands
from app.lineup import Line, Release
from app.pipe import Message
from app.settings import Settings
from app.sockets import announce
from app.workerprocess import WorkerProcess

STARTING_S = 60.0  # longest time from the start of a process until it serves
STEADY_S = 10.0  # a worker that has served for so long was no failed start
PATIENCE = 3  # starts in a row that end without a reason before it is hopeless
LONGEST_PAUSE_S = 30.0
STOPPING_S = 5.0  # what a worker may take to stop beyond its own limits

logger = logging.getLogger(__name__)


def supervise(settings: Settings, arguments: Sequence[str], sockets: list[socket.socket]) -> int:
    """The exit code: 0 after a graceful stop, 2 where no worker can start. ``arguments``: the command line, for the workers."""
    with metrics_files.shared_directory():
        return asyncio.run(Supervisor(settings, arguments, sockets).run())


class Supervisor:
    """Keeps ``settings.workers`` workers alive until a signal comes."""

    def __init__(self, settings: Settings, arguments: Sequence[str], sockets: list[socket.socket]) -> None:
        """``sockets``: bound; the workers listen on them."""
        self._settings = settings
        self._arguments = arguments
        self._sockets = sockets
        self._workers: set[WorkerProcess] = set()  # all whose process lives
        self._commands = Commands()
        self._burials: set[asyncio.Task[None]] = set()
        self._announced = False
        self._stop: asyncio.Future[tuple[int, signal.Signals]]  # the exit code, and how to tell the workers

    async def run(self) -> int:
        """Start, watch, and stop: the exit code."""
        loop = asyncio.get_running_loop()
        self._stop = loop.create_future()
        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sign, self._on_signal, sign)
        tasks = [asyncio.create_task(self._keep_place()) for _ in range(self._settings.workers)]
        tasks.append(asyncio.create_task(self._watch_for_silence()))
        code, sign = await self._stop
        for task in tasks[:-1]:
            task.cancel()
        await asyncio.gather(*tasks[:-1], return_exceptions=True)
        await self._end_workers(sign)
        tasks[-1].cancel()
        return code

    def _on_signal(self, sign: signal.Signals) -> None:
        if not self._stop.done():
            self._stop.set_result((0, sign))
            return
        for worker in self._workers:  # the first one has been passed on already; a further one hurries
            worker.send_signal(sign)

    async def _end_workers(self, sign: signal.Signals) -> None:
        """Let every worker drain, within its own limits."""
        self._commands.close()
        for own in self._sockets:
            own.close()  # or clients would wait in it when no worker listens any more
        for worker in self._workers:
            if not worker.serving:
                worker.kill()
            elif not worker.leaving:
                worker.send_signal(sign)
        limit = self._settings.drain_s + self._settings.stop_timeout_s + STOPPING_S
        ends = [asyncio.create_task(worker.ended()) for worker in self._workers]
        if ends:
            await asyncio.wait(ends, timeout=limit)
        for worker in self._workers:
            worker.kill()

    async def _keep_place(self) -> None:
        """Keep one worker serving. One that is unfit serves on until another has taken its place."""
        failures, unfit = 0, None
        while True:
            await asyncio.sleep(_pause(failures))
            lines = self._commands.lines
            worker = await self._start(lines)
            if not await self._admit(worker, lines, failures):
                failures += 1
                continue
            if unfit is not None:
                unfit.leave()
            self._announce()
            since = time.monotonic()
            unfit = await self._until_unfit(worker)
            failures = 0 if time.monotonic() - since > STEADY_S else failures + 1

    async def _start(self, lines: dict[str, Line[Release]] | None) -> WorkerProcess:
        worker = await WorkerProcess.started(self._sockets, self._arguments, self._on_ask)
        self._workers.add(worker)
        burial = asyncio.create_task(self._bury(worker))
        self._burials.add(burial)
        burial.add_done_callback(self._burials.discard)
        worker.tell({"kind": "start", "lines": None if lines is None else pipe.lines_message(lines)})
        return worker

    async def _bury(self, worker: WorkerProcess) -> None:
        code = await worker.ended()
        self._workers.discard(worker)
        if not self._stop.done():
            logger.log(logging.INFO if code == 0 else logging.ERROR, "worker %d ended with code %d", worker.pid, code)

    async def _admit(self, worker: WorkerProcess, lines: dict[str, Line[Release]] | None, failures: int) -> bool:
        """Let a worker serve that has loaded what is served now."""
        report = await worker.report()
        if report is not None and report["kind"] == "loaded":
            if await self._commands.admit(worker, lines, report):
                return True
            worker.kill()  # a command came between; its successor loads the new state
            await worker.ended()
            return False
        code = await worker.ended()
        reason = f"a worker ended with code {code} before it served" if report is None else report["reason"]
        logger.error("a worker cannot start: %s", reason)
        hopeless = report is not None or failures + 1 >= PATIENCE
        if hopeless and not any(other.serving for other in self._workers) and not self._stop.done():
            logs.announce(f"slotline cannot start: {reason}", sys.stderr, logging.CRITICAL)
            self._stop.set_result((2, signal.SIGTERM))
        return False

    def _announce(self) -> None:
        if not self._announced and sum(worker.serving for worker in self._workers) >= self._settings.workers:
            self._announced = True
            announce(self._sockets)

    async def _until_unfit(self, worker: WorkerProcess) -> WorkerProcess | None:
        """The worker once it says that it is unfit; None once it has ended."""
        ended, unfit = asyncio.create_task(worker.ended()), asyncio.create_task(worker.unfit.wait())
        try:
            await asyncio.wait({ended, unfit}, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                return None
            logger.error("worker %d is unfit: the thread of a model has died; another takes its place", worker.pid)
            return worker
        finally:
            ended.cancel()
            unfit.cancel()

    async def _watch_for_silence(self) -> None:
        """A process that gives no sign of life hangs: nothing but SIGKILL is sure to end it."""
        while True:
            await asyncio.sleep(self._settings.worker_timeout_s / 4)
            now = time.monotonic()
            for worker in self._workers:
                limit = self._settings.worker_timeout_s if worker.serving else STARTING_S
                if now - worker.last_sign > limit:
                    logger.error("worker %d gave no sign of life for %.1f s and is killed", worker.pid, now - worker.last_sign)
                    worker.kill()

    def _on_ask(self, worker: WorkerProcess, message: Message) -> None:
        self._commands.ask(worker, message)


def _pause(failures: int) -> float:
    """Seconds before the next start: none after one failure, then twice as long each time."""
    return 0.0 if failures < 2 else min(LONGEST_PAUSE_S, 0.25 * 2.0 ** min(failures, 10))
