"""Takes the screenshots of docs/screens from the shipped model: ``python -m tests.browser.screenshots``."""

import sys
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser, expect

from tests.browser import chromium
from tests.browser.conftest import MODELS, REFERENCE
from tests.system.running import running

SCREENS = MODELS.parent.parent / "docs" / "screens"
DESK = {"width": 1240, "height": 900}
PHONE = {"width": 390, "height": 844}

# name -> path, sentence, size, language, scheme
SHOTS = {
    "page-light": ("/", None, DESK, "en-GB", "light"),
    "page-dark": ("/", "Paris on Friday at half seven", DESK, "en-GB", "dark"),
    "page-phone-ru": ("/", None, PHONE, "ru-RU", "light"),
    "model": ("/model", None, DESK, "en-GB", "light"),
}


def take(browser: Browser, url: str, name: str, folder: Path) -> Path:
    """One of SHOTS as a PNG file."""
    path, text, size, language, scheme = SHOTS[name]
    context = browser.new_context(
        viewport=size, locale=language, color_scheme=scheme, timezone_id=REFERENCE["timezone"], reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"{url}{path}#{urlencode({**REFERENCE, **({'text': text} if text else {})})}")
    expect(page.locator("#labels li, #fields .field").first).to_be_visible()
    if path == "/":
        expect(page.locator("#pair article")).to_have_count(2)
    file = folder / f"{name}.png"
    page.screenshot(path=file)
    context.close()
    return file


def main(folder: Path) -> None:
    """All of them."""
    folder.mkdir(parents=True, exist_ok=True)
    with chromium.browser() as browser, running(MODELS) as service:
        for name in SHOTS:
            file = take(browser, service.url, name, folder)
            print(f"{file.stat().st_size:>8} {file}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SCREENS)
