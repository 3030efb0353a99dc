"""Clients that leave at any moment, politely or not: nobody else notices and nothing of them stays."""

import asyncio
import json
import random
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from socket import SO_LINGER, SO_RCVBUF, SOL_SOCKET
from typing import Any

import httpx
import pytest

from tests.app.serving import timeless
from tests.system.footprint import connections, memory_mb, open_files, waiting
from tests.system.running import Service, running
from tests.system.size import choose
from tests.system.wire import Connection, post, request, until

CLIENTS = choose(short=1_000, long=10_000)
AT_ONCE = 200
REFERENCE = {"reference_time": "2026-10-20T10:00:00+08:00"}
MOMENTS = ("before sending", "in the head", "in the body", "just after sending", "while waiting", "in the answer", "after the answer")


@pytest.fixture(scope="module")
def service(artifact_dir: Path) -> Iterator[Service]:
    with running(artifact_dir, "--body-timeout-s", "5", "--head-timeout-s", "5", "--deadline-s", "30", "--max-wait-s", "30") as service:
        yield service


def utterance(index: int) -> str:
    return f"I want to fly from city{index % 50} to place{index % 31} on {'the ' * (index % 5)}{index % 28} November"


def sent_by(index: int) -> bytes:
    """Every third sends a batch, so that its answer is long enough to leave in the middle of it."""
    if index % 3:
        return post({"text": utterance(index), "context": REFERENCE})
    items = [{"text": utterance(index + offset)} for offset in range(30)]
    return post({"items": items, "context": REFERENCE, "include": ["distribution", "words"]}, path="/v1/parse/batch")


async def leave(service: Service, index: int, chance: random.Random) -> None:
    """One client that leaves at a random moment, half of them with a reset."""
    reader, writer = await asyncio.open_connection(*service.address)
    sent, moment = sent_by(index), MOMENTS[index % len(MOMENTS)]
    head = sent.index(b"\r\n\r\n") + 4
    upto = {"before sending": 0, "in the head": chance.randrange(1, head), "in the body": chance.randrange(head, len(sent))}.get(
        moment, len(sent)
    )
    try:
        writer.write(sent[:upto])
        await writer.drain()
        if moment == "while waiting":
            for _ in range(chance.randrange(20)):
                await asyncio.sleep(0)
        elif moment == "in the answer":
            await reader.read(chance.randrange(1, 300))
        elif moment == "after the answer":
            await read_answer(reader)
        if chance.random() < 0.5:
            writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    finally:
        writer.transport.abort()


async def stay(service: Service, index: int) -> dict[str, Any]:
    """A neighbour, on a connection of its own."""
    reader, writer = await asyncio.open_connection(*service.address)
    try:
        writer.write(post({"text": utterance(index), "context": REFERENCE}))
        status, body = await read_answer(reader)
    finally:
        writer.close()
        await writer.wait_closed()
    assert status == 200
    return json.loads(body)


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    return int(head.split()[1]), await reader.readexactly(int(re.search(rb"content-length: (\d+)", head)[1]))


async def crowd(service: Service) -> list[dict[str, Any]]:
    """Everybody at once, a neighbour for every ten who leave; the neighbours' answers."""
    chance, places = random.Random(7), asyncio.Semaphore(AT_ONCE)

    async def one(index: int) -> dict[str, Any] | None:
        async with places:
            return await (leave(service, index, chance) if index % 11 else stay(service, index // 11))

    return [answer for answer in await asyncio.gather(*map(one, range(CLIENTS * 11 // 10))) if answer]


@pytest.mark.timeout(choose(short=60, long=600))
def test_clients_that_leave_at_any_moment_harm_nobody_and_leave_nothing_behind(service: Service) -> None:
    with httpx.Client(base_url=service.url, timeout=10) as client:
        asked = [client.post("/v1/parse", json={"text": utterance(index), "context": REFERENCE}) for index in range(CLIENTS // 10)]
    expected = [rounded(timeless(response.json())) for response in asked]
    until(lambda: connections(service) == 0)
    files, memory = open_files(service), memory_mb(service)
    answers = asyncio.run(crowd(service))
    assert [timeless(answer) for answer in answers] == expected
    until(lambda: connections(service) == 0 and waiting(service) == 0)
    until(lambda: open_files(service) <= files)
    assert memory_mb(service) < memory + 100
    assert httpx.get(f"{service.url}/health/ready", timeout=10).status_code == 200
    assert "Traceback" not in "".join(service.printed)


def test_a_client_that_leaves_amid_pipelined_requests_is_no_failure(service: Service) -> None:
    """The answer that is being sent is not the last one asked for; whoever sends it must be told too."""
    before = len(service.printed)
    for leave_by in (Connection.close, Connection.reset):
        connection = Connection(service)
        connection.socket.setsockopt(SOL_SOCKET, SO_RCVBUF, 4096)
        connection.send(request("GET", "/static/swagger-ui/swagger-ui-bundle.js") * 3)
        assert connection.ends_within(10)  # it begins to answer
        leave_by(connection)
        until(lambda: connections(service) == 0)
    assert httpx.get(f"{service.url}/health/live").status_code == 200
    assert [line for line in service.printed[before:] if "ERROR" in line] == []


def rounded(value: object) -> object:
    """The size of a batch changes the sixth decimal, as documented; tags, slots and offsets must be the same."""
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [rounded(entry) for entry in value]
    return pytest.approx(value, abs=2e-5) if isinstance(value, float) else value
