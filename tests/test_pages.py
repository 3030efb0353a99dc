"""The pages: every link within the repository leads somewhere, and what the concepts say of the code is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[1]
OUTSIDE = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "bench/README.md",
    "bench/results/*.md",
    "model/*/*/README.md",
    "app/static/README.md",
)
PAGES = sorted({page for pattern in (*OUTSIDE, "docs/**/*.md") for page in ROOT.glob(pattern)})
CONCEPTS = (ROOT / "docs" / "concepts.md").read_text(encoding="utf-8")


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def links(page: Path) -> list[str]:
    """Where the links and pictures of a page lead, code left out."""
    blocks = MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))
    inline = [token for block in blocks for token in block.children or ()]
    found = [token.attrGet("href") or token.attrGet("src") for token in inline if token.type in ("link_open", "image")]
    return [str(link) for link in found]


@cache
def anchors(page: Path) -> set[str]:
    """The headings of a page as the repository's and the site's links call them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for link in links(page):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in anchors(target), link


def test_the_pages_and_their_links_are_found() -> None:
    assert len(PAGES) > 20
    assert sum(len(links(page)) for page in PAGES) > 80


SECTIONS = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", CONCEPTS, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("title", list(SECTIONS)[:-1])
def test_a_concept_has_its_idea_formula_code_and_measurement(title: str) -> None:
    section = SECTIONS[title]
    assert re.search(r"^    \S", section, re.MULTILINE)
    (where,) = re.findall(r"^\*\*In the code\*\*: (.*)$", section, re.MULTILINE)
    assert re.search(r"^\*\*Measured\*\*: .*\d", section, re.MULTILINE)
    named = re.findall(r"`([\w./]+)`", where)
    files = [entry for entry in named if entry.endswith(".py")]
    assert files
    defined = {
        node.name
        for file in files
        for node in ast.walk(ast.parse((ROOT / file).read_text()))
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
    }
    assert {entry for entry in named if entry not in files and "." not in entry} <= defined


def test_the_figures_of_the_concepts_are_those_of_the_pages_that_they_come_from() -> None:
    sources = "".join((ROOT / "docs" / page).read_text(encoding="utf-8") for page in ("networks.md", "gradients.md", "values.md"))
    for figure in re.findall(r"\d+\.\d%", CONCEPTS):
        assert figure in sources or figure.rstrip("%") in sources, figure
