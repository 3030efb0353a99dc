"""What is typed: its colours, the form, the heat map."""

import re
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.reading import CONTEXT, asked, coloured, field, fields, wait_for

Open = Callable[..., Page]
pytestmark = pytest.mark.timeout(200)

SENTENCES = [
    "I would like to arrive in Taipei on November 2nd",
    "✈️ Two tickets from Lisbon to Oslo next Friday morning, business class, no stops",
    "👩‍👩‍👧‍👦 a table for four 🍝 in Porto 🇵🇹 tomorrow at half seven",
    "🚆 Два билета на поезд из Москвы в Казань послезавтра вечером, купе",
    "😀😀 Хочу прилететь 🛬 в Тбилиси 2 ноября",
    "a hotel in Nice from June 1st\n\nto June 8th 🏖️, two rooms",
    "Paris on Friday",
    "hello there",
]


def test_every_slot_has_its_colour_on_its_own_words(open_page: Open, api: httpx.Client) -> None:
    page = open_page()
    for text in SENTENCES:
        page.locator("#text").fill(text)
        wait_for(page, text)
        assert coloured(page) == [[slot["name"], slot["text"]] for slot in asked(api, text)["slots"]]


def test_the_colours_lie_exactly_under_the_text(open_page: Open) -> None:
    page = open_page(text=SENTENCES[1])
    measures = [
        page.locator(selector).evaluate(
            "one => { const box = one.getBoundingClientRect(), look = getComputedStyle(one);"
            " return [box.x, box.y, box.width, box.height, look.font, look.lineHeight, look.padding, look.whiteSpace, look.overflowWrap,"
            " look.letterSpacing] }"
        )
        for selector in ("#paint", "#text")
    ]
    assert measures[0] == measures[1]


def test_a_surer_word_has_a_stronger_colour(open_page: Open) -> None:
    page = open_page(text="Paris on Friday")
    wait_for(page, "Paris on Friday")
    shares = dict(page.locator("#paint mark").evaluate_all("all => all.map(one => [one.textContent, one.style.getPropertyValue('--p')])"))
    assert 0 < float(shares["Paris"]) < float(shares["Friday"]) < 1


def test_typing_letter_by_letter_fills_the_form(open_page: Open, api: httpx.Client) -> None:
    page, text = open_page(text="x"), "leave Taipei on November 2nd"
    page.locator("#text").fill("")
    page.locator("#text").press_sequentially(text)
    wait_for(page, text)
    expect(page.locator("#intent")).to_contain_text("book a flight")
    assert fields(page) == {"origin": "Taipei, Taiwan", "destination": "", "departure_date": "Mon, 2 November 2026", "people": ""}
    assert coloured(page) == [["origin", "Taipei"], ["departure_date", "November 2nd"]]
    page.locator("#text").press("Home")
    page.keyboard.type("🛫 ")
    wait_for(page, f"🛫 {text}")
    assert coloured(page) == [["origin", "Taipei"], ["departure_date", "November 2nd"]]


def test_a_colour_goes_along_with_its_word_before_the_answer_is_there(open_page: Open) -> None:
    page, text = open_page(text="leave Taipei on November 2nd", sockets=False), "leave Taipei on November 2nd"
    wait_for(page, text)
    page.route("**/v1/parse", lambda route: None)  # never answered
    page.locator("#text").press("Home")
    page.keyboard.type("🛫 please ")
    assert coloured(page) == [["origin", "Taipei"], ["departure_date", "November 2nd"]]


def test_a_late_answer_does_not_paint_over_a_newer_one(open_page: Open) -> None:
    page = open_page(text="hello", sockets=False)
    wait_for(page, "hello")
    held: list[Route] = []

    def hold_first(route: Route) -> None:
        if "Oslo" in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    page.route("**/v1/parse", hold_first)
    page.evaluate("AbortController.prototype.abort = () => {}")  # so that the older one is really answered
    page.locator("#text").fill("fly to Oslo")
    while not held:  # pytest-timeout bounds it
        page.wait_for_timeout(20)
    page.locator("#text").fill("fly to Lisbon")
    wait_for(page, "fly to Lisbon")
    with page.expect_response("**/v1/parse"):
        held[0].continue_()
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    assert coloured(page) == [["destination", "Lisbon"]]
    assert page.locator("#heat").get_attribute("data-text") == "fly to Lisbon"


