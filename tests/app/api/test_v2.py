import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import numpy as np
import pytest

from app.access.keys import entry_of, make_key
from app.api.tensors import packed_texts, unpacked_texts
from app.loading import load_all
from app.settings import SHIPPED_MODELS
from model.tagger import Tagger
from tests.app.api.test_rasa import TEXTS
from tests.app.serving import REFERENCE, serving
from tests.fakes import ErrorTagger, FakeTagger

pytestmark = pytest.mark.anyio

KEY = make_key()
INFER = "/v2/models/{}/infer"
OUTPUTS = ["slots", "intent", "intent_confidence", "intent_probabilities", "probabilities", "lengths", "offsets", "problem"]
DTYPES = {"FP32": "<f4", "INT32": "<i4"}


def body(texts: list[str], *outputs: str, shape: list[int] | None = None, **more: Any) -> dict[str, Any]:
    asked = {"inputs": [{"name": "text", "datatype": "BYTES", "shape": shape or [len(texts)], "data": texts}], **more}
    return {**asked, "outputs": [{"name": name} for name in outputs]} if outputs else asked


def tensors(answer: httpx.Response) -> dict[str, Any]:
    """The outputs by name: arrays of numbers, or lists of texts; from JSON or from bytes."""
    assert answer.status_code == 200, answer.text
    length = answer.headers.get("inference-header-content-length")
    head, rest = (answer.content, b"") if length is None else (answer.content[: int(length)], answer.content[int(length) :])
    found = {}
    for output in json.loads(head)["outputs"]:
        kind, shape = output["datatype"], output["shape"]
        if "data" in output:
            assert "parameters" not in output
            elements = output["data"]
        else:
            taken, rest = rest[: output["parameters"]["binary_data_size"]], rest[output["parameters"]["binary_data_size"] :]
            if kind == "BYTES":
                elements = [element.decode() for element in unpacked_texts(taken, int(np.prod(shape)), "")]
            else:
                elements = np.frombuffer(taken, DTYPES[kind])
        found[output["name"]] = elements if kind == "BYTES" else np.array(elements, DTYPES[kind]).reshape(shape)
        assert len(elements) == np.prod(shape)
    assert rest == b""
    return found


def places(slot: dict[str, Any]) -> tuple[str, int, int]:
    return slot["name"], slot["start"], slot["end"]


async def infer(client: httpx.AsyncClient, asked: dict[str, Any], *, name: str = "fake") -> httpx.Response:
    return await client.post(INFER.format(name), json=asked)


async def infer_bytes(
    client: httpx.AsyncClient, texts: list[bytes], asked: dict[str, Any], *, name: str = "fake", **headers: str
) -> httpx.Response:
    packed = packed_texts(texts)
    described = {"name": "text", "datatype": "BYTES", "shape": [len(texts)], "parameters": {"binary_data_size": len(packed)}}
    head = json.dumps({**asked, "inputs": [described]}).encode()
    headers = {"Inference-Header-Content-Length": str(len(head)), "Content-Type": "application/octet-stream", **headers}
    return await client.post(INFER.format(name), content=head + packed, headers=headers)


@pytest.fixture
async def shipped(anyio_backend: str) -> AsyncIterator[httpx.AsyncClient]:
    line = load_all(SHIPPED_MODELS, threads=1)["booking"]
    assert line.active is not None
    async with serving(line.active.tagger) as client:
        yield client


