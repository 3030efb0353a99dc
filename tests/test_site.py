"""The documentation as a site, where what makes it is installed (``make docs``)."""

import importlib.util
import os
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[1]
LOADED = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "object": "data"}

pytestmark = pytest.mark.skipif(importlib.util.find_spec("mkdocs") is None, reason="no mkdocs here: make docs installs it")


class Reader(HTMLParser):
    """What a page loads, where it leads, and the names within it."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.leads: list[str] = []
        self.names: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.names |= {given[name] for name in ("id", "name") if name in given}
        if tag in LOADED and LOADED[tag] in given:
            self.loads.append(given[LOADED[tag]])
        if tag == "a" and "href" in given:
            self.leads.append(given["href"])


def build(folder: Path, into: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(into)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=55, check=False)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Reader]:
    site = tmp_path_factory.mktemp("site")
    done = build(ROOT, site)
    assert done.returncode == 0, done.stdout + done.stderr
    return {page: Reader(page) for page in site.rglob("*.html") if page.name != "404.html"}


def test_every_page_has_a_place(pages: dict[Path, Reader]) -> None:
    names = {page.name for page in pages}
    written = [page.stem for page in (ROOT / "docs").glob("*.md")]
    assert {f"{name}.html" for name in written} <= names
    assert len(pages) > 25


def test_nothing_that_a_page_loads_comes_from_elsewhere_and_all_of_it_is_there(pages: dict[Path, Reader]) -> None:
    for page, read in pages.items():
        assert read.loads
        for address in read.loads:
            assert "//" not in address, (page.name, address)
            assert (page.parent / unquote(address.partition("?")[0])).exists(), (page.name, address)


def test_every_link_of_the_site_leads_to_a_page_and_to_a_place_on_it(pages: dict[Path, Reader]) -> None:
    for page, read in pages.items():
        for link in read.leads:
            path, _, anchor = unquote(link).partition("#")
            if "//" in path or path.startswith("mailto:"):
                continue
            target = (page.parent / path).resolve() if path else page
            assert target.exists(), (page.name, link)
            if anchor and target in pages:
                assert anchor in pages[target].names, (page.name, link)


def test_style_sheets_load_nothing_from_elsewhere(pages: dict[Path, Reader]) -> None:
    sheets = {sheet for page in pages for sheet in page.parent.rglob("*.css")}
    assert sheets
    assert [sheet.name for sheet in sheets if "url(http" in sheet.read_text() or "url(//" in sheet.read_text()] == []


def test_a_broken_link_ends_the_build(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    shutil.copytree(ROOT / "docs", repository / "docs", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "mkdocs.yml", repository)
    for part in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "bench", "model", "monitoring", "training"):
        (repository / part).symlink_to(ROOT / part)
    whole = build(repository, tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr
    with (repository / "docs" / "api.md").open("a", encoding="utf-8") as page:
        page.write("\n[nowhere](nowhere.md)\n")
    broken = build(repository, tmp_path / "broken")
    assert broken.returncode != 0
    assert "nowhere.md" in broken.stdout + broken.stderr
