"""What a hostile or broken client can send: each is refused in bounded time and memory, and a neighbour does not notice."""

import json
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.system.footprint import connections, memory_mb, open_files, waiting
from tests.system.running import Service, running
from tests.system.wire import GOOD, Answer, Connection, answers_until_end, ask, chunked, post, request, until

MOST_CONNECTIONS = 60
FLAGS = {"head-timeout-s": 1, "body-timeout-s": 1, "keep-alive-s": 1, "answer-timeout-s": 1, "max-connections": MOST_CONNECTIONS}
GROWTH_MB = 200
MB = 1_000_000
BUNDLE = "/static/swagger-ui/swagger-ui-bundle.js"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: slotline\r\n\r\n"
GOOD_BYTES = json.dumps(GOOD).encode()


@pytest.fixture(scope="module")
def service(artifact_dir: Path) -> Iterator[Service]:
    flags = [str(word) for name, value in FLAGS.items() for word in (f"--{name}", value)]
    with running(artifact_dir, *flags) as service:
        assert ask(service, post(GOOD)).status == 200
        before_mb = memory_mb(service)
        yield service
        until(lambda: connections(service) == 0)
        assert waiting(service) == 0
        assert memory_mb(service, "VmHWM") < before_mb + GROWTH_MB


def neighbour_is_well(service: Service) -> None:
    started = time.monotonic()
    answered = ask(service, post(GOOD))
    assert answered.status == 200
    assert answered.json()["text"] == GOOD["text"]
    assert time.monotonic() - started < 1


def is_problem(answered: Answer) -> None:
    assert answered.headers["content-type"] == "application/problem+json"
    assert answered.json()["status"] == answered.status
    assert answered.json()["detail"]


def text(raw: str) -> bytes:
    """A body whose text is ``raw``, escapes and all."""
    return b'{"text": "' + raw.encode() + b'"}'


JSON: dict[str, tuple[bytes, int]] = {
    "deep nesting": (b'{"text": ' + b"[" * 300_000 + b"]" * 300_000 + b"}", 400),
    "deep nesting of objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400),
    "nesting in a field that is not there": (b'{"text": "ok", "x": ' + b"[" * 150 + b"]" * 150 + b"}", 422),
    "one word, nearly as long as a body may be": (text("x" * 1_000_000), 422),
    "half a million words": (text("x " * 500_000), 422),
    "half a million commas": (text("," * 500_000), 422),
    "a huge integer": (b'{"text": "ok", "top_k": ' + b"9" * 900_000 + b"}", 400),
    "a huge exponent": (b'{"text": "ok", "min_confidence": 1e' + b"9" * 900_000 + b"}", 422),
    "many digits behind the point": (b'{"text": "ok", "min_confidence": 0.' + b"9" * 900_000 + b"1e5}", 422),
    "a hundred thousand keys": (json.dumps({f"k{index}": 1 for index in range(60_000)}).encode(), 422),
    "many keys of one hash": (b'{"text": "ok"' + b"".join(b', "%d": 0' % (index * (2**61 - 1)) for index in range(20_000)) + b"}", 422),
    "zero-width code points only": (text("\u200b\u200d\ufeff\u2060" * 100), 422),
    "combining marks only": (text("\u0301" * 1_500), 200),
    "one letter with a thousand accents": (text("e" + "\u0301" * 1_500), 200),
    "right-to-left overrides": (text("\u202e\u2066from Oslo"), 200),
    "a lone high surrogate": (text("\\ud83d"), 400),
    "a lone low surrogate": (text("\\udc00"), 400),
    "surrogates the wrong way round": (text("\\udc00\\ud83d"), 400),
    "a surrogate as a raw code point": (b'{"text": "\xed\xa0\xbd"}', 400),
    "overlong UTF-8": (b'{"text": "\xc0\xaf"}', 400),
    "NUL escaped": (text("a\\u0000b"), 200),
    "NUL raw": (b'{"text": "a\x00b"}', 400),
    "NUL before the JSON": (b"\x00" + GOOD_BYTES, 400),
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD_BYTES, 400),
    "UTF-16": (json.dumps(GOOD).encode("utf-16-le"), 400),
    "UTF-32": (json.dumps(GOOD).encode("utf-32-be"), 400),
    "NaN": (b'{"text": NaN}', 422),
    "a key twice": (b'{"text": "a", "text": "b"}', 200),
    "a key twice, of another type": (b'{"text": 5, "text": "b"}', 200),
    "__proto__": (b'{"text": "ok", "__proto__": {"a": 1}}', 422),
    "gzip": (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", 400),
}


