"""Which web pages may call the service from a browser (CORS, as the Fetch standard has it)."""

import re
from collections.abc import Mapping

Header = tuple[bytes, bytes]

ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/?#@*]+")
VARY = (b"vary", b"Origin")  # a cache must not give the answer to one page to another
DEFAULT_PORTS = {b"http": b":80", b"https": b":443"}
EXPOSED = (
    b"access-control-expose-headers",
    b"X-Request-ID, RateLimit, RateLimit-Policy, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After",
)
PREFLIGHT = (
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE"),
    (b"access-control-allow-headers", b"Content-Type, X-API-Key, Authorization, X-Request-ID, Traceparent, Tracestate"),
    (b"access-control-max-age", b"600"),
)


class AllowedOrigins:
    """Origins such as ``https://shop.example.com``, each in full; ``*`` for every page, which excludes credentials."""

    def __init__(self, allowed: str | None, *, credentials: bool) -> None:
        """``allowed``: origins separated by commas or white space. Raises ValueError."""
        origins = (allowed or "").replace(",", " ").split()
        for origin in origins:
            if origin != "*" and not ORIGIN.fullmatch(origin):
                raise ValueError(f"cors_origins: {origin!r} is no origin; write it as a browser does, such as https://shop.example.com")
        if credentials and "*" in origins:
            raise ValueError("cors_origins: '*' with cors_credentials would let every page act as its visitor; list the origins")
        lent = ((b"access-control-allow-credentials", b"true"),) if credentials else ()
        self._any = "*" in origins
        self._headers: dict[bytes | None, tuple[Header, ...]] = {
            origin.encode(): (VARY, (b"access-control-allow-origin", origin.encode()), *lent, EXPOSED) for origin in origins
        }

    def __bool__(self) -> bool:
        return bool(self._headers)

    def headers(self, origin: bytes | None) -> tuple[Header, ...]:
        """What an answer carries to a page of ``origin``; None where the request names none."""
        return self._headers.get(b"*" if self._any else origin, (VARY,))

    def may_connect(self, origin: bytes | None, host: bytes) -> bool:
        """Whether a page of ``origin`` may open a WebSocket to ``host``, for which browsers ask nobody and send cookies too.

        Whoever names no origin is no browser.
        """
        return origin is None or self._any or origin in self._headers or is_own(origin, host)

    def preflight(self, origin: bytes | None) -> tuple[Header, ...]:
        """What the answer to a preflight carries beside ``headers``."""
        return PREFLIGHT if self._any or origin in self._headers else ()


def is_own(origin: bytes, host: bytes) -> bool:
    """Whether a page comes from the host that it calls; whatever stands before the service may have taken off the TLS.

    >>> is_own(b"https://api.example.com", b"API.example.com:443")
    True
    """
    scheme, _, place = origin.lower().partition(b"://")
    default = DEFAULT_PORTS.get(scheme)
    return default is not None and place.removesuffix(default) == host.lower().removesuffix(default)


def is_preflight(method: str, headers: Mapping[bytes, bytes]) -> bool:
    """Whether a browser asks what a page may send."""
    return method == "OPTIONS" and b"origin" in headers and b"access-control-request-method" in headers
