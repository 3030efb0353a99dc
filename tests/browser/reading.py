"""What a page shows, read from its elements."""

from typing import Any

import httpx
from playwright.sync_api import Page, expect

from tests.browser.conftest import REFERENCE

CONTEXT = {"reference_time": f"{REFERENCE['reference']}:00", "timezone": REFERENCE["timezone"]}

# Neighbouring marks of one span, the space between them included, are one piece of colour.
PIECES = """
sheet => {
  const pieces = [];
  for (const node of sheet.childNodes) {
    const slot = node.dataset?.slot, last = pieces.at(-1);
    if (!slot) continue;
    const goes_on = node.classList.contains("joint") || node.classList.contains("inner-start");
    if (goes_on) last[1] += node.textContent; else pieces.push([slot, node.textContent]);
  }
  return pieces;
}
"""


def coloured(page: Page) -> list[list[str]]:
    """[[slot, words], ...] as they are coloured in the text, in its order."""
    return page.locator("#paint").evaluate(PIECES)


def fields(page: Page) -> dict[str, str]:
    """Name of a slot -> what stands in its field; empty where it is missing."""
    found = page.locator("#fields .field").evaluate_all("all => all.map(one => [one.dataset.field, one.querySelector('input').value])")
    return dict(found)


def field(page: Page, name: str) -> Any:
    """The field of a slot."""
    return page.locator(f"#fields .field[data-field='{name}']")


def wait_for(page: Page, text: str) -> None:
    """Until the form and the colours belong to this text, and nothing more is asked about it."""
    expect(page.locator("#heat")).to_have_attribute("data-text", text)


def asked(api: httpx.Client, text: str) -> dict[str, Any]:
    """What the service answers, without the page."""
    answer = api.post("/v1/parse", json={"text": text, "context": CONTEXT, "include": ["words", "distribution", "alternatives"]})
    assert answer.status_code == 200, answer.text
    return answer.json()