@pytest.mark.parametrize("name", JSON)
def test_hostile_json_is_refused_or_read_and_never_worse(service: Service, name: str) -> None:
    body, status = JSON[name]
    with Connection(service) as connection:
        connection.send(post(body))
        neighbour_is_well(service)
        answered = connection.answer()
    assert answered.status == status
    if status != 200:
        is_problem(answered)


@pytest.mark.parametrize(
    "header", ["Content-Encoding: gzip", "Content-Encoding: br, gzip", "Content-Type: application/json; charset=utf-16"]
)
def test_a_body_in_another_coding_is_415(service: Service, header: str) -> None:
    answered = ask(service, request("POST", "/v1/parse", GOOD_BYTES, header, *(["Content-Type: application/json"] * ("ncod" in header))))
    assert answered.status == 415
    is_problem(answered)


# What is no HTTP/1.1 or may be read in two ways: refused, and the connection closed, so that no second reading can begin.
BROKEN: dict[str, bytes] = {
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "HTTP/0.9": b"GET /health/live\r\n\r\n",
    "HTTP/2 at once": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
    "HTTP/9.9": b"GET /health/live HTTP/9.9\r\nHost: slotline\r\n\r\n",
    "length and chunks": post(b"0\r\n\r\n" + SMUGGLED, "Transfer-Encoding: chunked"),
    "chunks and length": request("POST", "/v1/parse", b"0\r\n\r\n" + SMUGGLED, "Transfer-Encoding: chunked", length=5),
    "two lengths": request("POST", "/v1/parse", b"{}" + SMUGGLED, "Content-Length: 2", "Content-Length: 40", length=-1),
    "a list of lengths": request("POST", "/v1/parse", b"{}" + SMUGGLED, "Content-Length: 2, 2", length=-1),
    "a negative length": request("POST", "/v1/parse", b"{}" + SMUGGLED, length=-2),
    "a signed length": request("POST", "/v1/parse", b"{}" + SMUGGLED, "Content-Length: +2", length=-1),
    "a hexadecimal length": request("POST", "/v1/parse", b"{}" + SMUGGLED, "Content-Length: 0x2", length=-1),
    "a length beyond 64 bits": request("POST", "/v1/parse", b"{}", "Content-Length: 99999999999999999999999", length=-1),
    "chunked, but not last": request("POST", "/v1/parse", b"0\r\n\r\n" + SMUGGLED, "Transfer-Encoding: chunked, identity"),
    "an unknown transfer coding": request("POST", "/v1/parse", b"0\r\n\r\n" + SMUGGLED, "Transfer-Encoding: xchunked"),
    "a chunk size that is none": chunked(end=b"zz\r\n"),
    "a chunk size beyond 64 bits": chunked(end=b"fffffffffffffffff\r\n"),
    "a chunk longer than it says": chunked(end=b"2\r\n{}XXXX\r\n0\r\n\r\n"),
    "a bare LF between lines": b"GET /health/live HTTP/1.1\nHost: slotline\n\n",
    "a bare LF in a header": b"GET /health/live HTTP/1.1\r\nHost: slotline\r\nA: b\nContent-Length: 5\r\n\r\n",
    "a bare CR in a header": b"GET /health/live HTTP/1.1\r\nHost: slotline\r\nA: b\rContent-Length: 5\r\n\r\n",
    "a space before the colon": b"POST /v1/parse HTTP/1.1\r\nHost: slotline\r\nContent-Length : 5\r\n\r\n12345",
    "a header line that begins with a space": b"GET /health/live HTTP/1.1\r\n Host: slotline\r\n\r\n",
    "NUL in a header": b"GET /health/live HTTP/1.1\r\nHost: slotline\r\nA: b\x00c\r\n\r\n",
    "NUL in the target": b"GET /health/\x00live HTTP/1.1\r\nHost: slotline\r\n\r\n",
    "no target": b"GET  HTTP/1.1\r\nHost: slotline\r\n\r\n",
    "a target without slash": b"GET health HTTP/1.1\r\nHost: slotline\r\n\r\n",
    "a method that is none": b"G@T / HTTP/1.1\r\nHost: slotline\r\n\r\n",
    "a tunnel": b"CONNECT slotline:443 HTTP/1.1\r\nHost: slotline\r\n\r\n",
    "a header of a megabyte": b"GET / HTTP/1.1\r\nHost: slotline\r\nA: " + b"b" * MB + b"\r\n\r\n",
    "a header name of a megabyte": b"GET / HTTP/1.1\r\nHost: slotline\r\n" + b"b" * MB + b": a\r\n\r\n",
    "a target of a megabyte": b"GET /" + b"b" * MB + b" HTTP/1.1\r\nHost: slotline\r\n\r\n",
    "a target of 40 kB": b"GET /" + b"b" * 40_000 + b" HTTP/1.1\r\nHost: slotline\r\n\r\n",
    "a header of 40 kB": b"GET / HTTP/1.1\r\nHost: slotline\r\nA: " + b"b" * 40_000 + b"\r\n\r\n",
    "ten thousand headers": b"GET / HTTP/1.1\r\nHost: slotline\r\n" + b"a: b\r\n" * 10_000 + b"\r\n",
    "five megabytes of headers": b"GET / HTTP/1.1\r\nHost: slotline\r\n" + b"a: b\r\n" * 800_000,
    "trailers without end": chunked(b"{}", end=b"0\r\n" + b"a: b\r\n" * 800_000),
    "a trailer without end": chunked(b"{}", end=b"0\r\na: " + b"b" * 5 * MB),
    "a chunk extension without end": chunked(b"{}", end=b"2;" + b"b" * 5 * MB),
    "a bad request behind a refused one": request("GET", "/nothing") + b"\x00\r\n\r\n",
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_http_is_refused_and_the_connection_closed(service: Service, name: str) -> None:
    started = time.monotonic()
    answers = answers_until_end(service, BROKEN[name])
    took = time.monotonic() - started
    neighbour_is_well(service)
    assert all(400 <= answered.status < 500 for answered in answers)
    assert len(answers) <= 1
    for answered in answers:
        is_problem(answered)
        assert "smuggled" not in answered.body.decode()
    assert took < 5


def test_large_heads_are_told_so(service: Service) -> None:
    for name in ("a header of 40 kB", "a target of 40 kB", "ten thousand headers"):
        assert ask(service, BROKEN[name]).status == 431


# Rare, but HTTP/1.1: answered like anything else.
RARE: dict[str, tuple[bytes, int]] = {
    "an absolute target": (b"GET http://elsewhere/health/live HTTP/1.1\r\nHost: slotline\r\n\r\n", 200),
    "an absolute target without path": (b"GET http://elsewhere HTTP/1.1\r\nHost: slotline\r\n\r\n", 0),
    "a path out of the folder": (request("GET", "/static/../../../etc/passwd"), 404),
    "a path out of the folder, escaped": (request("GET", "/static/%2e%2e/%2e%2e/%2e%2e/etc/passwd"), 404),
    "an escaped slash": (request("GET", "/v1%2fmodels"), 0),
    "NUL escaped in a path": (request("GET", "/static/%00"), 404),
    "NUL escaped in a name": (request("GET", "/v1/models/%00"), 404),
    "broken escapes": (request("GET", "/v1/models/%zz%"), 404),
    "escapes that are no UTF-8": (request("GET", "/v1/models/%ff%fe"), 404),
    "a long name": (request("GET", "/v1/models/" + "x" * 20_000), 404),
    "two slashes": (request("GET", "//v1/models"), 404),
    "an unknown method": (request("PROPFIND", "/v1/models"), 405),
    "TRACE": (request("TRACE", "/v1/parse"), 405),
    "OPTIONS of everything": (request("OPTIONS", "*"), 0),
    "an upgrade to WebSocket": (
        request("GET", "/v1/parse", b"", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: eA=="),
        405,
    ),
    "an upgrade to HTTP/2 with a body": (
        post(GOOD, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"),
        200,
    ),
    "a body with GET": (request("GET", "/health/live", GOOD_BYTES), 200),
    "an expectation": (post(GOOD, "Expect: 100-continue"), 200),
    "an expectation with a body too large": (post(b"", "Expect: 100-continue", length=50 * MB), 413),
    "a strange expectation": (post(GOOD, "Expect: 42"), 200),
    "chunks": (chunked(GOOD_BYTES[:9], GOOD_BYTES[9:]), 200),
    "chunks of one byte with extensions": (
        chunked(end=b"".join(b"1;a=b\r\n%c\r\n" % byte for byte in GOOD_BYTES) + b"0\r\nA: b\r\n\r\n"),
        200,
    ),
    "HTTP/1.0": (b"GET /health/live HTTP/1.0\r\n\r\n", 200),
    "empty lines first": (b"\r\n\r\n" + request("GET", "/health/live"), 200),
    "Accept that is none": (post(GOOD, "Accept: ;;;,,q=x"), 406),
    "Content-Type twice": (post(GOOD, "Content-Type: text/plain"), 415),
    "a request id with a line feed escaped": (post(GOOD, "X-Request-ID: a%0d%0ab"), 200),
}


@pytest.mark.parametrize("name", RARE)
def test_rare_http_is_answered(service: Service, name: str) -> None:
    sent, status = RARE[name]
    answered = ask(service, sent)
    neighbour_is_well(service)
    assert answered.status == status if status else 200 <= answered.status < 500
    if answered.status >= 400:
        is_problem(answered)


@pytest.mark.parametrize(
    "sent", [RARE["an upgrade to HTTP/2 with a body"][0], request("GET", "/health/live", b"", "Connection: upgrade", "Upgrade: h2c")]
)
@pytest.mark.parametrize("at_once", [True, False])
def test_a_connection_whose_upgrade_was_declined_goes_on(service: Service, sent: bytes, at_once: bool) -> None:
    with Connection(service) as connection:
        connection.send(sent + (post(GOOD) if at_once else b""))
        assert connection.answer().status == 200
        if not at_once:
            connection.send(post(GOOD))
        assert connection.answer().json()["text"] == GOOD["text"]


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_head_and_options_are_answered_everywhere(service: Service, method: str) -> None:
    document = httpx.get(f"{service.url}/openapi.json").json()
    for path in [*document["paths"], "/", "/docs", "/redoc", "/openapi.json", "/static/", "/nothing"]:
        answered = ask(service, request(method, path.replace("{name}", "tiny")), head=method == "HEAD")
        assert 200 <= answered.status < 500, path


def test_a_head_that_dribbles_ends_in_408(service: Service) -> None:
    started = time.monotonic()
    with Connection(service) as connection:
        for byte in post(GOOD, "X: " + "x" * 1_000):
            connection.send(bytes([byte]))
            if connection.ends_within(0.02):
                break
        answered = connection.answer()
    assert (answered.status, answered.json()["type"]) == (408, "urn:slotline:problem:head_timeout")
    assert 0.9 < time.monotonic() - started < 5
    neighbour_is_well(service)


@pytest.mark.parametrize("sent", [b"", b"\r\n", b"GET / HT", b"POST /v1/parse HTTP/1.1\r\nHost: slotline\r\nA"])
def test_a_connection_that_asks_nothing_is_closed(service: Service, sent: bytes) -> None:
    answers = answers_until_end(service, sent)
    assert [answered.status for answered in answers] == ([408] if len(sent) > 2 else [])


@pytest.mark.parametrize("sent", [b"", b"\r\n", b"GET"])
def test_an_idle_connection_is_closed(service: Service, sent: bytes) -> None:
    with Connection(service) as connection:
        connection.send(request("GET", "/health/live"))
        assert connection.answer().status == 200
        connection.send(sent)
        rest = connection.answer()
        assert rest is None or rest.status == 408


def test_the_rest_of_a_refused_body_is_not_read_for_ever(service: Service) -> None:
    with Connection(service) as connection:
        connection.send(request("POST", "/v1/parse", b"x", "Content-Type: text/plain", length=MB))
        assert connection.answer().status == 415
        ended = False
        for _ in range(200):
            connection.send(b"x")
            ended = ended or connection.ends_within(0 if ended else 0.02)
        assert ended


@pytest.mark.parametrize("sent", [post(GOOD_BYTES[:9], length=len(GOOD_BYTES)), chunked(GOOD_BYTES[:9], end=b""), chunked(end=b"5\r\n{")])
def test_half_a_body_ends_in_408_and_the_connection(service: Service, sent: bytes) -> None:
    with Connection(service) as connection:
        connection.send(sent)
        neighbour_is_well(service)
        answered = connection.answer()
        assert (answered.status, answered.json()["type"]) == (408, "urn:slotline:problem:body_timeout")
        assert connection.answer() is None


def test_a_length_that_says_too_little_leaves_a_rest_that_is_no_request(service: Service) -> None:
    answers = answers_until_end(service, post(GOOD_BYTES, length=9))
    assert [answered.status for answered in answers] in ([400, 400], [400])


@pytest.mark.parametrize(
    "sent",
    [post(b"x" * 10 * MB), chunked(*[b"x" * 65_536] * 160), post(b"", length=10 * MB) + b"x" * 2 * MB, chunked(*[b"xx"] * 600_000)],
    ids=["declared", "chunked", "declared, not sent", "in tiny chunks"],
)
def test_a_body_over_the_limit_is_413_and_nothing_behind_it_is_answered(service: Service, sent: bytes) -> None:
    answers = answers_until_end(service, sent + request("GET", "/health/live"))
    neighbour_is_well(service)
    assert [answered.status for answered in answers] in ([413], [408], [400], [])  # [] is a reset that overtook the answer


def test_requests_behind_a_refused_body_are_answered_in_order(service: Service) -> None:
    sent = post(b"{") + request("POST", "/v1/parse", b"a" * 70_000, "Content-Type: text/plain") + request("GET", "/health/live")
    assert [answered.status for answered in answers_until_end(service, sent)] == [400, 415, 200]


def test_whole_requests_before_a_broken_one_are_answered(service: Service) -> None:
    answers = answers_until_end(service, post(GOOD) + post(GOOD) + b"nonsense\r\n\r\n")
    assert [answered.status for answered in answers] == [200, 200]


def test_pipelining_without_end_is_cut(service: Service) -> None:
    answers = answers_until_end(service, request("GET", "/health/live") * 50_000)
    neighbour_is_well(service)
    assert 1 <= len(answers) <= 40
    assert {answered.status for answered in answers} == {200}


def test_answers_that_nobody_fetches_are_dropped(service: Service) -> None:
    until(lambda: connections(service) == 0)
    body = json.dumps({"items": [{"text": "to Oslo " * 30}] * 128, "include": ["distribution", "words"], "top_k": 100}).encode()
    asked = post(body, path="/v1/parse/batch")
    for sent in (asked * 8, post(body, "Connection: close", path="/v1/parse/batch"), request("GET", BUNDLE) * 8):
        with Connection(service) as connection:
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.send(sent)
            assert connection.ends_within(10)  # the answer begins
            neighbour_is_well(service)
            until(lambda: connections(service) == 0)


def test_one_connection_too_many_is_told_so(service: Service) -> None:
    with ExitStack() as stack:
        taken = [stack.enter_context(Connection(service)) for _ in range(MOST_CONNECTIONS)]
        answered = ask(service, post(GOOD))
        assert (answered.status, answered.headers["retry-after"]) == (503, "1")
        assert answered.json()["type"] == "urn:slotline:problem:too_many_connections"
        is_problem(answered)
        taken[0].send(post(GOOD))
        assert taken[0].answer().status == 200
    until(lambda: ask(service, request("GET", "/health/live")).status == 200)


def test_a_flood_of_connections_passes(service: Service) -> None:
    with ExitStack() as stack:
        for connection in [stack.enter_context(Connection(service)) for _ in range(10 * MOST_CONNECTIONS)]:
            connection.send(b"GET / HT")
    until(lambda: ask(service, request("GET", "/health/live")).status == 200)
    neighbour_is_well(service)


def test_a_server_that_runs_out_of_descriptors_goes_on(artifact_dir: Path) -> None:
    with running(artifact_dir) as service, Connection(service) as old, ExitStack() as stack:
        old.send(post(GOOD))
        assert old.answer().status == 200
        _, hard = resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE, (open_files(service) + 20, hard))
        for _ in range(100):
            stack.enter_context(Connection(service))
        old.send(post(GOOD))
        assert old.answer().status == 200
        stack.close()
        until(lambda: connections(service) == 1)
        neighbour_is_well(service)
