"""Every example of the pages is run as it stands and gives what its page shows."""

import json
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from app.settings import SHIPPED_MODELS
from tests.system.readme import MADE_UP, PAGES, ROOT, Example, examples, like, printed, today
from tests.system.running import Service, running

EXAMPLES = [example for page in PAGES for example in examples(page, (ROOT / page).read_text(encoding="utf-8"))]
NAMES = [f"{example.page}-{number}" for number, example in enumerate(EXAMPLES, 1)]
NUMBER = re.compile(r"-?\d+\.\d+")
CLOSE = 1e-4  # another processor may round the sixth decimal otherwise


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with running(SHIPPED_MODELS / "booking") as service:
        yield service


def approximate(value: Any) -> Any:
    """Numbers as pytest.approx."""
    if isinstance(value, dict):
        return {name: approximate(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [approximate(entry) for entry in value]
    return pytest.approx(value, abs=CLOSE) if isinstance(value, float) else value


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_an_example_runs_and_gives_what_its_page_shows(service: Service, example: Example) -> None:
    if example.language == "sh" and shutil.which("curl") is None:
        pytest.skip("there is no curl here; install it to run the examples of the pages")
    output = printed(example, service.url)
    if example.form == "json":
        assert approximate(like(json.loads(output), json.loads(example.shown))) == json.loads(example.shown)
    else:
        assert NUMBER.sub("0", output) == NUMBER.sub("0", example.shown)
        assert [float(found) for found in NUMBER.findall(output)] == pytest.approx(
            [float(found) for found in NUMBER.findall(example.shown)], abs=0.01
        )


def test_the_first_answer_of_the_readme_is_whole(service: Service) -> None:
    first = EXAMPLES[0]
    assert first.page == "README.md"
    assert json.loads(printed(first, service.url)).keys() == json.loads(first.shown).keys()


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_what_is_shown_is_written_as_the_pages_are_written_anew(example: Example) -> None:
    if example.form == "json":
        assert today(example, example.shown) == example.shown


def test_the_pages_have_examples_of_both_languages_and_their_answers_name_what_is_made_up() -> None:
    assert {example.page for example in EXAMPLES} == set(PAGES)
    assert {example.language for example in EXAMPLES} == {"sh", "python"}
    assert like({"request_id": "a", "x": 1, "y": 2}, {"request_id": "b", "x": 0}) == {"request_id": "b", "x": 1}
    assert MADE_UP == ("request_id", "timing_ms")
