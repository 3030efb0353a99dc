"""Values in the answers to texts: ``/v1/parse`` and its batch, with fakes for the tagger and for the reader."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from app.api import schemas
from tests.app.api.test_openapi import hold, openapi
from tests.app.serving import REFERENCE, happens, serving, timeless, turns
from tests.fake_readers import DyingReader, ErrorReader, FakeReader, SlowReader, phrase_reader
from tests.fakes import FakeTagger

pytestmark = pytest.mark.anyio

# Of babble, poisonous, tomorrow and Monday the fake tagger is sure.
WORDS = ("Monday", "tomorrow", "two", "7", "now", "Oslo", "Osl", "babble", "$5", "2x")
TEXTS = [f"from {first} to {second} on {third} for {first}" for first in WORDS for second in WORDS[::3] for third in WORDS[::2]]
MONDAY = {"type": "date", "value": "2026-10-26", "timex": "XXXX-WXX-1", "grain": "day"}


@pytest.fixture
async def reading(anyio_backend: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service with a fake reader."""
    async with serving(phrase_reader=phrase_reader()) as client:
        yield client


async def parse(client: httpx.AsyncClient, text: str, **options: Any) -> dict[str, Any]:
    answer = await client.post("/v1/parse", json={"text": text, "context": REFERENCE, "min_confidence": 0, **options})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def parse_batch(client: httpx.AsyncClient, texts: list[str], **options: Any) -> list[dict[str, Any]]:
    results = []
    for start in range(0, len(texts), 100):
        items = [{"id": str(number), "text": text} for number, text in enumerate(texts[start : start + 100])]
        body = {"items": items, "context": REFERENCE, "min_confidence": 0, **options}
        results += (await client.post("/v1/parse/batch", json=body)).json()["results"]
    return results


def without_head(item: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in timeless(item).items() if key not in ("id", "status", "model")}


async def test_every_slot_says_what_it_means(reading: httpx.AsyncClient) -> None:
    slots = (await parse(reading, "from Oslo to Nowhereville on Monday for two"))["slots"]
    assert [slot["value"] for slot in slots] == [
        {"type": "place", "value": {"name": "Oslo", "country": "NO", "iata": ["OSL", "TRF"]}},
        {"type": "text", "value": "Nowhereville"},
        MONDAY,
        {"type": "number", "value": 2},
    ]
    assert [slot["value_alternatives"] for slot in slots] == [[]] * 4


async def test_what_is_not_understood_is_uncertain_and_fills_nothing(reading: httpx.AsyncClient) -> None:
    answer = await parse(reading, "on babble to Monday", required_slots=["departure_date", "destination"])
    date, place = answer["slots"]
    assert (date["status"], date["reason"], date["value"], date["value_alternatives"]) == ("uncertain", "value_not_understood", None, [])
    assert (place["status"], "reason" in place) == ("accepted", False)
    assert answer["missing"] == ["departure_date"]


async def test_a_slot_in_doubt_keeps_the_graver_reason(reading: httpx.AsyncClient) -> None:
    (slot,) = (await parse(reading, "on babble", min_confidence=1))["slots"]
    assert (slot["reason"], slot["value"]) == ("low_confidence", None)


async def test_values_left_out_are_missing_and_nothing_else_is(reading: httpx.AsyncClient) -> None:
    for text in TEXTS[::5]:
        whole, bare = timeless(await parse(reading, text)), timeless(await parse(reading, text, values=False))
        for slot in whole["slots"]:
            assert slot.pop("value_alternatives") is not None
            if slot.pop("value") is None and slot["reason"] == "value_not_understood":
                slot["status"] = "accepted"  # nobody has looked
                del slot["reason"]
        assert bare == whole


async def test_without_a_reader_slots_mean_their_words(client: httpx.AsyncClient) -> None:
    slots = (await parse(client, "to Monday on babble"))["slots"]
    assert [slot["value"] for slot in slots] == [{"type": "text", "value": "Monday"}, {"type": "text", "value": "babble"}]
    assert [slot["status"] for slot in slots] == ["accepted"] * 2


