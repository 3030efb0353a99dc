import json
import random
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from socket import SO_RCVBUF, SOL_SOCKET
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from app.access.keys import entry_of
from app.api.stream import MOST_FAULTS
from app.websocket import MOST_FRAGMENTS
from tests.app.serving import REFERENCE, timeless
from tests.system.footprint import connections, memory_mb, open_files, waiting
from tests.system.running import Service, running
from tests.system.typing_client import BINARY, CLOSE, PING, TEXT, RawStream, Typist, frame, handshake
from tests.system.wire import GOOD, Connection, ask, post, request, until

PATIENT = ("--max-wait-s", "30", "--deadline-s", "30", "--drain-s", "0.1")
SENTENCE = "I want to fly from Oslo to Tuzla on 3 November"


@pytest.fixture(scope="module")
def service(artifact_dir: Path) -> Iterator[Service]:
    with running(artifact_dir, *PATIENT, "--stream-message-bytes", "8192", "--access-log", "all") as service:
        yield service


def counted(service: Service, name: str) -> float:
    """A metric; 0 where it is not there yet."""
    lines = httpx.get(f"{service.url}/metrics", timeout=10).text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


# What is answered


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_typed_letter_by_letter_is_answered_as_posted_at_once(artifact_dir: Path, workers: int) -> None:
    with running(artifact_dir, *PATIENT, "--workers", str(workers)) as service, Typist(service) as typist:
        assert typist.connection.subprotocol == "slotline.v1"
        for length in range(1, len(SENTENCE) + 1, 3):
            body = {"text": SENTENCE[:length], "context": REFERENCE}
            answer = timeless(typist.ask({**body, "sequence": length, "caret": length}))
            posted = timeless(httpx.post(f"{service.url}/v1/parse", json=body, timeout=30).json())
            assert (answer.pop("sequence"), answer.pop("status")) == (length, 200)
            marks = [(word.pop("stable"), word.pop("partial")) for word in answer["words"]]
            assert answer == posted
            assert [partial for _, partial in marks] == [False] * (len(marks) - 1) + [not SENTENCE[:length].endswith(" ")]


# How it ends


CODES: dict[int, list[bytes]] = {
    1000: [frame((1000).to_bytes(2), CLOSE)],
    1002: [frame(b"{}", masked=False)],
    1003: [frame(b"{}", BINARY)],
    1007: [frame(b"text"), frame(b"\xff"), frame(b'{"text": "')],
    1008: [
        frame(json.dumps({"sequence": 1, "text": "a"}).encode()) * 2,
        frame(b"{}") * MOST_FAULTS,
        frame(b"{", final=False) + frame(b"", 0, final=False) * MOST_FRAGMENTS,
    ],
    1009: [frame(b" " * 8193), frame(b" " * 8000, final=False) + frame(b" " * 193, 0), frame(b" " * 1_000_000)],
}


@pytest.mark.parametrize(("code", "sent"), [(code, sent) for code, several in CODES.items() for sent in several])
def test_a_stream_is_closed_with_the_code_that_says_why(service: Service, code: int, sent: bytes) -> None:
    before = counted(service, f'slotline_streams_closed_total{{code="{code}"}}')
    with RawStream(service) as stream:
        stream.send(sent)
        assert stream.close_code() == code
        stream.send(frame(code.to_bytes(2), CLOSE))
        assert stream.frame() is None, "the server did not end the connection"
    until(lambda: counted(service, f'slotline_streams_closed_total{{code="{code}"}}') == before + 1)
    assert counted(service, "slotline_streams_open") == 0


def test_a_stream_on_which_nobody_types_is_closed_with_4408(artifact_dir: Path) -> None:
    with running(artifact_dir, "--stream-idle-s", "0.2") as service, Typist(service) as typist:
        assert typist.closed()[0] == 4408


def test_a_client_that_does_not_answer_a_ping_is_closed_with_1011(artifact_dir: Path) -> None:
    with running(artifact_dir, "--stream-ping-s", "0.2") as service, RawStream(service) as stream:
        assert stream.frame() is not None  # the ping
        assert stream.close_code() == 1011
        until(lambda: counted(service, 'slotline_streams_closed_total{code="1011"}') == 1)