@pytest.mark.parametrize("unit", ["codepoint", "utf16", "utf8"])
async def test_tensors_say_what_the_native_api_says(shipped: httpx.AsyncClient, unit: str) -> None:
    asked = body(TEXTS, parameters={"offset_unit": unit, **REFERENCE})
    found = tensors(await infer(shipped, asked, name="booking"))
    include = ["words", "intents", "distribution"]
    items = [{"text": text} for text in TEXTS]
    native = (
        await shipped.post("/v1/parse/batch", json={"items": items, "include": include, "offset_unit": unit, "context": REFERENCE})
    ).json()["results"]
    intents = (await shipped.get("/v2/models/booking")).json()["parameters"]["intents"]
    for row, result in enumerate(native):
        words = result["words"]
        assert json.loads(found["slots"][row]) == result["slots"]
        assert found["lengths"][row] == len(words)
        assert found["intent"][row] == result["intent"]["name"]
        assert found["intent_confidence"][row] == np.float32(result["intent"]["confidence"])
        shares = {intent["name"]: np.float32(intent["confidence"]) for intent in result["intents"]}
        assert found["intent_probabilities"][row].tolist() == [shares[name] for name in intents]
        given = np.array(result["distribution"]["probabilities"], dtype=np.float32)
        assert np.abs(found["probabilities"][row, : len(words)] - given).max() <= 1.1e-6
        assert not found["probabilities"][row, len(words) :].any()
        assert found["offsets"][row, : len(words)].tolist() == [[word["start"], word["end"]] for word in words]
        assert not found["offsets"][row, len(words) :].any()
        assert found["problem"][row] == ""


async def test_n_texts_are_answered_as_n_requests_of_one(shipped: httpx.AsyncClient) -> None:
    parameters = {"values": False}
    together = tensors(await infer(shipped, body(TEXTS, parameters=parameters), name="booking"))
    for row, text in enumerate(TEXTS):
        alone = tensors(await infer(shipped, body([text], parameters=parameters), name="booking"))
        words = alone["lengths"][0]
        assert [len(alone[name]) for name in OUTPUTS] == [1] * len(OUTPUTS)
        assert words == together["lengths"][row]
        assert np.abs(alone["probabilities"][0] - together["probabilities"][row, :words]).max() <= 2e-6
        assert (alone["offsets"][0] == together["offsets"][row, :words]).all()
        assert alone["intent"][0] == together["intent"][row]
        one, among = (json.loads(found["slots"][place]) for found, place in ((alone, 0), (together, row)))
        assert [(slot["name"], slot["start"], slot["end"]) for slot in one] == [
            (slot["name"], slot["start"], slot["end"]) for slot in among
        ]


async def test_bytes_say_what_json_says_in_both_directions(client: httpx.AsyncClient) -> None:
    plain = tensors(await infer(client, body(TEXTS)))
    encoded = [text.encode() for text in TEXTS]
    for answer in (
        await infer(client, body(TEXTS, parameters={"binary_data_output": True})),
        await infer_bytes(client, encoded, {}),
        await infer_bytes(client, encoded, {"parameters": {"binary_data_output": True}}),
        await infer_bytes(client, encoded, {"outputs": [{"name": name, "parameters": {"binary_data": True}} for name in OUTPUTS]}),
    ):
        found = tensors(answer)
        assert list(found) == list(plain) == OUTPUTS
        for name in OUTPUTS:
            assert np.array_equal(found[name], plain[name])


async def test_outputs_are_those_asked_for_in_that_order_each_in_its_form(client: httpx.AsyncClient) -> None:
    outputs = [
        {"name": "lengths", "parameters": {"binary_data": True}},
        {"name": "slots"},
        {"name": "intent", "parameters": {"binary_data": False}},
    ]
    answer = await infer(client, {**body(TEXTS), "outputs": outputs})
    assert answer.headers["content-type"] == "application/octet-stream"
    length = int(answer.headers["inference-header-content-length"])
    assert [list(output) for output in json.loads(answer.content[:length])["outputs"]] == [
        ["name", "datatype", "shape", "parameters"],
        ["name", "datatype", "shape", "data"],
        ["name", "datatype", "shape", "data"],
    ]
    assert len(answer.content) - length == 4 * len(TEXTS)
    plain = await infer(client, body(TEXTS, "intent"))
    assert plain.headers["content-type"] == "application/json"
    assert "inference-header-content-length" not in plain.headers


