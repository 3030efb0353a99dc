"""All kinds of clients at once for minutes: nothing grows, nothing stays, every good answer is right."""

import asyncio
import itertools
import json
import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.app.serving import timeless
from tests.system.footprint import connections, memory_mb, open_files, waiting
from tests.system.running import Service, running
from tests.system.size import LONG, choose
from tests.system.test_departures import REFERENCE, leave, read_answer, rounded, utterance
from tests.system.wire import chunked, post, request, until

SECONDS = 60 * float(os.environ.get("SOAK_MINUTES") or 10) if LONG else 4
TIMEOUT_S = 60 if not LONG else SECONDS + 600
CLIENTS = 24
GROWTH_MB = choose(short=40, long=25)  # a short run has hardly warmed up
WARM_SHARE = 0.25
TEXTS = [utterance(index) for index in range(100)]
BAD = [
    (post(b'{"text": '), 400),
    (post({"text": ""}), 422),
    (post({"text": "ok", "top_k": 0}), 422),
    (post({"text": "x" * 3_000}), 422),
    (post({"text": "ok", "model": "none"}), 404),
    (post(b"[" * 10_000), 400),
    (request("GET", "/nothing"), 404),
    (request("DELETE", "/v1/parse"), 405),
    (request("POST", "/v1/parse", b"{}", "Content-Type: text/plain"), 415),
    (chunked(b"x" * 70_000, b"x" * 1_000_000), 413),
    (request("GET", "/" + "x" * 40_000), 431),
    (b"nonsense\r\n\r\n", 400),
]


@dataclass
class Tally:
    """What the clients saw."""

    alone: list[dict[str, object]]
    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    asked: int = 0

    def right(self, index: int, answer: dict[str, object]) -> None:
        """Compare with the answer that the text got alone."""
        shown = {name: value for name, value in timeless(answer).items() if name not in ("id", "status", "model")}
        if shown != self.alone[index] and shown != rounded(self.alone[index]):  # approximation is slow
            self.wrong.append(f"{TEXTS[index]}: {shown}")


@pytest.fixture(scope="module")
def service(artifact_dir: Path) -> Iterator[Service]:
    with running(artifact_dir, "--deadline-s", "30", "--max-wait-s", "30") as service:
        yield service


async def good(service: Service, tally: Tally, chance: random.Random) -> None:
    """A client with a connection of its own that asks for a while, single texts and batches."""
    reader, writer = await asyncio.open_connection(*service.address)
    try:
        for _ in range(chance.randrange(1, 40)):
            many = [chance.randrange(len(TEXTS)) for _ in range(chance.choice((1, 1, 1, 1, 20)))]
            one = len(many) == 1
            body = {"text": TEXTS[many[0]]} if one else {"items": [{"text": TEXTS[index]} for index in many]}
            started = time.perf_counter()
            writer.write(post({**body, "context": REFERENCE}, path="/v1/parse" if one else "/v1/parse/batch"))
            status, answer = await read_answer(reader)
            tally.seconds.append(time.perf_counter() - started)
            tally.asked += 1
            if status != 200:
                tally.wrong.append(f"{status} for a good request")
                continue
            parsed = json.loads(answer)
            for index, result in zip(many, [parsed] if one else parsed["results"], strict=True):
                tally.right(index, result)
    finally:
        writer.close()
        await writer.wait_closed()


async def bad(service: Service, tally: Tally, chance: random.Random) -> None:
    """A client whose every request is refused, as it should be."""
    sent, expected = chance.choice(BAD)
    reader, writer = await asyncio.open_connection(*service.address)
    try:
        writer.write(sent)
        status, _ = await read_answer(reader)
    finally:
        writer.transport.abort()
    tally.asked += 1
    if status != expected:
        tally.wrong.append(f"{status} in place of {expected} for {sent[:80]!r}")


async def mixture(service: Service, tally: Tally, seconds: float) -> None:
    """Clients of all kinds, one after the other in each of CLIENTS places, for some seconds."""
    end, numbers = time.monotonic() + seconds, itertools.count()

    async def place(seed: int) -> None:
        chance = random.Random(seed)
        while time.monotonic() < end:
            match chance.randrange(10):
                case 0 | 1:
                    await leave(service, next(numbers), chance)
                    tally.asked += 1
                case 2 | 3:
                    await bad(service, tally, chance)
                case _:
                    await good(service, tally, chance)

    await asyncio.gather(*map(place, range(CLIENTS)))


@pytest.mark.timeout(TIMEOUT_S)
def test_a_mixture_of_clients_leaves_nothing_behind_and_every_good_answer_is_right(service: Service) -> None:
    with httpx.Client(base_url=service.url, timeout=10) as client:
        alone = [client.post("/v1/parse", json={"text": text, "context": REFERENCE}).json() for text in TEXTS]
    tally = Tally([{name: value for name, value in timeless(answer).items() if name != "model"} for answer in alone])
    until(lambda: connections(service) == 0)
    files = open_files(service)
    asyncio.run(mixture(service, tally, SECONDS * WARM_SHARE))
    warm = memory_mb(service)
    asyncio.run(mixture(service, tally, SECONDS * (1 - WARM_SHARE)))
    until(lambda: connections(service) == 0 and waiting(service) == 0)
    until(lambda: open_files(service) <= files)
    p50, p99 = (sorted(tally.seconds)[int(len(tally.seconds) * quantile)] for quantile in (0.5, 0.99))
    print(
        f"\n{tally.asked} requests in {SECONDS:g} s, {len(tally.seconds)} of them good: p50 {1000 * p50:.1f} ms, p99 {1000 * p99:.1f} ms, "
        f"{len(tally.wrong)} wrong; memory {warm:.1f} MB when warm, {memory_mb(service):.1f} MB at the end"
    )
    assert tally.wrong[:5] == []
    assert len(tally.seconds) > SECONDS
    assert memory_mb(service) < warm + GROWTH_MB
    assert not [line for line in service.printed if "Traceback" in line or " ERROR " in line]


async def ask_many(service: Service, numbers: range) -> None:
    """As many requests over CLIENTS connections, no two of the same words."""

    async def client(first: int) -> None:
        reader, writer = await asyncio.open_connection(*service.address)
        for number in numbers[first::CLIENTS]:
            writer.write(post({"text": f"from city{number} to place{number}"}))
            status, _ = await read_answer(reader)
            assert status == 200
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*map(client, range(CLIENTS)))


@pytest.mark.timeout(TIMEOUT_S)
def test_twice_as_many_requests_of_ever_new_words_take_no_more_memory(service: Service) -> None:
    count = choose(short=2_000, long=100_000)
    asyncio.run(ask_many(service, range(count)))
    once = memory_mb(service)
    asyncio.run(ask_many(service, range(count, 2 * count)))
    twice = memory_mb(service)
    print(f"\nmemory after {count} requests {once:.1f} MB, after {2 * count} {twice:.1f} MB")
    assert twice < once + choose(short=10, long=5)
