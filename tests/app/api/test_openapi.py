import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jsonschema
import pytest

from app.access.keys import entry_of, make_key
from app.api import schemas
from app.api.failures import failure
from app.api.openapi import PROBLEMS
from app.api.openapi_enums import NAMED
from app.api.openapi_gate import add_keys, gate_problems
from tests.app.serving import REFERENCE, serving, timeless
from tests.fake_readers import phrase_reader
from tests.fakes import ErrorTagger, FakeTagger

pytestmark = pytest.mark.anyio

BINARY = "application/octet-stream"  # the same answer in another form
LIVING = {"/metrics", "/health/ready"}  # answers that hang on the clock
SHORTENED = {"/v1/models/{name}": ("scores", "calibration", "card")}  # what of the example is shorter than the answer


@pytest.fixture
async def full(anyio_backend: str) -> AsyncIterator[httpx.AsyncClient]:
    """A service that reads values too."""
    async with serving(phrase_reader=phrase_reader()) as client:
        yield client


RASA = ("/model/parse", "/status", "/version")


async def openapi(client: httpx.AsyncClient) -> dict[str, Any]:
    return (await client.get("/openapi.json")).json()


def hold(document: dict[str, Any], answer: httpx.Response, path: str, method: str = "post") -> None:
    """Hold a real answer against the schema that the document gives for its path and status."""
    content = document["paths"][path][method]["responses"][str(answer.status_code)]["content"]
    kind = answer.headers["content-type"].partition(";")[0]
    schema = {**content[kind]["schema"], "components": document["components"]}
    jsonschema.Draft202012Validator(schema).validate(answer.json())


