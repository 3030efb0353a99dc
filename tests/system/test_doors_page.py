"""What docs/doors.md shows is what the service answers."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from app.api.v2_outputs import OUTPUTS
from app.api.v2_schemas import InferParameters
from app.settings import ENV_PREFIX, Settings
from tests.system import doors_page
from tests.system.running import Service

PAGE = doors_page.PATH.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with doors_page.serving(PAGE) as service:
        yield service


def test_rasas_question_is_answered_as_the_page_shows(service: Service) -> None:
    shown = doors_page.block(PAGE, doors_page.JSON)[2]
    assert doors_page.written(json.loads(shown)) == shown
    assert _approximate(doors_page.rasa_answer(PAGE, service)) == json.loads(shown)


def test_the_program_prints_what_the_page_says(service: Service) -> None:
    assert doors_page.triton_prints(PAGE, service) == doors_page.block(PAGE, doors_page.PRINTED)[2]


def test_the_page_names_every_output_and_every_parameter() -> None:
    rows = re.findall(r"^\| (`[^|]*`) \| (?:BYTES|FP32|INT32)", PAGE, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(OUTPUTS)
    told = re.search(r"\*\*Parameters\*\*.*?\n\n", PAGE, re.DOTALL)
    assert told is not None
    assert {name for name in InferParameters.model_fields if name != "binary_data_output"} <= set(re.findall(r"`(\w+)`", told[0]))


def test_the_page_names_only_flags_and_files_that_there_are() -> None:
    flags = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE)) - {"--data"}
    assert flags
    assert flags <= {f"--{name.replace('_', '-')}" for name in Settings.model_fields}
    assert ENV_PREFIX not in PAGE
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", PAGE)
    assert [link for link in links if not (doors_page.PATH.parent / link).exists()] == []


def _approximate(value: Any) -> Any:
    """Numbers as pytest.approx: another processor may round the sixth decimal otherwise."""
    if isinstance(value, dict):
        return {key: _approximate(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_approximate(entry) for entry in value]
    return pytest.approx(value, abs=1e-4) if isinstance(value, float) else value
