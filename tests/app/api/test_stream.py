import asyncio
import itertools
import json
from typing import Any

import httpx
import jsonschema
import pytest

from app.access.keys import entry_of
from app.api.stream import MOST_FAULTS, MOST_UNSENT
from tests.app.serving import REFERENCE, happens, serving, timeless, turns
from tests.app.sockets import streaming
from tests.fakes import DyingTagger, ErrorTagger, FakeTagger, SlowTagger

pytestmark = pytest.mark.anyio

BODIES: list[dict[str, Any]] = [
    {"text": "from Turku to Bergen on Monday"},
    {"text": "from Turku", "required_slots": ["people", "origin"], "min_confidence": 1.0},
    {"text": "to Омск 😀 for 3", "include": ["words", "alternatives", "distribution"], "top_k": 4, "offset_unit": "utf16"},
    {"text": "to São Tomé", "offset_unit": "utf8", "values": False, "language": "ru"},
    {"text": "from Oslo to Rome", "include": ["words", "explanation"]},
    {"text": "from Oslo", "include": []},
    {"text": "to Rome", "context": {"expected_slots": ["destination"], "intent": "book_flight"}},
    {"text": "to Rome", "model": "other"},
    {"text": "to Rome", "model": "none"},
    {"text": "to Rome", "language": "xx", "required_slots": ["moon"]},
    {"text": "to Rome", "top_k": 0},
    {"text": "to Rome", "include": ["words", "everything"]},
    {"text": "to Rome", "context": {"reference_time": "soon"}},
    {"text": "to Rome", "context": {"timezone": "Mars/Olympus"}},
    {"text": "x" * 2001},
    {"text": "x " * 300},
    {"text": 7},
    {"txt": "to Rome"},
    {"text": "poison"},
    {"text": "\ud83d"},
]


def with_time(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "context": {**REFERENCE, **body.get("context", {})}}


async def test_a_revision_is_answered_as_the_same_body_is_when_it_is_posted() -> None:
    async with serving(ErrorTagger("booking"), FakeTagger("other")) as client, streaming(client) as stream:
        for sequence, body in enumerate(map(with_time, BODIES)):
            posted = await client.post("/v1/parse", content=json.dumps(body), headers={"Content-Type": "application/json"})
            answer = timeless(await stream.ask({**body, "sequence": sequence}))
            assert (answer.pop("sequence"), answer.pop("status")) == (sequence, posted.status_code), body
            for word in answer.get("words", ()):
                del word["stable"], word["partial"]
            expected = timeless(posted.json())
            assert (answer if posted.status_code == 200 else answer["problem"]) == expected
            if posted.status_code != 200:
                assert list(answer) == ["problem"]


