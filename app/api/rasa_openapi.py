"""How the OpenAPI document describes ``app.api.rasa``."""

from typing import Annotated, Any

from fastapi import Body
from fastapi.routing import APIRoute

from app import errors
from app.api import rasa
from app.api.deps import Parts
from app.api.rasa_schemas import RasaError, RasaMessage, RasaParse, RasaStatus, RasaVersion
from app.errors import ServiceError

TAG = "Rasa's clients"
PARSE = "/model/parse"
NAMES = {
    PARSE: ("rasa_parse", "Parse a message as Rasa does"),
    "/status": ("rasa_status", "What is loaded, as Rasa says it"),
    "/version": ("rasa_version", "Which Rasa this door answers as"),
}
_INTERNAL = ServiceError("the service failed on this request; tell the operator its request_id")
PROBLEMS: dict[str, tuple[ServiceError, ...]] = {
    PARSE: (
        errors.BodyTimeout("the body did not arrive within 10 s; send it at once"),
        errors.BodyTooLarge("the body is larger than 1048576 bytes; send less at a time"),
        errors.WrongMediaType("send the body without Content-Encoding; compressed bodies are not taken"),
        errors.invalid("/text", "required", "this field is required"),
        errors.AnnotationFailed("the model booking failed on this text; tell the operator, whose log names the error"),
        errors.Overloaded("2048 utterances wait already; try again in a second", retry_after_s=1),
        errors.DeadlineExceeded("no answer within 5 s; send fewer at a time or try again later"),
    ),
    "/status": (_INTERNAL,),
    "/version": (_INTERNAL,),
}
EXAMPLES: dict[str, dict[str, Any]] = {
    "arrive": {
        "summary": "A place and a day",
        "value": {"text": "I would like to arrive in Taipei on November 2nd", "message_id": "b2831e73-1407-4ba0-a861-0f30a42a2a5a"},
    },
    "nothing": {"summary": "A text without words, which is no error here", "value": {"text": " "}},
}


async def answer(parts: Parts, value: dict[str, Any]) -> dict[str, Any]:
    """The answer to an example."""
    return await rasa.answer_message(RasaMessage.model_validate(value).text, parts.service, parts.rasa_names)


def answers(parts: Parts) -> dict[tuple[str, str], Any]:
    """An answer for every operation that takes no body, by path and method."""
    return {("/status", "get"): rasa.status_of(parts.service.registry), ("/version", "get"): rasa.VERSION}


async def _parse(body: Annotated[RasaMessage, Body()]) -> None:
    """Finds intent and entities with the default model. The key may also come as `?token=`; the body is read as JSON whatever
    its `Content-Type`. `--rasa-names` says which entity, in which role, each slot is. Relative dates count from now, in UTC.
    """


async def _status() -> None:
    """Name, version and checksum of the default model."""


async def _version() -> None:
    """The version of Rasa whose API this door speaks; of Slotline, see the document's own."""


_ERROR: dict[int | str, dict[str, Any]] = {500: {"model": RasaError}}
# Documentation only: FastAPI describes these, plain routes in ``app.api.rasa`` serve the paths.
TWINS = [
    APIRoute(PARSE, _parse, methods=["POST"], response_model=RasaParse, responses=_ERROR, tags=[TAG]),
    APIRoute("/status", _status, methods=["GET"], response_model=RasaStatus, responses=_ERROR, tags=[TAG]),
    APIRoute("/version", _version, methods=["GET"], response_model=RasaVersion, responses=_ERROR, tags=[TAG]),
]
