"""The files that the pages are made of, held against what they speak of."""

import json
import re
from pathlib import Path

import pytest

from app.api.pages import STATIC
from app.api.titles import titles
from model.tagger import Tagger
from tests.app.page_figures import FIGURES, ROOT, as_json

PAGE = STATIC / "page"
SCRIPTS = sorted(PAGE.glob("*.js"))
PAGES = [STATIC / "index.html", STATIC / "model.html"]
STRING = re.compile(r'^  (\w+): \[\s*"((?:[^"\\]|\\.)*)",\s*"((?:[^"\\]|\\.)*)",?\s*\]', re.MULTILINE)


def strings() -> dict[str, tuple[str, str]]:
    text = "\n".join((PAGE / name).read_text(encoding="utf-8") for name in ("strings.js", "model-strings.js"))
    return {name: (english, russian) for name, english, russian in STRING.findall(text)}


def label_examples() -> dict[str, list[str]]:
    return json.loads((PAGE / "label-examples.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def booking() -> Tagger:
    return Tagger.load(ROOT / "model" / "artifacts" / "booking")


def test_the_drawn_figures_are_those_of_the_documents() -> None:
    assert FIGURES.read_text(encoding="utf-8") == as_json(), "python -m tests.app.page_figures writes them anew"


def test_every_string_is_there_in_both_languages_with_the_same_places_to_fill() -> None:
    for name, (english, russian) in strings().items():
        assert english, name
        assert re.search("[а-яё«]|API", russian), name
        assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", russian)), name


def test_every_string_that_is_asked_for_exists_and_every_one_that_exists_is_asked_for() -> None:
    known = set(strings())
    markup = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    code = "\n".join(script.read_text(encoding="utf-8") for script in SCRIPTS)
    named = set(re.findall(r'data-t(?:-label|-placeholder)?="(\w+)"', markup)) | set(re.findall(r'\bt\("(\w+)"', code))
    assert named - known == set()
    elsewhere = set(re.findall(r'"(\w+)"', code)) | set(re.findall(r"`(\w+_)\$\{", code))
    prefixes = tuple(word for word in elsewhere if word.endswith("_"))
    assert {name for name in known - named - elsewhere if not name.startswith(prefixes)} <= {"low_confidence", "ambiguous_role"}


def test_every_slot_has_an_example_in_both_languages_and_a_hue() -> None:
    examples, hues = label_examples(), set(re.findall(r"(\w+): \d+", (PAGE / "hues.js").read_text()))
    assert set(examples) == set(titles()["slots"]) == hues
    for marked in (example for pair in examples.values() for example in pair):
        assert re.fullmatch(r"[^\[\]]*\[[^\[\]]+\][^\[\]]*", marked), marked


def test_the_shipped_model_reads_the_examples_as_they_are_marked(booking: Tagger) -> None:
    marked = [(name, example) for name, pair in label_examples().items() for example in pair]
    wrong = []
    for name, example in marked:
        text, start, end = re.sub(r"[\[\]]", "", example), example.index("["), example.index("]") - 1
        if (name, start, end) not in [(slot.name, slot.start, slot.end) for slot in booking.annotate(text).slots]:
            wrong.append(example)
    assert len(wrong) <= len(marked) // 20, wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_has_no_style_and_no_script_of_its_own(page: Path) -> None:
    markup = page.read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", markup)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", markup))


def test_no_script_makes_markup_of_strings() -> None:
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|https?://(?!www\.w3\.org/2000/svg)"
    )
    assert [script.name for script in SCRIPTS if forbidden.search(script.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_loads_all_its_modules_at_once(page: Path) -> None:
    markup = page.read_text(encoding="utf-8")
    first = re.findall(r'type="module" src="static/page/([\w-]+[.]js)"', markup)
    assert set(re.findall(r'rel="modulepreload" href="static/page/([\w-]+[.]js)"', markup)) == imported(set(first)) - set(first)


def imported(names: set[str]) -> set[str]:
    """These modules and all that they import, directly or not."""
    more = {other for name in names for other in re.findall(r'from "[.]/([\w-]+[.]js)"', (PAGE / name).read_text(encoding="utf-8"))}
    return names if more <= names else imported(names | more)
