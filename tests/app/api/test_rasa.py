import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.access.keys import entry_of, make_key
from app.api.rasa_buttons import pressed
from app.loading import load_all
from app.settings import SHIPPED_MODELS
from tests.app.serving import serving
from tests.fake_readers import phrase_reader
from tests.fakes import ErrorTagger, FakeTagger

pytestmark = pytest.mark.anyio

KEY = make_key()
LATIN, RUSSIAN = "from Oslo to Rome on Monday for two", "хочу улететь из Москвы в Казань завтра"
TEXTS = [
    *(LATIN, RUSSIAN, "ok", "to 😀 Oslo"),
    *("👩‍👩‍👧 from Nookville 🇳🇴 to Rome", "из Осло 🙂 в Рим на двоих", "to  Tuzla\n on 3/4", "É to Łódź"),
]
# As Rasa Open Source 3.6 describes its answers (docs/static/spec/rasa.yml), with what its server adds. A text without words has no
# intent; there the server says null where the description says string.
NUMBER = {"type": "number", "minimum": 0, "maximum": 1}
INTENT = {"type": "object", "required": ["confidence", "name"], "properties": {"confidence": NUMBER, "name": {"type": ["string", "null"]}}}
ENTITY = {
    "type": "object",
    "required": ["start", "end", "value", "entity"],
    "properties": {
        "start": {"type": "integer"},
        "end": {"type": "integer"},
        "value": {"type": "string"},
        "entity": {"type": "string"},
        "confidence": NUMBER,
        "role": {"type": "string"},
        "confidence_entity": NUMBER,
        "confidence_role": NUMBER,
        "extractor": {"type": "string"},
        "additional_info": {"type": "object"},
    },
    "additionalProperties": False,
}
PARSE = {
    "type": "object",
    "required": ["text", "intent", "entities", "intent_ranking", "text_tokens"],
    "properties": {
        "text": {"type": "string"},
        "intent": INTENT,
        "entities": {"type": "array", "items": ENTITY},
        "intent_ranking": {"type": "array", "items": INTENT},
        "text_tokens": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}},
    },
    "additionalProperties": False,
}
STATUS = {
    "type": "object",
    "required": ["model_file", "model_id", "num_active_training_jobs"],
    "properties": {"model_file": {"type": "string"}, "model_id": {"type": "string"}, "num_active_training_jobs": {"type": "integer"}},
}
VERSION = {
    "type": "object",
    "required": ["version", "minimum_compatible_version"],
    "properties": {"version": {"type": "string"}, "minimum_compatible_version": {"type": "string"}},
}
NAMES = """
[entities]
origin = {entity = "place", role = "departure"}
destination = {entity = "place", role = "arrival"}
people = "party_size"
[intents]
greet = "any"
book_flight = "any"
"""


def hold(answer: httpx.Response, schema: dict[str, Any]) -> Any:
    assert answer.status_code == 200, answer.text
    jsonschema.Draft202012Validator(schema).validate(answer.json())
    return answer.json()


@pytest.fixture
def names(tmp_path: Path) -> Path:
    file = tmp_path / "names.toml"
    file.write_text(NAMES)
    return file


@pytest.fixture
async def shipped(anyio_backend: str) -> AsyncIterator[httpx.AsyncClient]:
    line = next(iter(load_all(SHIPPED_MODELS, threads=1).values()))
    assert line.active is not None
    async with serving(line.active.tagger) as client:
        yield client


@pytest.mark.parametrize("text", TEXTS)
async def test_entities_are_the_slots_of_the_native_api(shipped: httpx.AsyncClient, text: str) -> None:
    native = (await shipped.post("/v1/parse", json={"text": text, "include": ["intents", "words"]})).json()
    said = hold(await shipped.post("/model/parse", json={"text": text}), PARSE)
    assert said["text"] == text
    assert [
        (entity["entity"], entity["start"], entity["end"], entity["value"], entity["confidence_entity"]) for entity in said["entities"]
    ] == [(slot["name"], slot["start"], slot["end"], slot["text"], slot["confidence"]) for slot in native["slots"]]
    assert said["text_tokens"] == [[word["start"], word["end"]] for word in native["words"]]
    assert said["intent"] == native["intent"] == said["intent_ranking"][0]
    assert said["intent_ranking"] == native["intents"]
    assert sum(intent["confidence"] for intent in said["intent_ranking"]) == pytest.approx(1, abs=1e-4)
    for entity in said["entities"]:
        assert text[entity["start"] : entity["end"]] == entity["value"]
        assert "role" not in entity


