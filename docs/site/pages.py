"""What the site takes from outside of ``docs``: pages such as the README, and the files that pages link to. A hook of mkdocs.

In the repository a link is a path from the page's own file. Here each is turned into one from the page's place in the site; a link
that leads nowhere is left as it stands, and then ends the build.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
DOCS = "docs/"
PAGES = {  # of the repository -> of the site
    "README.md": "index.md",
    **{
        name: name
        for name in (
            *("CHANGELOG.md", "CONTRIBUTING.md", "bench/README.md", "bench/results/serving.md", "bench/results/values.md"),
            *("model/artifacts/booking/README.md", "model/readers/values/README.md"),
        )
    },
}
_SOURCES = {there: here for here, there in PAGES.items()}
_LINK = re.compile(r"(\]\()([^)\s#:]+)(#[^)\s]*)?(\))")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages, and the files of the repository that any page links to."""
    pages = {file.src_uri: DOCS + file.src_uri for file in files.documentation_pages()}
    for there, here in {**pages, **_SOURCES}.items():
        for linked in _linked(here):
            if linked not in PAGES and not linked.startswith(DOCS):
                _add(files, config, linked, linked)
        if there in _SOURCES:
            _add(files, config, there, here)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links between files into links between pages."""
    here = page.file.src_uri

    def turned(link: re.Match[str]) -> str:
        target = _target(_SOURCES.get(here, DOCS + here), link[2])
        if target is None:
            return link[0]
        there = PAGES.get(target, target.removeprefix(DOCS))
        return f"{link[1]}{posixpath.relpath(there, posixpath.dirname(here) or '.')}{link[3] or ''}{link[4]}"

    return _LINK.sub(turned, markdown)


def _linked(page: str) -> set[str]:
    found = _LINK.findall((ROOT / page).read_text(encoding="utf-8"))
    return {target for _, link, _, _ in found if (target := _target(page, link))}


def _target(page: str, link: str) -> str | None:
    """The file of the repository that a link of a page leads to; of a folder its README. None where there is none."""
    target = posixpath.normpath(posixpath.join(posixpath.dirname(page), link))
    if (ROOT / target).is_dir():
        target += "/README.md"
    return target if not target.startswith("..") and (ROOT / target).is_file() else None


def _add(files: Files, config: MkDocsConfig, there: str, here: str) -> None:
    if files.get_file_from_path(there) is None:
        files.append(File.generated(config, there, abs_src_path=str(ROOT / here)))
