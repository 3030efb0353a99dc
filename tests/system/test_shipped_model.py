"""The model that `make serve` serves, and what the README says of it."""

import json
import re
from pathlib import Path

import httpx
import pytest

from app.settings import SHIPPED_MODELS
from model.tagger import Tagger
from tests.system.running import running

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BOOKING = SHIPPED_MODELS / "booking"
VOLATILE = ("request_id", "timing_ms")


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
    pairs = [json.loads(line) for line in (ROOT / "tests/data/contrast.jsonl").read_text(encoding="utf-8").splitlines()]
    right: dict[int, list[bool]] = {}
    for pair in pairs:
        if pair["lang"] in booking.artifact.config.languages:
            found = [{"start": slot.start, "end": slot.end, "label": slot.name} for slot in booking.annotate(pair["text"]).slots]
            right.setdefault(pair["pair"], []).append(found == sorted(pair["spans"], key=lambda span: span["start"]))
    utterances = [each for both in right.values() for each in both]
    assert sum(utterances) / len(utterances) >= 0.65
    said = re.search(r"reads (\d+) of (\d+) utterances right, every slot and border \((\d+)%\), and both of the pair in (\d+)", README)
    counted = [sum(utterances), len(utterances), 100 * sum(utterances) / len(utterances), sum(map(all, right.values()))]
    assert counted == pytest.approx([int(number) for number in said.groups()], abs=1)  # another processor may round a close one otherwise


def test_the_answer_in_the_readme_is_the_answer_of_the_service() -> None:
    asked = json.loads(re.search(r"--data '(\{.*?\})'", README, re.DOTALL)[1])
    shown = json.loads(re.search(r"```json\n(\{.*?\n\})\n```", README, re.DOTALL)[1])
    with running(BOOKING) as service:
        answered = httpx.post(f"{service.url}/v1/parse", json=asked, timeout=10).json()
    for name in VOLATILE:
        assert type(answered.pop(name)) is type(shown.pop(name))
    assert _approximate(answered) == shown


def test_the_pair_in_the_readme_is_what_the_model_says(booking: Tagger) -> None:
    rows = re.findall(r"^\| (I would like .*?) \| `(\w+)` (\S+) \| `(\w+)` (\S+) \|$", README, re.MULTILINE)
    assert len(rows) == 2
    for text, place, place_confidence, day, day_confidence in rows:
        slots = booking.annotate(text).slots
        assert [slot.name for slot in slots] == [place, day]
        assert [f"{slot.confidence:.3f}" for slot in slots] == [place_confidence, day_confidence]


def _approximate(value: object) -> object:
    """Numbers as pytest.approx: another processor may round the sixth decimal otherwise."""
    if isinstance(value, dict):
        return {key: _approximate(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_approximate(entry) for entry in value]
    return pytest.approx(value, abs=1e-4) if isinstance(value, float) else value
