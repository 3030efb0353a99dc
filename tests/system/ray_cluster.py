"""A Ray cluster of two nodes on this machine, in a process of its own that obeys lines on its stdin and answers each with a line of JSON.

``deploy DIR`` serves the models of DIR by deploy/ray/serve.yaml, ``kill`` ends a replica as a crash does, ``replicas`` names them with
their nodes. It ends with its stdin.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 150  # two cores that others share start a cluster slowly
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_raylet_start_wait_time_s": "120", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


class Cluster:
    """The same from outside."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SLOTLINE_")}
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115  (closed by ``close``)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.system.ray_cluster", str(port)],
            cwd=ROOT,
            env={**environment, **QUIET},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self._answers: Queue[str] = Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def ask(self, *words: object, timeout: float = PATIENCE_S) -> Any:
        assert self._process.stdin is not None
        print(*words, file=self._process.stdin, flush=True)
        try:
            line = self._answers.get(timeout=timeout)
        except Empty:
            line = ""
        assert line, f"the cluster has not answered {words}:\n{self._said()}"
        return json.loads(line)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(10)
        print(self._said())  # pytest shows it where a test has failed
        self._log.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                if line.startswith(("{", "[")):
                    self._answers.put(line)
        self._answers.put("")

    def _said(self) -> str:
        self._log.seek(0)
        return self._log.read()[-6_000:]


@contextmanager
def cluster(port: int) -> Iterator[Cluster]:
    """A cluster that is surely gone afterwards."""
    running = Cluster(port)
    try:
        yield running
    finally:
        running.close()


def main(port: int) -> None:
    import ray
    from ray.cluster_utils import Cluster as Nodes

    folder = tempfile.mkdtemp(prefix="ray")  # short: sockets lie in it
    memory = {"object_store_memory": 80 * 2**20, "num_cpus": 1}
    nodes = Nodes(initialize_head=True, connect=True, head_node_args={**memory, "include_dashboard": False, "temp_dir": folder})
    try:
        nodes.add_node(**memory)
        for line in sys.stdin:
            command, *words = line.split()
            answer = deploy(port, *words) if command == "deploy" else kill() if command == "kill" else replicas()
            print(json.dumps(answer), flush=True)
    finally:
        ray.shutdown()
        nodes.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


def deploy(port: int, models: str) -> dict[str, str]:
    """What ``serve deploy`` sends to the cluster; at once, while the change goes on."""
    import yaml
    from ray import serve
    from ray.serve.context import _get_global_client
    from ray.serve.schema import ServeDeploySchema

    config = yaml.safe_load((ROOT / "deploy" / "ray" / "serve.yaml").read_text())
    application = config["applications"][0]
    application["args"]["models"] = models
    application["deployments"][0]["autoscaling_config"]["max_replicas"] = 2  # as many as there are nodes
    # The two nodes are one machine, which has the port once.
    serve.start(proxy_location="HeadOnly", http_options={**config["http_options"], "host": "127.0.0.1", "port": port})
    config["proxy_location"] = "HeadOnly"
    config["http_options"] |= {"host": "127.0.0.1", "port": port}
    _get_global_client().deploy_apps(ServeDeploySchema(**config))
    return {"deployed": models}


def replicas() -> dict[str, str]:
    """The node of each replica that lives."""
    from ray._private.state import actors

    living = [actor for actor in actors().values() if actor["State"] == "ALIVE" and actor["Name"].startswith("SERVE_REPLICA::")]
    return {actor["Name"]: actor["Address"]["NodeID"] for actor in living}


def kill() -> dict[str, str]:
    """End a replica, whatever it is doing."""
    import ray

    name = min(replicas())
    ray.kill(ray.get_actor(name, namespace="serve"), no_restart=True)
    return {"killed": name, "at": str(time.time())}


if __name__ == "__main__":
    main(int(sys.argv[1]))
