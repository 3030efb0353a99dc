import json
from typing import Any

import httpx
import jsonschema
import pytest

from app.access.keys import entry_of, make_key
from app.api import schemas
from app.api.openapi import PROBLEMS
from app.api.openapi_gate import add_keys, gate_problems
from tests.app.serving import REFERENCE, serving, timeless
from tests.fakes import ErrorTagger, FakeTagger

pytestmark = pytest.mark.anyio


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
    {"include": ["words", "alternatives", "distribution", "explanation"], "top_k": 5, "offset_unit": "utf16", "min_confidence": 0.9},
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
    asked = {"text": "from Oslo to Rome", "include": ["words", "alternatives", "distribution", "explanation"], "min_confidence": 0.9}
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


@pytest.mark.parametrize("path", ["/v1/parse", "/v1/parse/batch"])
async def test_every_example_runs_as_it_stands_and_gives_the_answer_shown(client: httpx.AsyncClient, path: str) -> None:
    operation = (await openapi(client))["paths"][path]["post"]
    asked = operation["requestBody"]["content"]["application/json"]["examples"]
    answered = operation["responses"]["200"]["content"]["application/json"]["examples"]
    assert asked
    assert asked.keys() == answered.keys()
    for name in asked:
        response = await client.post(path, json=asked[name]["value"])
        assert response.status_code == 200
        assert timeless(response.json()) == timeless(answered[name]["value"])


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
            assert listed == {error.status for error in (*gate_problems(path), *PROBLEMS[path])}
            for status in map(str, listed):
                content = operation["responses"][status]["content"]["application/problem+json"]
                jsonschema.Draft202012Validator({**content["schema"], "components": document["components"]}).validate(content["example"])
                assert content["example"]["status"] == int(status)


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
    assert secured == {path for path in document["paths"] if path.startswith("/v1/") or path == "/metrics"}
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
