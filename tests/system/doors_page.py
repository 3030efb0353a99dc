"""What ``docs/doors.md`` shows, asked again; ``python -m tests.system.readme`` writes it there."""

import contextlib
import io
import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from app.settings import SHIPPED_MODELS
from tests.system.running import Service, running

PATH = Path(__file__).resolve().parents[2] / "docs" / "doors.md"
RANKED = 3  # intents of the ranking that the page shows
JSON, PRINTED = "json", "text"


def block(page: str, language: str) -> re.Match[str]:
    """The page's block in ``language``: before, content and end."""
    found = re.search(rf"(```{language}\n)(.*?)(\n```)", page, re.DOTALL)
    assert found, f"docs/doors.md has no block of {language}"
    return found


@contextlib.contextmanager
def serving(page: str) -> Iterator[Service]:
    """The shipped model with the names of the page."""
    with tempfile.TemporaryDirectory() as directory:
        names = Path(directory) / "names.toml"
        names.write_text(block(page, "toml")[2], encoding="utf-8")
        with running(SHIPPED_MODELS / "booking", "--rasa-names", str(names)) as service:
            yield service


def rasa_answer(page: str, service: Service) -> dict[str, Any]:
    """What the page's question to Rasa's door is answered."""
    asked = re.search(r"--data '(\{.*?\})'", block(page, "sh")[2])
    assert asked, "docs/doors.md asks nothing"
    answer: dict[str, Any] = httpx.post(f"{service.url}/model/parse", content=asked[1], timeout=10).json()
    answer["intent_ranking"] = answer["intent_ranking"][:RANKED]
    return answer


def triton_prints(page: str, service: Service) -> str:
    """What the page's program prints."""
    host, port = service.address
    program = block(page, "python")[2].replace("127.0.0.1:8000", f"{host}:{port}")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(program + "\nclient.close()", str(PATH), "exec"), {})
    return printed.getvalue().rstrip("\n")


def written(answer: dict[str, Any]) -> str:
    """The answer for people: a line for each entity and each intent."""
    fields = ",\n".join(f"  {json.dumps(name)}: {_field(value)}" for name, value in answer.items())
    return f"{{\n{fields}\n}}"


def _field(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(f"    {json.dumps(entry, ensure_ascii=False)}" for entry in value) + "\n  ]"
    return json.dumps(value, ensure_ascii=False)


def rewritten() -> str:
    """The page with today's answers."""
    page = PATH.read_text(encoding="utf-8")
    with serving(page) as service:
        said, printed = written(rasa_answer(page, service)), triton_prints(page, service)
    for language, content in ((JSON, said), (PRINTED, printed)):
        found = block(page, language)
        page = page[: found.start(2)] + content + page[found.end(2) :]
    return page
