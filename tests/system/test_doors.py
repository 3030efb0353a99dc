"""The doors, asked by clients that others wrote: NVIDIA's ``tritonclient`` for the Open Inference Protocol; and the wire itself."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from app.access.keys import entry_of, make_key
from tests.system.running import Service, running
from tests.system.wire import Connection, request

KEY = make_key()
TEXTS = ["I want to fly from Oslo to Tuzla", "arrive 😀 on 3 November", "to Nookville, please", "ок"]
PARAMETERS = {"reference_time": "2026-10-20T10:00:00+08:00"}
OUTPUTS = ("slots", "intent", "intent_confidence", "intent_probabilities", "probabilities", "lengths", "offsets", "problem")


@pytest.fixture(scope="module")
def service(artifact_dir: Path) -> Iterator[Service]:
    with running(artifact_dir, "--values", "off") as service:
        yield service


@pytest.fixture
def client(service: Service) -> Iterator[triton.InferenceServerClient]:
    host, port = service.address
    with triton.InferenceServerClient(f"{host}:{port}") as client:
        yield client


def text_input(texts: list[str], *, binary: bool, shape: list[int] | None = None) -> list[triton.InferInput]:
    given = triton.InferInput("text", shape or [len(texts)], "BYTES")
    given.set_data_from_numpy(np.array(texts, dtype=object).reshape(shape or [len(texts)]), binary_data=binary)
    return [given]


def outputs(*, binary: bool) -> list[triton.InferRequestedOutput]:
    return [triton.InferRequestedOutput(name, binary_data=binary) for name in OUTPUTS]


def said(result: triton.InferResult, name: str) -> list[Any]:
    """An output's elements as plain values; JSON gives str, bytes give bytes."""
    return [element.decode() if isinstance(element, bytes) else element for element in result.as_numpy(name).reshape(-1).tolist()]


def test_tritonclient_finds_out_what_there_is(client: triton.InferenceServerClient) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("tiny")
    assert client.is_model_ready("tiny", "1.0.0")
    assert not client.is_model_ready("tiny", "2.0.0")
    assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
    metadata = client.get_model_metadata("tiny", "1.0.0")
    assert [entry["name"] for entry in metadata["outputs"]] == list(OUTPUTS)
    assert metadata["parameters"]["labels"][0] == "O"
    assert client.get_model_repository_index() == [{"name": "tiny", "version": "1.0.0", "state": "READY", "reason": ""}]


def test_tritonclient_reads_the_same_from_bytes_and_from_json_and_as_the_native_api(
    client: triton.InferenceServerClient, service: Service
) -> None:
    results = [
        client.infer("tiny", text_input(TEXTS, binary=sent), outputs=wanted, request_id="a-1", parameters=PARAMETERS)
        for sent in (True, False)
        for wanted in (outputs(binary=True), outputs(binary=False), None)
    ]
    native = httpx.post(
        f"{service.url}/v1/parse/batch",
        json={"items": [{"text": text} for text in TEXTS], "include": ["distribution"], "context": PARAMETERS},
    ).json()["results"]
    for result in results:
        assert result.get_response()["id"] == "a-1"
        assert [json.loads(slots) for slots in said(result, "slots")] == [item["slots"] for item in native]
        assert said(result, "intent") == [item["intent"]["name"] for item in native]
        lengths = said(result, "lengths")
        for row, item in enumerate(native):
            given = np.array(item["distribution"]["probabilities"], dtype=np.float32)
            assert len(given) == lengths[row]
            assert np.abs(result.as_numpy("probabilities")[row, : lengths[row]] - given).max() <= 2e-6
    for name in OUTPUTS:
        assert all(said(result, name) == said(results[0], name) for result in results[1:])
        assert len({tuple(result.as_numpy(name).shape) for result in results}) == 1


def test_tritonclient_sends_a_column_and_a_single_text(client: triton.InferenceServerClient) -> None:
    column = client.infer("tiny", text_input(TEXTS, binary=True, shape=[len(TEXTS), 1]))
    assert column.as_numpy("slots").shape == (len(TEXTS), 1)
    alone = [client.infer("tiny", text_input([text], binary=True), model_version="1.0.0") for text in TEXTS]
    assert [said(result, "slots")[0] for result in alone] == said(column, "slots")


