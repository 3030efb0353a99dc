import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from pydantic import ValidationError

from app.api import phrase_schemas, value_schemas
from app.api.requests import Kind
from app.errors import StartupError
from app.phrases import DOUBTS as TOLD
from app.phrases import PhraseReader, load_reader
from app.settings import SHIPPED_READER, Settings
from model.errors import ArtifactMissing, ConfigError
from model.values.letters import LONGEST
from model.values.places import COLUMNS
from model.values.quantity import _GRAINS
from model.values.reader import DOUBTS, Reader
from model.values.reader_artifact import write_reader
from model.values.resolve import resolve
from model.values.value import KINDS, Understood, context_in
from tests.app.api.test_openapi import hold, openapi
from tests.app.serving import REFERENCE, happens, serving, timeless, turns
from tests.fake_readers import SAYS, DyingReader, ErrorReader, FakeReader, SlowReader, UnsureReader, phrase_reader
from tests.tiny_reader import tiny_reader

pytestmark = pytest.mark.anyio

PHRASES = Path("tests/data/value_phrases.jsonl")
NOVEMBER_2ND = {"type": "date", "value": "2026-11-02", "timex": "XXXX-11-02", "grain": "day"}
EVENING = {"type": "time", "value": "19:30", "timex": "T19:30", "grain": "minute"}
MORNING = {"type": "time", "value": "07:30", "timex": "T07:30", "grain": "minute"}


