"""The door for clients of the Open Inference Protocol, version 2 (KServe, Triton, MLServer)."""

import math
from collections.abc import Awaitable, Callable, Collection
from typing import Any

import orjson
from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app import __version__, service
from app.api.deps import Call, call_of, client_watched, parts, whole_body
from app.api.readiness import prove, prove_all
from app.api.requests import moment_of, validated
from app.api.tensors import flat, joined, split, unpacked_texts
from app.api.v2_outputs import Answered, outputs_of, tensor
from app.api.v2_schemas import IndexRequest, InferInput, InferParameters, InferRequest
from app.errors import Invalid, NotFound, ServiceError, WrongMediaType, invalid
from app.registry import ModelRegistry, ServedModel
from app.service import AnnotationService, Plan

INFER_REQUEST: TypeAdapter[InferRequest] = TypeAdapter(InferRequest)
INDEX_REQUEST: TypeAdapter[IndexRequest | None] = TypeAdapter(IndexRequest | None)
PLATFORM = "slotline_onnx"
SERVER = {"name": "slotline", "version": __version__, "extensions": ["binary_tensor_data", "parameters"]}
HEADER_LENGTH = "Inference-Header-Content-Length"
BINARY = "application/octet-stream"
TAKEN = ("", "application/json", BINARY)
NO_PARAMETERS = InferParameters()
MODEL = "/v2/models/{name}"
VERSION = MODEL + "/versions/{version}"


async def server(request: Request) -> Response:
    """``GET /v2``."""
    return _json(SERVER)


async def live(request: Request) -> Response:
    """``GET /v2/health/live``."""
    return _json({"live": True})


async def ready(request: Request) -> Response:
    """``GET /v2/health/ready``: as ``/health/ready``."""
    await prove_all(parts(request).service, parts(request).settings.ready_window_s)
    return _json({"ready": True})


async def model_ready(request: Request) -> Response:
    """``GET /v2/models/{name}/ready``, also of a version."""
    served, through = _asked_model(request), parts(request)
    await prove(through.service, served, through.settings.ready_window_s)
    return _json({"name": served.name, "ready": True})


async def metadata(request: Request) -> Response:
    """``GET /v2/models/{name}``, also of a version."""
    return _json(metadata_of(_asked_model(request)))


async def infer(request: Request) -> Response:
    """``POST /v2/models/{name}/infer``, also of a version."""
    call, served = call_of(request), _asked_model(request)
    _check_media_type(call)
    head, tail = split(await whole_body(call), call.exchange.headers.get(HEADER_LENGTH.lower().encode()))
    most = call.parts.settings.max_batch_items
    asked = validated(INFER_REQUEST, head, max_batch_items=most)
    texts = texts_of(asked.inputs[0], tail, most)
    with client_watched(call):
        body, header_length = await answer_texts(asked, texts, served, call.parts.service)
    if header_length is None:
        return Response(body, media_type="application/json")
    return Response(body, headers={HEADER_LENGTH: str(header_length)}, media_type=BINARY)


async def index(request: Request) -> Response:
    """``POST /v2/repository/index``."""
    body = await whole_body(call_of(request))
    asked = validated(INDEX_REQUEST, body) if body else None
    return _json(index_of(parts(request).service.registry, only_ready=bool(asked and asked.ready)))


Endpoint = Callable[[Request], Awaitable[Response]]


def _route(path: str, endpoint: Endpoint, method: str = "GET") -> Route:
    async def own(request: Request) -> Response:  # each route has one, because the metrics tell routes by them
        return await endpoint(request)

    return Route(path, own, methods=[method])


ROUTES = [
    _route("/v2", server),
    _route("/v2/", server),
    _route("/v2/health/live", live),
    _route("/v2/health/ready", ready),
    *(_route(path, metadata) for path in (MODEL, VERSION)),
    *(_route(f"{path}/ready", model_ready) for path in (MODEL, VERSION)),
    *(_route(f"{path}/infer", infer, "POST") for path in (MODEL, VERSION)),
    _route("/v2/repository/index", index, "POST"),
]


def metadata_of(served: ServedModel) -> dict[str, Any]:
    """The model's tensors, and what their columns mean."""
    tagger = served.tagger
    scheme = tagger.labels
    return {
        "name": served.name,
        "versions": [tagger.version],
        "platform": PLATFORM,
        "inputs": [{"name": "text", "datatype": "BYTES", "shape": [-1]}],
        "outputs": [
            {"name": name, "datatype": output.datatype, "shape": output.shape(scheme)} for name, output in outputs_of(served).items()
        ],
        "parameters": {
            "labels": scheme.labels,
            "intents": scheme.intents,
            "languages": served.languages,
            "max_words": tagger.max_words,
            "sha256": tagger.sha256,
        },
    }


def index_of(registry: ModelRegistry, *, only_ready: bool = False) -> list[dict[str, str]]:
    """The versions that answer, and whether they can."""
    entries = [
        {
            "name": served.name,
            "version": served.tagger.version,
            "state": "READY" if served.batcher.alive else "UNAVAILABLE",
            "reason": "" if served.batcher.alive else "its worker has stopped",
        }
        for served in registry.served.values()
    ]
    return [entry for entry in entries if entry["state"] == "READY" or not only_ready]


