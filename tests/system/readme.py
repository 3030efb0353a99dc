"""Writes the answer of the service into the README: ``python -m tests.system.readme``, whenever what is shipped answers otherwise."""

import json
import re
from pathlib import Path
from typing import Any

import httpx

from app.settings import SHIPPED_MODELS
from tests.system.running import running

PATH = Path(__file__).resolve().parents[2] / "README.md"
ASKED = re.compile(r"--data '(\{.*?\})'", re.DOTALL)
SHOWN = re.compile(r"```json\n(\{.*?\n\})\n```", re.DOTALL)
MADE_UP = {"request_id": "8c0f4f6f0a4e4b0c00000000000000a7", "timing_ms": {"queue": 0.1, "inference": 0.3, "total": 0.6}}


def asked(readme: str) -> dict[str, Any]:
    """The body of the README's first request."""
    found = ASKED.search(readme)
    assert found, "the README asks nothing"
    body: dict[str, Any] = json.loads(found[1])
    return body


def answered(body: dict[str, Any]) -> dict[str, Any]:
    """What the service says to it, with the shipped model."""
    with running(SHIPPED_MODELS / "booking") as service:
        answer: dict[str, Any] = httpx.post(f"{service.url}/v1/parse", json=body, timeout=10).json()
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
    """Put today's answer in the place of the one that stands there."""
    readme = PATH.read_text(encoding="utf-8")
    answer = {**answered(asked(readme)), **MADE_UP}
    PATH.write_text(SHOWN.sub(lambda _: f"```json\n{written(answer)}\n```", readme, count=1), encoding="utf-8")


if __name__ == "__main__":
    main()
