import logging
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.access.keys import entry_of, make_key
from app.api.areas import API_HEADERS, DOCS_HEADERS, PAGE_HEADERS
from app.api.deps import Exchange
from app.api.gate import Gate, quota_of
from app.settings import Settings
from tests.app.serving import serving

pytestmark = pytest.mark.anyio

KEY, OTHER, ADMIN_KEY = (make_key() for _ in range(3))
KEYS = f"{entry_of('shop', KEY)}, {entry_of('bot', OTHER)}"
ADMIN_KEYS = entry_of("root", ADMIN_KEY)
SHOP = "https://shop.example.com"
EVERYTHING: dict[str, Any] = {
    "api_keys": KEYS,
    "admin_keys": ADMIN_KEYS,
    "rate_limit": 0.001,
    "rate_burst": 2,
    "cors_origins": SHOP,
    "allowed_hosts": "slotline",
    "trusted_proxies": "127.0.0.1",
}
OURS = ("/", "/model")
OPEN = [*OURS, "/docs", "/redoc", "/openapi.json", "/static/pages.css", "/health/live", "/health/ready", "/health/startup"]
LOCKED = ["/v1/labels", "/v1/models", "/v1/models/fake", "/nothing", "/v1", "/v1/parse%0A", "/docs%0A", "/health", "/metrics/x"]


async def parse(client: httpx.AsyncClient, text: str = "ok", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.post("/v1/parse", json={"text": text}, headers=named)


def kind(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


# Keys


async def test_an_api_key_opens_by_either_header() -> None:
    async with serving(api_keys=KEYS) as client:
        for headers in ({"x_api_key": KEY}, {"authorization": f"Bearer {KEY}"}, {"authorization": f"bearer  {OTHER}"}):
            assert (await parse(client, **headers)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x_api_key": ""},
        {"x_api_key": KEY[:-1]},
        {"x_api_key": KEY + "x"},
        {"x_api_key": KEY.upper()},
        {"x_api_key": entry_of("shop", KEY)},
        {"x_api_key": "shop"},
        {"x_api_key": "wrong", "authorization": f"Bearer {KEY}"},
        {"authorization": KEY},
        {"authorization": f"Basic {KEY}"},
        {"authorization": "Bearer"},
        {"x_api_key": ADMIN_KEY},
        {"x_api_key": "é" * 5000},
    ],
)
async def test_anything_else_is_401_that_asks_for_a_bearer(headers: dict[str, str]) -> None:
    async with serving(api_keys=KEYS, admin_keys=ADMIN_KEYS) as client:
        answer = await client.post(
            "/v1/parse", content=b"x", headers={name.replace("_", "-"): value.encode() for name, value in headers.items()}
        )
    assert kind(answer) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert KEY not in answer.text


async def test_what_needs_a_key_is_all_but_health_pages_and_metrics() -> None:
    async with serving(api_keys=KEYS) as client:
        assert [(path, (await client.get(path)).status_code) for path in [*OPEN, "/metrics"]] == [
            (path, 200) for path in [*OPEN, "/metrics"]
        ]
        assert [(path, (await client.get(path)).status_code) for path in LOCKED] == [(path, 401) for path in LOCKED]


@pytest.mark.parametrize(
    "path", ["/static/../v1/labels", "/health/../v1/labels", "/docs/../v1/labels", "//v1/labels", "/static/%2e%2e/v1/labels"]
)
async def test_no_open_path_leads_round_the_lock(path: str) -> None:
    async with serving(api_keys=KEYS) as client:
        assert (await client.get(httpx.URL("http://slotline", raw_path=path.encode()))).status_code in (401, 404)


async def test_metrics_ask_for_a_key_where_the_setting_says_so() -> None:
    async with serving(api_keys=KEYS, metrics_need_key=True) as client:
        assert kind(await client.get("/metrics")) == (401, "unauthorized")
        assert (await client.get("/metrics", headers={"Authorization": f"Bearer {KEY}"})).status_code == 200


async def test_keys_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "api_keys"
    file.write_text(ADMIN_KEYS)
    async with serving(api_keys_file=file) as client:
        assert (await parse(client)).status_code == 401
        assert (await parse(client, x_api_key=ADMIN_KEY)).status_code == 200


async def test_without_keys_the_api_is_open_and_a_line_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "app.api.gate"):
        async with serving() as client:
            assert (await parse(client)).status_code == 200
        assert [record.getMessage() for record in caplog.records if "no API key is set" in record.getMessage()]
        caplog.clear()
        async with serving(api_keys=KEYS):
            assert not caplog.text


