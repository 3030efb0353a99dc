"""The shapes of the Open Inference Protocol (version 2, REST), as far as it is answered here."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from app.api.offsets import Unit
from app.api.requests import Probability, TimeContext, check_number
from app.api.tensors import Datatype

Parameter = str | bool | Annotated[int, Field(ge=-(2**63), lt=2**63)] | float | None
MOST_PARAMETERS = 100
IndexState = Literal["READY", "UNAVAILABLE"]


def _check_few(parameters: Any) -> Any:
    """Before any is looked at: to describe what is wrong with each of 70,000 takes a second. Null is none."""
    if isinstance(parameters, dict) and len(parameters) > MOST_PARAMETERS:
        raise PydanticCustomError("too_many_parameters", "there are {given} parameters; send at most 100", {"given": len(parameters)})
    return {} if parameters is None else parameters


Parameters = Annotated[dict[str, Parameter], BeforeValidator(_check_few)]


def _check_texts(given: Any, validation: ValidationInfo) -> Any:
    """Likewise: the first element that is no text is enough."""
    for row, entry in enumerate(check_number(given, validation) if isinstance(given, list) else ()):
        for element in check_number(entry, validation) if isinstance(entry, list) else (entry,):
            if not isinstance(element, str):
                raise PydanticCustomError("string_type", "element {row} is no string, which elements of BYTES are in JSON", {"row": row})
    return given


Size = Annotated[int, Field(ge=0, lt=2**31)]


class Message(BaseModel):
    """A part of a request: types are not guessed, and what is not known is not looked at, for clients send extensions."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, allow_inf_nan=False)


class InferParameters(TimeContext):
    """Of these an answer depends; all others come back as they are."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True, allow_inf_nan=False)
    __pydantic_extra__: dict[str, Parameter] = Field(init=False)

    language: str | None = Field(None, max_length=35, description="as in `/v1/parse`")
    intent: str | None = Field(None, max_length=200, description="as `context.intent` of `/v1/parse`")
    expected_slots: str = Field("", max_length=2_000, description="as `context.expected_slots` of `/v1/parse`, with commas between")
    min_confidence: Probability = Field(0.5, description="slots below it are kept and marked `uncertain`")
    values: bool = Field(True, description="whether to say what the slots mean")
    offset_unit: Unit = Field("codepoint", description="what `start`, `end` and `offsets` count")
    binary_data_output: bool = Field(False, description="whether outputs that do not say otherwise come as bytes")

    @model_validator(mode="before")
    @classmethod
    def _are_few(cls, given: Any) -> Any:
        return _check_few(given)


class InferInput(Message):
    """The texts."""

    name: Literal["text"]
    datatype: Literal["BYTES"]
    shape: list[Size] = Field(min_length=1, max_length=2, description="[n] or [n, 1]")
    parameters: Parameters = Field({}, description="`binary_data_size`: the texts stand behind the JSON, in so many bytes")
    data: Annotated[list[str | list[str]] | None, BeforeValidator(_check_texts)] = Field(
        None, description="the texts, flat or nested as the shape is"
    )


class RequestedOutput(Message):
    """An output that is asked for."""

    name: Annotated[str, Field(max_length=200)]
    parameters: Parameters = Field({}, description="`binary_data`: whether it comes as bytes")


class InferRequest(Message):
    """Texts to annotate."""

    id: str | None = Field(None, max_length=200, description="echoed")
    parameters: InferParameters | None = Field(None, description="echoed, but for `binary_data_output`")
    inputs: list[InferInput] = Field(min_length=1, max_length=1)
    outputs: list[RequestedOutput] | None = Field(None, max_length=20, description="those wanted, each once; default: all")


class IndexRequest(Message):
    """Which models to list."""

    ready: bool | None = Field(None, description="whether to leave out those that are not ready")


class TensorAnswer(BaseModel):
    """An output."""

    name: str
    datatype: Datatype
    shape: list[int]
    parameters: dict[str, Any] = Field({}, description="`binary_data_size`: it stands behind the JSON, in so many bytes")
    data: list[Any] = Field([], description="flat, in row-major order; left out where it comes as bytes")


class InferAnswer(BaseModel):
    """What the texts say."""

    id: str | None = Field(None, description="the request's, where it had one")
    model_name: str
    model_version: str
    parameters: dict[str, Any] = Field({}, description="the request's, where it had some")
    outputs: list[TensorAnswer]


class V2Server(BaseModel):
    """This server."""

    name: str
    version: str
    extensions: list[str]


class TensorMetadata(BaseModel):
    """A tensor; -1 is a size that differs from request to request."""

    name: str
    datatype: Datatype
    shape: list[int]


class V2ModelParameters(BaseModel):
    """What the columns of the tensors mean."""

    labels: list[str] = Field(description="columns of `probabilities`")
    intents: list[str] = Field(description="columns of `intent_probabilities`")
    languages: list[str]
    max_words: int
    sha256: str


class V2Model(BaseModel):
    """A model that answers."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]
    parameters: V2ModelParameters


class V2Live(BaseModel):
    """The event loop turns."""

    live: Literal[True]


class V2Ready(BaseModel):
    """Every model answered a real forward pass a short while ago."""

    ready: Literal[True]


class V2ModelReady(BaseModel):
    """The model answered a real forward pass a short while ago."""

    name: str
    ready: Literal[True]


class V2IndexEntry(BaseModel):
    """A model of the repository."""

    name: str
    version: str
    state: IndexState
    reason: str


class V2Error(BaseModel):
    """An error as the protocol has it."""

    error: str