async def test_a_file_of_names_makes_entities_in_roles_whose_probabilities_add_up(names: Path) -> None:
    async with serving(FakeTagger(), rasa_names=names) as client:
        native = (await client.post("/v1/parse", json={"text": LATIN, "include": ["distribution"]})).json()
        said = hold(await client.post("/model/parse", json={"text": LATIN}), PARSE)
    found = [(entity["entity"], entity.get("role"), entity["value"]) for entity in said["entities"]]
    assert found == [
        ("place", "departure", "Oslo"),
        ("place", "arrival", "Rome"),
        ("departure_date", None, "Monday"),
        ("party_size", None, "two"),
    ]
    labels, words = native["distribution"]["labels"], LATIN.split()
    for slot, entity in zip(native["slots"], said["entities"], strict=True):
        if entity["entity"] == "place":
            row = native["distribution"]["probabilities"][words.index(slot["text"])]
            both = row[labels.index("origin")] + row[labels.index("destination")]
            assert entity["confidence_entity"] == pytest.approx(both, abs=2e-6)
            assert entity["confidence_role"] == slot["confidence"] <= entity["confidence_entity"]
        else:
            assert entity["confidence_entity"] == slot["confidence"]
            assert "confidence_role" not in entity
    assert said["intent"] == {"name": "any", "confidence": 1.0}
    assert said["intent_ranking"] == [said["intent"]]


async def test_values_come_beside_the_words_as_the_native_api_gives_them() -> None:
    async with serving(FakeTagger(), phrase_reader=phrase_reader()) as client:
        text = "from Oslo to Nowhereville on babble for two"
        slots = (await client.post("/v1/parse", json={"text": text})).json()["slots"]
        entities = hold(await client.post("/model/parse", json={"text": text}), PARSE)["entities"]
    assert [entity["value"] for entity in entities] == ["Oslo", "Nowhereville", "babble", "two"]
    assert [entity.get("additional_info") for entity in entities] == [
        {"value": slots[0]["value"], "value_alternatives": slots[0]["value_alternatives"]},
        None,  # it means its words
        None,  # it is not understood
        {"value": {"type": "number", "value": 2}, "value_alternatives": []},
    ]


@pytest.mark.parametrize("text", ["", " ", "\n\t"])
async def test_a_text_without_words_has_no_intent_and_is_no_error(client: httpx.AsyncClient, text: str) -> None:
    said = hold(await client.post("/model/parse", json={"text": text}), PARSE)
    assert said == {"text": text, "intent": {"name": None, "confidence": 0.0}, "entities": [], "text_tokens": [], "intent_ranking": []}


async def test_what_rasas_own_client_sends_is_taken(client: httpx.AsyncClient) -> None:
    plain = hold(await client.post("/model/parse", json={"text": LATIN}), PARSE)
    body = {"token": None, "text": LATIN, "message_id": "user-1", "model": "x", "time": 3}
    assert hold(await client.post("/model/parse", json=body), PARSE) == plain
    for kind in (None, "application/x-www-form-urlencoded", "text/plain", "application/json; charset=utf-8"):
        headers = {"Content-Type": kind} if kind else {}
        answer = await client.post("/model/parse?x=1", content=json.dumps(body), headers={**headers, "Accept": "text/html"})
        assert hold(answer, PARSE) == plain


async def test_status_and_version_say_what_is_there(client: httpx.AsyncClient) -> None:
    status = hold(await client.get("/status"), STATUS)
    assert (status["model_file"], status["model_id"]) == ("fake-1.0.0", FakeTagger().sha256)
    assert hold(await client.get("/version"), VERSION)["version"].startswith("3.")


async def test_a_key_opens_as_token_and_by_the_native_headers() -> None:
    async with serving(api_keys=entry_of("bot", KEY)) as client:
        body = {"text": LATIN}
        for path, headers in (
            (f"/model/parse?token={KEY}", {}),
            (f"/model/parse?emulation=&token={KEY}&token=other", {}),
            ("/model/parse", {"X-API-Key": KEY}),
            ("/model/parse?token=wrong", {"Authorization": f"Bearer {KEY}"}),
        ):
            hold(await client.post(path, json=body, headers=headers), PARSE)
        hold(await client.get(f"/status?token={KEY}"), STATUS)
        hold(await client.get("/version"), VERSION)
        refused = [
            await client.post("/model/parse", json={**body, "token": KEY}),
            await client.post("/model/parse?token=", json=body),
            await client.post(f"/model/parse?token={KEY}x", json=body),
            await client.post(f"/model/parse?token={KEY}", json=body, headers={"X-API-Key": "wrong"}),
            await client.get("/status"),
            await client.get("/model/none"),
        ]
        assert [answer.json()["reason"] for answer in refused] == ["NotAuthenticated"] * 6
        assert (await client.post(f"/v1/parse?token={KEY}", json=body)).status_code == 401  # nowhere else