async def test_id_and_parameters_come_back(client: httpx.AsyncClient) -> None:
    parameters = {"priority": 3, "share": 0.5, "flag": True, "note": "né", "timezone": "Asia/Taipei", "binary_data_output": False}
    said = (await infer(client, body(["ok"], "intent", id="42", parameters=parameters))).json()
    assert (said["id"], said["model_name"], said["model_version"]) == ("42", "fake", "1.0.0")
    del parameters["binary_data_output"]
    assert said["parameters"] == parameters
    bare = (await infer(client, body(["ok"], "intent", id=None, parameters=None))).json()
    assert bare.keys() == {"model_name", "model_version", "outputs"}


async def test_a_column_is_answered_as_a_column(client: httpx.AsyncClient) -> None:
    texts = ["from Oslo", "ok"]
    nested = {**body(texts, shape=[2, 1])}
    nested["inputs"][0]["data"] = [[text] for text in texts]
    for asked in (nested, body(texts, shape=[2, 1])):
        shapes = {output["name"]: output["shape"] for output in (await infer(client, asked)).json()["outputs"]}
        assert all(shapes[name] == [2, 1] for name in ("slots", "intent", "intent_confidence", "lengths", "problem"))
        assert (shapes["probabilities"], shapes["offsets"], shapes["intent_probabilities"]) == ([2, 2, 5], [2, 2, 2], [2, 2])
    flat, column = tensors(await infer(client, body(texts))), tensors(await infer(client, nested))
    for name in OUTPUTS:
        assert np.array_equal(np.reshape(flat[name], -1), np.reshape(column[name], -1))


async def test_the_context_of_a_request_is_read_from_its_parameters() -> None:
    tagger = FakeTagger()
    async with serving(tagger) as client:
        parameters = {"expected_slots": " origin,people", "intent": "greet", "language": "ru", "min_confidence": 1.0}
        found = tensors(await infer(client, body(["from Oslo"], parameters=parameters)))
    assert tagger.contexts[-1] == (("origin", "people"), "greet")
    assert [slot["status"] for slot in json.loads(found["slots"][0])] == ["uncertain"]


# Failures


@pytest.mark.parametrize("stage", ["prepare", "collate", "run", "decode"])
async def test_a_text_that_fails_fails_alone(stage: str) -> None:
    texts = ["from Oslo", "poison to Rome", "", "for four"]
    async with serving(FakeTagger()) as client:
        whole = tensors(await infer(client, body(["from Oslo", "for four"])))
    async with serving(ErrorTagger(stage=stage)) as client:
        found = tensors(await infer(client, body(texts)))
    problems = [json.loads(problem) if problem else None for problem in found["problem"]]
    assert [problem and problem["code"] for problem in problems] == [None, "annotation_failed", "invalid", None]
    assert [problem and problem["status"] for problem in problems] == [None, 500, 422, None]
    for row in (1, 2):
        assert json.loads(found["slots"][row]) is None
        assert (found["intent"][row], found["intent_confidence"][row], found["lengths"][row]) == ("", 0, 0)
        assert not found["probabilities"][row].any()
    for row, place in ((0, 0), (3, 1)):
        assert all(np.array_equal(found[name][row], whole[name][place]) for name in OUTPUTS)


async def test_a_request_fails_where_each_of_its_texts_does() -> None:
    async with serving(ErrorTagger()) as client:
        for texts, status in ((["", " "], 400), (["x" * 3000], 400), (["poison"], 500), (["poison", ""], 500)):
            answer = await infer(client, body(texts))
            assert (answer.status_code, list(answer.json())) == (status, ["error"])


async def test_a_text_that_is_not_utf8_fails_alone(client: httpx.AsyncClient) -> None:
    found = tensors(await infer_bytes(client, [b"from Oslo", b"\xff\xfe", "для Осло".encode()], {}))
    assert [json.loads(problem)["code"] if problem else "" for problem in found["problem"]] == ["", "invalid", ""]
    alone = await infer_bytes(client, [b"\xff"], {})
    assert alone.status_code == 400
    assert "not UTF-8" in alone.json()["error"]


