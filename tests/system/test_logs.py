"""What a running service writes, in both formats, at the loudest level, on every path that fails."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

from tests.system.running import running
from tests.tiny import write_tiny_artifact

ROOT = Path(__file__).parents[2]
REQUIRED = {"time", "level", "logger", "pid", "message"}


def failing(*flags: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.system.failing", "--log-level", "debug", *flags]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)


def entries(lines: Sequence[str]) -> list[dict[str, object]]:
    found = [json.loads(line) for line in lines]
    assert all(entry.keys() >= REQUIRED for entry in found)
    return found


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize("access_log", ["failures", "all"])
def test_no_utterance_is_logged_however_a_request_fails(log_format: str, access_log: str) -> None:
    done = failing("--log-format", log_format, "--access-log", access_log)
    assert done.returncode == 1
    for told in (
        "ValueError",
        "RuntimeError",
        "never retrieved",
        "the worker of model",
        "the service ends",
        "the service warns",
        "/v1/parse",
    ):
        assert told in done.stderr
    assert "Zanzibar" not in done.stderr + done.stdout
    if log_format == "json":
        entries(done.stderr.splitlines())


def test_utterances_are_logged_where_asked_for_with_a_warning_first() -> None:
    done = failing("--log-format", "json", "--access-log", "all", "--log-utterances", "true")
    logged = entries(done.stderr.splitlines())
    assert (logged[0]["level"], logged[0]["logger"]) == ("warning", "app.logs")
    assert "Zanzibar" in "".join(str(entry.get("body")) for entry in logged)
    assert "Zanzibar" in "".join(str(entry.get("traceback")) for entry in logged)


def test_every_line_of_a_service_is_a_json_object_and_every_request_has_one(artifact_dir: Path) -> None:
    flags = ("--log-format", "json", "--access-log", "all", "--log-level", "debug", "--drain-s", "0")
    with running(artifact_dir, *flags) as service:
        answered = httpx.post(f"{service.url}/v1/parse", json={"text": "from Zanzibar"}, headers={"X-Request-ID": "mine"})
        assert answered.status_code == 200
        httpx.get(f"{service.url}/nothing")
        assert service.stop() == 0
    logged = entries(service.printed)
    lines = [entry for entry in logged if entry["logger"] == "app.access"]
    assert [(entry["route"], entry["status"]) for entry in lines] == [("/v1/parse", 200), ("(none)", 404)]
    assert (lines[0]["request_id"], lines[0]["client"], lines[0]["level"]) == ("mine", "127.0.0.1", "info")
    assert "uvicorn.error" in {entry["logger"] for entry in logged}
    assert "Zanzibar" not in "".join(service.printed)


def test_a_service_that_cannot_start_says_so_in_json(tmp_path: Path) -> None:
    graph = write_tiny_artifact(tmp_path / "tiny") / "graph.onnx"
    graph.write_bytes(graph.read_bytes() + b"!")
    command = [sys.executable, "-m", "app", "--models", str(tmp_path), "--log-format", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 2
    (entry,) = entries(done.stderr.splitlines())
    assert entry["level"] == "critical"
    assert "cannot start" in str(entry["message"])
    assert "graph.onnx was changed" in str(entry["message"])