@pytest.mark.parametrize("values_cache", [0, 3, 8_192])
@pytest.mark.parametrize("rows", [1, 64])
async def test_an_item_of_a_batch_is_answered_as_if_it_were_alone_whatever_is_known(values_cache: int, rows: int) -> None:
    async with serving(phrase_reader=phrase_reader(rows=rows), values_cache=0) as client:
        alone = [await parse(client, text) for text in TEXTS]
    async with serving(phrase_reader=phrase_reader(rows=rows, keep=values_cache), values_cache=values_cache) as client:
        for _ in range(2):
            together = await parse_batch(client, TEXTS)
            assert [without_head(item) for item in together] == [without_head(each) for each in alone]
        at_once = await asyncio.gather(*[parse(client, text) for text in reversed(TEXTS)])
    assert [timeless(answer) for answer in at_once] == [timeless(answer) for answer in reversed(alone)]


async def test_the_phrases_of_a_forward_pass_are_read_together_and_once() -> None:
    reader, tagger = FakeReader(), FakeTagger()
    async with serving(tagger, phrase_reader=phrase_reader(reader)) as client:
        await parse_batch(client, [f"on {number}" for number in range(50)])
        await parse_batch(client, [f"on {number}" for number in range(51)])
    assert len(reader.batches) <= len(tagger.batches)
    assert sorted(text for batch in reader.batches for text in batch) == sorted(str(number) for number in range(51))


async def test_the_policy_and_the_time_zone_decide_the_date(reading: httpx.AsyncClient) -> None:
    past = {**REFERENCE, "date_policy": "past"}
    assert (await parse(reading, "on Monday", context=past))["slots"][0]["value"]["value"] == "2026-10-19"
    sunday = {"reference_time": "2026-10-25T20:00:00Z"}
    for timezone, day in (("UTC", "2026-10-26"), ("Asia/Taipei", "2026-11-02")):
        slot = (await parse(reading, "on Monday", context={**sunday, "timezone": timezone}))["slots"][0]
        assert slot["value"]["value"] == day


@pytest.mark.parametrize("unit", ["codepoint", "utf16", "utf8"])
async def test_offsets_hang_on_no_value(reading: httpx.AsyncClient, unit: str) -> None:
    text = "😀 from Oslo on Monday"
    whole, bare = await parse(reading, text, offset_unit=unit), await parse(reading, text, offset_unit=unit, values=False)
    assert [(slot["start"], slot["end"]) for slot in whole["slots"]] == [(slot["start"], slot["end"]) for slot in bare["slots"]]
    assert whole["slots"][1]["value"] == MONDAY