def test_what_is_missing_is_named_by_intent(open_page: Open) -> None:
    page = open_page(text="I need a hotel in Kyoto")
    wait_for(page, "I need a hotel in Kyoto")
    expect(field(page, "check_in_date")).to_have_attribute("data-state", "missing")
    assert fields(page) == {"location": "Kyoto, Japan", "check_in_date": "", "nights": "", "people": ""}
    page.locator("#text").fill("a table for two on Saturday at 8 pm")
    wait_for(page, "a table for two on Saturday at 8 pm")
    expect(field(page, "location")).to_have_attribute("data-state", "missing")
    assert list(fields(page)) == ["location", "date", "time", "people"]


def test_another_role_can_be_chosen_and_taken_back(open_page: Open) -> None:
    page = open_page(text="Paris on Friday")
    wait_for(page, "Paris on Friday")
    place = field(page, "location")
    expect(place).to_have_attribute("data-state", "uncertain")
    expect(place.locator(".note")).to_contain_text("It could be something else")
    place.get_by_role("button", name=re.compile("^rather destination")).click()
    expect(field(page, "destination")).to_have_attribute("data-state", "chosen")
    assert "location" not in fields(page)
    assert ["destination", "Paris"] in coloured(page)
    field(page, "destination").get_by_role("button", name="as it was read").click()
    expect(field(page, "location")).to_have_attribute("data-state", "uncertain")
    assert ["location", "Paris"] in coloured(page)


def test_another_reading_of_a_value_can_be_chosen(open_page: Open) -> None:
    text = "a table for four in Porto tomorrow at half seven"
    page = open_page(text=text)
    wait_for(page, text)
    assert fields(page)["time"] == "07:30"
    field(page, "time").get_by_role("button", name="or 19:30").click()
    expect(field(page, "time").locator("input")).to_have_value("19:30")
    field(page, "time").get_by_role("button", name="or 07:30").click()
    expect(field(page, "time").locator("input")).to_have_value("07:30")


def test_a_day_that_does_not_exist_is_doubtful(open_page: Open) -> None:
    page = open_page(text="a flight to Oslo on February 30th")
    date = field(page, "departure_date")
    expect(date).to_have_attribute("data-state", "uncertain")
    expect(date.locator("input")).to_have_value("February 30th")
    expect(date.locator(".note")).to_contain_text("no such value")
    expect(date.locator("input")).to_have_attribute("aria-invalid", "true")


def test_what_is_typed_into_a_field_is_read_as_its_kind(open_page: Open) -> None:
    page = open_page(text="a table for two in Porto tomorrow")
    time = field(page, "time")
    expect(time).to_have_attribute("data-state", "missing")
    time.locator("input").fill("quarter past eight in the evening")
    time.locator("input").press("Enter")
    expect(time.locator("input")).to_have_value("20:15")
    expect(time).to_have_attribute("data-state", "typed")
    page.locator("#text").press("End")
    page.keyboard.type(" please")
    wait_for(page, "a table for two in Porto tomorrow please")
    assert fields(page)["time"] == "20:15"
    time.get_by_role("button", name="as it was read").click()
    expect(time).to_have_attribute("data-state", "missing")


def test_the_heat_map_has_a_row_a_word_and_all_labels_on_demand(open_page: Open, api: httpx.Client) -> None:
    text = SENTENCES[3]
    answer, page = asked(api, text), open_page(text=text)
    wait_for(page, text)
    assert page.locator("#heat tbody th").all_text_contents() == [word["text"] for word in answer["words"]]
    few = page.locator("#heat thead th[data-label]").count()
    assert {slot["name"] for slot in answer["slots"]} <= set(labels(page))
    page.get_by_role("button", name="Show all 41 labels").click()
    assert sorted(labels(page)) == sorted(answer["distribution"]["labels"])
    assert few < len(labels(page))
    of_row = "row => [...row.cells].slice(1).map(cell => cell.style.getPropertyValue('--p'))"
    shares = page.locator("#heat tbody tr").evaluate_all(f"rows => rows.map({of_row})")
    assert [round(sum(map(float, row)), 1) for row in shares] == [1.0] * len(answer["words"])