async def answer_texts(
    asked: InferRequest, texts: list[str | ServiceError], served: ServedModel, through: AnnotationService
) -> tuple[bytes, int | None]:
    """The answer to a valid request and the length of its JSON, None where all of it is JSON.

    Raises ServiceError for what fails all texts, and the error of the first where each of them failed.
    """
    parameters = asked.parameters or NO_PARAMETERS
    wanted = _wanted(asked, outputs_of(served), binary=parameters.binary_data_output)
    plan = _plan(parameters, served, through)
    outcomes = await through.read_many(texts, plan)
    if isinstance(outcomes[0], ServiceError) and all(isinstance(outcome, ServiceError) for outcome in outcomes):
        raise outcomes[0]
    answered = Answered(outcomes, plan, tuple(asked.inputs[0].shape), parameters.offset_unit)
    said: dict[str, Any] = {"model_name": plan.served.name, "model_version": plan.served.tagger.version}
    if asked.id is not None:
        said["id"] = asked.id
    if echoed := parameters.model_dump(exclude_unset=True, exclude={"binary_data_output"}):
        said["parameters"] = echoed
    return joined(said, [(tensor(name, answered), binary) for name, binary in wanted])


def texts_of(given: InferInput, tail: bytes, most: int) -> list[str | ServiceError]:
    """The texts of an input; one that is not UTF-8 has an error in its place. Raises Invalid.

    ``tail``: the binary data of the request; ``most``: texts that it may have.
    """
    count = math.prod(given.shape)
    if (len(given.shape) == 2 and given.shape[1] != 1) or not count:
        raise invalid("/inputs/0/shape", "wrong_shape", f"the shape is {given.shape}; send [n] or [n, 1] with n of at least 1")
    if count > most:
        raise invalid("/inputs/0/shape", "too_many_items", f"the input has {count} texts; send at most {most} at a time")
    size = given.parameters.get("binary_data_size")
    if size is None and not tail and given.data is not None:
        return _listed(given.data, count)
    if given.data is not None or size is None or isinstance(size, bool) or size != len(tail):
        raise invalid(
            "/inputs/0",
            "broken_tensor",
            f"behind the JSON stand {len(tail)} bytes, but the input names {size}; "
            "send the texts either as data or as binary data with binary_data_size and Inference-Header-Content-Length",
        )
    return [_decoded(element, row) for row, element in enumerate(unpacked_texts(tail, count, "/inputs/0"))]


def _listed(given: list[str | list[str]], count: int) -> list[str | ServiceError]:
    texts: list[str | ServiceError] = flat(given)
    if len(texts) != count:
        raise invalid("/inputs/0/data", "wrong_shape", f"there are {len(texts)} texts, but the shape says {count}; send as many as it says")
    return texts


def _decoded(element: bytes, row: int) -> str | Invalid:
    try:
        return element.decode()
    except UnicodeDecodeError as error:
        return invalid(f"/inputs/0/data/{row}", "not_utf8", f"text {row} is not UTF-8: {error.reason} at byte {error.start}")


def _wanted(asked: InferRequest, known: Collection[str], *, binary: bool) -> list[tuple[str, bool]]:
    """The names of the outputs to send, and whether each comes as bytes. Raises Invalid."""
    if not asked.outputs:
        return [(name, binary) for name in known]
    wanted: dict[str, bool] = {}
    for place, output in enumerate(asked.outputs):
        if output.name in wanted or output.name not in known:
            message = f"there is no output {output.name!r}, or it is asked for twice; there are: {', '.join(known)}"
            raise invalid(f"/outputs/{place}/name", "unknown_output", message)
        wanted[output.name] = bool(output.parameters.get("binary_data", binary))
    return list(wanted.items())


def _plan(given: InferParameters, served: ServedModel, through: AnnotationService) -> Plan:
    expected = tuple([name for part in given.expected_slots.split(",") if (name := part.strip())])
    asked = service.Options(
        model=served.name,
        language=given.language,
        reference_time=moment_of(given),
        timezone=given.timezone,
        date_policy=given.date_policy,
        date_order=given.date_order,
        expected_slots=expected,
        intent=given.intent,
        min_confidence=given.min_confidence,
        values=given.values,
    )
    return through.plan(asked)


def _asked_model(request: Request) -> ServedModel:
    """The model that the path names. Raises NotFound."""
    named = request.path_params
    served = parts(request).service.registry.get(named["name"])
    version = named.get("version")
    if version is not None and version != served.tagger.version:
        raise NotFound(
            f"{served.name} is served in version {served.tagger.version}, not {version[:100]!r}; leave the version out for the active one"
        )
    return served


def _check_media_type(call: Call) -> None:
    kind = call.exchange.headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
    if kind not in TAKEN and not (kind.startswith("application/") and kind.endswith("+json")):
        raise WrongMediaType(f"send the body as application/json, or as {BINARY} with the header {HEADER_LENGTH}")


def _json(said: Any) -> Response:
    return Response(orjson.dumps(said), media_type="application/json")
