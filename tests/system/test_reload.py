import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.access.keys import entry_of
from model.tagger import Tagger
from tests.system.clients import HTTP, TEXTS, Clients, wrong
from tests.system.running import Service, running
from tests.tiny import write_tiny_artifact

KEY = "slotline_of-an-operator"
FLAGS = ("--drain-s", "0", "--admin-keys", entry_of("operator", KEY))
VERSIONS = {"1.0.0": "tiny", "2.0.0": "_second", "3.0.0": "_third"}  # version -> directory


@pytest.fixture
def models(tmp_path: Path) -> Path:
    for seed, (version, directory) in enumerate(VERSIONS.items(), 1):
        write_tiny_artifact(tmp_path / directory, version=version, seed=seed)
    return tmp_path


def taggers(models: Path) -> dict[str, Tagger]:
    loaded = {version: Tagger.load(models / directory) for version, directory in VERSIONS.items()}
    for text in TEXTS:  # else a mixture would not show
        assert len({tuple(tagger.annotate(text).label_probabilities_TL[0]) for tagger in loaded.values()}) == len(loaded)
    return loaded


def command(service: Service, action: str, body: dict[str, str] | None = None) -> httpx.Response:
    return HTTP.post(f"{service.url}/v1/admin/models/tiny/{action}", json=body, headers={"X-API-Key": KEY})


def load(service: Service, directory: str) -> httpx.Response:
    return command(service, "load", {"artifact": directory})


def versions(service: Service) -> list[str | None]:
    (line,) = HTTP.get(f"{service.url}/v1/admin/models", headers={"X-API-Key": KEY}).json()["models"]
    return [line[place] and line[place]["version"] for place in ("active", "candidate", "previous")]


def in_every_worker(service: Service, look: Callable[[], Any], workers: int = 2) -> set[Any]:
    """What is seen once all workers serve, by as many looks as it takes until each has answered twice."""
    processes: set[str] = set()
    seen: set[Any] = set()
    for _ in range(2):
        processes.clear()
        seen.clear()
        for turn in count():
            processes.add(HTTP.get(f"{service.url}/health/live").headers["x-request-id"][:16])
            seen.add(look())
            if len(processes) == workers and turn >= 20:
                break
            assert turn < 5000, "not every worker answers"
    return seen


