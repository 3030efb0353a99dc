import pytest

from app.access.origins import VARY, AllowedOrigins

SHOP = b"https://shop.example.com"
ALLOWED = AllowedOrigins("https://shop.example.com, http://localhost:3000 capacitor://localhost", credentials=False)


@pytest.mark.parametrize("origin", [SHOP, b"http://localhost:3000", b"capacitor://localhost"])
def test_a_listed_page_is_named_and_no_other(origin: bytes) -> None:
    assert dict(ALLOWED.headers(origin))[b"access-control-allow-origin"] == origin
    assert VARY in ALLOWED.headers(origin)
    assert ALLOWED.preflight(origin)


@pytest.mark.parametrize(
    "origin", [None, b"null", b"*", b"", b"https://evil.example.com", SHOP + b".evil.org", SHOP + b":444", SHOP.upper()]
)
def test_another_page_gets_nothing_but_vary(origin: bytes | None) -> None:
    assert ALLOWED.headers(origin) == (VARY,)
    assert ALLOWED.preflight(origin) == ()


def test_a_star_is_for_every_page_and_lends_no_credentials() -> None:
    every = AllowedOrigins("*", credentials=False)
    sent = dict(every.headers(b"https://any.example.org"))
    assert sent[b"access-control-allow-origin"] == b"*"
    assert b"access-control-allow-credentials" not in sent
    assert every.preflight(b"null")


def test_credentials_go_only_with_listed_pages() -> None:
    lending = AllowedOrigins("https://shop.example.com", credentials=True)
    assert dict(lending.headers(SHOP))[b"access-control-allow-credentials"] == b"true"
    assert lending.headers(b"https://evil.example.com") == (VARY,)
    with pytest.raises(ValueError, match=r"cors_origins: '\*' with cors_credentials"):
        AllowedOrigins("https://shop.example.com, *", credentials=True)


@pytest.mark.parametrize("wrong", ["shop.example.com", "https://shop.example.com/", "https://*.example.com", "null", "https://a@b"])
def test_what_is_no_origin_is_refused_by_name(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"^cors_origins: ") as caught:
        AllowedOrigins(f"https://a.example.com {wrong}", credentials=False)
    assert repr(wrong) in str(caught.value)


@pytest.mark.parametrize("none", [None, "", " ,"])
def test_without_origins_cors_is_off(none: str | None) -> None:
    assert not AllowedOrigins(none, credentials=True)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, b"slotline"),
        (SHOP, b"slotline"),
        (b"capacitor://localhost", b"slotline"),
        (b"http://slotline", b"slotline"),
        (b"https://slotline", b"slotline:443"),
        (b"http://slotline:80", b"SLOTLINE"),
        (b"http://slotline:8000", b"slotline:8000"),
        (b"http://[::1]:8000", b"[::1]:8000"),
    ],
)
def test_a_page_of_the_same_host_or_of_a_listed_one_may_open_a_stream(origin: bytes | None, host: bytes) -> None:
    assert ALLOWED.may_connect(origin, host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (b"null", b"null"),
        (b"", b""),
        (b"https://evil.example.com", b"slotline"),
        (SHOP + b".evil.org", b"slotline"),
        (b"http://slotline:8001", b"slotline:8000"),
        (b"http://slotline.evil.org", b"slotline"),
        (b"http://evil.org/slotline", b"slotline"),
        (b"file://", b""),
        (b"slotline", b"slotline"),
    ],
)
def test_another_page_may_not(origin: bytes, host: bytes) -> None:
    assert not ALLOWED.may_connect(origin, host)
    assert AllowedOrigins("*", credentials=False).may_connect(origin, host)
