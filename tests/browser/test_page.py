"""What the page is made of: languages, keyboard, screen readers, narrow screens, weight, programs, keys, ways to the service."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from app.access.keys import entry_of, make_key
from tests.browser.conftest import MODELS, REFERENCE
from tests.browser.reading import asked, coloured, fields, wait_for
from tests.system.running import running

Open = Callable[..., Page]
pytestmark = pytest.mark.timeout(200)

TEXT = "✈️ Two tickets from Lisbon to Oslo next Friday, it's a 'surprise' \\ \"trip\""
HEAVIEST = 100_000
LOOKS = [("/", "en", "light"), ("/", "ru", "dark"), ("/model", "ru", "light")]


def settled(page: Page) -> None:
    """Everything that a page begins with is there."""
    if page.url.partition("#")[0].endswith("/model"):
        expect(page.locator("#labels li").first).to_be_visible()
    else:
        expect(page.locator("#fields .field").first).to_be_visible()
        expect(page.locator("#pair article")).to_have_count(2)


@pytest.mark.parametrize(("path", "language", "scheme"), LOOKS)
def test_axe_finds_nothing_and_a_narrow_phone_is_wide_enough(open_page: Open, path: str, language: str, scheme: str) -> None:
    page = open_page(path, language=language, scheme=scheme)
    settled(page)
    if path == "/":
        page.locator("#context summary").click()
        page.locator("#text").fill("Paris on Friday")
        expect(page.locator("#fields .field[data-state='uncertain']")).to_have_count(1)
    found = Axe().run(page).response["violations"]
    assert [(entry["id"], [node["html"] for node in entry["nodes"]]) for entry in found] == []
    page.set_viewport_size({"width": 360, "height": 740})
    if path == "/":
        long_word = "в" * 60 + " Тбилиси 2 ноября"
        page.locator("#all-labels").click()
        page.locator("#text").fill(long_word)
        wait_for(page, long_word)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("path", ["/", "/model"])
def test_a_page_with_its_styles_and_scripts_is_small(api: httpx.Client, open_page: Open, path: str) -> None:
    page = open_page(path)
    settled(page)
    loaded = page.evaluate(
        "performance.getEntriesByType('resource').filter(one => /[.](js|css|svg|json)$/.test(one.name)).map(one => one.name)"
    )
    assert len(loaded) > 8
    weights = {url: len(api.get(url).content) for url in {str(api.base_url.join(path)), *loaded}}
    assert sum(weights.values()) < HEAVIEST, weights


def test_the_whole_page_speaks_the_language_that_is_chosen(open_page: Open, api: httpx.Client) -> None:
    page = open_page()
    settled(page)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("button", name="Русский").click()
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    expect(page.locator("#fields .field label").first).to_have_text("место отправления")
    expect(page.locator("#pair article").first).to_contain_text("Хочу прилететь")
    words = page.locator("body").evaluate("body => [...body.querySelectorAll('[data-t]')].map(one => one.textContent)")
    english = [text for text in words if re.search("[a-z]{4}", text) and not re.search("[а-я]", text)]
    assert english == []
    titles = {entry["title"]["ru"] for entry in api.get("/v1/labels").json()["slots"]}
    assert set(page.locator("#fields .field label").all_text_contents()) <= titles
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "ru")  # it is kept


def test_the_theme_follows_the_system_until_it_is_chosen(open_page: Open) -> None:
    page = open_page(scheme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    dark, switch = page.evaluate(paper), page.locator("#theme")
    expect(switch).to_have_attribute("aria-pressed", "true")
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "false")
    assert page.evaluate(paper) != dark
    page.reload()
    expect(switch).to_have_attribute("aria-pressed", "false")


def test_everything_can_be_done_from_the_keyboard(open_page: Open) -> None:
    page = open_page()
    settled(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("Paris on Friday")
    wait_for(page, "Paris on Friday")
    reached = tab_to(page, "rather destination")
    assert reached["outline"] != "none"  # whoever tabs sees where they are
    page.keyboard.press("Enter")
    assert fields(page)["destination"] == "Paris, France"
    tab_to(page, "Request")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="curl")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("tab", name="curl")).to_be_focused()
    assert page.locator("#panel").inner_text().startswith("curl")
    page.keyboard.press("End")
    expect(page.get_by_role("tab", name="JavaScript")).to_be_focused()


def tab_to(page: Page, words: str) -> dict[str, str]:
    """Press Tab until something is focused that begins with these words."""
    where = "(one => ({text: one.textContent, outline: getComputedStyle(one).outlineStyle}))(document.activeElement)"
    for _ in range(60):
        page.keyboard.press("Tab")
        focused: dict[str, str] = page.evaluate(where)
        if focused["text"].startswith(words):
            return focused
    raise AssertionError(f"{words!r} cannot be reached by Tab")


def test_whoever_hears_the_page_is_told_what_was_filled_in(open_page: Open) -> None:
    page = open_page(text="fly to Oslo on February 30th")
    told = page.get_by_role("status")
    expect(told).to_contain_text("Filled in: destination Oslo, Norway")
    expect(told).to_contain_text("Doubtful: date of departure February 30th")
    expect(told).to_contain_text("Missing: place of departure, number of people")


def test_the_programs_run_as_they_stand_and_get_the_answer_of_the_page(open_page: Open, api: httpx.Client) -> None:
    page = open_page(text=TEXT)
    wait_for(page, TEXT)
    slots = asked(api, TEXT)["slots"]
    assert len(slots) >= 4
    request = shown(page, "Request")
    assert api.post("/v1/parse", content=request, headers={"Content-Type": "application/json"}).status_code == 200
    expect(page.get_by_role("tab", name="Answer")).to_be_visible()
    assert [slot["name"] for slot in json.loads(shown(page, "Answer"))["slots"]] == [slot["name"] for slot in slots]
    curl = run(["sh", "-c", shown(page, "curl")])
    assert [slot["value"] for slot in json.loads(curl)["slots"]] == [slot["value"] for slot in slots]
    python = run([sys.executable, "-c", shown(page, "Python")])
    assert [line.split()[0] for line in python.splitlines()] == [slot["name"] for slot in slots]
    if shutil.which("node"):
        javascript = run(["node", "--input-type=module", "-e", shown(page, "JavaScript")])
        assert [slot["name"] for slot in slots] == re.findall(r"^(\w+) ", javascript, re.MULTILINE)


def shown(page: Page, tab: str) -> str:
    page.get_by_role("tab", name=tab, exact=True).click()
    text = page.locator("#panel").text_content()
    assert text
    return text


def run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, env={**os.environ, "PYTHONIOENCODING": "utf-8"})
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_link_brings_back_the_sentence_and_its_context(open_page: Open) -> None:
    page = open_page(text="fly to Oslo tomorrow")
    wait_for(page, "fly to Oslo tomorrow")
    page.locator("#text").fill("fly to Lisbon tomorrow")
    wait_for(page, "fly to Lisbon tomorrow")
    link = page.url
    again = open_page(text="x")
    again.goto("about:blank")
    again.goto(link)
    wait_for(again, "fly to Lisbon tomorrow")
    assert fields(again)["departure_date"] == "Wed, 21 October 2026"
    assert again.locator("#reference").input_value() == REFERENCE["reference"]


def test_a_key_is_asked_for_and_serves_from_then_on(open_page: Open) -> None:
    key = make_key()
    complaints = open_page.complaints  # type: ignore[attr-defined]
    with running(MODELS, "--api-keys", entry_of("page", key)) as locked:
        page = open_page(url=locked.url, text="fly to Oslo")
        expect(page.locator("#key-field")).to_be_focused()
        page.locator("#key-field").fill("slotline_wrong")
        page.keyboard.press("Enter")
        expect(page.locator("#key")).to_contain_text("No such key is known here")
        page.locator("#key-field").fill(key)
        page.keyboard.press("Enter")
        wait_for(page, "fly to Oslo")
        expect(page.locator("#key")).to_be_hidden()
        assert coloured(page) == [["destination", "Oslo"]]
        assert page.locator("#way").get_attribute("data-way") == "stream"
        assert key not in shown(page, "curl")
        page.get_by_role("link", name="Model", exact=True).click()
        settled(page)
        page.close()
    assert all("401" in complaint for complaint in complaints)
    complaints.clear()  # a browser writes a line about each refused request


def test_typing_goes_over_the_stream_and_asks_nothing_beside_it(open_page: Open) -> None:
    page = open_page(text="x")
    wait_for(page, "x")
    asked_beside: list[str | None] = []
    page.on("request", lambda request: asked_beside.append(request.post_data) if request.url.endswith("/v1/parse") else None)
    page.locator("#text").fill("")
    page.locator("#text").press_sequentially("fly to Oslo")
    wait_for(page, "fly to Oslo")
    expect(page.locator("#way")).to_contain_text("as you type")
    expect(page.locator("#paint mark.partial")).to_have_text("Oslo")  # the hands may go on with it
    page.locator("#text").blur()
    expect(page.locator("#paint mark.partial")).to_have_count(0)
    assert coloured(page) == [["destination", "Oslo"]]
    assert [body for body in asked_beside if '"explanation"' not in str(body)] == []


def test_where_no_socket_can_be_opened_single_requests_do(open_page: Open) -> None:
    page = open_page(text="fly to Oslo", sockets=False)
    wait_for(page, "fly to Oslo")
    expect(page.locator("#way")).to_contain_text("single requests")
    assert coloured(page) == [["destination", "Oslo"]]
