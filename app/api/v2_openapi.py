"""How the OpenAPI document describes ``app.api.v2``."""

from typing import Annotated, Any

import orjson
from fastapi import Body, Path
from fastapi.routing import APIRoute

from app import errors
from app.api import v2
from app.api.deps import Parts
from app.api.v2 import BINARY, MODEL, VERSION
from app.api.v2_schemas import (
    IndexRequest,
    InferAnswer,
    InferRequest,
    V2Error,
    V2IndexEntry,
    V2Live,
    V2Model,
    V2ModelReady,
    V2Ready,
    V2Server,
)
from app.errors import ServiceError

TAG = "Open Inference Protocol"
INDEX = "/v2/repository/index"
NAMES = {
    "/v2": ("inference_server", "This server"),
    "/v2/health/live": ("inference_live", "The event loop turns, as the protocol says it"),
    "/v2/health/ready": ("inference_ready", "Every model is ready, as the protocol says it"),
    MODEL: ("inference_model", "The tensors of a model"),
    VERSION: ("inference_version", "The tensors of a version of a model"),
    f"{MODEL}/ready": ("inference_model_ready", "A model is ready"),
    f"{VERSION}/ready": ("inference_version_ready", "A version of a model is ready"),
    f"{MODEL}/infer": ("infer", "Annotate texts"),
    f"{VERSION}/infer": ("infer_with_version", "Annotate texts with a version of a model"),
    INDEX: ("inference_index", "The models, as Triton lists them"),
}
_INTERNAL = ServiceError("the service failed on this request; tell the operator its X-Request-ID")
_UNKNOWN = errors.NotFound("there is no model 'trains'; loaded: booking")
_NOT_READY = errors.Unavailable("the model booking gives no answers: no answer within 2 s", retry_after_s=1)
_BODY: tuple[ServiceError, ...] = (
    errors.Malformed("Invalid JSON: EOF while parsing a string at line 1 column 12; send one JSON object in UTF-8"),
    errors.BodyTimeout("the body did not arrive within 10 s; send it at once"),
    errors.BodyTooLarge("the body is larger than 1048576 bytes; send less at a time"),
)
_INFER: tuple[ServiceError, ...] = (
    *_BODY,
    _UNKNOWN,
    errors.WrongMediaType(
        "send the body as application/json, or as application/octet-stream with the header Inference-Header-Content-Length"
    ),
    errors.invalid("/inputs/0/shape", "wrong_shape", "the shape is [2, 2]; send [n] or [n, 1] with n of at least 1"),
    errors.AnnotationFailed("the model booking failed on this text; tell the operator, whose log names the error"),
    errors.Overloaded("2048 utterances wait already; try again in a second", retry_after_s=1),
    errors.DeadlineExceeded("no answer within 5 s; send fewer at a time or try again later"),
)
PROBLEMS: dict[str, tuple[ServiceError, ...]] = {
    "/v2": (_INTERNAL,),
    "/v2/health/live": (_INTERNAL,),
    "/v2/health/ready": (_INTERNAL, _NOT_READY),
    **{path: (_UNKNOWN, _INTERNAL) for path in (MODEL, VERSION)},
    **{f"{path}/ready": (_UNKNOWN, _INTERNAL, _NOT_READY) for path in (MODEL, VERSION)},
    **{f"{path}/infer": _INFER for path in (MODEL, VERSION)},
    INDEX: (*_BODY, errors.WrongMediaType("send the body without Content-Encoding; compressed bodies are not taken"), _INTERNAL),
}
_CONTEXT = {"reference_time": "2026-10-20T10:00:00+08:00", "timezone": "Asia/Taipei"}
EXAMPLES: dict[str, dict[str, Any]] = {
    "two": {
        "summary": "Two texts: slots and intents",
        "value": {
            "id": "42",
            "parameters": _CONTEXT,
            "inputs": [{"name": "text", "datatype": "BYTES", "shape": [2], "data": ["to Taipei on November 2nd", "a table for two"]}],
            "outputs": [{"name": "slots"}, {"name": "intent"}, {"name": "intent_confidence"}],
        },
    },
    "probabilities": {
        "summary": "The probability of every label of every word, and where the words stand",
        "value": {
            "inputs": [{"name": "text", "datatype": "BYTES", "shape": [1, 1], "data": [["to Taipei"]]}],
            "outputs": [{"name": "probabilities"}, {"name": "lengths"}, {"name": "offsets"}],
        },
    },
}


