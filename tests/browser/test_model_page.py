"""The page about the model, as a person finds it."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.reading import coloured, wait_for
from tests.system.running import running

Open = Callable[..., Page]
pytestmark = pytest.mark.timeout(200)


def opened(open_page: Open) -> Page:
    page = open_page("/model")
    expect(page.locator("#labels li").first).to_be_visible()
    return page


def test_it_says_what_is_loaded_and_how_often_it_is_right(open_page: Open, api: httpx.Client) -> None:
    page, detail = opened(open_page), api.get("/v1/models/booking").json()
    expect(page.locator("h1")).to_have_text(f"booking {detail['version']}")
    rows = page.locator("#scores tbody tr")
    assert rows.locator("th").all_text_contents() == ["all together", *list(detail["scores"])[1:]]
    every = detail["scores"]["all"]
    expect(rows.first).to_contain_text(f"{every['slots']['f1']:.1%}")
    expect(rows.first).to_contain_text(f"{every['sentence_accuracy']:.1%}")
    expect(page.locator("#card")).to_have_text(detail["card"])


def test_the_diagrams_have_a_point_for_every_filled_bin(open_page: Open, api: httpx.Client) -> None:
    page, tables = opened(open_page), api.get("/v1/models/booking").json()["calibration"]
    for figure, kind in zip(page.locator("#calibration figure").all(), ("span", "word", "intent"), strict=True):
        assert figure.locator("circle").count() == sum(part["count"] > 0 for part in tables[kind]["bins"])


def test_the_precision_at_a_threshold_is_what_the_reliability_table_adds_up_to(open_page: Open, api: httpx.Client) -> None:
    page, bins = opened(open_page), api.get("/v1/models/booking").json()["calibration"]["span"]["bins"]
    rows = page.locator("#threshold-table tbody tr").evaluate_all("rows => rows.map(row => [...row.cells].map(cell => cell.textContent))")
    found = sum(part["count"] for part in bins)
    for limit, precision, kept in rows[1:]:
        above = [part for part in bins if round(part["lower"], 2) >= float(limit)]
        count = sum(part["count"] for part in above)
        assert f"{sum(part['count'] * part['accuracy'] for part in above) / count:.1%}" == precision
        assert f"{count / found:.1%}" == kept
    assert len(rows) >= 8


def test_an_example_of_a_label_can_be_tried(open_page: Open) -> None:
    page = opened(open_page)
    page.get_by_role("link", name="a hotel in Kyoto").click()
    wait_for(page, "a hotel in Kyoto")
    expect(page.locator("#fields .field[data-field='location'] input")).to_have_value("Kyoto, Japan")


def test_a_model_of_other_labels_is_shown_and_used_too(open_page: Open, artifact_dir: Path) -> None:
    with running(artifact_dir.parent) as other:
        page = open_page("/model", url=other.url)
        expect(page.locator("h1")).to_have_text(re.compile("^tiny "))
        expect(page.locator("#labels li").first).to_be_visible()
        page.get_by_role("link", name="Slotline").click()
        text = "from Oslo to Rome"
        page.locator("#text").fill(text)
        wait_for(page, text)
        slots = httpx.post(f"{other.url}/v1/parse", json={"text": text}).json()["slots"]
        assert coloured(page) == [[slot["name"], slot["text"]] for slot in slots]
        page.close()
