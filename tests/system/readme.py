"""The examples of the pages: what is asked, and what the page shows as its answer.

An example is a block of ``sh`` or ``python`` with the line ``<!-- runs -->`` above it; the next block is what it prints: ``json``, of which
a page may leave fields out, or ``text``. ``python -m tests.system.readme`` writes today's answers into the pages, whenever what is shipped
answers otherwise.
"""

import json
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.settings import SHIPPED_MODELS
from tests.system import doors_page
from tests.system.running import running

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/api.md", "docs/quickstart.md")
ADDRESS = "http://127.0.0.1:8000"
EXAMPLE = re.compile(r"<!-- runs -->\n```(sh|python)\n(.*?)\n```\n(.*?)```(json|text)\n(.*?)\n```", re.DOTALL)
MADE_UP = ("request_id", "timing_ms")  # differ from call to call


@dataclass(frozen=True)
class Example:
    """``code`` of a page in ``language``, and what it shows: ``form`` is json or text. ``place``: of what is shown, in the page."""

    page: str
    language: str
    code: str
    form: str
    shown: str
    place: tuple[int, int]


def examples(page: str, text: str) -> list[Example]:
    """Those of a page, in order."""
    found = list(EXAMPLE.finditer(text))
    assert len(found) == text.count("<!-- runs -->"), f"{page}: an example is marked that has no answer"
    return [Example(page, one[1], one[2], one[4], one[5], one.span(5)) for one in found]


def printed(example: Example, address: str) -> str:
    """What an example prints when it is run as it stands, against the service at ``address``."""
    code = example.code.replace(ADDRESS, address)
    command = ["bash", "-euo", "pipefail", "-c", code] if example.language == "sh" else [sys.executable, "-W", "error", "-c", code]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False, cwd=folder)
    assert done.returncode == 0, f"{example.page}: {example.code}\n{done.stderr}"
    return done.stdout.rstrip("\n")


def today(example: Example, output: str) -> str:
    """What the page has to show when the example prints ``output``."""
    if example.form == "text":
        return output
    return written(like(json.loads(output), json.loads(example.shown)))


def like(answer: Any, shown: Any) -> Any:
    """Of an answer the fields that are shown, in their order; what differs from call to call is as it is shown."""
    if isinstance(answer, dict) and isinstance(shown, dict):
        return {name: shown[name] if name in MADE_UP else like(answer[name], shown[name]) for name in shown if name in answer}
    if isinstance(answer, list) and isinstance(shown, list) and len(answer) == len(shown):
        return [like(one, other) for one, other in zip(answer, shown, strict=True)]
    return answer


def written(answer: dict[str, Any]) -> str:
    """The answer for people: a line for each slot and each word."""
    fields = ",\n".join(f"  {json.dumps(name)}: {_field(value)}" for name, value in answer.items())
    return f"{{\n{fields}\n}}"


def _field(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        lines = ",\n".join(f"    {json.dumps(entry, ensure_ascii=False)}" for entry in value)
        return f"[\n{lines}\n  ]"
    return json.dumps(value, ensure_ascii=False)


def main() -> None:
    """Put today's answers in the place of those that stand there."""
    with running(SHIPPED_MODELS / "booking") as service:
        for page in PAGES:
            text = (ROOT / page).read_text(encoding="utf-8")
            for example in reversed(examples(page, text)):
                start, end = example.place
                text = text[:start] + today(example, printed(example, service.url)) + text[end:]
            (ROOT / page).write_text(text, encoding="utf-8")
    doors_page.PATH.write_text(doors_page.rewritten(), encoding="utf-8")


if __name__ == "__main__":
    main()