def test_tritonclient_asks_many_at_once(service: Service) -> None:
    host, port = service.address
    with triton.InferenceServerClient(f"{host}:{port}", concurrency=4) as client:
        asked = [client.async_infer("tiny", text_input([text], binary=True), request_id=str(row)) for row, text in enumerate(TEXTS * 5)]
        answered = [each.get_result() for each in asked]
        assert [result.get_response()["id"] for result in answered] == [str(row) for row in range(len(asked))]
        whole = client.infer("tiny", text_input(TEXTS * 5, binary=True))
        assert [said(result, "intent")[0] for result in answered] == said(whole, "intent")


def test_tritonclient_raises_what_the_service_says(client: triton.InferenceServerClient) -> None:
    for asked, status, words in (
        (lambda: client.infer("none", text_input(["ok"], binary=True)), "404", "there is no model 'none'"),
        (lambda: client.infer("tiny", text_input([" "], binary=True)), "400", "the text has no words"),
        (lambda: client.infer("tiny", text_input(["ok"] * 200, binary=False)), "400", "at most 128"),
        (lambda: client.infer("tiny", text_input(["ok"], binary=True), request_compression_algorithm="gzip"), "415", "Content-Encoding"),
        (lambda: client.get_model_config("tiny"), "404", "there is nothing at /v2/models/tiny/config"),
        (lambda: client.load_model("tiny"), "404", "there is nothing at"),
    ):
        with pytest.raises(InferenceServerException, match=words) as caught:
            asked()
        assert caught.value.status() == status


def test_tritonclient_hears_of_one_text_that_failed_among_others(client: triton.InferenceServerClient) -> None:
    result = client.infer("tiny", text_input(["from Oslo", " "], binary=True))
    assert [json.loads(slots) is None for slots in said(result, "slots")] == [False, True]
    assert json.loads(said(result, "problem")[1])["code"] == "invalid"


def test_tritonclient_sends_its_key_as_a_header(artifact_dir: Path) -> None:
    with running(artifact_dir, "--values", "off", "--api-keys", entry_of("bot", KEY)) as locked:
        host, port = locked.address
        with triton.InferenceServerClient(f"{host}:{port}") as client:
            assert client.is_server_ready()
            with pytest.raises(InferenceServerException, match="X-API-Key"):
                client.get_model_metadata("tiny")
            headers = {"Authorization": f"Bearer {KEY}"}
            assert client.infer("tiny", text_input(["ok"], binary=True), headers=headers).as_numpy("lengths").tolist() == [1]
        assert locked.stop() == 0


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/model/parse?token=x", {"version", "status", "message", "reason", "details", "help", "code"}),
        ("/v2/models/tiny/infer", {"error"}),
        ("/v1/parse", {"type", "title", "status", "detail", "errors"}),
    ],
)
def test_what_the_connection_itself_refuses_is_told_in_the_words_of_the_door(service: Service, path: str, fields: set[str]) -> None:
    broken = request("POST", path, b"", "Transfer-Encoding: chunked", "Content-Type: application/json") + b"nonsense\r\n"
    fat = request("POST", path, b"", *[f"X-Filler-{number}: {'x' * 1000}" for number in range(40)])
    for sent, status in ((broken, 400), (fat, 431)):
        with Connection(service) as connection:
            connection.send(sent)
            answered = connection.answer()
        assert answered is not None
        assert (answered.status, answered.json().keys()) == (status, fields)


def test_the_way_in_that_the_documentation_names_for_rasas_http_interpreter_leads_to_the_door(service: Service) -> None:
    """It puts ``/model/parse`` behind its address; so a key fits into the address only before it."""
    answered = httpx.post(
        f"{service.url}/model/parse?token=KEY&from=" + "/model/parse", json={"token": None, "text": "ok", "message_id": "u"}
    )
    assert answered.status_code == 200
    assert answered.json()["text"] == "ok"