@pytest.mark.parametrize("path", ["/v1/admin/models/x", "/v1/admin/", "/v1/admin", "/v1/admin%0A"])
async def test_administration_has_keys_of_its_own(path: str) -> None:
    async with serving(api_keys=KEYS) as client:
        off = await client.post(path, headers={"X-API-Key": KEY})
    async with serving(api_keys=KEYS, admin_keys=ADMIN_KEYS) as client:
        without = await client.post(path)
        foreign = await client.post(path, headers={"X-API-Key": KEY})
        unknown = await client.post(path, headers={"X-API-Key": "x"})
        opened = await client.post(path, headers={"X-API-Key": ADMIN_KEY})
    assert kind(off) == (403, "admin_off")
    assert "admin_keys" in off.json()["detail"]
    assert kind(without) == kind(unknown) == (401, "unauthorized")
    assert kind(foreign) == (403, "forbidden")
    assert kind(opened) == (404, "not_found")


async def test_administration_is_off_where_nothing_is_configured(client: httpx.AsyncClient) -> None:
    assert kind(await client.post("/v1/admin/models/x")) == (403, "admin_off")


# Rate limit


async def test_each_key_has_its_own_quota_and_answers_tell_it() -> None:
    async with serving(api_keys=KEYS, rate_limit=0.001, rate_burst=2) as client:
        answers = [await parse(client, x_api_key=KEY) for _ in range(3)]
        assert (await parse(client, x_api_key=OTHER)).status_code == 200
        assert (await client.get("/health/live")).status_code == 200
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]
    for answer in answers:
        assert answer.headers["ratelimit-policy"] == '"default";q=2;w=2000'
        assert answer.headers["ratelimit-limit"] == "2"
    refused = answers[-1]
    assert kind(refused) == (429, "quota_exceeded")
    assert refused.headers["retry-after"] == refused.headers["ratelimit-reset"]
    assert refused.headers["ratelimit"] == f'"default";r=0;t={refused.headers["retry-after"]}'


async def test_without_keys_each_address_has_its_quota() -> None:
    async with serving(rate_limit=0.001, rate_burst=1, trusted_proxies="127.0.0.1") as client:
        statuses = [(await parse(client, x_forwarded_for=address)).status_code for address in ("192.0.2.1", "192.0.2.2", "192.0.2.1")]
        sites = [
            (await parse(client, x_forwarded_for=address)).status_code for address in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1")
        ]
    assert statuses == [200, 200, 429]
    assert sites == [200, 429, 200]


async def test_an_invented_address_gives_no_quota_of_its_own() -> None:
    async with serving(rate_limit=0.001, rate_burst=1) as client:
        assert [(await parse(client, x_forwarded_for=f"192.0.2.{number}")).status_code for number in range(2)] == [200, 429]


async def test_a_batch_counts_as_one_request_and_unknown_keys_as_none() -> None:
    body = {"items": [{"text": "ok"}] * 5}
    async with serving(api_keys=KEYS, rate_limit=0.001, rate_burst=2) as client:
        assert (await parse(client, x_api_key="wrong")).status_code == 401
        answer = await client.post("/v1/parse/batch", json=body, headers={"X-API-Key": KEY})
        assert answer.headers["ratelimit-remaining"] == "1"
        assert (await client.get("/v1/labels", headers={"X-API-Key": KEY})).headers["ratelimit-remaining"] == "0"


