"""Several processes that count, and any of them that answers for all."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from app import metrics_files
from app.metrics_files import shared_directory
from app.metrics_workers import living
from tests.system.running import running

ROOT = Path(__file__).parents[2]
# The library is imported before the worker joins: the order must not matter.
WORKER = """
import sys
import prometheus_client
from app.metrics import Metrics
metrics = Metrics()
for line in sys.stdin:
    kind, _, amount = line.partition(" ")
    if kind == "count":
        for _ in range(int(amount)):
            metrics.answered("/v1/parse", "POST", 200, 0.003)
        metrics.rejected("m", "departed", int(amount))
    elif kind == "queue":
        metrics.watch_queue("m", lambda n=float(amount): n, lambda: 0.0)
    elif kind == "serve":
        metrics.model_info([("m", amount.strip(), "ab" * 32)])
    metrics.flush()
    text = metrics.exposition().decode() if kind == "scrape\\n" else ""
    sys.stdout.write(text + "END\\n")
    sys.stdout.flush()
"""


class Worker:
    """A process that counts as it is told."""

    def __init__(self) -> None:
        command = [sys.executable, "-c", WORKER]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, order: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()
        lines = []
        while (line := self.process.stdout.readline()) != "END\n":
            assert line, "the worker ended"
            lines.append(line)
        return "".join(lines)

    def end(self, sign: signal.Signals | None = None) -> None:
        """By a signal, else by the end of its orders."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        if sign is not None:
            self.process.send_signal(sign)
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(20)


@contextmanager
def workers(number: int) -> Iterator[list[Worker]]:
    started = [Worker() for _ in range(number)]
    try:
        for worker in started:
            worker("nothing")
        yield started
    finally:
        for worker in started:
            if worker.process.poll() is None:
                worker.end(signal.SIGKILL)


REQUESTS = 'slotline_requests_total{method="POST",route="/v1/parse",status="200"}'


def test_whoever_is_scraped_answers_for_all() -> None:
    with shared_directory(), workers(3) as (first, second, third):
        first("count 10")
        second("count 200")
        third("count 3000")
        for worker in (first, second, third):
            text = worker("scrape")
            assert f"{REQUESTS} 3210.0" in text
            assert 'slotline_request_seconds_count{method="POST",route="/v1/parse",status="200"} 3210.0' in text
            assert 'slotline_rejected_total{model="m",reason="departed"} 3210.0' in text
        first("queue 3")
        second("queue 4")
        assert 'slotline_waiting_utterances{model="m"} 7.0' in third("scrape")


@pytest.mark.parametrize("sign", [signal.SIGKILL, None])
def test_what_a_dead_worker_counted_stays_and_what_it_showed_goes(sign: signal.Signals | None) -> None:
    with shared_directory(), workers(2) as (survivor, victim):
        victim("count 100")
        victim("queue 40")
        victim("serve 1.0")
        survivor("queue 2")
        survivor("serve 1.0")
        before = survivor("scrape")
        assert 'slotline_waiting_utterances{model="m"} 42.0' in before
        assert 'slotline_model_info{model="m",sha256="abababababab",version="1.0"} 2.0' in before
        victim.end(sign)
        after = survivor("scrape")
        assert f"{REQUESTS} 100.0" in after
        assert 'slotline_waiting_utterances{model="m"} 2.0' in after
        assert 'slotline_model_info{model="m",sha256="abababababab",version="1.0"} 1.0' in after


def test_a_worker_in_the_place_of_a_dead_one_goes_on_with_its_counts_and_its_files() -> None:
    with shared_directory() as directory, workers(1) as (survivor,):
        for round_ in range(3):
            with workers(1) as (short,):
                short("count 100")
                short("queue 40")
            files = sorted(path.name for path in directory.iterdir())
            text = survivor("scrape")
            assert f"{REQUESTS} {100.0 * (round_ + 1)}" in text
            assert 'slotline_waiting_utterances{model="m"} 40.0' not in text
        assert [name for name in files if name.startswith("counter")] == ["counter_w0.db", "counter_w1.db"]