async def answer(parts: Parts, value: dict[str, Any]) -> dict[str, Any]:
    """The answer of the default model to an example."""
    asked = InferRequest.model_validate_json(orjson.dumps(value))
    texts = v2.texts_of(asked.inputs[0], b"", parts.settings.max_batch_items)
    body, _ = await v2.answer_texts(asked, texts, parts.service.registry.get(None), parts.service)
    said: dict[str, Any] = orjson.loads(body)
    return said


def answers(parts: Parts) -> dict[tuple[str, str], Any]:
    """An answer for every operation that needs no body, by path and method."""
    registry = parts.service.registry
    served = registry.get(None)
    described = v2.metadata_of(served)
    return {
        ("/v2", "get"): v2.SERVER,
        ("/v2/health/live", "get"): {"live": True},
        ("/v2/health/ready", "get"): {"ready": True},
        **{(path, "get"): described for path in (MODEL, VERSION)},
        **{(f"{path}/ready", "get"): {"name": served.name, "ready": True} for path in (MODEL, VERSION)},
        (INDEX, "post"): v2.index_of(registry),
    }


Name = Annotated[str, Path(description="name of a model")]
Version = Annotated[str, Path(description="its active version")]


async def _server() -> None:
    """Name, version and the extensions of the protocol that it knows."""


async def _live() -> None:
    """Restart the service when this is not answered. Needs no key."""


async def _ready() -> None:
    """As `/health/ready`: a recent forward pass of every model. Needs no key."""


async def _model(name: Name) -> None:
    """Inputs and outputs, and in `parameters` what the columns of the probabilities mean."""


async def _model_ready(name: Name) -> None:
    """A recent forward pass of this model."""


async def _infer(name: Name, body: Annotated[InferRequest, Body()]) -> None:
    """One input, `text` (BYTES, [n] or [n, 1]); outputs as `GET /v2/models/{name}` lists them, all or those asked for.

    Texts cannot hurt each other: one that fails among others that do not has the slots `null` and says why in `problem`; the request
    fails only if each of its texts does. Tensors may come and go as bytes (`binary_data_size`, `binary_data`,
    `Inference-Header-Content-Length`). `parameters` name the context, `id` and `parameters` come back.
    """


async def _model_version(name: Name, version: Version) -> None:
    """As without the version; 404 for another one than the active."""


async def _infer_version(name: Name, version: Version, body: Annotated[InferRequest, Body()]) -> None:
    """As without the version; 404 for another one than the active."""


async def _index(body: Annotated[IndexRequest | None, Body()] = None) -> None:
    """The active version of every model. Versions are loaded and promoted at `/v1/admin/models`."""


_ERROR: dict[int | str, dict[str, Any]] = {500: {"model": V2Error}}
_INFERRED: dict[int | str, dict[str, Any]] = {
    200: {"content": {BINARY: {"schema": {"type": "string", "format": "binary"}, "example": "{...}"}}},
    **_ERROR,
}


def _get(path: str, twin: Any, response_model: Any) -> APIRoute:
    return APIRoute(path, twin, methods=["GET"], response_model=response_model, responses=_ERROR, tags=[TAG])


def _post(path: str, twin: Any, response_model: Any, responses: dict[int | str, dict[str, Any]]) -> APIRoute:
    described = (response_model.__doc__ or "").strip() if isinstance(response_model, type) else "The models."
    return APIRoute(
        path, twin, methods=["POST"], response_model=response_model, response_description=described, responses=responses, tags=[TAG]
    )


# Documentation only: FastAPI describes these, plain routes in ``app.api.v2`` serve the paths.
TWINS = [
    _get("/v2", _server, V2Server),
    _get("/v2/health/live", _live, V2Live),
    _get("/v2/health/ready", _ready, V2Ready),
    _get(MODEL, _model, V2Model),
    _get(VERSION, _model_version, V2Model),
    _get(f"{MODEL}/ready", _model_ready, V2ModelReady),
    _get(f"{VERSION}/ready", _model_version, V2ModelReady),
    _post(f"{MODEL}/infer", _infer, InferAnswer, _INFERRED),
    _post(f"{VERSION}/infer", _infer_version, InferAnswer, _INFERRED),
    _post(INDEX, _index, list[V2IndexEntry], _ERROR),
]
