"""The examples of the page about the stream are run as they stand and print what it shows."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import SHIPPED_MODELS
from tests.system.running import running

PAGE = Path(__file__).resolve().parents[2] / "docs" / "stream.md"
EXAMPLE = re.compile(r"<!-- runs -->\n```(python|js)\n(.*?)\n```\n\n```text\n(.*?)\n```", re.DOTALL)
ADDRESS = "127.0.0.1:8000"
COMMANDS = {"python": [sys.executable, "-W", "error", "-c"], "js": ["node", "--experimental-websocket", "-e"]}


@pytest.mark.parametrize("language", ["python", "js"])
def test_an_example_runs_and_prints_what_the_page_shows(language: str, tmp_path: Path) -> None:
    ((code, shown),) = [(code, shown) for kind, code, shown in EXAMPLE.findall(PAGE.read_text(encoding="utf-8")) if kind == language]
    if shutil.which(COMMANDS[language][0]) is None:
        pytest.skip("there is no node here; install version 20 or newer to run the examples of pages")
    with running(SHIPPED_MODELS / "booking", "--max-wait-s", "30", "--deadline-s", "30") as service:
        code = code.replace(ADDRESS, "{}:{}".format(*service.address))
        done = subprocess.run([*COMMANDS[language], code], capture_output=True, text=True, timeout=40, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip("\n") == shown
