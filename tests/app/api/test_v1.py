import asyncio
import json
from typing import Any

import httpx
import pytest

from tests.app.serving import REFERENCE, happens, serving, timeless, turns
from tests.fakes import DyingTagger, ErrorTagger, FakeTagger, SlowTagger

pytestmark = pytest.mark.anyio


def utterance(index: int) -> str:
    return f"from city{index} to {'very ' * (index % 5)}far{index} on day{index % 31} for {index % 9}"


async def parse(client: httpx.AsyncClient, text: str, **options: Any) -> dict[str, Any]:
    answer = await client.post("/v1/parse", json={"text": text, "context": REFERENCE, **options})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_an_answer_names_slots_words_and_what_is_missing(client: httpx.AsyncClient) -> None:
    answer = await parse(client, "from Turku to Bergen", required_slots=["people", "destination"], min_confidence=0.0)
    assert [(slot["name"], slot["text"], slot["start"], slot["end"]) for slot in answer["slots"]] == [
        ("origin", "Turku", 5, 10),
        ("destination", "Bergen", 14, 20),
    ]
    assert [word["slot"] for word in answer["words"]] == ["O", "origin", "O", "destination"]
    assert [word["known"] for word in answer["words"]] == [True, False, True, False]
    assert "people" in answer["missing"]
    assert answer["language"] == "en"
    assert answer["context"] == {**REFERENCE, "date_policy": "future", "date_order": "mdy"}
    assert set(answer["timing_ms"]) == {"queue", "inference", "total"}


async def test_an_uncertain_slot_does_not_count_as_filled(client: httpx.AsyncClient) -> None:
    answer = await parse(client, "to Bergen", required_slots=["destination", "destination"], min_confidence=1.0)
    assert answer["slots"][0]["status"] == "uncertain"
    assert answer["slots"][0]["reason"] == "low_confidence"
    assert answer["missing"] == ["destination"]


async def test_a_thousand_different_utterances_at_once_get_their_single_answers() -> None:
    texts = [utterance(index) for index in range(1000)]
    async with serving(FakeTagger()) as client:
        together = await asyncio.gather(*(parse(client, text) for text in texts))
        singles = [await parse(client, text) for text in texts]
    assert [answer["text"] for answer in together] == texts
    assert [timeless(answer) for answer in together] == [timeless(answer) for answer in singles]


async def test_clients_that_leave_do_not_harm_the_others() -> None:
    tagger = SlowTagger()
    async with serving(tagger, deadline_s=20) as client:
        first = asyncio.create_task(parse(client, "first"))
        await happens(tagger.entered)
        tasks = [asyncio.create_task(parse(client, utterance(index))) for index in range(200)]
        await turns()
        for task in tasks[::2]:
            task.cancel()
        tagger.release.set()
        answers = await asyncio.gather(*tasks[1::2])
        await first
    assert [timeless(answer["slots"]) for answer in answers] == [timeless((await _single(index))["slots"]) for index in range(1, 200, 2)]
    in_hands = 64 // 2  # of those who leave, half of the batch that the worker had already
    assert sum(map(len, tagger.batches)) <= 101 + in_hands


async def _single(index: int) -> dict[str, Any]:
    async with serving(FakeTagger("slow")) as client:
        return await parse(client, utterance(index))


async def test_a_batch_answers_each_item_as_if_it_were_alone(client: httpx.AsyncClient) -> None:
    texts = [utterance(index) for index in range(128)]
    body = {"items": [{"id": f"#{index}", "text": text} for index, text in enumerate(texts)], "context": REFERENCE}
    answer = (await client.post("/v1/parse/batch", json=body)).json()
    assert [result["id"] for result in answer["results"]] == [f"#{index}" for index in range(128)]
    assert answer["counts"] == {"ok": 128, "failed": 0}
    for result, text in zip(answer["results"], texts, strict=True):
        single = timeless(await parse(client, text))
        assert timeless(result) == {"id": result["id"], "status": 200, **{key: single[key] for key in single if key != "model"}}


