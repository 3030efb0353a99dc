"""One worker process as its supervisor sees it: started, spoken to over a pipe, ended."""

import asyncio
import contextlib
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence

from app import pipe
from app.pipe import Message


class Gone(Exception):
    """The worker ended before it answered."""


class WorkerProcess:
    """A process and the pipe to it. Life: ``started``, ``report`` until it serves, ``request``s, ``ended``."""

    def __init__(
        self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, on_ask: "OnAsk"
    ) -> None:
        """``on_ask`` is told about the commands that operators send to this worker."""
        self.pid = process.pid
        self.serving = False
        self.leaving = False  # told to end because another has taken its place
        self.last_sign = time.monotonic()  # of life
        self.unfit = asyncio.Event()  # it says that a tagger's thread has died
        self._process = process
        self._writer = writer
        self._on_ask = on_ask
        self._reports: asyncio.Queue[Message | None] = asyncio.Queue()
        self._replies: dict[int, asyncio.Future[Message]] = {}
        self._listening = asyncio.create_task(self._listen(reader))
        self._exit = asyncio.create_task(process.wait())

    @classmethod
    async def started(cls, sockets: Sequence[socket.socket], arguments: Sequence[str], on_ask: "OnAsk") -> "WorkerProcess":
        """A new process that inherits ``sockets`` and reads its settings from ``arguments`` and the environment."""
        ours, theirs = socket.socketpair()
        with theirs:
            numbers = [each.fileno() for each in sockets]
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "app.worker", str(theirs.fileno()), ",".join(map(str, numbers)), *arguments),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), *numbers),
                process_group=0,  # Ctrl-C reaches the supervisor alone, which passes it on
            )
        reader, writer = await asyncio.open_connection(sock=ours, limit=pipe.LONGEST)
        return cls(process, reader, writer, on_ask)

    def tell(self, message: Message) -> None:
        """Send a message; to a worker that is gone, nothing."""
        if not self._writer.is_closing():
            self._writer.write(pipe.encode(message))

    async def report(self) -> Message | None:
        """The next ``loaded``, ``failed`` or ``serving``; None if it is gone."""
        return await self._reports.get()

    async def request(self, message: Message) -> Message:
        """The reply to a message with a ``number``. Raises Gone."""
        if self._listening.done():
            raise Gone
        self._replies[message["number"]] = reply = asyncio.get_running_loop().create_future()
        self.tell(message)
        answer: Message = await reply
        return answer

    async def ended(self) -> int:
        """The exit code, negative for a signal, once the process has ended."""
        code = await asyncio.shield(self._exit)
        await asyncio.wait({self._listening})
        self._writer.close()
        return code

    def leave(self) -> None:
        """End listening at once, for others listen; what it has accepted it answers."""
        self.leaving = True
        self.tell({"kind": "leave"})

    def kill(self) -> None:
        """End it whatever it does."""
        self.send_signal(signal.SIGKILL)

    def send_signal(self, sign: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        with contextlib.suppress(ProcessLookupError):  # its end may be known to asyncio a turn before ``_exit`` says so
            self._process.send_signal(sign)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while line := await reader.readline():
                self.last_sign = time.monotonic()
                self._take(pipe.decode(line))
        except ConnectionError:  # it was killed while it spoke
            pass
        finally:
            self._reports.put_nowait(None)
            for reply in self._replies.values():
                if not reply.done():
                    reply.set_exception(Gone())
            self._replies.clear()

    def _take(self, message: Message) -> None:
        kind = message["kind"]
        if kind == "beat":
            if not message["fit"]:
                self.unfit.set()
        elif kind == "ask":
            self._on_ask(self, message)
        elif kind == "reply":
            if (reply := self._replies.pop(message["number"], None)) is not None and not reply.done():
                reply.set_result(message)
        else:
            self._reports.put_nowait(message)


OnAsk = Callable[[WorkerProcess, Message], None]
