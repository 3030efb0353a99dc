"""The model that `make serve` serves, and what the README says of it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.settings import SHIPPED_MODELS
from model.tagger import Tagger
from tests.system.running import Service, running
from training.minimal_pairs import count_pairs, read_pairs

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BOOKING = SHIPPED_MODELS / "booking"


@pytest.fixture(scope="module")
def booking() -> Tagger:
    tagger = Tagger.load(BOOKING)
    tagger.replay()
    return tagger


def test_the_shipped_model_is_small() -> None:
    assert sum(file.stat().st_size for file in BOOKING.iterdir()) < 10_000_000


def test_the_shipped_model_tells_arriving_from_leaving(booking: Tagger) -> None:
    roles = {}
    for verb in ("arrive in", "leave"):
        text = f"I would like to {verb} Taipei on November 2nd"
        roles[verb] = {text[slot.start : slot.end]: slot.name for slot in booking.annotate(text).slots}
    assert roles == {
        "arrive in": {"Taipei": "destination", "November 2nd": "arrival_date"},
        "leave": {"Taipei": "origin", "November 2nd": "departure_date"},
    }


def test_most_of_the_minimal_pairs_are_read_right_and_as_many_as_the_readme_says(booking: Tagger) -> None:
    counted = count_pairs(booking, read_pairs(ROOT / "training/configs/booking.pairs.jsonl"))
    assert [one.language for one in counted] == list(booking.artifact.config.languages)
    for one in counted:
        assert one.right / one.utterances >= 0.8
        said = re.search(rf"^\| {one.language} \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", README, re.MULTILINE)
        given = [one.utterances, one.right, one.pairs, one.whole]
        assert [int(number) for number in said.groups()] == pytest.approx(given, abs=1)  # another processor may round a close one otherwise


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with running(BOOKING) as service:
        yield service


def test_the_phrases_in_the_readme_mean_what_it_says(service: Service) -> None:
    asked = json.loads(re.findall(r"--data '(\{.*?\})'", README, re.DOTALL)[1])
    results = httpx.post(f"{service.url}/v1/values", json=asked, timeout=10).json()["results"]
    *first, last = [str(result["value"]["value"]) for result in results]
    assert f"answers {', '.join(first)} and {last}." in README


def test_the_examples_of_the_page_about_values_are_what_the_service_says(service: Service) -> None:
    page = (ROOT / "docs" / "values.md").read_text(encoding="utf-8")
    rows = re.findall(r'^\| (`.*?`) \| [^|]* \| "([^"]*)" \| (.*) \|$', page, re.MULTILINE)
    assert len(rows) >= 8
    context = {"reference_time": "2026-10-20T10:00:00+08:00", "timezone": "Asia/Taipei"}
    for types, text, said in rows:
        kind = types.split("`")[1]
        body = {"phrases": [{"text": text, "kind": kind}], "context": context}
        value = json.dumps(httpx.post(f"{service.url}/v1/values", json=body, timeout=10).json()["results"][0]["value"])
        assert f'"type": "{kind}"' in value, text
        assert all(part in value for part in re.findall(r"[A-Z0-9][\w:-]+|\d", said)), (text, value)


def test_a_batch_over_the_wire_means_what_its_items_mean_alone(service: Service) -> None:
    texts = [
        f"a table for {number} at {hour} on {day} in Oslo"
        for number in ("two", "5")
        for hour in range(1, 13)
        for day in ("Friday", "May 9")
    ]
    options = {"context": {"reference_time": "2026-10-20T10:00:00+08:00", "timezone": "Asia/Taipei"}, "include": []}
    body = {"items": [{"text": text} for text in texts], **options}
    together = httpx.post(f"{service.url}/v1/parse/batch", json=body, timeout=10).json()["results"]
    alone = [httpx.post(f"{service.url}/v1/parse", json={"text": text, **options}, timeout=10).json() for text in texts]
    means = [[(slot["value"], slot["value_alternatives"]) for slot in item["slots"]] for item in together]
    assert means == [[(slot["value"], slot["value_alternatives"]) for slot in item["slots"]] for item in alone]
    assert {slot["value"]["type"] for item in together for slot in item["slots"]} == {"number", "time", "date", "place"}


def test_the_pair_in_the_readme_is_what_the_model_says(booking: Tagger) -> None:
    rows = re.findall(r"^\| (I would like .*?) \| `(\w+)` (\S+) \| `(\w+)` (\S+) \|$", README, re.MULTILINE)
    assert len(rows) == 2
    for text, place, place_confidence, day, day_confidence in rows:
        slots = booking.annotate(text).slots
        assert [slot.name for slot in slots] == [place, day]
        assert [f"{slot.confidence:.3f}" for slot in slots] == [place_confidence, day_confidence]
