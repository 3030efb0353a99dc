import asyncio
import signal
import socket
import sys

import pytest

from app.workerprocess import WorkerProcess

pytestmark = pytest.mark.anyio


async def ended_process() -> asyncio.subprocess.Process:
    """One of whose end asyncio knows all."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await process.wait()
    await asyncio.sleep(0)  # the turn in which the process is let go
    with pytest.raises(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    return process


async def test_a_signal_to_a_worker_that_has_just_ended_does_nothing() -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    reader, writer = await asyncio.open_connection(sock=ours)
    worker = WorkerProcess(await ended_process(), reader, writer, lambda _worker, _message: None)
    worker.kill()  # before any task of it has run
    worker.send_signal(signal.SIGTERM)
    assert await worker.ended() == 0