async def test_a_token_counts_for_the_quota_of_its_key() -> None:
    async with serving(api_keys=entry_of("bot", KEY), rate_limit=0.001, rate_burst=2) as client:
        first = await client.post(f"/model/parse?token={KEY}", json={"text": "ok"})
        second = await client.post("/v1/parse", json={"text": "ok"}, headers={"X-API-Key": KEY})
        third = await client.post(f"/model/parse?token={KEY}", json={"text": "ok"})
    assert [answer.headers["ratelimit-remaining"] for answer in (first, second, third)] == ["1", "0", "0"]
    assert (third.status_code, third.json()["code"], third.json()["reason"]) == (429, 429, "QuotaExceeded")
    assert int(third.headers["retry-after"]) > 0


async def test_no_log_repeats_a_token(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        async with serving(ErrorTagger(), api_keys=entry_of("bot", KEY), access_log="all") as client:
            for token in (KEY, f"{KEY}wrong"):
                for text in ("ok", "poison"):
                    await client.post(f"/model/parse?token={token}", json={"text": text})
    ours = [record for record in caplog.records if record.name.startswith("app")]
    assert len(ours) >= 4
    assert not [record for record in ours if KEY in record.getMessage() + str(vars(record))]


async def test_other_formats_than_rasas_own_are_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/model/parse?emulation_mode=LUIS", json={"text": "ok"})
    assert (answer.status_code, answer.json()["reason"]) == (400, "BadRequest")
    assert "emulation_mode" in answer.json()["message"]


async def test_a_closed_door_leaves_the_native_api_open() -> None:
    async with serving(rasa_door=False) as client:
        answers = [await client.post("/model/parse", json={"text": "ok"}), await client.get("/status"), await client.get("/version")]
        assert (await client.post("/v1/parse", json={"text": "ok"})).status_code == 200
    assert [(answer.status_code, answer.json()["reason"]) for answer in answers] == [(404, "NotFound")] * 3


# Buttons


async def test_a_button_says_its_intent_and_entities_itself(names: Path) -> None:
    tagger = FakeTagger()
    async with serving(tagger, rasa_names=names) as client:
        said = hold(await client.post("/model/parse", json={"text": ' /any{"place": ["Oslo", "Rome"], "price": "3"} '}), PARSE)
        unknown = hold(await client.post("/model/parse", json={"text": "/book_flight"}), PARSE)  # at this door it is called "any"
    text = '/any{"place": ["Oslo", "Rome"], "price": "3"}'
    assert said["text"] == text
    assert said["intent"] == {"name": "any", "confidence": 1.0}
    assert [(entity["entity"], entity["value"], text[entity["start"] : entity["end"]][0]) for entity in said["entities"]] == [
        ("place", "Oslo", "{"),
        ("place", "Rome", "{"),
    ]
    assert tagger.batches == [["/book_flight"]]
    assert unknown["intent_ranking"] == [unknown["intent"]]


@pytest.mark.parametrize(
    ("text", "confidence", "entities"),
    [
        ("/greet", 1.0, 0),
        ("/greet@0.3", 0.3, 0),
        ("/greet@1.2.3", 0.0, 0),
        ("/greet@7", 1.0, 0),
        ('/greet@0.5{"place": 7}', 0.5, 1),
        ('/greet{"place": null, "other": 1}', 1.0, 1),
        ("/greet{nonsense}", 1.0, 0),
        ("/greet{[1]}", 1.0, 0),
        ('/greet{"place": ' + "[" * 500 + "]" * 500 + "}", 1.0, 0),
    ],
)
def test_what_a_button_may_say(text: str, confidence: float, entities: int) -> None:
    found = pressed(text, {"greet"}, {"place"})
    assert found is not None
    assert (found.intent, found.confidence, len(found.entities)) == ("greet", confidence, entities)


@pytest.mark.parametrize("text", ["greet", "/", "/{}", "/other", "see /greet", "/@1", "//greet"])
def test_what_is_no_button_is_read_like_any_text(text: str) -> None:
    assert pressed(text, {"greet"}, {"place"}) is None


@given(st.text(max_size=30))
def test_no_button_makes_its_reader_fail(rest: str) -> None:
    found = pressed("/greet" + rest, {"greet"}, {"place"})
    assert found is None or 0 <= found.confidence <= 1