async def test_answers_are_what_the_document_says(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    shapes = document["x-websockets"]["/v1/stream"]["messages"]
    async with streaming(client) as stream:
        for sequence, body in enumerate(map(with_time, BODIES)):
            answer = await stream.ask({**body, "sequence": sequence})
            name = "answer" if answer["status"] == 200 else "problem"
            jsonschema.Draft202012Validator({**shapes[name]["schema"], "components": document["components"]}).validate(answer)
        sent = shapes["revision"]["example"]
        schema = {**shapes["revision"]["schema"], "components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(sent)
        assert (await stream.ask({**sent, "sequence": 1000}))["status"] == 200


async def test_a_text_without_words_is_answered_with_none(client: httpx.AsyncClient) -> None:
    async with streaming(client) as stream:
        for sequence, text in enumerate(["", " ", "\u0000\n"]):
            options = {"include": ["words", "alternatives", "distribution", "explanation"], "required_slots": ["people", "people"]}
            answer = await stream.ask({"text": text, "sequence": sequence, "caret": len(text), **options})
            said = [answer[name] for name in ("status", "text", "slots", "words", "missing", "intent")]
            assert said == [200, text, [], [], ["people"], None]
            assert answer["distribution"]["probabilities"] == []
        blank_and_wrong = await stream.ask({"text": "", "sequence": 9, "model": "none"})
        assert blank_and_wrong["status"] == 404


async def test_only_the_newest_of_those_that_wait_is_answered_and_what_the_model_has_before_it() -> None:
    tagger = SlowTagger()
    async with serving(tagger, deadline_s=20) as client, streaming(client) as stream:
        neighbour = asyncio.create_task(client.post("/v1/parse", json={"text": "beside"}))
        await happens(tagger.entered)
        stream.send({"text": "to O", "sequence": 1})
        await turns()  # until it is in the worker's hands
        for sequence in range(2, 9):
            stream.send({"text": f"to Oslo{sequence}", "sequence": sequence})
            await turns()
        tagger.release.set()
        assert [(await stream.receive())["sequence"] for _ in range(2)] == [1, 8]
        assert (await stream.ask({"text": "to Rome", "sequence": 9}))["sequence"] == 9
        assert (await neighbour).status_code == 200
        metrics = (await client.get("/metrics")).text
    assert [text for batch in tagger.batches for text in batch if text.startswith("to ")] == ["to O", "to Oslo8", "to Rome"]
    assert 'slotline_stream_revisions_total{outcome="superseded"} 6.0' in metrics
    assert 'slotline_stream_revisions_total{outcome="answered"} 3.0' in metrics


async def test_an_error_of_a_newer_revision_is_told_at_once_and_the_older_answer_not_at_all() -> None:
    tagger = SlowTagger()
    async with serving(tagger, deadline_s=20) as client, streaming(client) as stream:
        stream.send({"text": "to Oslo", "sequence": 1})
        await happens(tagger.entered)
        refused = await stream.ask({"text": "x" * 3000, "sequence": 2})
        assert (refused["sequence"], refused["status"]) == (2, 422)
        invalid = await stream.ask({"text": None, "sequence": 3})
        assert (invalid["sequence"], invalid["status"]) == (3, 422)
        assert invalid["problem"]["errors"][0]["pointer"] == "/text"
        tagger.release.set()
        assert (await stream.ask({"text": "to Rome", "sequence": 4}))["sequence"] == 4


async def test_what_comes_in_one_piece_is_read_once() -> None:
    tagger = FakeTagger()
    async with serving(tagger) as client, streaming(client) as stream:
        for sequence in range(20):
            stream.send({"text": f"to Oslo{sequence}", "sequence": sequence})
        assert (await stream.receive())["sequence"] == 19
    assert tagger.batches == [["to Oslo19"]]


async def test_a_message_that_names_no_sequence_is_answered_with_none_and_supersedes_nothing() -> None:
    tagger = SlowTagger()
    async with serving(tagger, deadline_s=20) as client, streaming(client) as stream:
        stream.send({"text": "to Oslo", "sequence": 1})
        await happens(tagger.entered)
        for message in ({"text": "to Rome"}, {"text": "to Rome", "sequence": -1}, {"text": "to Rome", "sequence": "2"}, [], "7"):
            answer = await stream.ask(message)
            assert (answer["sequence"], answer["status"]) == (None, 422)
        tagger.release.set()
        assert (await stream.receive())["sequence"] == 1


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ([{"text": "a", "sequence": 2}, {"text": "a", "sequence": 2}], 1008),
        ([{"text": "a", "sequence": 2}, {"text": None, "sequence": 1}], 1008),
        ([{}] * MOST_FAULTS, 1008),
        (["{"], 1007),
        ([b"{}"], 1003),
    ],
)
async def test_a_client_that_breaks_the_protocol_is_told_so_behind_what_it_is_owed(
    client: httpx.AsyncClient, messages: list[Any], code: int
) -> None:
    async with streaming(client) as stream:
        for message in messages:
            stream.send(message)
        assert await stream.closed() == code