def labels(page: Page) -> list[str]:
    return page.locator("#heat thead th[data-label]").evaluate_all("all => all.map(one => one.dataset.label)")


def test_the_context_is_part_of_what_is_asked(open_page: Open) -> None:
    page = open_page(text="4")
    wait_for(page, "4")
    page.locator("#context summary").click()
    page.locator("#expected").select_option("people")
    expect(field(page, "people").locator("input")).to_have_value("4")
    assert '"expected_slots": ["people"]' in page.locator("#panel").inner_text()
    page.get_by_role("button", name="Not asked for: number of people").click()
    assert "expected_slots" not in page.locator("#panel").inner_text()
    page.locator("#text").fill("fly to Oslo tomorrow")
    page.locator("#reference").fill("2027-01-31T09:00")
    page.locator("#reference").dispatch_event("change")
    expect(field(page, "departure_date").locator("input")).to_have_value("Mon, 1 February 2027")


def test_a_wrong_time_zone_is_named_and_mended(open_page: Open) -> None:
    page = open_page(text="fly to Oslo tomorrow")
    wait_for(page, "fly to Oslo tomorrow")
    complaints = open_page.complaints  # type: ignore[attr-defined]
    page.locator("#context summary").click()
    page.locator("#timezone").fill("Mars/Olympus")
    page.locator("#timezone").press("Enter")
    expect(page.locator("#trouble")).to_contain_text("/context/timezone")
    page.locator("#timezone").fill("Europe/Lisbon")
    page.locator("#timezone").press("Enter")
    expect(page.locator("#trouble")).to_be_hidden()
    assert all("422" in complaint for complaint in complaints)
    complaints.clear()  # a browser writes a line about each refused request


def test_each_slot_says_which_words_it_stands_on(open_page: Open, api: httpx.Client) -> None:
    text = "I would like to arrive in Taipei on November 2nd"
    page = open_page(text=text)
    place = page.locator("#why .why[data-slot='destination']")
    expect(place.locator(".fall").first).to_be_visible()
    answer = api.post("/v1/parse", json={"text": text, "context": CONTEXT, "include": ["explanation"]}).json()
    falls = {part["text"]: part["fall"] for part in answer["slots"][0]["explanation"]}
    most = max(falls, key=lambda word: abs(falls[word]))
    expect(place.locator(".fall").first).to_contain_text(most)
    page.locator("#text").press("End")
    page.keyboard.type("!")
    expect(page.locator("#why-part")).to_be_hidden()  # until the hands rest again
    expect(page.locator("#why-part")).to_be_visible()


def test_what_is_typed_never_becomes_markup(open_page: Open) -> None:
    text = "<img src=x onerror=alert(1)> to <b>Oslo</b>"
    page = open_page(text=text)
    wait_for(page, text)
    assert page.locator("main img, main b").count() == 0
    assert page.locator("#paint").inner_text().startswith(text[:20])


def test_an_empty_sentence_asks_nothing_and_shows_nothing(open_page: Open) -> None:
    page = open_page(text="fly to Oslo")
    wait_for(page, "fly to Oslo")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#fields")).to_contain_text("Nothing is filled in yet")
    assert coloured(page) == []


def test_a_service_that_is_away_is_named_and_asked_again(open_page: Open) -> None:
    page = open_page(text="hello", sockets=False)
    wait_for(page, "hello")
    complaints = open_page.complaints  # type: ignore[attr-defined]
    page.route("**/v1/parse", lambda route: route.abort())
    page.locator("#text").fill("fly to Lisbon")
    expect(page.locator("#trouble")).to_contain_text("cannot be reached")
    page.unroute("**/v1/parse")
    wait_for(page, "fly to Lisbon")
    expect(page.locator("#trouble")).to_be_hidden()
    assert all("ERR_FAILED" in complaint for complaint in complaints)
    complaints.clear()