def megabytes(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def reload(service: Service, clients: Clients, turns: int) -> list[tuple[float, float, str]]:
    """(begin, end, version): between them, no other version may answer what is asked."""
    steady: list[tuple[float, float, str]] = []
    directories = list(VERSIONS.values())
    for turn in range(turns):
        if turn % 3 == 2:
            answer = command(service, "rollback")
        else:
            assert load(service, directories[(turn + 1) % 3]).status_code == 200
            answer = command(service, "promote")
        assert answer.status_code == 200, answer.text
        began = time.monotonic()
        clients.exchange(20)
        steady.append((began, time.monotonic(), answer.json()["active"]["version"]))
    return steady


def mixed(clients: Clients, steady: list[tuple[float, float, str]]) -> list[str]:
    """The versions that answered while another one was the only one active."""
    answered = [
        (exchange.version, version)
        for began, ended, version in steady
        for exchange in clients.exchanges
        if exchange.began >= began and exchange.ended <= ended
    ]
    assert len(answered) > len(steady)  # else this shows nothing
    return [named for named, version in answered if named != version]


def test_a_hundred_reloads_under_load_fail_no_request_and_answer_by_the_version_that_they_name(models: Path) -> None:
    with running(models, *FLAGS, "--max-wait-s", "5") as service:
        with Clients(service) as clients:
            steady = reload(service, clients, 40)
            before = megabytes(service.process.pid)
            steady += reload(service, clients, 60)
            after = megabytes(service.process.pid)
        assert service.stop() == 0
    assert clients.failed() == []
    assert {exchange.version for exchange in clients.exchanges} == set(VERSIONS)
    assert wrong(clients.exchanges, taggers(models)) == []
    assert mixed(clients, steady) == []
    assert after - before < 10, f"60 reloads grew the process from {before:.0f} to {after:.0f} MiB"


def test_two_workers_change_together(models: Path) -> None:
    with running(models, *FLAGS, "--max-wait-s", "5", "--workers", "2") as service:
        with Clients(service, 6) as clients, Clients(service, 2, fresh=True) as others:
            steady = reload(service, clients, 20)
        assert len({exchange.worker for exchange in clients.exchanges + others.exchanges}) == 2
        assert service.stop() == 0
    for each in (clients, others):
        assert each.failed() == []
        assert wrong(each.exchanges, taggers(models)) == []
        assert mixed(each, steady) == []


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_a_broken_artefact_is_refused_with_its_reason_and_the_old_one_serves_on(models: Path, workers: str, damage: str) -> None:
    graph = models / "_second" / "graph.onnx"
    graph.write_bytes(graph.read_bytes()[:-1] + b"!") if damage == "changed" else graph.unlink()
    with running(models, *FLAGS, "--workers", workers) as service:
        refused = load(service, "_second")
        assert refused.status_code == 422
        assert refused.json()["type"] == "urn:slotline:problem:broken_artifact"
        assert f"graph.onnx {'was changed' if damage == 'changed' else 'is missing'}" in refused.json()["detail"]
        assert command(service, "promote").status_code == 409
        assert in_every_worker(service, lambda: tuple(versions(service)), int(workers)) == {("1.0.0", None, None)}
        assert HTTP.post(f"{service.url}/v1/parse", json={"text": "from Oslo"}).json()["model"]["version"] == "1.0.0"


@contextmanager
def in_background(send: Callable[[], httpx.Response]) -> Iterator[Callable[[], httpx.Response]]:
    """Sends a request; what is given waits for its answer."""
    with ThreadPoolExecutor(1) as thread:
        yield thread.submit(send).result


def one_stands_still(service: Service) -> int:
    """A worker, stopped while the other reads an artefact: it will read it later."""
    worker = min(service.workers())
    os.kill(worker, signal.SIGSTOP)
    return worker


def test_a_load_that_fails_in_one_worker_only_leaves_all_as_they_were(models: Path) -> None:
    with running(models, *FLAGS, "--workers", "2", "--worker-timeout-s", "30") as service:
        worker = one_stands_still(service)
        with in_background(lambda: load(service, "_second")) as answer:
            service.says("tiny 2.0.0 is loaded and waits")
            (models / "_second" / "config.json").unlink()
            os.kill(worker, signal.SIGCONT)
            refused = answer()
        assert (refused.status_code, refused.json()["type"]) == (422, "urn:slotline:problem:broken_artifact")
        assert "config.json is missing" in refused.json()["detail"]
        assert in_every_worker(service, lambda: tuple(versions(service))) == {("1.0.0", None, None)}
        assert load(service, "_third").status_code == 200


def test_a_worker_that_dies_while_it_loads_undoes_the_load_in_all(models: Path) -> None:
    with running(models, *FLAGS, "--workers", "2", "--worker-timeout-s", "30") as service:
        worker = one_stands_still(service)
        with in_background(lambda: load(service, "_second")) as answer:
            service.says("tiny 2.0.0 is loaded and waits")
            os.kill(worker, signal.SIGKILL)
            assert answer().status_code == 503
        assert in_every_worker(service, lambda: tuple(versions(service))) == {("1.0.0", None, None)}


def test_a_worker_that_dies_before_it_promotes_is_replaced_by_one_that_has(models: Path) -> None:
    with running(models, *FLAGS, "--workers", "2", "--worker-timeout-s", "30") as service:
        assert load(service, "_second").status_code == 200
        worker = one_stands_still(service)
        with in_background(lambda: command(service, "promote")) as answer:
            os.kill(worker, signal.SIGKILL)
            assert answer().status_code == 200
        assert in_every_worker(service, lambda: tuple(versions(service))) == {("2.0.0", None, "1.0.0")}


def test_a_previous_version_that_was_overwritten_costs_the_way_back_but_no_worker(models: Path) -> None:
    with running(models, *FLAGS, "--workers", "2") as service:
        assert load(service, "_second").status_code == 200
        assert command(service, "promote").status_code == 200
        write_tiny_artifact(models / "tiny", version="4.0.0", seed=4)
        os.kill(min(service.workers()), signal.SIGKILL)
        service.says("the previous version 1.0.0 is lost")
        assert in_every_worker(service, lambda: tuple(versions(service))) == {("2.0.0", None, None)}
