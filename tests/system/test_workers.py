import os
import signal
import socket
import subprocess
import sys
import time
from itertools import count
from pathlib import Path

import httpx
import pytest

from app.access.keys import entry_of
from tests.system.clients import HTTP, Clients
from tests.system.running import Service, running
from tests.tiny import write_tiny_artifact


def one_answer(service: Service) -> tuple[str, str]:
    """The process that answers a new connection, and the version that it serves."""
    response = HTTP.post(f"{service.url}/v1/parse", json={"text": "from Oslo"})
    assert response.status_code == 200, response.text
    return response.headers["x-request-id"][:16], response.json()["model"]["version"]


def another_answers(service: Service, known: set[str | None]) -> str:
    """The version of a process that has not answered before, once there is one."""
    for turn in count():
        process, version = one_answer(service)
        if process not in known:
            return version
        assert turn < 5000, "no other process answers"
    raise AssertionError


def gone(processes: set[int]) -> bool:
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{process}").exists() for process in processes):
        if time.monotonic() > deadline:
            return False
    return True


def test_a_worker_that_is_killed_takes_its_own_connections_with_it_and_is_replaced_as_it_was(tmp_path: Path) -> None:
    write_tiny_artifact(tmp_path / "tiny", version="1.0.0", seed=1)
    write_tiny_artifact(tmp_path / "_second", version="2.0.0", seed=2)
    key = "slotline_of-an-operator"
    flags = ("--drain-s", "0", "--workers", "2", "--max-wait-s", "5", "--admin-keys", entry_of("operator", key))
    with running(tmp_path, *flags) as service:
        with httpx.Client(base_url=f"{service.url}/v1/admin/models/tiny", headers={"X-API-Key": key}) as operator:
            operator.post("/load", json={"artifact": "_second"})
            assert operator.post("/promote").status_code == 200
        with Clients(service, 8) as clients:
            clients.exchange(100)
            before = {exchange.worker for exchange in clients.exchanges}
            killed = min(service.workers())
            os.kill(killed, signal.SIGKILL)
            clients.exchange(100)
            assert another_answers(service, before) == "2.0.0"
            clients.exchange(100)
            after = {exchange.worker for exchange in clients.exchanges[-50:]}
        assert len(service.workers()) == 2
        assert killed not in service.workers()
        assert service.stop() == 0
    failed = clients.failed()
    assert len(failed) <= 8
    assert all(exchange.error and exchange.worker not in after for exchange in failed)
    assert {exchange.version for exchange in clients.exchanges if exchange.answer} == {"2.0.0"}


@pytest.mark.parametrize("fresh", [False, True], ids=["kept", "fresh"])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_sigterm_under_load_answers_every_request_that_got_through(artifact_dir: Path, workers: str, fresh: bool) -> None:
    with running(artifact_dir, "--drain-s", "0.5", "--max-wait-s", "5", "--workers", workers) as service:
        with Clients(service, 8, fresh=fresh) as clients:
            clients.exchange(200)
            assert service.stop() == 0
        assert clients.failed() == []
        assert len(clients.exchanges) > 200
        assert service.workers() == set()


def test_a_worker_that_hangs_is_replaced(artifact_dir: Path) -> None:
    with running(artifact_dir, "--drain-s", "0", "--workers", "2", "--worker-timeout-s", "2") as service:
        hanging = min(service.workers())
        os.kill(hanging, signal.SIGSTOP)
        known = {one_answer(service)[0]}  # nobody waits for the one that hangs
        service.says(f"worker {hanging} gave no sign of life")
        another_answers(service, known)
        assert hanging not in service.workers()
        assert service.stop() == 0


def test_a_worker_whose_model_has_died_is_replaced_before_it_goes(artifact_dir: Path) -> None:
    flags = ("--drain-s", "0", "--workers", "2", "--worker-timeout-s", "5", "--batch-timeout-s", "0.002")
    with running(artifact_dir, *flags) as service:
        before = service.workers()
        many = {"items": [{"text": "from Oslo to Tuzla " * 10}] * 128, "include": []}
        with httpx.Client(base_url=service.url, timeout=20) as client:
            for turn in count():  # until the service finds that a batch has hung
                if "worker_died" in client.post("/v1/parse/batch", json=many).text:
                    break
                assert turn < 2000
        service.says("is unfit")
        service.says(r"worker \d+ ended with code 0")
        assert not before <= service.workers()
        assert service.stop() == 0


def test_without_their_supervisor_the_workers_stop(artifact_dir: Path) -> None:
    with running(artifact_dir, "--drain-s", "0", "--workers", "2") as service:
        workers = service.workers()
        assert len(workers) == 2
        service.process.kill()
        service.process.wait(10)
        assert gone(workers)


def test_a_second_ctrl_c_hurries(artifact_dir: Path) -> None:
    with (
        running(artifact_dir, "--drain-s", "0", "--workers", "2") as service,
        socket.create_connection(service.address, timeout=20) as unfinished,
    ):
        unfinished.sendall(b"POST /v1/parse HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{")
        assert HTTP.get(f"{service.url}/health/live").status_code == 200
        service.process.send_signal(signal.SIGINT)
        service.says("Waiting for connections to close")
        began = time.monotonic()
        assert service.stop(signal.SIGINT) == 0
        assert time.monotonic() - began < 8  # the body would have been waited for 10 s


def start(*flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "app", *flags], capture_output=True, text=True, timeout=50, check=False)


def test_workers_that_cannot_start_end_the_service_with_the_reason(tmp_path: Path) -> None:
    graph = write_tiny_artifact(tmp_path / "tiny") / "graph.onnx"
    graph.write_bytes(graph.read_bytes() + b"!")
    done = start("--models", str(tmp_path), "--port", "0", "--workers", "2")
    assert done.returncode == 2
    assert done.stderr.count("slotline cannot start") == 1
    assert "graph.onnx was changed" in done.stderr
    assert "Traceback" not in done.stderr


def test_when_the_last_worker_has_died_and_none_can_start_the_service_ends(tmp_path: Path) -> None:
    graph = write_tiny_artifact(tmp_path / "tiny") / "graph.onnx"
    with running(tmp_path, "--drain-s", "0", "--workers", "2") as service:
        graph.unlink()
        for worker in service.workers():
            os.kill(worker, signal.SIGKILL)
        assert service.ended() == 2
    assert "graph.onnx is missing" in "".join(service.printed)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_address_that_is_taken_is_told_before_anything_is_loaded(artifact_dir: Path, workers: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = start("--models", str(artifact_dir), "--port", str(taken.getsockname()[1]), "--workers", workers)
    assert done.returncode == 2
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_supervisor_is_small(artifact_dir: Path) -> None:
    with running(artifact_dir, "--drain-s", "0", "--workers", "2") as service:
        maps = Path(f"/proc/{service.process.pid}/maps").read_text()
        assert not any(name in maps for name in ("onnxruntime", "numpy", "httptools", "uvloop"))
        assert all("onnxruntime" in Path(f"/proc/{worker}/maps").read_text() for worker in service.workers())
