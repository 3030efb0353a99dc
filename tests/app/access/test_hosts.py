import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.access.hosts import AllowedHosts
from app.errors import BadHost, WrongHost

ALLOWED = AllowedHosts("API.example.com, *.shops.example.com [::1] localhost")


def fault(*hosts: bytes) -> type[Exception] | None:
    found = ALLOWED.fault([(b"accept", b"*/*"), *((b"host", host) for host in hosts)])
    return None if found is None else type(found)


@pytest.mark.parametrize(
    "host",
    [
        b"api.example.com",
        b"API.Example.COM:443",
        b"a.shops.example.com",
        b"a.b.shops.example.com:8000",
        b"[::1]:8000",
        b"[::1]",
        b"localhost:",
    ],
)
def test_the_service_answers_to_its_names_on_any_port(host: bytes) -> None:
    assert fault(host) is None


@pytest.mark.parametrize(
    "host",
    [
        b"example.com",
        b"shops.example.com",
        b"evil-api.example.com",
        b"api.example.com.evil.org",
        b"xshops.example.com",
        b"127.0.0.1",
        b"[::2]:1",
    ],
)
def test_another_host_is_misdirected(host: bytes) -> None:
    assert fault(host) is WrongHost


@pytest.mark.parametrize(
    "host", [b"", b"api.example.com/", b"api.example.com:x", b"user@api.example.com", b"api.example.com, b", b"*", b"[::1", b"a b", b"\xff"]
)
def test_what_is_no_host_is_malformed(host: bytes) -> None:
    assert fault(host) is BadHost


def test_none_and_two_hosts_are_malformed() -> None:
    assert fault() is BadHost
    assert fault(b"localhost", b"localhost") is BadHost


@given(st.binary(max_size=300))
def test_no_bytes_make_it_fail_and_a_refusal_is_short(host: bytes) -> None:
    found = ALLOWED.fault([(b"host", host)])
    assert found is None or len(found.detail) < 400


def test_a_star_alone_answers_to_every_name() -> None:
    assert AllowedHosts("*").any
    assert AllowedHosts("a.example.com, *").any
    assert not ALLOWED.any


@pytest.mark.parametrize("wrong", ["https://a.example.com", "a.example.com:8000", "a.*.com", "**", "a/b"])
def test_what_is_no_pattern_is_refused_by_name(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"^allowed_hosts: ") as caught:
        AllowedHosts(f"localhost {wrong}")
    assert repr(wrong) in str(caught.value)


def test_no_name_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="allowed_hosts: there is no name"):
        AllowedHosts(" , ")