@pytest.fixture
async def reading(anyio_backend: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service with a fake reader."""
    async with serving(phrase_reader=phrase_reader()) as client:
        yield client


def asked(*phrases: Any, **context: Any) -> dict[str, Any]:
    """A request for (text, kind) pairs, or for what stands there."""
    entries = [{"text": phrase[0], "kind": phrase[1]} if isinstance(phrase, tuple) else phrase for phrase in phrases]
    return {"phrases": entries, "context": {**REFERENCE, **context}}


async def post(client: httpx.AsyncClient, *phrases: Any, **context: Any) -> httpx.Response:
    return await client.post("/v1/values", json=asked(*phrases, **context))


async def results(client: httpx.AsyncClient, *phrases: Any, **context: Any) -> list[dict[str, Any]]:
    answer = await post(client, *phrases, **context)
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


def test_the_words_of_the_api_are_those_of_the_resolver_and_the_reader() -> None:
    assert get_args(Kind) == KINDS
    assert get_args(get_args(value_schemas.Reading.model_fields["grain"].annotation)[0]) == tuple(dict.fromkeys(_GRAINS.values()))
    assert TOLD.keys() == set(DOUBTS)


@pytest.mark.parametrize(
    ("text", "kind", "value", "others"),
    [
        ("November 2nd", "date", NOVEMBER_2ND, []),
        ("второго ноября", "date", NOVEMBER_2ND, []),
        ("half seven", "time", MORNING, [EVENING]),
        ("half past seven in the evening", "time", EVENING, []),
        ("полвосьмого вечера", "time", EVENING, []),
        ("me and my wife", "number", {"type": "number", "value": 2}, []),
        ("полторы тысячи рублей", "money", {"type": "money", "value": {"value": 1500, "currency": "RUB"}}, []),
        ("300 dollars", None, {"type": "money", "value": {"value": 300, "currency": "USD"}}, []),
    ],
)
async def test_a_phrase_is_answered_by_its_value_and_other_readings(
    reading: httpx.AsyncClient, text: str, kind: str | None, value: dict[str, Any], others: list[dict[str, Any]]
) -> None:
    expected = {"status": 200, "text": text, "value": value, "value_alternatives": others, "confidence": 0.99}
    assert await results(reading, (text, kind)) == [expected]


SCHEMAS = get_args(value_schemas.SingleValue) + get_args(value_schemas.RangeValue)


def fitting(value: dict[str, Any]) -> list[str]:
    """The names of the schemas of values that one fits."""
    names = []
    for schema in SCHEMAS:
        with suppress(ValidationError):
            schema.model_validate(value, strict=True, extra="forbid")
            names.append(schema.__name__)
    return names


def test_every_value_of_the_booking_phrases_is_of_one_schema_and_every_schema_is_needed() -> None:
    rows = [json.loads(line) for line in PHRASES.read_text(encoding="utf-8").splitlines()]
    asked = [(row["text"], row["kind"]) for row in rows]
    readings = Reader.load(SHIPPED_READER).read_batch(asked)
    context = context_in("Asia/Taipei", datetime.fromisoformat(REFERENCE["reference_time"]))
    found = [resolve(reading.symbols, kind, context) for reading, (_, kind) in zip(readings, asked, strict=True)]
    values = [value for one in found if isinstance(one, Understood) for value in (one.value, *one.alternatives)]
    counts = Counter(tuple(fitting(value.as_json())) for value in values)
    assert {len(names) for names in counts} == {1}
    named = {schema.__name__ for schema in SCHEMAS}
    assert {name for (name,) in counts} == named - {"PlaceValue"}  # places are looked up, not read


async def test_a_range_has_two_ends(reading: httpx.AsyncClient) -> None:
    (result,) = await results(reading, ("с 3 по 24 февраля", "date_range"))
    assert (result["value"]["start"], result["value"]["end"]) == ("2027-02-03", "2027-02-24")
    assert "value" not in result["value"]


async def test_the_kind_decides_what_a_bare_number_is(reading: httpx.AsyncClient) -> None:
    number, hour, unasked = await results(reading, ("7", "number"), ("7", "time"), {"text": "7"})
    assert number["value"] == {"type": "number", "value": 7}
    assert hour["value"]["value"] == "07:00"
    assert {value["type"] for value in (unasked["value"], *unasked["value_alternatives"])} == {"number", "time"}


@pytest.mark.parametrize(
    ("text", "kind", "confidence"),
    [("somewhere cheap", "date", 0.42), ("30 February", "date", 0.99), ("300 dollars", "time", 0.99), ("Nowhereville", "place", None)],
)
async def test_what_is_not_understood_has_a_reason_and_no_value(
    reading: httpx.AsyncClient, text: str, kind: str, confidence: float | None
) -> None:
    result, neighbour = await results(reading, (text, kind), ("November 2nd", "date"))
    assert result.pop("detail")
    empty = {"value": None, "value_alternatives": [], "reason": "value_not_understood"}
    assert result == {"status": 200, "text": text, "confidence": confidence, **empty}
    assert neighbour["value"] == NOVEMBER_2ND


async def test_a_reading_that_is_in_doubt_gives_no_value_whatever_it_says() -> None:
    async with serving(phrase_reader=phrase_reader(UnsureReader())) as client:
        found = await results(client, *[(text, None) for text in SAYS])
    assert [result["value"] for result in found] == [None] * len(SAYS)


async def test_places_are_looked_up_and_never_read() -> None:
    reader = FakeReader()
    async with serving(phrase_reader=phrase_reader(reader)) as client:
        airport, declined, typo, many = await results(
            client, ("Heathrow", "place"), ("из Санкт-Петербурга", "place"), ("Novosibrsk", "place"), ("Birmingham", "place")
        )
    assert airport["value"]["value"] == {"name": "Heathrow", "country": "GB", "iata": ["LHR"], "city": "London"}
    assert declined["value"]["value"]["name"] == "Saint Petersburg"
    assert typo["value"]["approximate"] is True
    assert [value["value"]["country"] for value in (many["value"], *many["value_alternatives"])] == ["GB", "US"]
    assert airport["confidence"] is None
    assert reader.batches == []


async def test_without_a_kind_a_place_is_found_by_its_exact_name_only_and_after_all_else(reading: httpx.AsyncClient) -> None:
    place, typo, date = await results(reading, {"text": "Novosibirsk"}, {"text": "Novosibrsk"}, {"text": "November 2nd"})
    assert place["value"]["type"] == "place"
    assert typo["value"] is None
    assert date["value"] == NOVEMBER_2ND


async def test_bad_phrases_have_their_own_problem_and_hurt_no_neighbour(reading: httpx.AsyncClient) -> None:
    bad = [("", "date"), (" \n", "place"), ("x" * (LONGEST + 1), "date"), ("x" * 5_000, "place"), ("7", "colour"), 7, {"kind": "date"}]
    phrases = [phrase for each in bad for phrase in (each, ("November 2nd", "date"))]
    answer = (await post(reading, *phrases)).json()
    assert [result["status"] for result in answer["results"]] == [422, 200] * len(bad)
    assert {str(result["value"]) for result in answer["results"][1::2]} == {str(NOVEMBER_2ND)}
    errors = [result["problem"]["errors"][0] for result in answer["results"][::2]]
    assert [error["code"] for error in errors] == [
        "no_words", "no_words", "text_too_long", "text_too_long", "not_allowed", "object_type", "required"
    ]  # fmt: skip
    assert [error["pointer"] for error in errors][3:] == ["/phrases/6/text", "/phrases/8/kind", "/phrases/10", "/phrases/12/text"]
    assert answer["counts"] == {"ok": len(bad), "failed": len(bad)}


async def test_a_phrase_of_the_longest_length_is_read(reading: httpx.AsyncClient) -> None:
    (result,) = await results(reading, ("x" * LONGEST, "date"))
    assert (result["status"], result["reason"]) == (200, "value_not_understood")


@pytest.mark.parametrize("rows", [1, 3, 64])
async def test_a_batch_keeps_the_order_and_answers_each_as_if_it_were_alone(rows: int) -> None:
    phrases = [(text, kind) for text in (*SAYS, "Oslo", "nonsense", "") for kind in (None, "date", "place", "number")]
    async with serving(phrase_reader=phrase_reader(rows=rows)) as client:
        together = await results(client, *phrases)
        for phrase, result in zip(phrases, together, strict=True):
            (alone,) = await results(client, phrase)
            assert alone == result or (alone["status"], result["status"]) == (422, 422)
            assert result.get("text", "") == phrase[0]


async def test_a_batch_goes_through_the_reader_in_parts() -> None:
    reader = FakeReader()
    async with serving(phrase_reader=phrase_reader(reader, rows=3)) as client:
        await results(client, *[(str(number), "number") for number in (1, 2, 3, 1, 4, 5, 6, 7, 7)])
    assert reader.batches == [["1", "2", "3"], ["4", "5", "6"], ["7"]]  # each once


async def test_the_context_is_echoed_with_the_defaults_filled_in(reading: httpx.AsyncClient) -> None:
    answer = (await post(reading, ("7", "number"), date_policy="past")).json()
    assert answer["context"] == {**REFERENCE, "date_policy": "past", "date_order": "mdy"}
    default = (await reading.post("/v1/values", json={"phrases": [{"text": "7"}]})).json()["context"]
    assert (default["timezone"], default["date_policy"]) == ("UTC", "future")
    assert default["reference_time"].endswith("+00:00")
    offset = {"phrases": [{"text": "7"}], "context": {"reference_time": "2026-10-20T10:00:00+08:00"}}
    assert (await reading.post("/v1/values", json=offset)).json()["context"]["timezone"] is None


async def test_the_context_decides_whether_the_day_or_the_month_comes_first(reading: httpx.AsyncClient) -> None:
    for order, likeliest, other in (("mdy", "2027-07-08", "2027-08-07"), ("dmy", "2027-08-07", "2027-07-08")):
        (found,) = await results(reading, ("07/08", "date"), date_order=order)
        assert found["value"]["value"] == likeliest
        assert [value["value"] for value in found["value_alternatives"]] == [other]
        (dotted,) = await results(reading, ("07.08", "date"), date_order=order)
        assert dotted["value"]["value"] == "2027-08-07"


async def test_the_context_decides_the_year(reading: httpx.AsyncClient) -> None:
    years = [(await results(reading, ("9 May", "date"), date_policy=policy))[0]["value"]["value"][:4] for policy in ("future", "past")]
    assert years == ["2027", "2026"]
    (later,) = await results(reading, ("9 May", "date"), reference_time="2031-01-01T00:00:00Z")
    assert later["value"]["value"] == "2031-05-09"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (asked(("7", None), timezone="Mars/Olympus"), "unknown_timezone"),
        (asked(("7", None), reference_time="soon"), "not_a_time"),
        (asked(("7", None), reference_time="1600-01-01T00:00:00Z"), "reference_time_out_of_range"),
        (asked(("7", None), reference_time="2026-01-01T00:00:00", timezone=None), "reference_time_without_offset"),
        (asked(("7", None), date_policy="never"), "not_allowed"),
        (asked(("7", None), date_order="ydm"), "not_allowed"),
        (asked(("7", None), intent="book"), "unknown_field"),
        (asked(*[("7", None)] * 129), "too_many_items"),
        (asked(), "too_short"),
        ({}, "required"),
        ({"phrases": [{"text": "7"}], "model": "fake"}, "unknown_field"),
    ],
)
async def test_what_is_wrong_for_all_phrases_fails_the_request(reading: httpx.AsyncClient, body: dict[str, Any], code: str) -> None:
    answer = await reading.post("/v1/values", json=body)
    assert answer.status_code == 422
    assert [error["code"] for error in answer.json()["errors"]] == [code]


async def test_the_answer_carries_the_callers_request_id(reading: httpx.AsyncClient) -> None:
    answer = await reading.post("/v1/values", json=asked(("7", None)), headers={"X-Request-ID": "abc"})
    assert (answer.headers["X-Request-ID"], answer.json()["request_id"]) == ("abc", "abc")


async def test_a_service_without_reader_says_how_to_get_one(client: httpx.AsyncClient) -> None:
    answer = await post(client, ("7", None))
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:slotline:problem:not_found"
    assert "--values DIR" in answer.json()["detail"]


async def test_a_failure_of_the_reader_belongs_to_its_phrase() -> None:
    async with serving(phrase_reader=phrase_reader(ErrorReader())) as client:
        found = await results(client, ("November 2nd", "date"), ("poison", "date"), ("half seven", "time"))
    assert [result["status"] for result in found] == [200, 500, 200]
    assert found[1]["problem"]["type"] == "urn:slotline:problem:annotation_failed"


async def test_who_waits_too_long_is_told_so_and_the_loop_goes_on() -> None:
    reader = SlowReader()
    async with serving(phrase_reader=phrase_reader(reader), deadline_s=0.05) as client:
        late = await post(client, ("7", "number"))
        assert (late.status_code, late.json()["type"]) == (504, "urn:slotline:problem:deadline_exceeded")
        assert (await client.post("/v1/parse", json={"text": "from Oslo", "values": False})).status_code == 200
        told = (await client.get("/metrics")).text
        reader.release.set()
    assert 'slotline_rejected_total{model="values",reason="deadline"} 1.0' in told


async def test_nothing_is_read_for_who_no_longer_waits() -> None:
    reader = SlowReader()
    async with serving(phrase_reader=phrase_reader(reader), deadline_s=20) as client:
        first = asyncio.create_task(post(client, ("7", "number")))
        await happens(reader.entered)
        second = asyncio.create_task(post(client, ("half seven", "time")))
        third = asyncio.create_task(post(client, ("9 May", "date")))
        await turns()
        second.cancel()
        await asyncio.wait([second])
        reader.release.set()
        assert [answer.status_code for answer in await asyncio.gather(first, third)] == [200, 200]
    assert reader.batches == [["7"], ["9 May"]]


async def test_more_than_may_wait_is_sent_away_for_some_seconds() -> None:
    reader = SlowReader()
    async with serving(phrase_reader=phrase_reader(reader), max_batch_items=4, max_waiting_items=4, deadline_s=20) as client:
        waiting = asyncio.create_task(post(client, *[("7", "number")] * 3))
        await happens(reader.entered)
        refused = await post(client, *[("7", "number")] * 2)
        last = asyncio.create_task(post(client, ("7", "number")))
        await turns()
        reader.release.set()
        assert (await waiting).status_code == (await last).status_code == 200
    assert (refused.status_code, refused.json()["type"]) == (503, "urn:slotline:problem:overloaded")
    assert int(refused.headers["Retry-After"]) >= 1


async def test_what_was_answered_no_longer_counts_as_waiting() -> None:
    reader = SlowReader()
    reader.release.set()
    async with serving(phrase_reader=phrase_reader(reader), max_waiting_words=4, deadline_s=20, values_cache=0) as client:
        await results(client, *[("half seven", "time")] * 3)
        reader.release.clear()
        reader.entered.clear()
        first = asyncio.create_task(post(client, ("half seven", "time")))
        await happens(reader.entered)
        second = asyncio.create_task(post(client, ("half seven", "time")))
        await turns()
        refused = await post(client, ("7", "number"))
        reader.release.set()
        assert [(await first).status_code, (await second).status_code, refused.status_code] == [200, 200, 503]


async def test_an_empty_queue_takes_any_one_request() -> None:
    async with serving(phrase_reader=phrase_reader(), max_waiting_words=1) as client:
        assert len(await results(client, *[("half seven", "time")] * 100)) == 100


async def test_when_its_thread_dies_all_are_told() -> None:
    reader = DyingReader()
    async with serving(phrase_reader=phrase_reader(reader), deadline_s=20) as client:
        first = asyncio.create_task(post(client, ("die", "date")))
        await happens(reader.entered)
        second = asyncio.create_task(post(client, ("7", "number")))
        await turns()
        reader.release.set()
        answers = [await first, await second, await post(client, ("7", "number"))]
        assert (await client.post("/v1/parse", json={"text": "from Oslo", "values": False})).status_code == 200
    assert {(answer.status_code, answer.json()["type"]) for answer in answers} == {(503, "urn:slotline:problem:worker_died")}
    assert answers[0].headers["Retry-After"] == "10"


async def test_a_service_that_stops_answers_what_it_has_accepted_and_takes_nothing_more() -> None:
    reader = SlowReader()
    async with serving(phrase_reader=phrase_reader(reader), deadline_s=20) as client:
        accepted = asyncio.create_task(post(client, ("7", "number")))
        await happens(reader.entered)
        closing = asyncio.create_task(client.app.state.parts.service.values.close())
        await turns()
        refused = await post(client, ("7", "number"))
        assert not closing.done()
        reader.release.set()
        assert (await accepted).status_code == 200
        await closing
    assert (refused.status_code, refused.json()["type"]) == (503, "urn:slotline:problem:draining")


async def test_every_answer_is_what_the_document_says(reading: httpx.AsyncClient) -> None:
    document = await openapi(reading)
    phrases = [(text, kind) for text in (*SAYS, "Oslo", "Heathrow", "nonsense", "") for kind in (None, *KINDS)]
    for start in range(0, len(phrases), 100):
        answer = await post(reading, *phrases[start : start + 100])
        hold(document, answer, "/v1/values")
        phrase_schemas.ValuesAnswer.model_validate_json(answer.text, strict=True, extra="forbid")
    hold(document, await reading.post("/v1/values", json={}), "/v1/values")
    async with serving() as without:
        hold(document, await post(without, ("7", None)), "/v1/values")


async def test_every_example_runs_as_it_stands_and_gives_the_answer_shown(reading: httpx.AsyncClient) -> None:
    operation = (await openapi(reading))["paths"]["/v1/values"]["post"]
    examples = operation["requestBody"]["content"]["application/json"]["examples"]
    answered = operation["responses"]["200"]["content"]["application/json"]["examples"]
    assert examples.keys() == answered.keys() == {"english", "russian"}
    for name, example in examples.items():
        answer = (await reading.post("/v1/values", json=example["value"])).json()
        assert timeless(answer) == timeless(answered[name]["value"])


async def test_a_service_without_reader_shows_no_example(client: httpx.AsyncClient) -> None:
    assert "examples" not in (await openapi(client))["paths"]["/v1/values"]["post"]["requestBody"]["content"]["application/json"]


async def test_a_reader_from_a_directory_answers_the_same_in_any_batch(tmp_path: Path) -> None:
    write_reader(tiny_reader(), tmp_path / "reader")
    loaded = load_reader(Settings(values=tmp_path / "reader"))
    assert loaded is not None
    phrases = [(text, kind) for text in SAYS for kind in ("date", "time", None)]
    async with serving(phrase_reader=loaded) as client:
        together = await results(client, *phrases)
        for phrase, result in zip(phrases, together, strict=True):
            (alone,) = await results(client, phrase)
            assert alone.pop("confidence") == pytest.approx(result.pop("confidence"), abs=2e-4)
            assert alone == result


class TestLoading:
    def test_a_directory_without_reader_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ArtifactMissing):
            load_reader(Settings(values=tmp_path))

    def test_without_any_reader_there_is_none_and_a_gazetteer_has_no_use(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("app.phrases.SHIPPED_READER", tmp_path / "none")
        assert load_reader(Settings()) is None
        with pytest.raises(StartupError, match="--gazetteer"):
            load_reader(Settings(gazetteer=tmp_path / "places.csv"))

    def test_places_of_the_operator_go_before_the_shipped_ones(self, tmp_path: Path) -> None:
        write_reader(tiny_reader(), tmp_path / "reader")
        places = tmp_path / "places.csv"
        places.write_text(",".join(COLUMNS) + "\nOslo,,ZZ,,,\nLittle Nook,,NZ,,,the nook\n", encoding="utf-8")
        loaded = load_reader(Settings(values=tmp_path / "reader", gazetteer=places))
        assert [names_of(loaded, text) for text in ("Oslo", "the nook", "Bergen")] == [
            ["Oslo ZZ", "Oslo NO"],
            ["Little Nook NZ"],
            ["Bergen NO"],
        ]

    def test_a_gazetteer_that_is_none_is_refused(self, tmp_path: Path) -> None:
        write_reader(tiny_reader(), tmp_path / "reader")
        with pytest.raises(ConfigError, match="gazetteer"):
            load_reader(Settings(values=tmp_path / "reader", gazetteer=tmp_path / "none.csv"))


def names_of(loaded: PhraseReader | None, text: str) -> list[str]:
    """Names and countries of the places that a text names."""
    assert loaded is not None
    found = loaded.gazetteer.find(text)
    return [f"{value.value.name} {value.value.country}" for value in (found.value, *found.alternatives)]
