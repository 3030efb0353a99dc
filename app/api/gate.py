"""Who may come in: what is decided about a request from its head alone, before anything of it is read.

In this order: where it comes from, whether it is for this host, whether a browser only asks (CORS), whose key it has, and how
often its caller came. Whoever is refused gets the same headers as whoever is admitted, so that a browser shows the refusal.
"""

import base64
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.types import ASGIApp, Scope

from app.access.hosts import AllowedHosts
from app.access.keys import KeyRing
from app.access.origins import AllowedOrigins, is_preflight
from app.access.proxies import TrustedProxies, site_of
from app.access.quota import Quota, RateFields, Stand
from app.api.areas import ADMIN, AREAS, METRICS, Area, Header, area_of
from app.api.failures import failure_response
from app.errors import AdminOff, Forbidden, ForeignOrigin, QuotaExceeded, ServiceError, Unauthorized
from app.settings import Settings

logger = logging.getLogger(__name__)

EMPTY = Response(status_code=204)
NO_KEY = "send a key in the header X-API-Key, or as Authorization: Bearer KEY"
SCHEMES = frozenset((b"http", b"https"))
KEY_SUBPROTOCOL = "slotline.key."


@dataclass(frozen=True, slots=True)
class Admission:
    """``headers`` go with whatever is answered. ``answer`` ends the exchange at the gate: a refusal or a CORS preflight."""

    headers: tuple[Header, ...] = ()
    answer: ASGIApp | None = None


