"""Which kinds of paths there are, what the gate asks of each, and the security headers of its answers."""

from dataclasses import dataclass
from typing import Literal

Header = tuple[bytes, bytes]

_ALWAYS = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))
API_HEADERS: tuple[Header, ...] = (
    *_ALWAYS,
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)
# Our own pages: nothing but files from here, no markup made of strings, and requests to this service alone (a WebSocket is 'self' too).
PAGE_HEADERS: tuple[Header, ...] = (
    *_ALWAYS,
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; object-src 'none'; "
        b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    ),
)
# Swagger UI and Redoc style their elements inline, and Redoc searches in a worker made from a blob.
DOCS_HEADERS: tuple[Header, ...] = (
    *_ALWAYS,
    (
        b"content-security-policy",
        b"default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; "
        b"object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    ),
)


Dialect = Literal["problem", "rasa", "v2"]


@dataclass(frozen=True, slots=True, eq=False)  # an area is itself, not whatever has the same headers
class Area:
    """A kind of paths: the headers of its answers, whether it answers to any Host header, whether it takes an API key and counts for the
    rate limit, and the dialect in which it tells errors.
    """

    headers: tuple[Header, ...]
    any_host: bool = False
    keyed: bool = False
    dialect: Dialect = "problem"


API = Area(API_HEADERS, keyed=True)
RASA = Area(API_HEADERS, keyed=True, dialect="rasa")
RASA_OPEN = Area(API_HEADERS, dialect="rasa")  # Rasa asks for no token there
V2 = Area(API_HEADERS, keyed=True, dialect="v2")
V2_HEALTH = Area(API_HEADERS, any_host=True, dialect="v2")
ADMIN = Area(API_HEADERS)
HEALTH = Area(API_HEADERS, any_host=True)  # probes call by address and have no key, and a refusal would restart the service
METRICS = Area(API_HEADERS, any_host=True)  # scrapers call by address too; a setting asks them for a key
PAGES = Area(PAGE_HEADERS)
DOCS = Area(DOCS_HEADERS)
DOCUMENT = Area(API_HEADERS)
AREAS = (API, RASA, RASA_OPEN, V2, V2_HEALTH, ADMIN, HEALTH, METRICS, PAGES, DOCS, DOCUMENT)

_EXACT = {
    **{path: PAGES for path in ("/", "/model")},
    **{path: DOCS for path in ("/docs", "/redoc")},
    **{path: API for path in ("/v1/parse", "/v1/parse/batch")},  # asked most
    **{"/openapi.json": DOCUMENT, "/metrics": METRICS, "/status": RASA, "/version": RASA_OPEN, "/v2": V2},
}
_BENEATH = (  # the first that fits
    ("/v1/admin", ADMIN),
    ("/v1/", API),
    ("/health/", HEALTH),
    ("/v2/health/", V2_HEALTH),
    ("/v2/", V2),
    ("/model/", RASA),
    ("/static/", PAGES),
)


def area_of(path: str) -> Area:
    """The area of a request's decoded path; whatever is not named here is the API's."""
    area = _EXACT.get(path)
    if area is not None:
        return area
    return next((area for beginning, area in _BENEATH if path.startswith(beginning)), API)