async def test_a_bad_item_does_not_harm_the_others() -> None:
    items = [
        {"id": "good", "text": "from Oslo"},
        {"id": "no words", "text": " \u0000 "},
        {"id": "long", "text": "x" * 2001},
        {"id": "many words", "text": "x " * 300},
        {"id": "wrong type", "text": 7},
        {"id": "unknown field", "text": "ok", "txt": ""},
        {"id": "poison", "text": "poison"},
        "not an object",
        None,
        {"id": 5, "text": "ok"},
        {"text": "to Rome"},
    ]
    async with serving(ErrorTagger()) as client:
        response = await client.post("/v1/parse/batch", json={"items": items})
    answer = response.json()
    assert response.status_code == 200
    assert [result["status"] for result in answer["results"]] == [200, 422, 422, 422, 422, 422, 500, 422, 422, 422, 200]
    assert answer["counts"] == {"ok": 2, "failed": 9}
    problems = [result.get("problem", {"errors": []})["errors"] for result in answer["results"]]
    codes = [[(error["pointer"], error["code"]) for error in errors] for errors in problems]
    assert codes[1:6] == [
        [("/items/1/text", "no_words")],
        [("/items/2/text", "text_too_long")],
        [("/items/3/text", "too_many_words")],
        [("/items/4/text", "string_type")],
        [("/items/5/txt", "unknown_field")],
    ]
    assert codes[7:10] == [[("/items/7", "object_type")], [("/items/8", "object_type")], [("/items/9/id", "string_type")]]


DEEP = b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
BAD_BODIES: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 400, ""),
    "half of it": (b'{"text": "fro', 400, ""),
    "no JSON": (b"text=hello", 400, ""),
    "a byte order mark": (b'\xef\xbb\xbf{"text": "ok"}', 400, ""),
    "Latin-1": ('{"text": "café"}'.encode("latin-1"), 400, ""),
    "UTF-16": ('{"text": "ok"}'.encode("utf-16"), 400, ""),
    "a lone surrogate": (b'{"text": "\\ud83d"}', 400, ""),
    "two documents": (b'{"text": "ok"} {"text": "ok"}', 400, ""),
    "deep nesting": (DEEP, 400, ""),
    "a list": (b"[]", 422, ""),
    "a string": (b'"text"', 422, ""),
    "null": (b"null", 422, ""),
    "no text": (b"{}", 422, "/text required"),
    "text null": (b'{"text": null}', 422, "/text string_type"),
    "text a number": (b'{"text": 1e999}', 422, "/text string_type"),
    "empty text": (b'{"text": ""}', 422, "/text no_words"),
    "only NUL": (b'{"text": "\\u0000"}', 422, "/text no_words"),
    "only spaces": ('{"text": "\u00a0\u3000 "}'.encode(), 422, "/text no_words"),
    "too long": (json.dumps({"text": "x" * 2001}).encode(), 422, "/text text_too_long"),
    "too many words": (json.dumps({"text": "x " * 257}).encode(), 422, "/text too_many_words"),
    "an unknown field": (b'{"text": "ok", "a/b~c": 1}', 422, "/a~1b~0c unknown_field"),
    "an unknown field inside": (b'{"text": "ok", "context": {"tz": "UTC"}}', 422, "/context/tz unknown_field"),
    "an include that is not there": (b'{"text": "ok", "include": ["words", "everything"]}', 422, "/include/1 not_allowed"),
    "a number as text": (b'{"text": "ok", "top_k": "3"}', 422, "/top_k int_type"),
    "a huge number": (b'{"text": "ok", "top_k": 1' + b"0" * 400 + b"}", 422, "/top_k"),
    "an endless number": (b'{"text": "ok", "top_k": ' + b"9" * 100_000 + b"}", 400, ""),
    "top_k 0": (b'{"text": "ok", "top_k": 0}', 422, "/top_k greater_than_equal"),
    "NaN": (b'{"text": "ok", "min_confidence": NaN}', 422, "/min_confidence"),
    "a confidence above 1": (b'{"text": "ok", "min_confidence": 1.01}', 422, "/min_confidence less_than_equal"),
    "an unknown unit": (b'{"text": "ok", "offset_unit": "bytes"}', 422, "/offset_unit not_allowed"),
    "an unknown slot": (b'{"text": "ok", "required_slots": ["origin", "moon"]}', 422, "/required_slots/1 unknown_slot"),
    "O is no slot": (b'{"text": "ok", "required_slots": ["O"]}', 422, "/required_slots/0 unknown_slot"),
    "an unknown expected slot": (b'{"text": "ok", "context": {"expected_slots": ["moon"]}}', 422, "/context/expected_slots/0 unknown_slot"),
    "an unknown intent": (b'{"text": "ok", "context": {"intent": "fly"}}', 422, "/context/intent unknown_intent"),
    "an unknown language": (b'{"text": "ok", "language": "fi"}', 422, "/language unknown_language"),
    "an unknown time zone": (b'{"text": "ok", "context": {"timezone": "Mars/Base"}}', 422, "/context/timezone unknown_timezone"),
    "a path as time zone": (b'{"text": "ok", "context": {"timezone": "../../etc/passwd"}}', 422, "/context/timezone unknown_timezone"),
    "NUL as time zone": (b'{"text": "ok", "context": {"timezone": "\\u0000"}}', 422, "/context/timezone unknown_timezone"),
    "no time": (b'{"text": "ok", "context": {"reference_time": "soon"}}', 422, "/context/reference_time not_a_time"),
    "a time without offset": (
        b'{"text": "ok", "context": {"reference_time": "2026-10-20T10:00:00"}}',
        422,
        "/context/reference_time reference_time_without_offset",
    ),
    "a time before calendars": (
        b'{"text": "ok", "context": {"reference_time": "0001-01-01T00:00:00+14:00", "timezone": "America/Lima"}}',
        422,
        "/context/reference_time reference_time_out_of_range",
    ),
    "an unknown date order": (b'{"text": "ok", "context": {"date_order": "yes"}}', 422, "/context/date_order not_allowed"),
    "an unknown date policy": (b'{"text": "ok", "context": {"date_policy": "never"}}', 422, "/context/date_policy not_allowed"),
    "an unknown model": (b'{"text": "ok", "model": "gpt"}', 404, "/model model_not_found"),
}


