"""Which kinds of paths there are, what the gate asks of each, and the security headers of its answers."""

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True, eq=False)  # an area is itself, not whatever has the same headers
class Area:
    """A kind of paths: the headers of its answers, and whether it answers to any Host header."""

    headers: tuple[Header, ...]
    any_host: bool = False


API = Area(API_HEADERS)  # what takes a key and counts for the rate limit
ADMIN = Area(API_HEADERS)
HEALTH = Area(API_HEADERS, any_host=True)  # probes call by address and have no key, and a refusal would restart the service
METRICS = Area(API_HEADERS, any_host=True)  # scrapers call by address too; a setting asks them for a key
PAGES = Area(PAGE_HEADERS)
DOCS = Area(DOCS_HEADERS)
DOCUMENT = Area(API_HEADERS)
AREAS = (API, ADMIN, HEALTH, METRICS, PAGES, DOCS, DOCUMENT)

_EXACT = {"/": PAGES, "/model": PAGES, "/docs": DOCS, "/redoc": DOCS, "/openapi.json": DOCUMENT, "/metrics": METRICS}


def area_of(path: str) -> Area:
    """The area of a request's decoded path; whatever is not named here is the API's."""
    area = _EXACT.get(path)
    if area is not None:
        return area
    if path.startswith("/v1/"):
        return ADMIN if path.startswith("/v1/admin") else API
    if path.startswith("/health/"):
        return HEALTH
    return PAGES if path.startswith("/static/") else API