def with_input(**fields: Any) -> dict[str, Any]:
    asked = body(["ok"])
    asked["inputs"][0].update(fields)
    return {**asked, "inputs": [{name: value for name, value in asked["inputs"][0].items() if value is not ...}]}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ([], "object"),
        ({}, "inputs"),
        ({"inputs": []}, "inputs"),
        ({"inputs": body(["a"])["inputs"] * 2}, "inputs"),
        (with_input(name="texts"), "/inputs/0/name"),
        (with_input(datatype="FP32"), "/inputs/0/datatype"),
        (with_input(shape=[]), "shape"),
        (with_input(shape=[0], data=[]), "shape"),
        (with_input(shape=[1, 2]), "shape"),
        (with_input(shape=[1, 1, 1]), "shape"),
        (with_input(shape=[-1]), "shape"),
        (with_input(shape=[2]), "1 texts, but the shape says 2"),
        (with_input(shape=[1000]), "at most 128"),
        (with_input(shape=[2_000_000_000, 1]), "at most 128"),
        (with_input(data=[3]), "/inputs/0/data"),
        (with_input(data=["a"] * 200), "at most 128"),
        (with_input(data=[["a"] * 200]), "at most 128"),
        (with_input(parameters={str(number): 1 for number in range(101)}), "at most 100"),
        (body(["ok"], parameters={str(number): 1 for number in range(101)}), "at most 100"),
        (with_input(data=[[["ok"]]]), "/inputs/0/data"),
        (with_input(data=...), "binary_data_size"),
        (with_input(data=..., parameters={"binary_data_size": 6}), "0 bytes, but the input names 6"),
        (with_input(parameters={"binary_data_size": 6}), "0 bytes, but the input names 6"),
        (body(["ok"], "tags"), "there is no output 'tags'"),
        (body(["ok"], "slots", "slots"), "asked for twice"),
        (body(["ok"], parameters={"timezone": "Nowhere/Near"}), "time zone"),
        (body(["ok"], parameters={"reference_time": "soon"}), "ISO 8601"),
        (body(["ok"], parameters={"expected_slots": "origin,nonsense"}), "no slot 'nonsense'"),
        (body(["ok"], parameters={"min_confidence": 2}), "min_confidence"),
        (body(["ok"], parameters={"note": [1]}), "note"),
        (body(["ok"], parameters={"note": float("inf")}), "finite"),
    ],
)
async def test_what_is_wrong_with_a_request_is_400_and_said(client: httpx.AsyncClient, asked: Any, said: str) -> None:
    answer = await client.post(INFER.format("fake"), content=json.dumps(asked), headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text
    assert answer.json().keys() == {"error"}
    assert said in answer.json()["error"]


@pytest.mark.parametrize("change", [{"Inference-Header-Content-Length": "5"}, {"Inference-Header-Content-Length": "x"}])
async def test_a_header_that_does_not_fit_is_400(client: httpx.AsyncClient, change: dict[str, str]) -> None:
    answer = await infer_bytes(client, [b"ok"], {}, **change)
    assert answer.status_code == 400
    assert answer.json().keys() == {"error"}


# Everything else


async def test_metadata_tell_the_tensors_and_what_their_columns_mean(client: httpx.AsyncClient) -> None:
    for path in ("/v2/models/fake", "/v2/models/fake/versions/1.0.0"):
        said = (await client.get(path)).json()
        assert said["inputs"] == [{"name": "text", "datatype": "BYTES", "shape": [-1]}]
        found = tensors(await infer(client, body(TEXTS)))
        assert [output["name"] for output in said["outputs"]] == list(found)
        for output in said["outputs"]:
            if output["datatype"] != "BYTES":
                assert [size for size in output["shape"] if size != -1] == list(found[output["name"]].shape)[output["shape"].count(-1) :]
        assert said["parameters"]["labels"] == ["O", "origin", "destination", "departure_date", "people"]
        assert said["parameters"]["intents"] == ["book_flight", "greet"]
        assert said["versions"] == ["1.0.0"]


async def test_a_version_is_asked_for_by_its_name(client: httpx.AsyncClient) -> None:
    assert (await client.post("/v2/models/fake/versions/1.0.0/infer", json=body(["ok"]))).status_code == 200
    assert (await client.get("/v2/models/fake/versions/1.0.0/ready")).json() == {"name": "fake", "ready": True}
    for path in ("/v2/models/fake/versions/2", "/v2/models/none", "/v2/models/fake/versions/2/ready", "/v2/models/none/ready"):
        answer = await client.get(path)
        assert (answer.status_code, list(answer.json())) == (404, ["error"])
    for path in ("/v2/models/fake/versions/2/infer", "/v2/models/none/infer"):
        assert (await client.post(path, json=body(["ok"]))).status_code == 404


async def test_a_model_without_intents_has_no_outputs_of_them(tagger: Tagger) -> None:
    class Silent(FakeTagger):
        def __init__(self) -> None:
            super().__init__()
            self.labels = type(self.labels)(self.labels.slots)

        def decode(self, *given: Any) -> Any:
            return [each._replace(intent=None, intent_probabilities_I=None) for each in super().decode(*given)]

    async with serving(Silent()) as client:
        found = tensors(await infer(client, body(["from Oslo"])))
        assert list(found) == ["slots", "probabilities", "lengths", "offsets", "problem"]
        assert (await infer(client, body(["ok"], "intent"))).status_code == 400
        said = (await client.post("/model/parse", json={"text": "from Oslo"})).json()
        assert (said["intent"], said["intent_ranking"]) == ({"name": None, "confidence": 0.0}, [])


async def test_the_server_tells_what_it_is_and_what_it_has(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v2")).json()["extensions"] == ["binary_tensor_data", "parameters"]
    assert (await client.get("/v2/")).json()["name"] == "slotline"
    assert (await client.get("/v2/health/live")).json() == {"live": True}
    assert (await client.get("/v2/health/ready")).json() == {"ready": True}
    entry = {"name": "fake", "version": "1.0.0", "state": "READY", "reason": ""}
    for content in (b"", b"{}", b"null", b'{"ready": true}'):
        assert (await client.post("/v2/repository/index", content=content)).json() == [entry]
    assert (await client.post("/v2/repository/index", content=b"[]")).status_code == 400


async def test_probes_need_no_key_and_no_host_but_models_do() -> None:
    async with serving(api_keys=entry_of("bot", KEY), allowed_hosts="slotline") as client:
        for path in ("/v2/health/live", "/v2/health/ready"):
            assert (await client.get(path, headers={"Host": "10.0.0.7"})).status_code == 200
        for path in ("/v2", "/v2/models/fake", "/v2/models/fake/ready"):
            assert (await client.get(path)).status_code == 401
            assert (await client.get(path, headers={"X-API-Key": KEY, "Host": "10.0.0.7"})).status_code == 421
            assert (await client.get(path, headers={"Authorization": f"Bearer {KEY}"})).status_code == 200


async def test_readiness_turns_red_while_the_service_drains(client: httpx.AsyncClient) -> None:
    client.app.state.parts.service.draining = True
    answer = await client.get("/v2/health/ready")
    assert (answer.status_code, list(answer.json()), answer.headers["retry-after"]) == (503, ["error"], "1")
    assert (await infer(client, body(["ok"]))).status_code == 200


async def test_a_closed_door_is_404_in_its_own_words() -> None:
    async with serving(inference_door=False) as client:
        answer = await client.get("/v2/models/fake")
        assert (answer.status_code, list(answer.json())) == (404, ["error"])
        assert (await client.post("/v1/parse", json={"text": "ok"})).status_code == 200


async def test_routes_are_counted_by_their_templates(client: httpx.AsyncClient) -> None:
    await infer(client, body(["ok"]))
    await client.post("/v2/models/fake/versions/1.0.0/infer", json=body(["ok"]))
    await client.post("/model/parse", json={"text": "ok"})
    metrics = (await client.get("/metrics")).text
    for route in ("/v2/models/{name}/infer", "/v2/models/{name}/versions/{version}/infer", "/model/parse"):
        assert f'slotline_requests_total{{method="POST",route="{route}",status="200"}} 1.0' in metrics
