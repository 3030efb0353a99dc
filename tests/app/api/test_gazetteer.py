"""Slots that a model's gazetteer knows, in the answers; and answers of models without one, which say nothing of it."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from app.api import schemas
from app.bulk import Annotator, Shape
from model.gazetteer import Gazetteer, Table
from model.tagger import Tagger
from tests.app.api.test_openapi import hold, openapi
from tests.app.serving import REFERENCE, serving
from tests.fake_readers import phrase_reader
from tests.fakes import FakeTagger, KnowingTagger
from tests.tiny import tiny_artifact

pytestmark = pytest.mark.anyio
TEXTS = ["from Oslo to UB at last", "ulan bator", "on xmas", "hi", "to Rome on Monday"]


@pytest.fixture
async def knowing(anyio_backend: str) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(KnowingTagger(), phrase_reader=phrase_reader()) as client:
        yield client


async def slots(client: httpx.AsyncClient, text: str, **options: Any) -> list[dict[str, Any]]:
    answer = await client.post("/v1/parse", json={"text": text, "context": REFERENCE, "min_confidence": 0.0, **options})
    assert answer.status_code == 200, answer.text
    return answer.json()["slots"]


async def test_every_slot_says_who_found_it_and_what_its_words_mean(knowing: httpx.AsyncClient) -> None:
    oslo, capital, last = await slots(knowing, "from Oslo to UB at last")
    assert (oslo["name"], oslo["source"], oslo["value"]) == ("origin", "model", {"type": "text", "value": "Oslo, Norway"})
    assert (capital["name"], capital["source"], capital["text"]) == ("destination", "model", "UB")
    assert capital["value"] == {"type": "place", "value": {"name": "Ulaanbaatar", "country": "MN", "iata": ["UBN"]}}
    assert (last["text"], last["source"]) == ("at last", "gazetteer")


async def test_a_looked_up_slot_covers_its_words_and_is_as_sure_as_its_table_and_its_role(knowing: httpx.AsyncClient) -> None:
    answer = (await knowing.post("/v1/parse", json={"text": "ulan bator", "include": ["words", "alternatives"]})).json()
    (slot,) = answer["slots"]
    assert [word["slot"] for word in answer["words"]] == [slot["name"]] * 2
    total = slot["confidence"] + sum(other["confidence"] for other in slot["alternatives"])
    assert total == pytest.approx(1, abs=1e-5)
    assert {other["name"] for other in slot["alternatives"]} | {slot["name"]} == {"O", "origin", "destination"}


async def test_values_are_read_of_the_canonical_form(knowing: httpx.AsyncClient) -> None:
    (day,) = await slots(knowing, "on xmas")
    (same,) = await slots(knowing, "on Monday")
    assert day["text"] == "xmas"
    assert day["value"] is None  # the fake reader knows Monday and no December 25: it was asked for that, and not for xmas
    assert same["value"]["type"] == "date"


async def test_without_values_the_source_is_said_and_no_value(knowing: httpx.AsyncClient) -> None:
    assert [("value" in slot, slot["source"]) for slot in await slots(knowing, "to Rome", values=False)] == [(False, "model")]


async def test_answers_are_what_the_document_says(knowing: httpx.AsyncClient) -> None:
    document = await openapi(knowing)
    for text in TEXTS:
        answer = await knowing.post("/v1/parse", json={"text": text})
        hold(document, answer, "/v1/parse")
        schemas.ParseAnswer.model_validate_json(answer.text, strict=True, extra="forbid")
    hold(document, await knowing.post("/v1/parse/batch", json={"items": [{"text": text} for text in TEXTS]}), "/v1/parse/batch")
    detail = await knowing.get("/v1/models/fake")
    hold(document, detail, "/v1/models/{name}", "get")
    assert detail.json()["gazetteer"] == [{"slots": ["origin", "destination"], "phrases": 4, "confidence": 0.9}]


async def test_a_batch_and_a_file_say_what_one_text_says(knowing: httpx.AsyncClient) -> None:
    batch = (await knowing.post("/v1/parse/batch", json={"items": [{"text": text} for text in TEXTS], "context": REFERENCE})).json()
    singles = [(await knowing.post("/v1/parse", json={"text": text, "context": REFERENCE})).json() for text in TEXTS]
    assert [item["slots"] for item in batch["results"]] == [single["slots"] for single in singles]
    with_file = Annotator(KnowingTagger(), Shape(plain=True))
    try:
        (window,) = with_file.answer([[text.encode() for text in TEXTS]])
    finally:
        with_file.close()
    assert all(b'"source":"' in answer.line for answer, single in zip(window, singles, strict=True) if single["slots"])


async def test_a_model_without_one_says_nothing_of_it(client: httpx.AsyncClient) -> None:
    for text in TEXTS:
        assert all("source" not in slot for slot in await slots(client, text))
    assert "gazetteer" not in (await client.get("/v1/models/fake")).json()


async def test_two_models_of_one_service_answer_each_in_its_way() -> None:
    plain = FakeTagger("plain")
    async with serving(KnowingTagger(), plain, default_model="fake") as client:
        (known,), (bare,) = await slots(client, "to Rome"), await slots(client, "to Rome", model="plain")
    assert known.pop("source") == "model"
    assert known.pop("value") == {"type": "text", "value": "Roma"}
    assert bare.pop("value") == {"type": "text", "value": "Rome"}
    assert known == bare


async def test_a_looked_up_slot_is_explained_by_what_the_network_thinks_of_it() -> None:
    tagger = Tagger(tiny_artifact(gazetteer=Gazetteer((Table(("destination",), {"the old harbour": "the harbour"}),))))
    text = "I want to the old harbour on Monday"
    (place,) = [index for index, slot in enumerate(tagger.annotate(text).slots) if text[slot.start : slot.end] == "the old harbour"]
    async with serving(tagger) as client:
        slot = (await slots(client, text, include=["explanation"]))[place]
    assert slot["source"] == "gazetteer"
    prepared = tagger.prepare(text)
    column = tagger.labels.labels.index("destination")

    def probability(start: int, *without: int) -> float:
        left = tagger.leave_out(prepared, without[0]) if without else prepared
        return float(tagger.annotate_batch([left])[0].label_probabilities_TL[start : start + 3, column].mean())

    for entry in slot["explanation"]:
        moved = probability(3 - (entry["word"] < 3), entry["word"])
        assert entry["fall"] == pytest.approx(probability(3) - moved, abs=3e-6)