@pytest.mark.parametrize("name", BAD_BODIES)
async def test_each_bad_body_is_a_problem_that_names_the_place(client: httpx.AsyncClient, name: str) -> None:
    body, status, place = BAD_BODIES[name]
    response = await client.post("/v1/parse", content=body, headers={"Content-Type": "application/json"})
    problem = response.json()
    assert response.status_code == problem["status"] == status
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["request_id"] == response.headers["x-request-id"]
    if place:
        assert f"{problem['errors'][0]['pointer']} {problem['errors'][0]['code']}".startswith(place)
    assert len(response.content) < 10_000


@pytest.mark.parametrize(
    ("body", "status", "place"),
    [
        (b"{}", 422, "/items required"),
        (b'{"items": []}', 422, "/items too_short"),
        (b'{"items": {"0": {"text": "ok"}}}', 422, "/items list_type"),
        (b'{"items": [{"text": "ok"}], "text": "ok"}', 422, "/text unknown_field"),
        (b'{"items": [{"text": "ok"}], "required_slots": ["moon"]}', 422, "/required_slots/0 unknown_slot"),
        (json.dumps({"items": [{"text": "ok"}] * 129}).encode(), 422, "/items too_many_items"),
        (b'{"items": [', 400, ""),
    ],
)
async def test_a_batch_fails_as_a_whole_only_for_what_concerns_all(client: httpx.AsyncClient, body: bytes, status: int, place: str) -> None:
    response = await client.post("/v1/parse/batch", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == status
    if place:
        error = response.json()["errors"][0]
        assert f"{error['pointer']} {error['code']}" == place


async def test_many_errors_are_cut_short(client: httpx.AsyncClient) -> None:
    body = {"text": "ok", **{f"field{index}" * 20: 1 for index in range(500)}}
    response = await client.post("/v1/parse", json=body)
    assert response.status_code == 422
    assert len(response.json()["errors"]) == 20


async def test_of_a_key_given_twice_the_last_counts(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/parse", content=b'{"text": "a", "text": "b"}', headers={"Content-Type": "application/json"})
    assert response.json()["text"] == "b"


async def test_the_text_comes_back_unaltered(client: httpx.AsyncClient) -> None:
    text = "from\u0000Oslo\u202e\r\n\u00a0to \U0001f469\u200d\U0001f680 e\u0301"
    assert (await parse(client, text))["text"] == text


async def test_a_reference_time_without_offset_is_local_to_the_time_zone(client: httpx.AsyncClient) -> None:
    answer = await parse(client, "ok", context={"reference_time": "2026-10-20T10:00:00", "timezone": "Asia/Taipei"})
    assert answer["context"]["reference_time"] == "2026-10-20T10:00:00+08:00"
    answer = await parse(client, "ok", context={"reference_time": "2026-10-20T10:00:00Z", "timezone": "Asia/Taipei"})
    assert answer["context"]["reference_time"] == "2026-10-20T18:00:00+08:00"
    answer = await parse(client, "ok", context={"reference_time": "2026-10-20T10:00:00-03:00"})
    assert (answer["context"]["reference_time"], answer["context"]["timezone"]) == ("2026-10-20T10:00:00-03:00", None)


async def test_overload_is_refused_with_a_time_to_come_back() -> None:
    tagger = SlowTagger()
    async with serving(tagger, max_waiting_items=2, max_batch_items=2, deadline_s=20) as client:
        first = asyncio.create_task(parse(client, "in the worker"))
        await happens(tagger.entered)
        second = asyncio.create_task(parse(client, "in its hands"))
        await turns()
        batch = asyncio.create_task(client.post("/v1/parse/batch", json={"items": [{"text": "waits"}, {"text": "too"}]}))
        await turns()
        assert 'slotline_waiting_utterances{model="slow"} 2.0' in (await client.get("/metrics")).text
        for path, body in (("/v1/parse", {"text": "no place"}), ("/v1/parse/batch", {"items": [{"text": "no place"}]})):
            response = await client.post(path, json=body)
            assert response.status_code == 503
            assert response.headers["retry-after"] == "1"
            assert response.json()["type"] == "urn:slotline:problem:overloaded"
        tagger.release.set()
        assert (await batch).json()["counts"]["ok"] == 2
        await asyncio.gather(first, second)
        assert 'slotline_rejected_total{model="slow",reason="overloaded"} 2.0' in (await client.get("/metrics")).text


async def test_a_deadline_is_504_for_one_and_for_each_item_of_a_batch() -> None:
    tagger = SlowTagger()
    async with serving(tagger, deadline_s=0.02) as client:
        single = await client.post("/v1/parse", json={"text": "slow"})
        batch = await client.post("/v1/parse/batch", json={"items": [{"text": "slow"}, {"text": ""}]})
        tagger.release.set()
    assert single.status_code == 504
    assert [result["status"] for result in batch.json()["results"]] == [504, 422]


async def test_a_text_on_which_the_model_fails_is_a_500_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(ErrorTagger()) as client:
        response = await client.post("/v1/parse", json={"text": "poison for Smith"})
    assert response.status_code == 500
    assert response.json()["type"] == "urn:slotline:problem:annotation_failed"
    assert "Smith" not in response.text + caplog.text


async def test_a_dead_worker_is_503_and_not_ready() -> None:
    async with serving(DyingTagger()) as client:
        assert (await client.get("/health/ready")).status_code == 200
        assert (await client.post("/v1/parse", json={"text": "die"})).status_code == 503
        assert (await client.post("/v1/parse", json={"text": "later"})).status_code == 503
        assert (await client.get("/health/ready")).status_code == 503
        assert (await client.get("/health/live")).status_code == 200


async def test_the_context_of_a_request_reaches_the_tagger() -> None:
    tagger = FakeTagger()
    async with serving(tagger) as client:
        context = {"expected_slots": ["destination"], "intent": "book_flight"}
        await parse(client, "Tuzla", context={**REFERENCE, **context})
        await client.post("/v1/parse/batch", json={"items": [{"text": "Oslo"}, {"text": "Rome"}], "context": context})
        await parse(client, "Tuzla")
    assert tagger.contexts[-4:] == [(("destination",), "book_flight")] * 3 + [((), None)]


async def test_models_and_labels_are_listed() -> None:
    async with serving(FakeTagger("booking"), FakeTagger("other", languages=("ru",))) as client:
        models = (await client.get("/v1/models")).json()["models"]
        assert [(entry["name"], entry["default"], entry["languages"]) for entry in models] == [
            ("booking", True, ["en", "ru"]),
            ("other", False, ["ru"]),
        ]
        assert models[0]["inputs"] == ["text"]
        assert (await client.get("/v1/models/other")).json()["card"] == "# Fake\n"
        assert (await client.get("/v1/models/none")).status_code == 404
        labels = (await client.get("/v1/labels", params={"model": "other"})).json()
        assert labels["model"]["name"] == "other"
        assert labels["slots"][0] == {"name": "origin", "title": {"en": "place of departure", "ru": "место отправления"}, "kind": "place"}
        assert (await parse(client, "ok", model="other"))["language"] == "ru"
        assert (await parse(client, "ok"))["model"]["name"] == "booking"
