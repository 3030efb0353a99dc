"""A service and a browser for the pages; every test fails whose page complains or calls anybody but the service."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, WebSocket, expect

from tests.browser import chromium
from tests.system.running import Service, running

MODELS = Path(__file__).resolve().parent.parent.parent / "model" / "artifacts"
REFERENCE = {"reference": "2026-10-20T10:00", "timezone": "Asia/Taipei"}
WITHOUT_SOCKETS = "window.WebSocket = class { constructor() { throw new Error('a proxy that knows no WebSocket') } };"

PATIENCE_MS = 40_000  # a browser beside other tests on two cores is slow at times
expect.set_options(timeout=PATIENCE_MS)

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if chromium.executable() is None:
        assert not chromium.is_needed(), chromium.HOW_TO_GET_IT
        pytest.skip(chromium.HOW_TO_GET_IT)
    with chromium.browser() as started:
        yield started


@pytest.fixture(scope="module")
def service(browser: Browser) -> Iterator[Service]:
    with running(MODELS) as started:
        yield started


@pytest.fixture(scope="module")
def api(service: Service) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url) as client:
        yield client


@pytest.fixture
def open_page(browser: Browser, service: Service) -> Iterator[Open]:
    """Opens a page: ``open_page("/", text=..., scheme="dark", language="ru", sockets=False, url=...)``."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []
    called: list[str] = []

    def opened(path: str = "/", *, sockets: bool = True, url: str = service.url, **wishes: str) -> Page:
        context = browser.new_context(
            viewport={"width": 1280, "height": 900},
            color_scheme=wishes.get("scheme", "light"),  # type: ignore[arg-type]
            locale={"en": "en-GB", "ru": "ru-RU"}[wishes.get("language", "en")],
            timezone_id="Asia/Taipei",
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        if not sockets:
            context.add_init_script(WITHOUT_SOCKETS)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: called.append(request.url))
        page.on("websocket", lambda socket: called.append(_http(socket)))
        fields = {**REFERENCE, **({"text": wishes["text"]} if "text" in wishes else {})}
        page.goto(f"{url}{path}#{urlencode(fields)}")
        return page

    opened.complaints = complaints  # type: ignore[attr-defined]
    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
    assert [url for url in called if not url.startswith(("http://127.0.0.1:", "http://localhost:"))] == []


def _http(socket: WebSocket) -> str:
    return socket.url.replace("ws", "http", 1)
