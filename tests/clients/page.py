"""The programs of ``docs/clients.md`` and what the page shows as their output."""

import re
import subprocess
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "clients.md"
ADDRESS = "http://127.0.0.1:8000"


def program(name: str, address: str) -> tuple[str, str]:
    """A program of the page, asking the service at ``address``, and its output."""
    found = re.search(rf'```\w+ title="{re.escape(name)}"\n(.*?)\n```\n\n```text\n(.*?)\n```', PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found, f"{PAGE.name} has no {name} with an output"
    assert ADDRESS in found[1]
    return found[1].replace(ADDRESS, address), found[2]


def command(start: str, address: str) -> list[str]:
    """The words of the page's command that begins so."""
    (line,) = [line.strip() for line in PAGE.read_text(encoding="utf-8").splitlines() if line.strip().startswith(start)]
    return line.replace(ADDRESS, address).split()


def output(*words: str, cwd: Path, **environment: str) -> str:
    """What a command prints; it must succeed."""
    done = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True, timeout=55, check=False)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}\n{done.stderr}"
    return done.stdout.rstrip("\n")