def test_real_services_that_share_a_directory_answer_for_each_other(artifact_dir: Path) -> None:
    with shared_directory():
        with running(artifact_dir, "--drain-s", "0") as first, running(artifact_dir, "--drain-s", "0") as second:
            for service, times in ((first, 3), (second, 4)):
                for _ in range(times):
                    assert httpx.post(f"{service.url}/v1/parse", json={"text": "from Oslo"}).status_code == 200
            assert second.stop() == 0  # what it had not yet flushed it flushes at its end
            text = httpx.get(f"{first.url}/metrics").text
        assert f"{REQUESTS} 7.0" in text
        assert 'slotline_batch_utterances_sum{model="tiny"} 7.0' in text
        assert 'slotline_model_info{model="tiny"' in text
        assert text.count("process_resident_memory_bytes{") == 1


def test_a_supervised_service_counts_on_when_a_worker_is_killed(artifact_dir: Path) -> None:
    flags = ("--workers", "2", "--drain-s", "0", "--log-format", "json")
    with running(artifact_dir, *flags) as service, httpx.Client(base_url=service.url) as client:

        def scraped() -> str:
            return client.get("/metrics", headers={"Connection": "close"}).text  # another worker may answer the next

        for _ in range(20):
            client.post("/v1/parse", json={"text": "from Oslo"}, headers={"Connection": "close"})
        while f"{REQUESTS} 20.0" not in scraped():  # another worker's counts may be a second old; bounded by the test's time
            pass
        victim = int(Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children").read_text().split()[0])
        os.kill(victim, signal.SIGKILL)
        while not any("ended with code -9" in line for line in service.printed):
            pass
        while (text := scraped()).count("process_resident_memory_bytes{") < 2:
            assert f"{REQUESTS} 20.0" in text
        assert f"{REQUESTS} 20.0" in text
        assert service.stop() == 0
    assert all(json.loads(line) for line in service.printed)


def test_a_version_that_is_no_longer_served_is_no_longer_shown() -> None:
    with shared_directory(), workers(2) as (first, second):
        for worker in (first, second):
            worker("serve 1.0")
        first("serve 2.0")
        halfway = second("scrape")
        assert 'version="1.0"} 1.0' in halfway
        assert 'version="2.0"} 1.0' in halfway
        second("serve 2.0")
        assert 'version="1.0"' not in first("scrape")


def test_each_worker_has_its_own_memory_and_processor_time() -> None:
    with shared_directory() as directory, workers(2) as (first, second):
        found = dict(living(directory))
        assert sorted(found) == ["w0", "w1"]
        assert set(found.values()) == {first.process.pid, second.process.pid}
        text = first("scrape")
        for name in ("process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds"):
            assert f'{name}{{worker="w0"}}' in text
            assert f'{name}{{worker="w1"}}' in text
        second.end()
        gone = "w1" if found["w1"] == second.process.pid else "w0"
        assert f'worker="{gone}"' not in first("scrape")


SUPERVISOR = """
import sys
from pathlib import Path
from app import metrics_files
metrics_files.IN_MEMORY = Path(sys.argv[1])
with metrics_files.shared_directory() as directory:
    print(directory, flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_supervisor_left_goes_once_its_workers_have_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    command = [sys.executable, "-c", SUPERVISOR, str(tmp_path)]
    monkeypatch.setattr(metrics_files, "IN_MEMORY", tmp_path)
    monkeypatch.setenv(metrics_files.VARIABLE, "set back at the end")  # what the worker below is given
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        directory = Path(supervisor.stdout.readline().strip())
        with shared_directory():
            assert directory.is_dir()  # its supervisor lives
        supervisor.kill()
        supervisor.wait(20)
        monkeypatch.setenv(metrics_files.VARIABLE, str(directory))
        with workers(1), shared_directory():
            assert directory.is_dir()  # it still has a worker
        with shared_directory() as fresh:
            assert list(tmp_path.iterdir()) == [fresh]
    assert list(tmp_path.iterdir()) == []


def test_the_directory_is_made_where_there_is_no_memory_for_files_and_goes_with_its_supervisor(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(metrics_files, "IN_MEMORY", tmp_path / "none")
    with shared_directory() as directory:
        assert os.environ[metrics_files.VARIABLE] == str(directory)
        assert directory.is_dir()
    assert not directory.exists()
    assert metrics_files.VARIABLE not in os.environ
