"""The service on a Ray cluster of two nodes: the same answers, and what a crash and an upgrade under load do to its callers."""

import json
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.system.ray_cluster import PATIENCE_S, Cluster, cluster
from tests.system.running import running
from tests.tiny import write_tiny_artifact

if not os.environ.get("REQUIRE_RAY"):
    pytest.importorskip("ray.serve", reason="ray is not installed; make test-all installs it")

pytestmark = [pytest.mark.ray, pytest.mark.timeout(900)]

CALLERS = 8
CONTEXT = {"reference_time": "2026-10-20T10:00:00+08:00", "timezone": "Asia/Taipei"}
SAID = {"text": "I want to fly to Oslo from Tuzla on 3 November", "context": CONTEXT}
TABLE: list[tuple[str, str, Any]] = [
    ("POST", "/v1/parse", SAID),
    ("POST", "/v1/parse", {**SAID, "include": ["words", "alternatives", "distribution"], "offset_unit": "utf16"}),
    ("POST", "/v1/parse", {**SAID, "include": ["explanation"], "required_slots": ["origin", "arrival_date"]}),
    ("POST", "/v1/parse", {**SAID, "text": "\u0432 \u041e\u0441\u043b\u043e \U0001f6eb"}),
    ("POST", "/v1/parse", {"text": ""}),
    ("POST", "/v1/parse", {"text": "to Oslo", "model": "another"}),
    ("POST", "/v1/parse", {"text": "to Oslo", "fields": []}),
    ("POST", "/v1/parse", [1, 2]),
    ("POST", "/v1/parse/batch", {"items": [{"id": "a", "text": "to Oslo"}, {"id": "b", "text": ""}], "context": CONTEXT}),
    ("POST", "/v1/values", {"phrases": [{"text": "half seven", "kind": "time"}, {"text": "blue"}], "context": CONTEXT}),
    ("GET", "/v1/labels", None),
    ("GET", "/v1/models", None),
    ("GET", "/v1/admin/models", None),
    ("PUT", "/v1/parse", {}),
    ("GET", "/v1/nothing", None),
    ("GET", "/openapi.json", None),
    ("GET", "/", None),
    ("GET", "/v2/models/tiny", None),
    ("POST", "/model/parse", {"text": "to Oslo"}),
]


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two versions of a model, each in a directory of its own, that answer differently."""
    folder = tmp_path_factory.mktemp("versions")
    made = {f"{number}.0.0": folder / str(number) for number in (1, 2)}
    for seed, (version, path) in enumerate(made.items(), 1):
        write_tiny_artifact(path / "tiny", version=version, seed=seed)
    return made


@pytest.fixture(scope="module")
def serving(versions: dict[str, Path]) -> Iterator[Cluster]:
    """Two replicas of the first version, each on a node of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with cluster(port) as running_cluster:
        running_cluster.ask("deploy", versions["1.0.0"])
        wait_until(lambda: answers_ready(running_cluster) and len(set(running_cluster.ask("replicas").values())) == 2)
        yield running_cluster


def answers_ready(serving: Cluster) -> bool:
    try:
        return httpx.get(f"{serving.url}/health/ready", timeout=10).status_code == 200
    except httpx.HTTPError:
        return False


def wait_until(met: Any) -> None:
    until = time.monotonic() + PATIENCE_S
    while not met():
        assert time.monotonic() < until, "it has not come to be in time"
        time.sleep(0.5)


def answered(url: str, method: str, path: str, body: Any) -> tuple[int, str, Any]:
    """Status, type and what was said, but for what hangs on the clock."""
    got = httpx.request(method, url + path, json=body, headers={"X-Request-ID": "same"}, timeout=60)
    assert got.headers.get_list("x-request-id") == ["same"], path
    kind = got.headers["content-type"]
    return got.status_code, kind, timeless(got.json()) if "json" in kind else got.text


def timeless(said: Any) -> Any:
    if isinstance(said, dict):
        return {name: timeless(entry) for name, entry in said.items() if name not in ("timing_ms", "loaded", "loaded_at")}
    return [timeless(entry) for entry in said] if isinstance(said, list) else said


def test_a_replica_answers_every_request_as_the_plain_service_does(serving: Cluster, versions: dict[str, Path]) -> None:
    with running(versions["1.0.0"]) as plain:
        for request in TABLE:
            assert answered(serving.url, *request) == answered(plain.url, *request), request


class Callers:
    """Clients that ask one text after another and ask again, as a client should, where an answer is a 5xx or none."""

    def __init__(self, url: str) -> None:
        self.answers: list[dict[str, Any]] = []
        self.failures: Counter[str] = Counter()
        self.lost = 0
        self._url = url
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(CALLERS)]

    def __enter__(self) -> "Callers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(120)

    def progress(self, more: int) -> None:
        """Wait for so many more answers."""
        wanted = len(self.answers) + more
        wait_until(lambda: len(self.answers) >= wanted)

    def _ask(self) -> None:
        with httpx.Client(base_url=self._url, timeout=60) as client:
            while not self._over.is_set():
                self.lost += not any(self._tried(client) for _ in range(20))

    def _tried(self, client: httpx.Client) -> bool:
        try:
            got = client.post("/v1/parse", json=SAID)
        except httpx.HTTPError as error:
            self.failures[type(error).__name__] += 1
            return False
        if got.status_code == 200:
            self.answers.append(got.json())
        else:
            self.failures[str(got.status_code)] += 1
        return got.status_code == 200


def test_a_crash_under_load_fails_no_more_than_was_in_the_replica_and_a_second_try_is_answered(serving: Cluster) -> None:
    before = set(serving.ask("replicas"))
    with Callers(serving.url) as callers:
        callers.progress(200)
        killed = serving.ask("kill")["killed"]
        callers.progress(200)
    print("after a crash:", dict(callers.failures), "of", len(callers.answers))
    assert callers.lost == 0
    assert callers.failures.total() <= CALLERS
    assert len({json.dumps(timeless(without_id(answer))) for answer in callers.answers}) == 1
    wait_until(lambda: len(set(serving.ask("replicas")) - {killed}) == len(before))


def test_in_an_upgrade_under_load_every_request_is_answered_by_one_version(serving: Cluster, versions: dict[str, Path]) -> None:
    with Callers(serving.url) as callers:
        callers.progress(50)
        serving.ask("deploy", versions["2.0.0"])
        wait_until(lambda: len(callers.answers) > 0 and callers.answers[-1]["model"]["version"] == "2.0.0")
        wait_until(lambda: all(answer["model"]["version"] == "2.0.0" for answer in callers.answers[-100:]))
        callers.progress(100)
    assert (callers.lost, dict(callers.failures)) == (0, {})
    said = {(answer["model"]["version"], json.dumps(timeless(without_id(answer)))) for answer in callers.answers}
    assert sorted(version for version, _ in said) == ["1.0.0", "2.0.0"]  # each version says one thing, and they differ
    assert len({json.dumps(json.loads(answer)["slots"]) + json.dumps(json.loads(answer)["words"]) for _, answer in said}) == 2


def without_id(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: entry for name, entry in answer.items() if name != "request_id"}
