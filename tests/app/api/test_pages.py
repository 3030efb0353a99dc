import re

import httpx
import pytest

from app.api.pages import STATIC

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("path", ["/", "/model"])
async def test_our_own_pages_may_run_nothing_inline_and_call_nobody_else(client: httpx.AsyncClient, path: str) -> None:
    policy = (await client.get(path)).headers["content-security-policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/", "/model", "/docs", "/redoc"])
async def test_a_page_and_all_that_it_loads_come_from_here(client: httpx.AsyncClient, path: str) -> None:
    page = await client.get(path)
    assert page.status_code == 200
    assert re.match(r"default-src '(self|none)'", page.headers["content-security-policy"])
    links = re.findall(r'(?:src|href|spec-url)="([^"]+)"', page.text)
    assert links
    for link in links:
        assert "//" not in link
        if not link.startswith("#"):
            assert (await client.get(f"/{link.removeprefix('.')}")).status_code == 200


@pytest.mark.parametrize("host", ["cdn.redoc.ly", "fonts.googleapis", "fonts.gstatic", "cdn.jsdelivr", "unpkg.com", "fastapi.tiangolo"])
def test_no_file_loads_from_a_known_foreign_host(host: str) -> None:
    files = [file for file in STATIC.rglob("*") if file.suffix in (".html", ".js", ".css", ".svg")]
    assert len(files) >= 8
    assert [file.name for file in files if host in file.read_text(encoding="utf-8")] == []


def test_the_validator_badge_of_swagger_ui_is_off() -> None:
    assert "validatorUrl: null" in (STATIC / "docs.js").read_text()


def test_third_party_files_carry_their_licences_and_no_source_maps() -> None:
    for folder in ("swagger-ui", "redoc"):
        assert (STATIC / folder / "LICENSE").is_file()
    assert not list(STATIC.rglob("*.map"))
