"""The shapes of requests: they validate what comes in and document it."""

from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

from app.errors import FieldError, Invalid, Malformed, invalid
from app.lineup import Place

T = TypeVar("T")

Include = Literal["words", "alternatives", "intents", "distribution", "explanation"]
OffsetUnit = Literal["codepoint", "utf16", "utf8"]
DatePolicy = Literal["future", "past", "nearest"]
DateOrder = Literal["mdy", "dmy", "ymd"]
Kind = Literal["date", "time", "datetime", "date_range", "time_range", "number", "duration", "money", "place"]
Probability = Annotated[float, Field(ge=0, le=1)]
ItemId = Annotated[str, Field(max_length=200)]


class Request(BaseModel):
    """A part of a request: unknown fields are refused, types are not guessed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class TimeContext(Request):
    """When and where it was said. The same body gives the same answer once `reference_time` is given."""

    reference_time: Annotated[str, Field(max_length=64, json_schema_extra={"format": "date-time"})] | None = Field(
        None, description="the moment that relative dates count from, ISO 8601; without offset only if `timezone` is given; default: now"
    )
    timezone: str | None = Field(None, max_length=64, description="IANA name of the caller's time zone, such as `Asia/Taipei`")
    date_policy: DatePolicy = Field("future", description="where a date without year lies, seen from `reference_time`")
    date_order: DateOrder = Field(
        "mdy", description="how 03/04 is read, where both readings are dates; the others are `value_alternatives`; in 03.04 the day is"
    )


class Context(TimeContext):
    """What the text does not say. The same body gives the same answer once `reference_time` is given."""

    expected_slots: tuple[str, ...] = Field(
        (),
        max_length=100,
        description="slots that the caller has just asked for; read only by models whose `inputs` (`GET /v1/models/{name}`) list them",
    )
    intent: str | None = Field(
        None,
        max_length=200,
        description="intent of the conversation so far; read only by models whose `inputs` (`GET /v1/models/{name}`) list it",
    )


_DEFAULT_CONTEXT = Context()  # frozen, so that every request may share it
_DEFAULT_TIME_CONTEXT = TimeContext()


class Options(Request):
    """What one text and a batch can ask alike."""

    model: str | None = Field(None, max_length=200, description="name of a loaded model; default: the service's default model")
    language: str | None = Field(
        None, max_length=35, description="one of the model's languages; default: the one in whose script most letters of the text are"
    )
    context: Context = Field(_DEFAULT_CONTEXT)
    required_slots: tuple[str, ...] = Field(
        (), max_length=100, description="slots that the caller needs; those not filled come back in `missing`"
    )
    include: tuple[Include, ...] = Field(
        ("words",),
        max_length=10,
        description="`words`: every word with its most probable labels; `alternatives`: the other labels of each slot; "
        "`intents`: every intent with its probability; "
        "`distribution`: the probability of every label of every word, as one matrix; `explanation`: how far the probability of each slot "
        "falls without each other word, which takes as many readings more as there are words",
    )
    top_k: int = Field(3, ge=1, le=100, description="how many labels of a word, and alternatives of a slot, to show at most")
    min_confidence: Probability = Field(0.5, description="slots below it are kept and marked `uncertain`")
    values: bool = Field(True, description="whether to say what the slots mean; `false` leaves out `value` and `value_alternatives`")
    offset_unit: OffsetUnit = Field("codepoint", description="what `start` and `end` count; `utf16` is JavaScript's")


class OneText(Request):
    """An utterance."""

    text: str = Field(description="the utterance; the service limits its characters and words")


class ParseRequest(Options, OneText):  # bases from the last: the text stands first in the documentation
    """One text."""


class BatchItem(OneText):
    """One text of a batch."""

    id: ItemId | None = Field(None, description="echoed")


class BadItem(BaseModel):
    """Stands in a batch for an item that is not valid, so that the others are answered."""

    id: str | None
    errors: tuple[FieldError, ...]


def pointer_of(location: tuple[int | str, ...]) -> str:
    """A JSON pointer (RFC 6901), shortened where a caller's own key is very long.

    >>> pointer_of(("items", 3, "a/b"))
    '/items/3/a~1b'
    """
    return "".join("/" + str(part)[:100].replace("~", "~0").replace("/", "~1") for part in location)


class LoadRequest(Request):
    """Which artefact to load."""

    artifact: str = Field(min_length=1, max_length=200, description="an artefact's directory, directly below the service's `models`")


class UnloadRequest(Request):
    """Which version to unload."""

    which: Place = Field(description="the active version of the default model cannot be unloaded")


def validated(adapter: TypeAdapter[T], body: bytes, **limits: int) -> T:
    """The request that ``body`` is, within the ``limits`` that its schema asks for. Raises Malformed and Invalid."""
    try:
        asked: T = adapter.validator.validate_json(body, context=limits)  # what the adapter calls, without its own detour
        return asked
    except ValidationError as error:
        errors = field_errors(error)
        if errors[0].code == "json_invalid":
            raise Malformed(f"{errors[0].message}; send one JSON object in UTF-8") from None
        raise Invalid("; ".join(f"{entry.pointer or 'body'}: {entry.message}" for entry in errors), errors=errors) from None


CODES = {"missing": "required", "extra_forbidden": "unknown_field", "literal_error": "not_allowed", "model_type": "object_type"}
MESSAGES = {
    "extra_forbidden": "there is no such field; see /docs for those that there are",
    "missing": "this field is required",
    "model_type": "send a JSON object here",
}
MOST_ERRORS = 20
COUNTED_ERRORS = 1_000  # pydantic describes all errors or none, which for a megabyte of them takes half a second


def field_errors(error: ValidationError) -> tuple[FieldError, ...]:
    """pydantic's errors as ours; no message repeats what the caller sent."""
    if error.error_count() > COUNTED_ERRORS:
        return (FieldError("", "too_many_errors", f"{error.error_count()} places of the request are wrong; see /docs for what is right"),)
    entries = error.errors(include_url=False, include_context=False, include_input=False)[:MOST_ERRORS]
    return tuple(
        FieldError(pointer_of(entry["loc"]), CODES.get(entry["type"], entry["type"]), MESSAGES.get(entry["type"], entry["msg"]))
        for entry in entries
    )


