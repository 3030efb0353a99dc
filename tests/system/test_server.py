import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from model.tagger import Tagger
from tests.system.running import Service, running
from tests.tiny import write_tiny_artifact

CITIES = ("Tuzla", "Oslo", "Ōsaka", "Омск", "São Tomé", "İzmir", "😀ville", "Taipei")
REFERENCE = {"reference_time": "2026-10-20T10:00:00+08:00"}


def utterance(index: int) -> str:
    return f"I want to fly from {CITIES[index % 8]} to {CITIES[index // 8 % 8]} on {'the ' * (index % 4)}{index} November"


@pytest.fixture(scope="module")
def service(artifact_dir: Path) -> Iterator[Service]:
    # Patient: what is answered is held here, not how soon; a busy machine may take longer than a user would wait.
    with running(artifact_dir, "--max-wait-s", "30", "--deadline-s", "30", "--max-waiting-items", "20000") as service:
        yield service


def request(body: bytes, *, length: int | None = None, path: str = "/v1/parse") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: slotline\r\nContent-Type: application/json\r\nContent-Length: {length or len(body)}\r\n\r\n"
    return head.encode() + body


def answer(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the next answer on a connection."""
    stream = connection.makefile("rb")
    status = int(stream.readline().split()[1])
    headers = {}
    while line := stream.readline().strip():
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    return status, headers, stream.read(int(headers["content-length"]))


def test_a_thousand_different_utterances_at_once_get_their_single_answers(service: Service, tagger: Tagger) -> None:
    bodies = [{"text": utterance(index), "context": REFERENCE, "include": ["distribution"]} for index in range(1000)]
    for index, (status, content) in enumerate(asyncio.run(post_at_once(service, bodies))):
        single = tagger.annotate(utterance(index))
        assert status == 200, content
        parsed = json.loads(content)
        assert parsed["text"] == single.text
        assert [(slot["name"], slot["start"], slot["end"]) for slot in parsed["slots"]] == [(s.name, s.start, s.end) for s in single.slots]
        np.testing.assert_allclose(parsed["distribution"]["probabilities"], single.label_probabilities_TL, rtol=0, atol=2e-6)


async def post_at_once(service: Service, bodies: list[dict[str, Any]]) -> list[tuple[int, bytes]]:
    """Every body's answer, over 250 connections that all speak at the same time."""
    answers: list[tuple[int, bytes]] = [(0, b"")] * len(bodies)

    async def post(first: int) -> None:
        reader, writer = await asyncio.open_connection(*service.address)
        for index in range(first, len(bodies), 250):
            writer.write(request(json.dumps(bodies[index]).encode()))
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(re.search(rb"content-length: (\d+)", head).group(1))
            answers[index] = int(head.split()[1]), await reader.readexactly(length)
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(post(first) for first in range(250)))
    return answers


def test_when_half_of_the_clients_leave_the_other_half_is_answered(service: Service) -> None:
    connections = [socket.create_connection(service.address, timeout=30) for _ in range(100)]
    for index, connection in enumerate(connections):
        connection.sendall(request(json.dumps({"text": utterance(index)}).encode()))
        if index % 2:
            connection.close()
    for index, connection in enumerate(connections):
        if index % 2 == 0:
            status, _, body = answer(connection)
            assert (status, json.loads(body)["text"]) == (200, utterance(index))
            connection.close()
    assert httpx.get(f"{service.url}/health/ready").status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"POST /v1/parse HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/parse HTTP/9.9\r\nHost: x\r\n\r\n",
        request(b'{"text": "\xff"}'),
        request(b"[" * 50_000),
        request(b'{"text": "ok"}', path="/v1/parse?a=%ff&b"),
        b"POST /v1/parse HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\nzz\r\n",
        b"GET /v1/models/%F0%28 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_no_bytes_that_a_client_can_send_are_answered_5xx(service: Service, sent: bytes) -> None:
    with socket.create_connection(service.address, timeout=20) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert not received or received.split()[1][:1] in (b"2", b"4")
    assert httpx.get(f"{service.url}/health/live").status_code == 200


def test_a_body_far_too_large_still_gets_its_413(service: Service) -> None:
    response = httpx.post(f"{service.url}/v1/parse", content=b"x" * 5_000_000, headers={"Content-Type": "application/json"})
    assert response.status_code == 413


CASES = {
    "an answer": b'{"text": "from Oslo to Tuzla", "context": {"reference_time": "2026-10-20T10:00:00+08:00"}}',
    "everything": b'{"text": "to Oslo \xf0\x9f\x99\x82", "top_k": 7,'
    b'"include": ["words", "alternatives", "distribution"], "offset_unit": "utf16"}',
    "no words": b'{"text": " "}',
    "no such field": b'{"text": "to Oslo", "colour": 1}',
    "no such model": b'{"text": "to Oslo", "model": "none"}',
    "no JSON": b'{"text": "to Oslo',
    "too much": b'{"text": "' + b"x" * 70_000 + b'"}',
}