async def test_a_failure_of_the_reader_fails_one_value(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(phrase_reader=phrase_reader(ErrorReader())) as client:
        items = await parse_batch(client, ["on Monday for two", "on poisonous for two", "on Monday"])
    assert [item["status"] for item in items] == [200] * 3
    assert [[slot["value"] is None for slot in item["slots"]] for item in items] == [[False, False], [True, False], [False]]
    assert items[1]["slots"][0]["reason"] == "value_not_understood"
    assert "values failed on one phrase: ValueError" in caplog.messages


async def test_every_answer_is_what_the_document_says(reading: httpx.AsyncClient) -> None:
    document = await openapi(reading)
    for options in ({}, {"values": False}, {"include": ["alternatives"], "min_confidence": 0.9}):
        for start in range(0, len(TEXTS), 100):
            body = {"items": [{"text": text} for text in TEXTS[start : start + 100]], "context": REFERENCE, **options}
            answer = await reading.post("/v1/parse/batch", json=body)
            hold(document, answer, "/v1/parse/batch")
            schemas.BatchAnswer.model_validate_json(answer.text, strict=True, extra="forbid")
        hold(document, await reading.post("/v1/parse", json={"text": TEXTS[0], **options}), "/v1/parse")


async def test_who_waits_too_long_for_a_value_is_told_so_and_who_asked_for_none_is_answered() -> None:
    reader = SlowReader()
    async with serving(phrase_reader=phrase_reader(reader), deadline_s=0.05) as client:
        body = {"items": [{"text": "on Monday"}, {"text": "hello"}], "context": REFERENCE}
        late = (await client.post("/v1/parse/batch", json=body)).json()
        assert [result["status"] for result in late["results"]] == [504, 200]
        assert (await client.post("/v1/parse", json={"text": "on Monday"})).status_code == 504
        assert (await client.post("/v1/parse", json={"text": "on Monday", "values": False})).status_code == 200
        reader.release.set()


async def test_nothing_is_read_for_clients_that_have_left() -> None:
    reader = SlowReader()
    async with serving(phrase_reader=phrase_reader(reader), deadline_s=20) as client:
        first = asyncio.create_task(parse(client, "on Monday"))
        await happens(reader.entered)
        second, third = asyncio.create_task(parse(client, "on tomorrow")), asyncio.create_task(parse(client, "for two"))
        while client.app.state.parts.service.values._phrases < 3:
            await asyncio.sleep(0)
        second.cancel()
        await asyncio.wait([second])
        reader.release.set()
        await asyncio.gather(first, third)
    assert reader.batches == [["Monday"], ["two"]]


async def test_when_the_readers_thread_dies_all_who_need_it_are_told_and_the_service_is_not_ready() -> None:
    reader = DyingReader()
    async with serving(phrase_reader=phrase_reader(reader), deadline_s=20) as client:
        dying = asyncio.create_task(client.post("/v1/parse", json={"text": "on die"}))
        await happens(reader.entered)
        reader.release.set()
        answers = [await dying, await client.post("/v1/parse", json={"text": "on Monday"})]
        ready = await client.get("/health/ready")
        assert not client.app.state.parts.service.fit
        assert (await client.post("/v1/parse", json={"text": "on Monday", "values": False})).status_code == 200
    assert {(answer.status_code, answer.json()["type"]) for answer in answers} == {(503, "urn:slotline:problem:worker_died")}
    assert (ready.status_code, "reader of values" in ready.json()["detail"]) == (503, True)


async def test_a_reader_that_hangs_is_given_up() -> None:
    reader = SlowReader()
    async with serving(phrase_reader=phrase_reader(reader), batch_timeout_s=0.1, deadline_s=20) as client:
        hung = await client.post("/v1/parse", json={"text": "on Monday"})
        assert (hung.status_code, (await client.get("/health/ready")).status_code) == (503, 503)
        reader.release.set()
        await turns()
        assert (await client.post("/v1/parse", json={"text": "on Monday"})).status_code == 503  # once given up it stays so


async def test_ready_proves_that_something_can_be_read() -> None:
    reader = FakeReader()
    async with serving(phrase_reader=phrase_reader(reader)) as client:
        for _ in range(3):
            assert (await client.get("/health/ready")).status_code == 200
    assert reader.batches == [["7"]]  # the others found the proof young enough


async def test_more_than_can_be_read_in_time_is_turned_away_before_the_model_works() -> None:
    reader, tagger = SlowReader(), FakeTagger()
    settings = {"max_batch_items": 2, "max_waiting_items": 2, "deadline_s": 20}
    async with serving(tagger, phrase_reader=phrase_reader(reader), **settings) as client:
        waiting = [asyncio.create_task(parse(client, text)) for text in ("on Monday", "on tomorrow")]
        await happens(reader.entered)
        while client.app.state.parts.service.values._phrases < 2:
            await asyncio.sleep(0)
        annotated = len(tagger.batches)
        refused = await client.post("/v1/parse", json={"text": "for two"})
        assert len(tagger.batches) == annotated
        reader.release.set()
        await asyncio.gather(*waiting)
    assert (refused.status_code, refused.json()["type"]) == (503, "urn:slotline:problem:overloaded")
    assert int(refused.headers["Retry-After"]) >= 1


async def test_a_service_that_stops_says_what_it_has_accepted_to_say() -> None:
    reader = SlowReader()
    async with serving(phrase_reader=phrase_reader(reader), deadline_s=20) as client:
        accepted = asyncio.create_task(parse(client, "on Monday"))
        await happens(reader.entered)
        closing = asyncio.create_task(client.app.state.parts.service.values.close())
        await turns()
        assert not closing.done()
        reader.release.set()
        assert (await accepted)["slots"][0]["value"] == MONDAY
        await closing


async def test_metrics_tell_what_was_known_and_what_was_read(reading: httpx.AsyncClient) -> None:
    for text in ("on Monday", "on Monday for two", "on babble"):
        await parse(reading, text)
    told = (await reading.get("/metrics")).text
    assert 'slotline_phrases_total{source="known"} 1.0' in told
    assert 'slotline_phrases_total{source="read"} 3.0' in told
    assert "slotline_phrase_seconds_count 3.0" in told
    assert 'slotline_slots_total{model="fake",slot="departure_date",status="value_not_understood"} 1.0' in told
