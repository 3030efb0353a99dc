"""The browser that the tests and the screenshots are made with: Debian's Chromium, which no package of Python has to bring."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NEEDED = "REQUIRE_CHROMIUM"  # set where a missing Chromium is a failure and no reason to skip
HOW_TO_GET_IT = "there is no chromium on the PATH; apt-get install chromium brings it"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def executable() -> str | None:
    """Where Chromium is; None where it is not."""
    return shutil.which("chromium")


def is_needed() -> bool:
    """Whether tests must not skip for want of it."""
    return os.environ.get(NEEDED, "") not in ("", "0")


@contextmanager
def browser() -> Iterator[Browser]:
    """A running Chromium that is surely gone afterwards."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable(), args=list(FLAGS))
        try:
            yield started
        finally:
            started.close()