OPTIONS: list[dict[str, Any]] = [
    {},
    {"include": []},
    {
        "include": ["words", "alternatives", "intents", "distribution", "explanation"],
        "top_k": 5,
        "offset_unit": "utf16",
        "min_confidence": 0.9,
    },
    {"context": REFERENCE, "required_slots": ["origin", "people"], "language": "ru", "model": "fake"},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("text", ["from Oslo to Rome on Monday for 😀", "hi", "", "x" * 3000])
async def test_every_answer_is_what_the_document_says(client: httpx.AsyncClient, text: str, options: dict[str, Any]) -> None:
    document = await openapi(client)
    hold(document, await client.post("/v1/parse", json={"text": text, **options}), "/v1/parse")
    items = [{"text": text}, {"id": "a", "text": "from Oslo"}, {"id": 7}]
    hold(document, await client.post("/v1/parse/batch", json={"items": items, **options}), "/v1/parse/batch")


async def test_answers_have_no_field_that_the_document_does_not_name(client: httpx.AsyncClient) -> None:
    asked = {
        "text": "from Oslo to Rome",
        "include": ["words", "alternatives", "intents", "distribution", "explanation"],
        "min_confidence": 0.9,
    }
    single = (await client.post("/v1/parse", json=asked)).text
    schemas.ParseAnswer.model_validate_json(single, strict=True, extra="forbid")
    asked["items"] = [{"text": asked.pop("text")}, {"text": ""}]
    batch = (await client.post("/v1/parse/batch", json=asked)).text
    schemas.BatchAnswer.model_validate_json(batch, strict=True, extra="forbid")


async def test_problems_and_listings_are_what_the_document_says() -> None:
    async with serving(ErrorTagger("fake")) as client:
        document = await openapi(client)
        json_kind = {"Content-Type": "application/json"}
        for content in (b"", b"{}", b'{"text": "poison"}', b'{"text": "ok", "model": "x"}', b" " * 2_000_000):
            hold(document, await client.post("/v1/parse", content=content, headers=json_kind), "/v1/parse")
        hold(document, await client.post("/v1/parse", content=b"{}"), "/v1/parse")
        hold(document, await client.post("/v1/parse", json={}, headers={"Accept": "text/html"}), "/v1/parse")
        hold(document, await client.get("/v1/models/fake"), "/v1/models/{name}", "get")
        hold(document, await client.get("/v1/models/none"), "/v1/models/{name}", "get")
        for path in ("/v1/labels", "/v1/models", "/health/live", "/health/ready", "/health/startup"):
            hold(document, await client.get(path), path, "get")


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Path, method and operation of all."""
    return [(path, method, operation) for path, methods in document["paths"].items() for method, operation in methods.items()]


def examples(holder: dict[str, Any]) -> dict[str, Any]:
    """By name what a content or a parameter shows; a single example has the name "one"."""
    shown = {name: example["value"] for name, example in holder.get("examples", {}).items()}
    return {"one": holder["example"], **shown} if "example" in holder else shown


def fits(document: dict[str, Any], schema: dict[str, Any], value: Any) -> None:
    jsonschema.Draft202012Validator({**schema, "components": document["components"]}).validate(value)


def whole(path: str, answer: Any) -> Any:
    """What of an answer its example shows as it is."""
    kept = timeless(answer)
    if isinstance(kept, list):
        return kept
    return {name: value for name, value in kept.items() if name not in SHORTENED.get(path, ())}


async def test_every_operation_says_what_it_is_and_shows_what_goes_in_and_what_comes_out(full: httpx.AsyncClient) -> None:
    document = await openapi(full)
    tags = {tag["name"] for tag in document["tags"] if tag["description"]}
    for path, method, operation in operations(document):
        where = f"{method} {path}"
        assert re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", operation["operationId"]), (
            where
        )  # a method's name in every language, however it is cased
        assert operation["summary"], where
        assert len(operation["description"]) > 20, where
        assert set(operation["tags"]) & tags == set(operation["tags"]), where
        assert operation["tags"], where
        assert operation["responses"]["200"]["description"] not in ("", "Successful Response"), where
        for parameter in operation.get("parameters", ()):
            assert parameter["description"], (where, parameter["name"])
            assert examples(parameter), (where, parameter["name"])
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        for holder in (*bodies, *operation["responses"].values()):
            for content in holder.get("content", {}).values():
                assert examples(content), (where, holder.get("description"))
                for example in examples(content).values():
                    fits(document, content["schema"], example)


async def test_every_example_runs_as_it_stands_and_gives_the_answer_shown(full: httpx.AsyncClient) -> None:
    document, run = await openapi(full), set()
    for path, method, operation in operations(document):
        asked = examples(operation["requestBody"]["content"]["application/json"]) if "requestBody" in operation else {"one": None}
        (answered,) = [examples(content) for kind, content in operation["responses"]["200"]["content"].items() if kind != BINARY]
        if operation["tags"] == ["Administration"] or path in LIVING:
            continue
        assert asked.keys() == answered.keys(), path
        values = {parameter["name"]: examples(parameter)["one"] for parameter in operation.get("parameters", ())}
        for name, body in asked.items():
            options = {} if body is None else {"json": body}
            response = await full.request(method, path.format(**values), params=values, **options)
            assert response.status_code == 200, (path, name, response.text)
            assert whole(path, response.json()) == whole(path, answered[name]), (path, name)
            run.add(operation["operationId"])
    assert run >= {"parse", "parse_batch", "read_values", "list_labels", "list_models", "describe_model", "check_live"}


async def test_what_is_shown_of_a_long_or_living_answer_is_of_its_shape(full: httpx.AsyncClient) -> None:
    document = await openapi(full)
    model = (await full.get("/v1/models/fake")).json()
    shown = examples(document["paths"]["/v1/models/{name}"]["get"]["responses"]["200"]["content"]["application/json"])["one"]
    assert {**shown, **{name: model[name] for name in SHORTENED["/v1/models/{name}"]}} == model
    assert shown["scores"].keys() == model["scores"].keys()
    metrics = examples(document["paths"]["/metrics"]["get"]["responses"]["200"]["content"]["text/plain"])["one"]
    await full.post("/v1/parse", json={"text": "from Oslo"})
    lines = set((await full.get("/metrics")).text.splitlines())
    assert {line.rpartition(" ")[0] for line in metrics.splitlines()} <= {line.rpartition(" ")[0] for line in lines}


async def test_every_schema_and_every_list_of_words_has_a_name(full: httpx.AsyncClient) -> None:
    """So that a generated client has one type for a list of words wherever it is used, and none called ``Type0``."""
    document = await openapi(full)
    schemas = document["components"]["schemas"]
    assert set(NAMED) <= set(schemas)
    for name, schema in schemas.items():
        assert schema.get("description") or name in NAMED, name
        within = dict(schema)
        if "enum" in within:
            assert name in NAMED
            within.pop("enum")
        assert '"enum"' not in json.dumps(within), f"{name}: name its list of words in app/api/openapi_enums.py"
    assert '"enum"' not in json.dumps([operation.get("parameters") for _, _, operation in operations(document)])


async def test_a_door_that_is_closed_is_not_in_the_document() -> None:
    async with serving(rasa_door=False, inference_door=False) as client:
        paths = (await openapi(client))["paths"]
    assert not [path for path in paths if path in RASA or path.startswith("/v2")]


async def test_an_example_that_the_model_would_refuse_is_not_shown() -> None:
    short = FakeTagger(max_words=3)
    async with serving(short) as client:
        examples = (await openapi(client))["paths"]["/v1/parse"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    assert list(examples) == ["distribution"]


async def test_every_operation_lists_its_problems_with_an_example(client: httpx.AsyncClient) -> None:
    document = await openapi(client)
    assert set(PROBLEMS) == set(document["paths"])
    names = [operation["operationId"] for operations in document["paths"].values() for operation in operations.values()]
    assert len(set(names)) == len(names)
    for path, operations in document["paths"].items():
        for operation in operations.values():
            listed = {int(status) for status in operation["responses"] if int(status) >= 400}
            told = [failure(error, path, None) for error in (*gate_problems(path), *PROBLEMS[path])]
            assert listed == {status for _, status, _ in told}
            for status in map(str, listed):
                content = operation["responses"][status]["content"][told[0][2]]
                jsonschema.Draft202012Validator({**content["schema"], "components": document["components"]}).validate(content["example"])
                assert content["example"].get("code" if path in RASA else "status", int(status)) == int(status)


async def test_fastapis_own_validation_error_is_nowhere_in_the_document(client: httpx.AsyncClient) -> None:
    assert "ValidationError" not in json.dumps(await openapi(client))


async def test_every_reference_of_the_document_leads_somewhere(client: httpx.AsyncClient) -> None:
    document = await openapi(client)
    text = json.dumps(document)
    named = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named == set(document["components"]["schemas"])


KEY = make_key()


async def test_the_document_asks_for_the_keys_that_the_service_asks_for(client: httpx.AsyncClient) -> None:
    open_to_all = await openapi(client)
    assert "securitySchemes" not in open_to_all["components"]
    async with serving(api_keys=entry_of("shop", KEY), admin_keys=entry_of("operator", f"{KEY}2"), metrics_need_key=True) as locked:
        document = await openapi(locked)
    assert document["components"]["securitySchemes"]["ApiKey"] == {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "A key of the API.",
    }
    secured = {path for path, operations in document["paths"].items() for operation in operations.values() if "security" in operation}
    doors = {path for path in document["paths"] if path.startswith("/v2") and "health" not in path} | {"/model/parse", "/status"}
    assert secured == doors | {path for path in document["paths"] if path.startswith("/v1/") or path == "/metrics"}
    assert document["paths"]["/v1/parse"]["post"]["security"] == [{"ApiKey": []}, {"BearerKey": []}]


async def test_refusals_of_the_gate_are_what_the_document_says() -> None:
    async with serving(api_keys=entry_of("shop", KEY), rate_limit=0.001, allowed_hosts="slotline", metrics_need_key=True) as client:
        document = await openapi(client)
        key = {"X-API-Key": KEY}
        refusals = [
            await client.get("/v1/labels"),
            await client.get("/v1/labels", headers={**key, "Host": "other"}),
            await client.get("/v1/labels", headers={**key, "Host": "?"}),
            *[await client.get("/v1/labels", headers=key) for _ in range(2)][1:],
        ]
        assert [answer.status_code for answer in refusals] == [401, 421, 400, 429]
        for answer in refusals:
            hold(document, answer, "/v1/labels", "get")
        hold(document, await client.get("/metrics"), "/metrics", "get")


def test_administration_lists_its_own_refusals_and_keys() -> None:
    assert {error.status for error in gate_problems("/v1/admin/models")} == {400, 401, 403, 421}
    assert gate_problems("/health/live") == ()
    document: dict[str, Any] = {"paths": {"/v1/admin/models": {"post": {}}, "/v1/labels": {"get": {}}}, "components": {}}
    add_keys(document, lambda path: True)
    assert document["paths"]["/v1/admin/models"]["post"]["security"] == [{"AdminKey": []}, {"BearerAdminKey": []}]
    assert len(document["components"]["securitySchemes"]) == 4
