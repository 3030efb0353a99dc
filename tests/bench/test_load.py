"""The load generator's arithmetic, and what it makes of servers that stall, refuse, close and vanish."""

import asyncio
import json
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.connection import NO_ANSWER, SAMPLE
from bench.load import NOT_SENT, PARSE, Asking, Load, drive_closed, drive_open, percentile, poisson, same_text, steady

BODIES = [json.dumps({"text": f"fly to Oslo on day {number}"}).encode() for number in range(200)]
HEAD = b"HTTP/1.1 %d Whatever\r\nContent-Length: %d\r\n\r\n"
Address = tuple[str, int]
Answer = Callable[[int, bytes], tuple[int, bytes, float]]  # number and body of a request -> status, body, seconds until it is sent


def echo(number: int, body: bytes) -> tuple[int, bytes, float]:
    return 200, body, 0.0


class Server(asyncio.Protocol):
    """Answers one request after the other, over all its connections, as ``answer`` says; None closes the connection."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.bodies: list[bytes] = []
        self.connections = 0
        self.free_at = 0.0

    def connection(self) -> asyncio.Protocol:
        return _Served(self)


class _Served(asyncio.Protocol):
    def __init__(self, server: Server) -> None:
        self.server = server
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.server.connections += 1

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found or len(body) < int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]):
            return
        self.received = b""
        server, loop = self.server, asyncio.get_running_loop()
        server.bodies.append(body)
        status, answer, seconds = server.answer(len(server.bodies) - 1, body)
        if status == NO_ANSWER:
            self.transport.abort()
            return
        server.free_at = max(server.free_at, loop.time()) + seconds
        whole = HEAD % (status, len(answer)) + answer
        if seconds or server.free_at > loop.time():
            loop.call_at(server.free_at, self.transport.write, whole)
        else:
            self.transport.write(whole)


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[tuple[Server, Address]]:
    server = Server(answer)
    listener = await asyncio.get_running_loop().create_server(server.connection, "127.0.0.1", 0)
    async with listener:
        yield server, listener.sockets[0].getsockname()


def closed(answer: Answer, *, connections: int = 2, seconds: float = 0.2, asking: Asking = PARSE) -> tuple[Server, Load]:
    async def run() -> tuple[Server, Load]:
        async with serving(answer) as (server, address):
            return server, await drive_closed(address, BODIES, connections, seconds, asking)

    return asyncio.run(run())


def opened(answer: Answer, due_s: np.ndarray, *, connections: int = 8, give_up_s: float = math.inf) -> tuple[Server, Load]:
    async def run() -> tuple[Server, Load]:
        async with serving(answer) as (server, address):
            return server, await drive_open(address, BODIES, due_s, connections, give_up_s)

    return asyncio.run(run())


def stall_once(number: int, body: bytes) -> tuple[int, bytes, float]:
    return 200, body, 0.4 if number == 20 else 0.0


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.001, 1))
def test_a_percentile_is_the_least_value_that_its_share_does_not_exceed(values: list[float], quantile: float) -> None:
    found = percentile(np.array(values), quantile)
    assert found in values
    assert sum(value <= found for value in values) >= quantile * len(values) - 1e-6
    assert sum(value < found for value in values) < quantile * len(values) + 1e-6


def test_a_percentile_of_nothing_is_no_number() -> None:
    assert math.isnan(percentile(np.array([]), 0.5))


@given(st.floats(10, 5000), st.floats(0.1, 3), st.integers(0, 99))
def test_due_times_ascend_within_the_time_at_the_rate(rate: float, seconds: float, seed: int) -> None:
    for due_s in (poisson(rate, seconds, seed), steady(rate, seconds)):
        assert (np.diff(due_s) >= 0).all()
        assert due_s.max(initial=0) < seconds
        assert abs(len(due_s) - rate * seconds) <= 6 * math.sqrt(rate * seconds) + 1


def test_each_status_has_its_own_rate_and_latency() -> None:
    status = np.array([200, 503, 200, 503])
    load = Load(np.zeros(4), np.array([0.1, 0.001, 0.3, 0.002]), np.zeros(4), status, seconds=2.0, cpu_s=4e-5, checked=0, wrong=0)
    assert (load.rate(), load.rate(503)) == (1.0, 1.0)
    assert (load.latency(0.5), load.latency(1.0), load.latency(1.0, 503)) == (0.1, 0.3, 0.002)
    assert (load.statuses, load.failed) == ({200: 2, 503: 2}, 2)
    assert load.cpu_us() == pytest.approx(10)


def test_a_closed_loop_asks_each_body_in_turn_and_counts_each_answer() -> None:
    server, load = closed(echo)
    assert len(server.bodies) == len(load.status) == load.statuses[200]
    assert server.bodies == [BODIES[number % len(BODIES)] for number in range(len(server.bodies))]
    assert server.connections == 2
    assert load.checked >= 1
    assert load.wrong == 0


def test_answers_about_another_text_are_found() -> None:
    _, load = closed(lambda number, body: (200, json.dumps({"text": "another"}).encode(), 0.0))
    assert load.wrong == load.checked == math.ceil(len(load.status) / SAMPLE)


def test_the_texts_of_a_batch_are_compared_in_order() -> None:
    items = json.dumps({"items": [{"text": "a"}, {"text": "b"}]}).encode()
    assert same_text(items, json.dumps({"results": [{"text": "a"}, {"text": "b"}]}).encode())
    assert not same_text(items, json.dumps({"results": [{"text": "b"}, {"text": "a"}]}).encode())
    assert not same_text(items, json.dumps({"results": [{"text": "a"}, {"problem": {}}]}).encode())


def test_an_answer_in_pieces_is_one_answer() -> None:
    long = b"x" * 1_000_000
    _, load = closed(lambda number, body: (200, long, 0.0), asking=Asking(check=None))
    assert set(load.statuses) == {200}


def test_a_connection_that_breaks_is_counted_and_opened_again() -> None:
    server, load = closed(lambda number, body: (NO_ANSWER, b"", 0.0) if number % 10 == 9 else (200, body, 0.0))
    assert load.statuses[NO_ANSWER] == len(server.bodies) // 10
    assert load.statuses[200] == len(server.bodies) - load.statuses[NO_ANSWER]


def test_a_server_that_is_not_there_gives_no_answers() -> None:
    async def run() -> Load:
        async with serving(echo) as (_, address):
            pass
        return await drive_closed(address, BODIES, 2, 0.05)

    assert set(asyncio.run(run()).statuses) == {NO_ANSWER}


def test_a_stall_counts_once_in_a_closed_loop_and_for_all_who_would_have_come_in_an_open_one() -> None:
    _, asked_less = closed(stall_once, connections=1, seconds=0.6)
    _, asked_on = opened(stall_once, steady(200, 0.6), connections=1)
    # 80 requests fall due in the 0.4 s; those of the first 0.2 s wait more than 0.2 s each, evenly from 0.4 s down.
    assert 1 <= (asked_less.latency_s > 0.2).sum() <= 3
    late = np.sort(asked_on.latency_s[asked_on.latency_s > 0.2])
    assert len(late) >= 35
    assert np.diff(late).max() < 0.1
    assert asked_on.lag_s.max() > 0.3


def test_every_request_of_an_open_loop_ends_once() -> None:
    due_s = poisson(2_000, 0.3)
    server, load = opened(echo, due_s)
    assert load.statuses == {200: len(due_s)}
    assert np.sort(load.due_s) == pytest.approx(due_s, abs=1e-6)
    assert load.latency_s.min() > 0
    assert len(server.bodies) == len(due_s)


def test_an_open_loop_opens_no_more_connections_than_it_may() -> None:
    server, load = opened(lambda number, body: (200, body, 0.002), steady(1_000, 0.2), connections=5)
    assert server.connections == 5
    assert load.failed == 0


def test_whoever_gives_up_is_counted_as_not_sent() -> None:
    server, load = opened(stall_once, steady(200, 0.6), connections=1, give_up_s=0.1)
    assert load.statuses[NOT_SENT] + load.statuses[200] == 120
    assert 55 <= load.statuses[NOT_SENT] < 120
    assert len(server.bodies) == load.statuses[200]


def test_an_open_loop_of_nothing_ends() -> None:
    _, load = opened(echo, np.array([]))
    assert load.statuses == {}