def _keep_bad_item(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    try:
        return validate(value)
    except ValidationError as error:
        name = value.get("id") if isinstance(value, dict) else None
        return BadItem(id=name if isinstance(name, str) and len(name) <= 200 else None, errors=field_errors(error))


def check_number(items: Any, validation: ValidationInfo) -> Any:
    """Before any item is looked at: to describe what is wrong with each of 300,000 takes seconds."""
    most = (validation.context or {}).get("max_batch_items")
    if most is not None and isinstance(items, list) and len(items) > most:
        message = "the batch has {items} items; send at most {most} at a time"
        raise PydanticCustomError("too_many_items", message, {"items": len(items), "most": most})
    return items


class ManyTexts(Request):
    """Utterances."""

    items: Annotated[list[Annotated[BatchItem, WrapValidator(_keep_bad_item)]], BeforeValidator(check_number)] = Field(
        min_length=1, description="texts, in the order of the answers; the service limits their number"
    )


class BatchRequest(Options, ManyTexts):
    """Many texts with the same options; each has its own status."""


class PhraseItem(Request):
    """A phrase that says one value, without the words around it."""

    text: str = Field(description="the phrase; the service limits its characters")
    kind: Kind | None = Field(None, description="what is asked for; decides what a bare number is. Left out: what the words tell")


class ValuesRequest(Request):
    """Many phrases with the same context; each has its own status."""

    phrases: Annotated[list[Annotated[PhraseItem, WrapValidator(_keep_bad_item)]], BeforeValidator(check_number)] = Field(
        min_length=1, description="in the order of the answers; the service limits their number"
    )
    context: TimeContext = Field(_DEFAULT_TIME_CONTEXT)


def moment_of(context: TimeContext) -> datetime | None:
    """The context's reference time, None where it has none. Raises Invalid for one that is no time."""
    if context.reference_time is None:
        return None
    try:
        return datetime.fromisoformat(context.reference_time)
    except ValueError:
        message = "this is no ISO 8601 date and time; send one such as 2026-10-20T10:00:00+08:00"
        raise invalid("/context/reference_time", "not_a_time", message) from None


def refusal(item: BadItem, pointer: str) -> Invalid:
    """The error of one item of a batch, which stands at ``pointer``."""
    errors = tuple(FieldError(pointer + entry.pointer, entry.code, entry.message) for entry in item.errors)
    return Invalid("; ".join(f"{entry.pointer}: {entry.message}" for entry in errors), errors=errors)