class Gate:
    """Decides by the settings; one for each application."""

    def __init__(self, settings: Settings) -> None:
        """Admit as ``settings`` say. Raises ValueError where a file of keys has become unreadable."""
        self._keys = settings.read_api_keys()
        self._rings: dict[Area, KeyRing] = {ADMIN: settings.read_admin_keys()}  # what is not here is open
        if self._keys:
            self._rings.update((area, self._keys) for area in AREAS if area.keyed)
            if settings.metrics_need_key:
                self._rings[METRICS] = self._keys
        self._origins = AllowedOrigins(settings.cors_origins, credentials=settings.cors_credentials)
        self._proxies = TrustedProxies(settings.trusted_proxies)
        hosts = AllowedHosts(settings.allowed_hosts)
        self._hosts = None if hosts.any else hosts
        quota = quota_of(settings)
        self._rate = None if quota is None else RateFields(quota)
        # What is decided for every request alike is decided here, once; administration is never open.
        decides = bool(self._keys or self._origins or self._proxies or self._hosts or self._rate)
        self._plain = {} if decides else {area: Admission(area.headers) for area in AREAS if area is not ADMIN}
        if not self._keys:
            logger.info("no API key is set, so everyone who reaches this address may use the API; --api-keys locks it")

    def admit(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Admission:
        """What becomes of the request. ``headers``: the scope's, by lower-case name.

        Puts into the scope the caller's own address and scheme where a trusted proxy tells them, and its key's name as ``caller``.
        """
        area = area_of(scope["path"])
        plain = self._plain.get(area)
        if plain is not None:
            return plain
        if self._proxies:
            self._look_through(scope, headers)
        origin = headers.get(b"origin")
        marks = area.headers + self._origins.headers(origin) if self._origins else area.headers
        try:
            self._check_host(area, scope)
            if self._origins and is_preflight(scope["method"], headers):
                return Admission(marks + self._origins.preflight(origin), EMPTY)
            self._identify(area, scope, headers)
            if self._rate is not None and area.keyed:
                stand = self._rate.quota.take(_payer(scope))
                marks += self._rate.of(stand)
                _check_stand(stand)
        except ServiceError as error:
            return Admission(marks, failure_response(error, scope))
        return Admission(marks)

    def admit_socket(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Admission:
        """What becomes of a WebSocket's handshake: as ``admit``, for pages that may come, and with a key where browsers can put one."""
        if not self._origins.may_connect(headers.get(b"origin"), headers.get(b"host", b"")):
            error = ForeignOrigin("pages of this origin may not open this; let the operator add it to the setting cors_origins")
            return Admission(area_of(scope["path"]).headers, failure_response(error, scope))
        offered = offered_key(scope.get("subprotocols") or ())
        return self.admit(scope, headers if offered is None else {b"x-api-key": offered, **headers})

    def count(self, scope: Scope) -> None:
        """One more request of an admitted caller, on the same connection. Raises QuotaExceeded."""
        if self._rate is not None:
            _check_stand(self._rate.quota.take(_payer(scope)))

    def locked(self, path: str) -> bool:
        """Whether a key opens this path and nothing else does."""
        return bool(self._rings.get(area_of(path)))

    def _look_through(self, scope: Scope, headers: Mapping[bytes, bytes]) -> None:
        peer = _address(scope)
        if not self._proxies.trusts(peer):
            return
        # Several lines of one header are one list; ``headers`` has only the last of them.
        forwarded = [str(value, "latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
        if forwarded:
            scope["client"] = (self._proxies.origin(peer, forwarded), 0)
        scheme = headers.get(b"x-forwarded-proto", b"").rpartition(b",")[2].strip().lower()
        if scheme in SCHEMES:
            scope["scheme"] = str(scheme, "ascii")

    def _check_host(self, area: Area, scope: Scope) -> None:
        if self._hosts is not None and not area.any_host:
            fault = self._hosts.fault(scope["headers"])
            if fault is not None:
                raise fault

    def _identify(self, area: Area, scope: Scope, headers: Mapping[bytes, bytes]) -> None:
        """Note whose key came with the request, where one is asked for. Raises Unauthorized and Forbidden."""
        ring = self._rings.get(area)
        if ring is None:
            return
        if not ring:
            raise AdminOff("administration is off; the operator turns it on with the setting admin_keys (SLOTLINE_ADMIN_KEYS)")
        key = presented_key(headers)
        if key is None and area.dialect == "rasa":
            key = token_of(scope.get("query_string", b""))
        if key is None:
            raise Unauthorized(NO_KEY + (", or as ?token=KEY" if area.dialect == "rasa" else ""))
        name = ring.name_of(key)
        if name is None:
            if area is ADMIN and self._keys.name_of(key) is not None:
                raise Forbidden("this key opens the API, not its administration; send an admin key")
            raise Unauthorized("no such key is known here; send the one that the operator gave you")
        scope["caller"] = name


def presented_key(headers: Mapping[bytes, bytes]) -> bytes | None:
    """The key of a request: ``X-API-Key``, or else ``Authorization: Bearer`` (RFC 6750)."""
    key = headers.get(b"x-api-key")
    if key is not None:
        return key
    scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
    return token.strip(b" ") if scheme.lower() == b"bearer" else None


def offered_key(subprotocols: Sequence[str]) -> bytes | None:
    """The key that a page offers as a subprotocol, because it can set no header of a WebSocket: ``KEY_SUBPROTOCOL`` and base64url."""
    for offered in subprotocols:
        if offered.startswith(KEY_SUBPROTOCOL):
            key = offered.removeprefix(KEY_SUBPROTOCOL)
            try:
                return base64.b64decode(key + "=" * (-len(key) % 4), altchars=b"-_", validate=True)
            except ValueError:
                return b""  # which nobody has
    return None


def token_of(query: bytes) -> bytes | None:
    """The key in a query string, where Rasa's clients send it.

    >>> token_of(b"emulation_mode=&token=slotline_example")
    b'slotline_example'
    """
    tokens = parse_qs(str(query, "latin-1")).get("token")
    return tokens[0].encode("utf-8", "replace") if tokens else None


def quota_of(settings: Settings) -> Quota | None:
    """One worker process's part of the rate limit, None where there is no limit."""
    if settings.rate_limit is None:
        return None
    workers = settings.workers
    burst = settings.rate_burst or math.ceil(settings.rate_limit)
    return Quota(settings.rate_limit / workers, max(1, burst // workers))


def _check_stand(stand: Stand) -> None:
    if not stand.admitted:
        raise QuotaExceeded(f"this caller sent too many requests; send the next in {stand.wait_s} s", retry_after_s=stand.wait_s)


def _payer(scope: Scope) -> str:
    """For whom a request counts: whose key came with it, or else whence it came."""
    return scope.get("caller") or site_of(_address(scope))


def _address(scope: Scope) -> str:
    """Where the request came from; "" for a socket that has no addresses."""
    client = scope.get("client")
    return client[0] if client else ""
