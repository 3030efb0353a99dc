"""The tutorial does what it says: its commands run as they stand, and the service that it starts answers what it shows."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.system.running import running

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(sh|json)\n(.*?)\n```", PAGE, re.DOTALL)
PYTHON = ".venv/bin/python"
SERVING = f"{PYTHON} -m app --models "

pytestmark = pytest.mark.timeout(900)  # two trainings: half a minute where nothing else runs


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository as a reader sees it, with nothing trained; what the commands write stays in it."""
    place = tmp_path_factory.mktemp("tutorial")
    for name in (".venv", "docs", "model", "training", "app"):
        (place / name).symlink_to(ROOT / name)
    return place


@pytest.fixture(scope="module")
def trained(folder: Path) -> dict[str, str]:
    """What each command printed, but for those that serve and ask."""
    commands = [text for kind, text in BLOCKS if kind == "sh" and not text.startswith((SERVING, "curl"))]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(folder)}
    printed = {}
    for command in commands:
        done = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, timeout=400, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        printed[command] = done.stdout + done.stderr
    return printed


def dialogues() -> list[tuple[str, list[str], str]]:
    """(the directory that is served, the words of the request, the answer that is shown) of each service of the page."""
    shown = []
    for place, (_, text) in enumerate(BLOCKS):
        if text.startswith(SERVING):
            (asked, curl), (answered, slots) = BLOCKS[place + 1], BLOCKS[place + 2]
            assert (asked, answered, curl.split()[0]) == ("sh", "json", "curl")
            shown.append((text.removeprefix(SERVING), shlex.split(curl), slots))
    return shown


def ask(words: Sequence[str], url: str) -> list[dict[str, Any]]:
    """Send what a curl command of the page sends to a service that listens elsewhere."""
    (address,) = [word for word in words if word.startswith("http")]
    body = json.loads(words[words.index("--data") + 1])
    answer = httpx.post(address.replace("http://127.0.0.1:8000", url), json=body, timeout=20)
    assert answer.status_code == 200, answer.text
    slots: list[dict[str, Any]] = answer.json()["slots"]
    return slots


def test_the_page_trains_asks_and_measures() -> None:
    assert len(dialogues()) == 2
    assert all(any(f"-m training {command}" in text for _, text in BLOCKS) for command in ("train", "convert", "evaluate"))


def test_every_command_of_the_page_runs_as_it_stands(trained: dict[str, str], folder: Path) -> None:
    assert len(trained) == 4
    (converted,) = [text for command, text in trained.items() if " convert " in command]
    assert "lost" not in converted
    assert "bad record" not in converted
    (scores,) = [text for command, text in trained.items() if " evaluate " in command]
    assert re.search(r"intent accuracy +100\.00% of 4", scores)
    assert (folder / "runs" / "ferries.report.html").is_file()


@pytest.mark.parametrize(("served", "asked", "shown"), dialogues(), ids=lambda value: str(value)[:20])
def test_the_service_that_the_page_starts_answers_what_it_shows(
    trained: dict[str, str], folder: Path, served: str, asked: list[str], shown: str
) -> None:
    expected = json.loads(shown)
    with running(folder / served, "--max-wait-s", "30", "--deadline-s", "30") as service:
        slots = ask(asked, service.url)
        card = httpx.get(f"{service.url}/v1/models/{Path(served).name}", timeout=20).json()
    assert [{name: slot[name] for name in told} for slot, told in zip(slots, expected, strict=True)] == expected
    assert card["gazetteer"]
    assert "## Gazetteer" in card["card"]
