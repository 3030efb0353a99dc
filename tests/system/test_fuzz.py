"""Requests that nobody thought of: from the OpenAPI document, and from bytes."""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from app.api.tensors import packed_texts
from model.values.reader_artifact import write_reader
from tests.system.footprint import memory_mb
from tests.system.running import Service, running
from tests.system.size import choose
from tests.system.wire import GOOD, Connection, chunked, post, request
from tests.tiny_reader import tiny_reader

SCHEMATHESIS = str(Path(sys.executable).with_name("schemathesis"))
CONFIG = str(Path(__file__).with_name("schemathesis.toml"))
# The same cases at every run: a red build is red again. The long form is where new ones are looked for.
BYTES = settings(
    max_examples=choose(short=300, long=10_000),
    database=None,
    derandomize=choose(short=1, long=0) == 1,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)
DOORS = "^/(v2|model|status|version)"
TEXT_INPUT = {"name": "text", "datatype": "BYTES", "shape": [2]}
PACKED = json.dumps({"inputs": [{**TEXT_INPUT, "parameters": {"binary_data_size": 17}}]}).encode() + packed_texts([b"from Oslo", b""])
VALID = [
    post(GOOD),
    post(GOOD, "Connection: close", "Expect: 100-continue", "Accept: application/json;q=0.5, */*"),
    post({"items": [{"id": "a", "text": "from Oslo"}, {"text": ""}]}, path="/v1/parse/batch?x=%20"),
    post({"phrases": [{"text": "7 pm", "kind": "time"}, {"text": "2 ноября"}], "context": {"timezone": "UTC"}}, path="/v1/values"),
    post({"text": '/book_train@0.5{"destination": "Oslo"}', "message_id": "u"}, path="/model/parse?token=x"),
    post({"inputs": [{**TEXT_INPUT, "data": ["from Oslo", ""]}], "outputs": [{"name": "slots"}]}, path="/v2/models/tiny/infer"),
    post(PACKED, f"Inference-Header-Content-Length: {len(PACKED) - 17}", path="/v2/models/tiny/infer"),
    chunked(b'{"text": "to ', b'Tuzla", "top_k": 1e2}'),
    request("GET", "/v1/models/tiny", b"", "X-Request-ID: abc", "Accept-Encoding: gzip", "Range: bytes=0-5"),
    request("GET", "/static/docs.js", b"", "If-Modified-Since: Tue, 01 Jan 2030 00:00:00 GMT", "Range: bytes=5-,1-2"),
    request("OPTIONS", "/v1/labels?model=tiny", b"", "Origin: http://elsewhere", "Access-Control-Request-Method: GET"),
    request("HEAD", "/docs") + request("GET", "/health/ready"),
    request("GET", "/openapi.json", b"", "Connection: Upgrade", "Upgrade: h2c"),
]


@pytest.fixture(scope="module")
def service(artifact_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    reader = tmp_path_factory.mktemp("readers") / "tiny"
    write_reader(tiny_reader(), reader)
    with running(artifact_dir, "--values", str(reader), "--head-timeout-s", "2", "--body-timeout-s", "2") as service:
        memory = memory_mb(service)
        yield service
        assert failures(service) == {}
        assert httpx.post(f"{service.url}/v1/parse", json=GOOD).status_code == 200
        assert memory_mb(service, "VmHWM") < memory + 200
        printed = "".join(service.printed)
        assert not re.search("Traceback| ERROR ", printed), printed[-5000:]


def failures(service: Service) -> dict[str, float]:
    """How often the service answered with which 5xx, also where nobody waited to hear it."""
    counted = re.findall(r'^slotline_requests_total\{.*status="(5\d+)"\} (\S+)$', httpx.get(f"{service.url}/metrics").text, re.MULTILINE)
    return {status: float(number) for status, number in counted if float(number)}


@pytest.mark.timeout(choose(short=60, long=1_200))
@pytest.mark.parametrize("which", ["--exclude-path-regex", "--include-path-regex"], ids=["native", "doors"])
def test_every_operation_answers_as_it_is_documented(service: Service, which: str) -> None:
    examples = choose(short=15, long=1_500)
    flags = ["--max-examples", str(examples), "--no-color", "--suppress-health-check", "all", "--warnings", "off"]
    if examples < 100:
        flags += ["--seed", "1", "--generation-database", "none"]
    command = [SCHEMATHESIS, "--config-file", CONFIG, "run", f"{service.url}/openapi.json", which, DOORS, *flags]
    done = subprocess.run(command, capture_output=True, text=True, timeout=choose(short=50, long=1_100), check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    cases = int(re.search(r"([\d,]+) generated", done.stdout)[1].replace(",", ""))
    print(f"schemathesis: {cases} cases")
    assert cases > 20 * examples / 3


def test_the_requests_that_are_to_be_mutated_are_answered(service: Service) -> None:
    for sent in VALID:
        with Connection(service) as connection:
            connection.send(sent)
            answered = connection.answer(head=sent.startswith(b"HEAD"))
        assert answered is not None
        assert answered.status < 500
        assert answered.status != 400, answered.body


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A valid request with bits flipped, bytes cut, doubled, put in, or the end of another one put on."""
    sent = bytearray(draw(st.sampled_from(VALID)))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, max(len(sent) - 1, 0)))
        end = start + draw(st.integers(0, 40))
        match draw(st.sampled_from(("flip", "cut", "double", "put in", "splice", "truncate"))):
            case "flip" if sent:
                sent[start] ^= 1 << draw(st.integers(0, 7))
            case "cut":
                del sent[start:end]
            case "double":
                sent[start:start] = sent[start:end] * draw(st.integers(1, 50))
            case "put in":
                sent[start:start] = draw(st.binary(max_size=30))
            case "splice":
                other = draw(st.sampled_from(VALID))
                sent[start:] = other[draw(st.integers(0, len(other))) :]
            case "truncate":
                del sent[start:]
    return bytes(sent)


@pytest.mark.timeout(choose(short=60, long=1_200))
@BYTES
@given(sent=mutated() | st.binary(max_size=300) | st.binary(max_size=100).map(lambda rest: VALID[0] + rest))
@example(sent=b"")
def test_no_bytes_are_answered_5xx(service: Service, sent: bytes) -> None:
    with Connection(service) as connection:
        connection.send(sent)
        if connection.ends_within(0.01):  # it answers or ends; else what was sent is not a whole request, or asks for 100 Continue
            with suppress(TimeoutError):
                answered = connection.answer(head=True)
                assert answered is None or answered.status < 500
        connection.socket.shutdown(socket.SHUT_WR)