@pytest.mark.parametrize(
    ("rate", "burst", "workers", "expected"),
    [(10.0, None, 1, (10.0, 10)), (0.5, None, 1, (0.5, 1)), (9.0, 8, 3, (3.0, 2)), (1, 1, 4, (0.25, 1))],
)
def test_each_worker_has_its_part_of_the_limit(rate: float, burst: int | None, workers: int, expected: tuple[float, int]) -> None:
    class Workers(Settings):
        workers: int

    quota = quota_of(Workers(rate_limit=rate, rate_burst=burst, workers=workers))
    assert quota is not None
    assert (quota.rate, quota.burst) == expected


# CORS


async def test_a_preflight_is_answered_at_the_gate_without_a_key() -> None:
    async with serving(**EVERYTHING) as client:
        asked = {"Origin": SHOP, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-api-key"}
        answer = await client.options("/v1/parse", headers=asked)
        stranger = await client.options("/v1/parse", headers={**asked, "Origin": "https://evil.example.com"})
        plain = await client.options("/v1/parse", headers={"X-API-Key": KEY})
    assert answer.status_code == 204
    assert answer.content == b""
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert "POST" in answer.headers["access-control-allow-methods"]
    allowed = {name.strip().lower() for name in answer.headers["access-control-allow-headers"].split(",")}
    assert {"content-type", "x-api-key", "authorization", "x-request-id"} <= allowed
    assert answer.headers["vary"] == "Origin"
    assert not [name for name in stranger.headers if name.startswith("access-control")]
    assert stranger.headers["vary"] == "Origin"
    assert plain.status_code == 405


async def test_refusals_carry_what_a_browser_needs_to_show_them() -> None:
    async with serving(**EVERYTHING) as client:
        unauthorized = await parse(client, origin=SHOP)
        answers = [await parse(client, origin=SHOP, x_api_key=KEY) for _ in range(3)]
        misdirected = await parse(client, origin=SHOP, host="other")
        missing = await client.get("/v1/nothing", headers={"Origin": SHOP, "X-API-Key": OTHER})
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert (unauthorized.status_code, misdirected.status_code, missing.status_code) == (401, 421, 404)
    for answer in (unauthorized, *answers, misdirected, missing):
        assert answer.headers["access-control-allow-origin"] == SHOP
        assert "Retry-After" in answer.headers["access-control-expose-headers"]
        assert answer.headers["vary"] == "Origin"


async def test_cors_is_off_by_default(client: httpx.AsyncClient) -> None:
    answer = await client.options("/v1/parse", headers={"Origin": SHOP, "Access-Control-Request-Method": "POST"})
    assert answer.status_code == 405
    assert not [name for name in (await parse(client, origin=SHOP)).headers if name.startswith(("access-control", "vary"))]


# Hosts


async def test_only_the_services_own_hosts_are_answered_but_health_answers_to_any() -> None:
    async with serving(allowed_hosts="slotline *.example.com") as client:
        statuses = [(await parse(client, host=host)).status_code for host in ("slotline", "a.example.com:8000", "evil.org", "sl/x")]
        assert statuses == [200, 200, 421, 400]
        assert kind(await parse(client, host="evil.org")) == (421, "wrong_host")
        assert (await client.get("/docs", headers={"Host": "evil.org"})).status_code == 421
        for path in ("/health/live", "/health/ready", "/metrics"):
            assert (await client.get(path, headers={"Host": "10.0.0.7:8000"})).status_code == 200


# Headers of every answer


async def answers_of_every_kind() -> list[tuple[str, httpx.Response]]:
    async with serving(**EVERYTHING) as client:
        with_key = {"X-API-Key": KEY, "Origin": SHOP}
        answers = [
            (path, await client.get(path, headers=with_key))
            for path in [*OPEN, "/metrics", "/v1/labels", "/nothing", "/v1/models", "/static/none"]
        ]
        answers += [(path, await client.post(path)) for path in ("/docs", "/health/live", "/v1/admin/x", "/v1/parse")]
        answers.append(("/v1/parse", await client.options("/v1/parse", headers={**with_key, "Access-Control-Request-Method": "POST"})))
        answers.append(("/v1/parse", await parse(client, host="other")))
    async with serving() as client:
        answers += [(path, await client.get(path)) for path in [*OPEN, "/metrics", "/v1/labels", "/nothing", "/v1/admin/x"]]
        answers.append(("/v1/parse", await parse(client)))
        answers.append(("/v1/parse", await client.post("/v1/parse", content=b"{")))
    return answers


async def test_every_answer_has_its_security_headers_and_no_header_twice() -> None:
    answers = await answers_of_every_kind()
    assert {answer.status_code for _, answer in answers} >= {200, 204, 415, 401, 403, 404, 405, 421, 429}
    for path, answer in answers:
        expected = (
            DOCS_HEADERS if path in ("/docs", "/redoc") else PAGE_HEADERS if path in OURS or path.startswith("/static/") else API_HEADERS
        )
        for name, value in expected:
            assert answer.headers[name.decode()] == value.decode()
        assert {name: times for name, times in Counter(name.lower() for name, _ in answer.headers.raw).items() if times > 1} == {}


async def test_files_that_may_be_kept_are_not_forbidden_to_be(client: httpx.AsyncClient) -> None:
    assert "cache-control" not in (await client.get("/static/pages.css")).headers
    assert (await client.get("/v1/labels")).headers["cache-control"] == "no-store"


async def test_no_refusal_tells_about_the_inside() -> None:
    for path, answer in await answers_of_every_kind():
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json", path
            assert not [
                word for word in ("Traceback", ".py", "site-packages", "sha256", KEY, entry_of("shop", KEY)[5:]) if word in answer.text
            ]


# The scope


def scope_of(path: str = "/v1/parse", headers: list[tuple[bytes, bytes]] | None = None, client: Any = ("10.0.0.1", 5)) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "path": path,
        "headers": headers or [],
        "client": client,
        "scheme": "http",
        "exchange": Exchange("id", 0.0),
    }


