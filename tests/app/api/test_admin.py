import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from app.access.keys import entry_of
from model.tagger import Tagger
from tests.app.serving import serving, timeless
from tests.fakes import FakeTagger
from tests.tiny import write_tiny_artifact

pytestmark = pytest.mark.anyio

ADMIN = "/v1/admin/models"
KEY = "slotline_of-an-operator"


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service with a fake ``tiny`` 1.0.0; ``two``, ``three`` and ``other`` can be loaded."""
    write_tiny_artifact(tmp_path / "models" / "two", version="2.0.0", seed=2)
    write_tiny_artifact(tmp_path / "models" / "three", version="3.0.0", seed=3)
    write_tiny_artifact(tmp_path / "models" / "other", name="other", version="5.0.0", seed=5)
    async with serving(FakeTagger("tiny"), models=tmp_path / "models", admin_keys=entry_of("operator", KEY)) as client:
        client.headers["X-API-Key"] = KEY
        yield client


async def load(client: httpx.AsyncClient, artifact: str, name: str = "tiny") -> httpx.Response:
    return await client.post(f"{ADMIN}/{name}/load", json={"artifact": artifact})


def versions(line: dict[str, Any]) -> tuple[str | None, ...]:
    return tuple(line[place] and line[place]["version"] for place in ("active", "candidate", "previous"))


async def hold(client: httpx.AsyncClient, answer: httpx.Response, path: str, method: str = "post") -> httpx.Response:
    """Hold an answer against the schema that the document gives for it."""
    document = (await client.get("/openapi.json")).json()
    content = document["paths"][ADMIN + path][method]["responses"][str(answer.status_code)]["content"]
    schema = content[answer.headers["content-type"].partition(";")[0]]["schema"]
    jsonschema.Draft202012Validator({**schema, "components": document["components"]}).validate(answer.json())
    return answer


async def test_load_promote_and_roll_back(client: httpx.AsyncClient) -> None:
    loaded = await hold(client, await load(client, "two"), "/{name}/load")
    assert versions(loaded.json()) == ("1.0.0", "2.0.0", None)
    assert loaded.json()["candidate"]["artifact"] == "two"
    assert [loaded.json()[place]["state"] for place in ("active", "candidate")] == ["serving", "standby"]
    promoted = await hold(client, await client.post(f"{ADMIN}/tiny/promote"), "/{name}/promote")
    assert versions(promoted.json()) == ("2.0.0", None, "1.0.0")
    back = await hold(client, await client.post(f"{ADMIN}/tiny/rollback"), "/{name}/rollback")
    assert versions(back.json()) == ("1.0.0", None, "2.0.0")
    gone = await client.post(f"{ADMIN}/tiny/unload", json={"which": "previous"})
    assert versions((await hold(client, gone, "/{name}/unload")).json()) == ("1.0.0", None, None)
    listed = await hold(client, await client.get(ADMIN), "", "get")
    assert listed.json() == {"models": [gone.json()]}


async def test_answers_listings_and_the_document_follow_a_promotion_and_a_rollback(client: httpx.AsyncClient, tmp_path: Path) -> None:
    sha256 = Tagger.load(tmp_path / "models" / "two").sha256

    async def seen() -> tuple[Any, ...]:
        listed = (await client.get("/v1/models")).json()["models"][0]
        answer = (await client.post("/v1/parse", json={"text": "from Oslo to Rome"})).json()
        document = (await client.get("/openapi.json")).json()["paths"]["/v1/parse"]["post"]
        example = document["responses"]["200"]["content"]["application/json"]["examples"]["arrive"]["value"]
        return listed["version"], listed["sha256"], listed["default"], answer["model"]["version"], example["model"]["version"]

    before = await seen()
    await load(client, "two")
    assert await seen() == before
    await client.post(f"{ADMIN}/tiny/promote")
    assert await seen() == ("2.0.0", sha256, True, "2.0.0", "2.0.0")
    await client.post(f"{ADMIN}/tiny/rollback")
    assert await seen() == before


async def test_a_new_model_answers_once_it_is_promoted(client: httpx.AsyncClient) -> None:
    asked = {"text": "from Oslo", "model": "other"}
    assert versions((await load(client, "other", "other")).json()) == (None, "5.0.0", None)
    assert (await client.post("/v1/parse", json=asked)).status_code == 404
    await client.post(f"{ADMIN}/other/promote")
    assert (await client.post("/v1/parse", json=asked)).json()["model"] == {"name": "other", "version": "5.0.0"}
    await client.post(f"{ADMIN}/other/unload", json={"which": "active"})
    assert (await client.post("/v1/parse", json=asked)).status_code == 404
    assert (await client.get("/health/ready")).status_code == 200


@pytest.mark.parametrize(
    ("name", "command", "body", "status"),
    [
        ("tiny", "promote", None, 409),
        ("tiny", "rollback", None, 409),
        ("tiny", "unload", {"which": "candidate"}, 409),
        ("tiny", "unload", {"which": "active"}, 409),
        ("none", "promote", None, 404),
        ("none", "rollback", None, 404),
        ("none", "unload", {"which": "previous"}, 404),
        ("tiny", "unload", {"which": "all"}, 422),
        ("tiny", "unload", {}, 422),
        ("tiny", "load", {"artifact": "other"}, 422),
        ("tiny", "load", {"artifact": "two", "force": True}, 422),
        ("tiny", "load", {"artifact": 1}, 422),
    ],
)
async def test_what_cannot_be_done_is_a_problem_and_changes_nothing(
    client: httpx.AsyncClient, name: str, command: str, body: Any, status: int
) -> None:
    before = timeless((await client.get(ADMIN)).json())
    answer = (
        await client.post(f"{ADMIN}/{name}/{command}", json=body) if body is not None else await client.post(f"{ADMIN}/{name}/{command}")
    )
    assert answer.status_code == status
    await hold(client, answer, f"/{{name}}/{command}")
    assert timeless((await client.get(ADMIN)).json()) == before


@pytest.mark.parametrize(
    "artifact", ["", ".", "..", "../models", "two/", "/etc", "a\\b", ".two", "nowhere", "x" * 199, "way-out", "circle", "\0"]
)
async def test_no_name_leads_out_of_the_directory_of_artefacts(client: httpx.AsyncClient, tmp_path: Path, artifact: str) -> None:
    outside = write_tiny_artifact(tmp_path / "outside", version="6.6.6")
    (tmp_path / "models" / "way-out").symlink_to(outside)
    (tmp_path / "models" / "circle").symlink_to("circle")
    answer = await hold(client, await load(client, artifact), "/{name}/load")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/artifact"


async def test_a_link_that_stays_inside_is_followed(client: httpx.AsyncClient, tmp_path: Path) -> None:
    (tmp_path / "models" / "latest").symlink_to("two")
    assert (await load(client, "latest")).json()["candidate"]["artifact"] == "two"


async def test_a_broken_artefact_is_refused_with_its_reason_and_the_old_one_serves_on(client: httpx.AsyncClient, tmp_path: Path) -> None:
    graph = tmp_path / "models" / "two" / "graph.onnx"
    graph.write_bytes(graph.read_bytes()[:-1] + b"!")
    answer = await hold(client, await load(client, "two"), "/{name}/load")
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:slotline:problem:broken_artifact")
    assert "graph.onnx was changed" in answer.json()["detail"]
    assert (await client.post("/v1/parse", json={"text": "from Oslo"})).json()["model"]["version"] == "1.0.0"


async def test_commands_at_the_same_time_come_one_after_the_other(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(load(client, "two"), load(client, "three"), client.post(f"{ADMIN}/tiny/promote"))
    assert [answer.status_code for answer in answers] == [200] * 3
    assert (await client.get("/v1/models")).json()["models"][0]["version"] == "3.0.0"


async def test_every_example_of_the_document_is_what_its_schema_says(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    operations = {path: entry for path, entry in document["paths"].items() if path.startswith(ADMIN)}
    assert len(operations) == 5
    for entry in operations.values():
        (operation,) = entry.values()
        assert operation["tags"] == ["Administration"]
        content = operation["responses"]["200"]["content"]["application/json"]
        jsonschema.Draft202012Validator({**content["schema"], "components": document["components"]}).validate(content["example"])