async def test_now_and_then_a_wrong_message_does_no_harm(client: httpx.AsyncClient) -> None:
    async with streaming(client) as stream:
        for sequence in range(2 * MOST_FAULTS):
            assert (await stream.ask({"sequence": sequence, "text": "to Oslo", "top_k": sequence % 2}))["status"] == (
                200 if sequence % 2 else 422
            )


@pytest.mark.parametrize(("unit", "end"), [("codepoint", 9), ("utf16", 10), ("utf8", 12)])
async def test_a_caret_is_counted_in_the_callers_unit(client: httpx.AsyncClient, unit: str, end: int) -> None:
    async with streaming(client) as stream:
        body = {"text": "to 😀 Oslo", "offset_unit": unit, "include": ["words"]}
        answers = [await stream.ask({**body, "sequence": caret, "caret": caret}) for caret in range(end + 2)]
    assert [answer["status"] for answer in answers] == [200] * (end + 1) + [422]
    assert [(error["pointer"], error["code"]) for error in answers[-1]["problem"]["errors"]] == [("/caret", "outside")]
    for caret, answer in enumerate(answers[:-1]):
        partial = [word["text"] for word in answer["words"] if word["partial"]]
        assert partial == [word["text"] for word in answer["words"] if word["start"] < caret <= word["end"]]
    assert answers[end]["words"][-1]["partial"]


async def test_words_become_stable_while_the_next_are_typed(client: httpx.AsyncClient) -> None:
    text = "to Oslo on Monday"
    async with streaming(client) as stream:
        answers = [await stream.ask({"text": text[:end], "sequence": end, "caret": end}) for end in range(len(text) + 1)]
    last = answers[-1]["words"]
    assert [(word["stable"], word["partial"]) for word in last] == [(True, False)] * 3 + [(False, True)]
    assert not any(word["stable"] and word["partial"] for answer in answers for word in answer["words"])


async def test_a_dead_worker_and_a_deadline_are_told_and_the_stream_stays_open() -> None:
    async with serving(DyingTagger()) as client, streaming(client) as stream:
        answers = [await stream.ask({"text": text, "sequence": sequence}) for sequence, text in enumerate(["die", "later"])]
        assert [(answer["status"], answer["retry_after_s"]) for answer in answers] == [(503, 10)] * 2
    tagger = SlowTagger()
    async with serving(tagger, deadline_s=0.02) as client, streaming(client) as stream:
        assert (await stream.ask({"text": "slow", "sequence": 0}))["status"] == 504
        tagger.release.set()


async def test_a_client_that_leaves_takes_its_revision_out_of_the_queue() -> None:
    tagger = SlowTagger()
    async with serving(tagger, deadline_s=20) as client:
        tasks = []
        for text in ("in the worker", "in its hands"):
            tasks.append(asyncio.create_task(client.post("/v1/parse", json={"text": text})))
            await turns()
        async with streaming(client) as stream:
            stream.send({"text": "nobody waits", "sequence": 0})
            await turns()
        tagger.release.set()
        assert [(await task).status_code for task in tasks] == [200, 200]
        assert "slotline_streams_open 0.0" in (await client.get("/metrics")).text
    assert ["nobody waits"] not in tagger.batches


async def test_a_client_that_fetches_nothing_is_not_listened_to(client: httpx.AsyncClient) -> None:
    async with streaming(client) as stream:
        stream.fetching.clear()
        for sequence in itertools.count():  # pytest-timeout bounds it: how many of them are answered hangs on the worker's speed
            stream.send({"text": "to Oslo", "sequence": sequence})
            await turns(5)
            if stream.incoming.qsize() > 10 * MOST_UNSENT:
                break
        stream.fetching.set()
        while (await stream.receive())["sequence"] != sequence:
            pass