def test_one_stream_too_many_is_closed_with_1013_and_has_a_place_when_another_ends(artifact_dir: Path) -> None:
    with running(artifact_dir, "--max-streams", "2") as service:
        with Typist(service) as first, Typist(service) as second:
            for typist in (first, second):
                assert typist.ask({"sequence": 0, "text": "to Oslo"})["status"] == 200
            with Typist(service) as third:
                assert third.closed()[0] == 1013
        until(lambda: counted(service, "slotline_streams_open") == 0)
        with Typist(service) as fourth:
            assert fourth.ask({"sequence": 0, "text": "to Oslo"})["status"] == 200


@pytest.mark.parametrize("workers", [1, 2])
def test_a_server_that_stops_answers_what_it_has_and_closes_with_1001(artifact_dir: Path, workers: int) -> None:
    with running(artifact_dir, *PATIENT, "--workers", str(workers)) as service, ExitStack() as stack:
        typists = [stack.enter_context(Typist(service)) for _ in range(8)]
        for typist in typists:
            assert typist.ask({"sequence": 0, "text": SENTENCE})["status"] == 200
        for typist in typists:
            typist.send({"sequence": 1, "text": SENTENCE})
        answers = [typist.receive() for typist in typists[::2]]
        service.process.send_signal(signal.SIGTERM)
        answers += [typist.receive() for typist in typists[1::2]]
        assert [(answer["sequence"], answer["status"]) for answer in answers] == [(1, 200)] * 8
        assert [typist.closed()[0] for typist in typists] == [1001] * 8
        assert service.ended() == 0


def test_a_server_that_stops_does_not_wait_for_a_client_that_fetches_nothing(artifact_dir: Path) -> None:
    flags = ("--stop-timeout-s", "30", "--drain-s", "0", "--answer-timeout-s", "60")
    with running(artifact_dir, *flags) as service, RawStream(service) as stream:
        clog(service, stream)
        assert service.stop(timeout=20) == 0


# Who may come in


REFUSED = [
    (handshake("Sec-WebSocket-Version: 12"), 426),
    (handshake("Sec-WebSocket-Key: eA=="), 426),
    (handshake("Sec-WebSocket-Key:"), 426),
    (handshake("Upgrade: h2c"), 426),
    (handshake("Sec-WebSocket-Protocol: chat"), 426),
    (handshake("Origin: https://evil.example.com"), 403),
    (handshake("Origin: null"), 403),
    (handshake("Origin: http://slotline:81"), 403),
    (handshake(path="/v1/streams"), 404),
    (handshake(path="/v1/parse"), 405),
    (handshake(method="POST"), 405),
]


@pytest.mark.parametrize(("sent", "status"), REFUSED)
def test_a_handshake_that_is_refused_is_answered_with_a_problem(service: Service, sent: bytes, status: int) -> None:
    answer = ask(service, sent)
    assert answer is not None
    assert (answer.status, answer.json()["status"]) == (status, status)
    assert answer.headers["x-request-id"] == answer.json()["request_id"]
    assert counted(service, "slotline_streams_open") == 0