def admitted(gate: Gate, scope: dict[str, Any]) -> dict[str, Any]:
    assert gate.admit(scope, dict(scope["headers"])).answer is None
    return scope


def test_a_trusted_proxy_tells_the_callers_address_and_scheme() -> None:
    headers = [(b"x-forwarded-for", b"6.6.6.6"), (b"x-forwarded-for", b"192.0.2.7, 10.0.0.2"), (b"x-forwarded-proto", b"http, https")]
    trusting = Gate(Settings(trusted_proxies="10.0.0.0/8"))
    scope = admitted(trusting, scope_of(headers=headers))
    assert (scope["client"], scope["scheme"]) == (("192.0.2.7", 0), "https")
    for gate, client in ((Gate(Settings()), ("10.0.0.1", 5)), (trusting, ("192.0.2.1", 5)), (trusting, None)):
        scope = admitted(gate, scope_of(headers=headers, client=client))
        assert (scope["client"], scope["scheme"]) == (client, "http")
    scope = admitted(trusting, scope_of(headers=[(b"x-forwarded-proto", b"gopher")]))
    assert (scope["client"], scope["scheme"]) == (("10.0.0.1", 5), "http")


def test_the_name_of_the_key_is_told_to_whoever_comes_after() -> None:
    scope = admitted(Gate(Settings(api_keys=KEYS)), scope_of(headers=[(b"x-api-key", OTHER.encode())]))
    assert scope["caller"] == "bot"


GATE = Gate(Settings(**{**EVERYTHING, "trusted_proxies": "10.0.0.0/8"}))
names = st.sampled_from(
    [b"host", b"origin", b"x-api-key", b"authorization", b"x-forwarded-for", b"x-forwarded-proto", b"access-control-request-method"]
)
values = st.one_of(st.binary(max_size=80), st.sampled_from([b"slotline", SHOP.encode(), b"Bearer ", b"10.0.0.1"]))


@given(st.text(max_size=30), st.sampled_from(["GET", "POST", "OPTIONS"]), st.lists(st.tuples(names, values), max_size=8))
def test_no_head_makes_the_gate_fail_and_no_wrong_key_gets_through(path: str, method: str, headers: list[tuple[bytes, bytes]]) -> None:
    scope = {**scope_of("/v1/" + path, headers), "method": method}
    assert GATE.admit(scope, dict(headers)).answer is not None