@pytest.mark.parametrize("accept", ["*/*", "text/html"])
@pytest.mark.parametrize("name", CASES)
def test_a_request_in_pieces_gets_the_answer_of_a_whole_one(limited: Service, name: str, accept: str) -> None:
    """A whole request is answered without a task, one in pieces by way of ASGI."""
    sent = request(CASES[name]).replace(b"\r\n", b"\r\nAccept: " + accept.encode() + b"\r\n", 1)
    answers = []
    for pieces in ([sent], [sent[:-5], sent[-5:]]):
        with socket.create_connection(limited.address, timeout=20) as connection:
            for piece in pieces:
                connection.sendall(piece)
                assert httpx.get(f"{limited.url}/health/live").status_code == 200  # by now the piece has been read
            status, headers, body = answer(connection)
        parsed = json.loads(body)
        assert parsed.pop("request_id") == headers["x-request-id"]
        timed = parsed.pop("timing_ms", None)
        context = parsed.pop("context", None)
        answers.append((status, sorted(headers), parsed, type(timed), type(context)))
    assert answers[0] == answers[1]


@pytest.fixture(scope="module")
def limited(artifact_dir: Path) -> Iterator[Service]:
    with running(artifact_dir, "--max-body-bytes", "65536") as service:
        yield service


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_ends_with_exit_code_0(artifact_dir: Path, sign: signal.Signals) -> None:
    with running(artifact_dir, "--drain-s", "0") as service:
        assert service.stop(sign) == 0


def test_sigterm_turns_ready_red_finishes_what_is_in_flight_and_exits_0(artifact_dir: Path) -> None:
    body = json.dumps({"text": "from Oslo to Tuzla"}).encode()
    with (
        running(artifact_dir, "--drain-s", "2") as service,
        socket.create_connection(service.address, timeout=20) as idle,
        socket.create_connection(service.address, timeout=20) as unfinished,
        socket.create_connection(service.address, timeout=20) as in_flight,
    ):
        idle.sendall(request(body))
        assert answer(idle)[1].get("connection") is None  # kept alive, and then left alone
        unfinished.sendall(b"POST /v1/parse HTTP/1.1\r\nHost:")
        in_flight.sendall(request(body[:10], length=len(body)))
        with httpx.Client(base_url=service.url) as client:
            assert client.get("/health/ready").status_code == 200
        service.process.send_signal(signal.SIGTERM)
        while True:  # a signal is not synchronous; the loop is bounded by the drain, after which nobody listens
            ready = httpx.get(f"{service.url}/health/ready")
            if ready.status_code == 503:
                break
        assert ready.json()["type"] == "urn:slotline:problem:draining"
        late = httpx.post(f"{service.url}/v1/parse", json={"text": "still answered"})
        assert (late.status_code, late.headers["connection"]) == (200, "close")
        in_flight.sendall(body[10:])
        status, headers, content = answer(in_flight)
        assert (status, headers["connection"], json.loads(content)["text"]) == (200, "close", "from Oslo to Tuzla")
        assert service.ended() == 0


def test_a_body_that_arrives_after_the_end_of_listening_is_still_answered(artifact_dir: Path) -> None:
    body = json.dumps({"text": "from Oslo to Tuzla"}).encode()
    with running(artifact_dir, "--drain-s", "0") as service, socket.create_connection(service.address, timeout=20) as in_flight:
        in_flight.sendall(request(body[:10], length=len(body)))
        assert httpx.get(f"{service.url}/health/live").status_code == 200
        service.process.send_signal(signal.SIGTERM)
        while _listens(service):
            pass
        in_flight.sendall(body[10:])
        assert answer(in_flight)[0] == 200
        assert service.ended() == 0


def _listens(service: Service) -> bool:
    try:
        socket.create_connection(service.address, timeout=1).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_utterance_is_ever_logged(artifact_dir: Path, log_format: str) -> None:
    with running(artifact_dir, "--log-level", "debug", "--log-format", log_format, "--access-log", "all", "--drain-s", "0") as service:
        for body in (
            {"text": "Zanzibar"},
            {"text": "Zanzibar", "top_k": 0},
            {"text": "Zanzibar " * 300},
            {"items": [{"text": "Zanzibar"}]},
        ):
            for path in ("/v1/parse", "/v1/parse/batch"):
                assert httpx.post(service.url + path, json=body).status_code < 500
        service.stop()
    assert "Zanzibar" not in "".join(service.printed)


def test_a_broken_artefact_is_refused_with_its_reason_and_exit_code_2(tmp_path: Path) -> None:
    graph = write_tiny_artifact(tmp_path / "tiny") / "graph.onnx"
    graph.write_bytes(graph.read_bytes() + b"!")
    done = subprocess.run([sys.executable, "-m", "app", "--models", str(tmp_path)], capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 2
    assert "graph.onnx was changed" in done.stderr
    assert "Traceback" not in done.stderr