ODD = {
    "a header of 20 KB": ["Cookie: " + "x" * 20_000],
    "many headers": [f"X-Header-{number}: {number}" for number in range(300)],
    "no ASCII": ["X-Name: \u00e9"],
    "extensions": ["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"],
    "extensions that are none": ["Sec-WebSocket-Extensions: ;;"],
    "an empty list of subprotocols": ["Sec-WebSocket-Protocol: "],
    "subprotocols on two lines, and one that is none": ["Sec-WebSocket-Protocol: slotline.v1", "Sec-WebSocket-Protocol: a b"],
    "a list of connection options": ["Connection: keep-alive, Upgrade"],
    "another case": ["Connection: UPGRADE", "Upgrade: WebSocket"],
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("query", ["", "?" + "q" * 10_000])
def test_a_handshake_may_carry_all_that_a_request_may(service: Service, name: str, query: str) -> None:
    answer = ask(service, handshake(*ODD[name], path=f"/v1/stream{query}"))
    assert answer is not None
    assert answer.status == 101


def test_a_client_that_leaves_with_its_handshake_leaves_no_error(service: Service) -> None:
    for _ in range(20):
        connection = Connection(service)
        connection.send(handshake())
        connection.reset()
    until(lambda: counted(service, "slotline_streams_open") == 0)
    assert not [line for line in service.printed if "ERROR" in line]


@pytest.mark.parametrize("origin", ["http://slotline", "https://SLOTLINE", "http://slotline:80"])
def test_a_page_of_the_same_host_may_open_a_stream(service: Service, origin: str) -> None:
    answer = ask(service, handshake(f"Origin: {origin}"))
    assert answer is not None
    assert answer.status == 101


def test_keys_origins_hosts_and_rates_are_asked_for_as_everywhere(artifact_dir: Path) -> None:
    key, page = "slotline_of-a-shop", "https://shop.example.com"
    flags = ("--api-keys", entry_of("shop", key), "--cors-origins", page, "--allowed-hosts", "127.0.0.1", "--rate-limit", "0.001")
    with running(artifact_dir, *flags, "--rate-burst", "5") as service:
        for options, status in (
            ({}, 401),
            ({"additional_headers": {"X-API-Key": "wrong"}}, 401),
            ({"additional_headers": {"X-API-Key": key}, "origin": "https://evil.example.com"}, 403),
        ):
            with pytest.raises(InvalidStatus) as refused, Typist(service, **options):
                pass
            assert refused.value.response.status_code == status
        answer = ask(service, handshake(f"X-API-Key: {key}"))  # it says Host: slotline
        assert answer is not None
        assert answer.status == 421
        offered = "slotline.key." + "c2xvdGxpbmVfb2YtYS1zaG9w"
        with Typist(service, "slotline.v1", offered, origin=page) as typist:
            assert typist.connection.subprotocol == "slotline.v1"
            statuses = [typist.ask({"sequence": sequence, "text": "to Oslo"}) for sequence in range(6)]
            assert [answer["status"] for answer in statuses] == [200] * 4 + [429] * 2
            assert statuses[-1]["retry_after_s"] > 0
            for sequence in range(6, MOST_FAULTS + 4):
                typist.send({"sequence": sequence, "text": "to Oslo"})
                if sequence < MOST_FAULTS + 3:
                    assert typist.receive()["status"] == 429
            assert typist.closed()[0] == 1008
        assert key not in "".join(service.printed)
        assert offered not in "".join(service.printed)


# What nobody else notices


def clog(service: Service, stream: RawStream) -> None:
    """Ask for long answers and fetch none, until the server gives none and takes no more."""
    stream.socket.setsockopt(SOL_SOCKET, SO_RCVBUF, 4096)
    body = {"text": "to Oslo " * 30, "include": ["words", "distribution"], "context": REFERENCE}
    for sequence in range(2_000):
        stream.send(frame(json.dumps({"sequence": sequence, **body}).encode()))
        try:
            until(lambda sequence=sequence: counted(service, 'slotline_stream_revisions_total{outcome="answered"}') > sequence, 3)
        except AssertionError:
            break
    else:
        raise AssertionError("the server answers for ever")
    stream.socket.settimeout(1)
    with pytest.raises(TimeoutError):
        stream.socket.sendall(frame(b" " * 60_000) * 1_000)


def test_a_client_that_fetches_nothing_is_not_listened_to_and_then_cut(artifact_dir: Path) -> None:
    with running(artifact_dir, *PATIENT, "--answer-timeout-s", "8") as service:
        with RawStream(service) as stream:
            before = memory_mb(service)
            clog(service, stream)
            assert memory_mb(service) < before + 30
            with Typist(service) as neighbour:
                assert neighbour.ask({"sequence": 1, "text": "to Oslo"})["status"] == 200
                until(lambda: counted(service, "slotline_streams_open") == 1, 20)
        until(lambda: connections(service) == 0)
        assert waiting(service) == 0


def test_pongs_are_not_kept_for_a_client_that_fetches_nothing(artifact_dir: Path) -> None:
    with running(artifact_dir, *PATIENT, "--answer-timeout-s", "3") as service:
        with RawStream(service) as stream:
            before, pings = memory_mb(service), frame(b"x" * 125, PING) * 1000
            stream.socket.settimeout(1)
            with pytest.raises((TimeoutError, ConnectionError)):
                stream.socket.sendall(pings * 1_000)
            assert memory_mb(service) < before + 30
        until(lambda: connections(service) == 0)


def test_clients_that_leave_in_the_middle_leave_nothing_behind(service: Service) -> None:
    with Typist(service) as stays:
        assert stays.ask({"sequence": 0, "text": SENTENCE})["status"] == 200
        files = open_files(service)
        for index in range(60):
            stream = RawStream(service)
            body = frame(json.dumps({"sequence": 0, "text": SENTENCE, "include": ["distribution"]}).encode())
            stream.send(body if index % 3 else body[: len(body) // 2])
            if index % 2:
                stream.reset()
            else:
                stream.close()
            if index % 10 == 0:
                assert stays.ask({"sequence": index + 1, "text": SENTENCE})["text"] == SENTENCE
        until(lambda: counted(service, "slotline_streams_open") == 1)
        until(lambda: open_files(service) <= files)
        assert waiting(service) == 0
        assert stays.ask({"sequence": 1000, "text": SENTENCE})["status"] == 200


def test_a_stream_leaves_one_line_in_the_log_and_no_word_of_its_text(service: Service) -> None:
    headers = {"X-Request-ID": "typing-1"}
    with Typist(service, additional_headers=headers) as typist:
        assert typist.connection.response is not None
        assert typist.connection.response.headers["x-request-id"] == "typing-1"
        assert typist.ask({"sequence": 7, "text": "to Zanzibar"})["request_id"] == "typing-1.7"
        assert typist.ask({"sequence": 8, "text": "to Zanzibar", "top_k": 0})["problem"]["request_id"] == "typing-1.8"
    service.says(r'request_id="typing-1" route="/v1/stream" status=101 .*close_code=1000 revisions=2 answered=1 superseded=0')
    assert "Zanzibar" not in "".join(service.printed)


def test_frames_that_come_with_the_handshake_are_read(service: Service) -> None:
    with RawStream(service, frame(b'{"sequence": 0, "text": "to Oslo"}')) as stream:
        opcode, payload = stream.frame() or (0, b"")
        assert (opcode, json.loads(payload)["text"]) == (TEXT, "to Oslo")


def test_a_stream_follows_requests_on_the_same_connection(service: Service) -> None:
    with Connection(service) as connection:
        connection.send(request("GET", "/health/live"))
        first: Any = connection.answer()
        connection.send(handshake())
        second: Any = connection.answer()
        assert (first.status, second.status) == (200, 101)
        connection.send(post(GOOD) + handshake())  # frames by now, and no good ones
        assert connection.ends_within(10)
    with Connection(service) as connection:
        connection.send(post(GOOD) + handshake())  # before the first is answered
        assert [answer.status for answer in (connection.answer(), connection.answer()) if answer] == [200, 426]


def test_frames_that_nobody_thought_of_end_their_own_stream_at_most(service: Service) -> None:
    chance = random.Random(7)
    pieces = [
        b"{}",
        b'{"sequence": 0, "text": "to Oslo"}',
        b"\xff\xfe",
        b"",
        b"[" * 900,
        b'{"sequence": 1e999}',
        b'{"text": "\\ud83d"}',
        b"\x03",
    ]
    with Typist(service) as neighbour:
        for number in range(150):
            with RawStream(service) as stream:
                for _ in range(chance.randrange(1, 5)):
                    opcode, payload = chance.randrange(16), chance.choice(pieces) * chance.randrange(1, 3)
                    sent = frame(payload, opcode, final=chance.random() < 0.8, masked=chance.random() < 0.9)
                    stream.send(sent if chance.random() < 0.8 else chance.randbytes(chance.randrange(1, 40)) + sent)
            if number % 30 == 0:
                assert neighbour.ask({"sequence": number, "text": SENTENCE})["status"] == 200
        until(lambda: counted(service, "slotline_streams_open") == 1)
    assert not [line for line in service.printed if "ERROR" in line or "Traceback" in line]
