"""What the OpenAPI document says about the gate: the keys it asks for and the problems it answers with."""

from collections.abc import Callable
from typing import Any

from app import errors
from app.api.areas import ADMIN, METRICS, RASA, RASA_OPEN, area_of
from app.errors import ServiceError

_BAD_HOST = errors.BadHost("a request needs exactly one Host header; name the host that the request is for")
_WRONG_HOST = errors.WrongHost("this service does not answer for example.org; call it by its own name")
_NO_KEY = errors.Unauthorized("send a key in the header X-API-Key, or as Authorization: Bearer KEY")
_NO_ADMIN = errors.AdminOff("administration is off; the operator turns it on with the setting admin_keys (SLOTLINE_ADMIN_KEYS)")
_TOO_MANY = errors.QuotaExceeded("this caller sent too many requests; send the next in 1 s", retry_after_s=1)

SCHEMES: dict[str, dict[str, Any]] = {
    "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "A key of the API."},
    "BearerKey": {"type": "http", "scheme": "bearer", "description": "The same key as Authorization: Bearer KEY."},
    "Token": {"type": "apiKey", "in": "query", "name": "token", "description": "The same key where Rasa's clients send it."},
    "AdminKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "A key of the administration."},
    "BearerAdminKey": {"type": "http", "scheme": "bearer", "description": "The same key as Authorization: Bearer KEY."},
}
_API_SCHEMES = ("ApiKey", "BearerKey")
_RASA_SCHEMES = (*_API_SCHEMES, "Token")
_ADMIN_SCHEMES = ("AdminKey", "BearerAdminKey")


def gate_problems(path: str) -> tuple[ServiceError, ...]:
    """What the gate may answer at a path, as services may be set up: one example for each status."""
    area = area_of(path)
    if area.keyed:
        return (_BAD_HOST, _NO_KEY, _WRONG_HOST, _TOO_MANY)
    if area is ADMIN:
        return (_BAD_HOST, _NO_KEY, _NO_ADMIN, _WRONG_HOST)
    if area is RASA_OPEN:
        return (_BAD_HOST, _WRONG_HOST)
    return (_NO_KEY,) if area is METRICS else ()


def add_keys(built: dict[str, Any], locked: Callable[[str], bool]) -> None:
    """Say in the document which operations need which key. ``locked``: whether a path does, as this service is set up."""
    used: set[str] = set()
    for path, operations in built["paths"].items():
        if locked(path):
            names = {ADMIN: _ADMIN_SCHEMES, RASA: _RASA_SCHEMES}.get(area_of(path), _API_SCHEMES)
            used.update(names)
            for operation in operations.values():
                operation["security"] = [{name: []} for name in names]
    if used:
        built["components"]["securitySchemes"] = {name: scheme for name, scheme in SCHEMES.items() if name in used}