async def test_a_server_that_stops_answers_first_and_takes_no_more() -> None:
    tagger = SlowTagger()
    async with serving(tagger, deadline_s=20) as client, streaming(client) as stream:
        stream.send({"text": "to Oslo", "sequence": 0})
        await happens(tagger.entered)
        stream.send({"text": "to Rome", "sequence": 1})
        await turns()
        parts = client.app.state.parts
        parts.service.draining = True
        parts.streams.leave()
        tagger.release.set()
        assert [(await stream.receive())["sequence"] for _ in range(2)] == [0, 1]
        assert await stream.closed() == 1001
        async with streaming(client) as late:
            assert (late.opened["type"], late.opened["status"]) == ("websocket.http.response.start", 503)


async def test_nobody_types_and_the_stream_is_closed() -> None:
    async with serving(stream_idle_s=0.05) as client, streaming(client) as stream:
        assert await stream.closed() == 4408


KEY = "slotline_é-of-a-shop"
OFFERED = "slotline.key.c2xvdGxpbmVfw6ktb2YtYS1zaG9w"


@pytest.mark.parametrize(
    ("subprotocols", "headers", "status"),
    [
        (("slotline.v1", OFFERED), {}, None),
        ((OFFERED, "slotline.v1"), {"origin": "https://shop.example.com"}, None),
        ((), {"authorization": f"Bearer {KEY}"}, None),
        (("slotline.v1", "slotline.key."), {}, 401),
        (("slotline.v1", "slotline.key.!!"), {}, 401),
        (("slotline.v1", OFFERED[:-1]), {}, 401),
        (("slotline.v1",), {}, 401),
        (("slotline.v1", OFFERED), {"x_api_key": "wrong"}, 401),
        ((OFFERED,), {}, 426),
        (("chat", OFFERED), {}, 426),
        (("slotline.v1", OFFERED), {"origin": "https://evil.example.com"}, 403),
        (("slotline.v1", OFFERED), {"origin": "null"}, 403),
        (("slotline.v1", OFFERED), {"host": "other"}, 421),
    ],
)
async def test_who_may_open_a_stream(subprotocols: tuple[str, ...], headers: dict[str, str], status: int | None) -> None:
    settings = {"api_keys": entry_of("shop", KEY), "cors_origins": "https://shop.example.com", "allowed_hosts": "slotline"}
    async with serving(**settings) as client, streaming(client, subprotocols=subprotocols, **headers) as stream:
        if status is None:
            assert stream.opened["type"] == "websocket.accept"
            assert stream.opened["subprotocol"] == ("slotline.v1" if subprotocols else None)
            assert (await stream.ask({"text": "to Oslo", "sequence": 0}))["status"] == 200
        else:
            assert stream.opened["status"] == status
            problem = json.loads((await stream.next())["body"])
            assert problem["status"] == status
            assert b"x-request-id" in dict(stream.opened["headers"])
            assert KEY not in json.dumps(problem)


async def test_a_websocket_elsewhere_is_not_found(client: httpx.AsyncClient) -> None:
    async with streaming(client, path="/v1/parse") as stream:
        assert stream.opened["status"] == 404
        assert json.loads((await stream.next())["body"])["type"] == "urn:slotline:problem:not_found"


async def test_a_revision_counts_for_the_rate_only_if_it_is_read() -> None:
    async with serving(rate_limit=0.001, rate_burst=3) as client, streaming(client) as stream:  # the handshake is the first
        for sequence in range(10):
            stream.send({"text": "to Oslo", "sequence": sequence})
        assert (await stream.receive())["status"] == 200
        assert (await stream.ask({"text": "to Oslo", "sequence": 10}))["status"] == 200
        refused = await stream.ask({"text": "to Oslo", "sequence": 11})
        assert (refused["status"], refused["problem"]["type"]) == (429, "urn:slotline:problem:quota_exceeded")
        assert refused["retry_after_s"] > 1
        for sequence in range(12, 12 + MOST_FAULTS - 1):
            stream.send({"text": "to Oslo", "sequence": sequence})
            await turns()
        assert await stream.closed() == 1008
