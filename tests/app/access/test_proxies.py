from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.access.proxies import TrustedProxies, site_of

OURS = TrustedProxies("10.0.0.0/8, 2001:db8:1::/48 192.0.2.250")
addresses = st.ip_addresses().map(str)
ours = st.one_of(st.ip_addresses(network="10.0.0.0/8"), st.ip_addresses(network="2001:db8:1::/48")).map(str)
others = addresses.filter(lambda address: not OURS.trusts(address))
inventions = st.lists(st.one_of(addresses, ours, st.text(max_size=20), st.just("unknown"), st.just("")), max_size=5)


@given(others, inventions)
def test_nobody_but_a_proxy_of_ours_is_believed(peer: str, forwarded: list[str]) -> None:
    assert OURS.origin(peer, forwarded) == peer


@given(ours, others, inventions, st.lists(ours, max_size=3))
def test_the_caller_is_who_spoke_to_the_first_proxy_whatever_it_invented(
    peer: str, caller: str, invented: list[str], hops: list[str]
) -> None:
    assert ip_address(OURS.origin(peer, [", ".join([*invented, caller, *hops])])) == plain(caller)
    assert ip_address(OURS.origin(peer, [*invented, caller, *hops])) == plain(caller)


@given(ours, st.lists(ours, min_size=1, max_size=4))
def test_behind_nothing_but_proxies_the_first_of_them_is_the_caller(peer: str, hops: list[str]) -> None:
    assert OURS.origin(peer, [",".join(hops)]) == hops[0]


@given(st.text(max_size=70), st.lists(st.text(max_size=200), max_size=4))
def test_no_text_makes_it_fail(peer: str, forwarded: list[str]) -> None:
    assert OURS.origin(peer, forwarded) == peer
    OURS.origin("10.0.0.1", forwarded)


def plain(address: str) -> object:
    parsed = ip_address(address)
    return getattr(parsed, "ipv4_mapped", None) or parsed


@pytest.mark.parametrize(
    ("forwarded", "caller"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("6.6.6.6, 198.51.100.7 ,10.1.2.3", "198.51.100.7"),
        ("198.51.100.7:4711, 10.1.2.3", "198.51.100.7"),
        ("[2001:db8:2::7]:4711", "2001:db8:2::7"),
        ("2001:DB8:2:0::7", "2001:db8:2::7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("198.51.100.7, unknown", "10.0.0.1"),
        ("198.51.100.7, unknown, 10.9.9.9", "10.9.9.9"),
        ("", "10.0.0.1"),
        ("198.51.100.7,", "10.0.0.1"),
        ("x" * 100_000, "10.0.0.1"),
        ("192.0.2.250, 10.1.1.1", "192.0.2.250"),
    ],
)
def test_every_spelling_of_an_address_is_read(forwarded: str, caller: str) -> None:
    assert OURS.origin("10.0.0.1", [forwarded]) == caller


def test_a_proxy_that_listens_on_ipv6_is_the_same_proxy() -> None:
    assert OURS.origin("::ffff:10.0.0.1", ["198.51.100.7"]) == "198.51.100.7"


def test_without_proxies_nobody_is_believed() -> None:
    for none in (None, "", " , "):
        assert not TrustedProxies(none)
        assert TrustedProxies(none).origin("127.0.0.1", ["198.51.100.7"]) == "127.0.0.1"


@pytest.mark.parametrize("wrong", ["10.0.0.0/33", "10.0.0.1/8", "proxy.example.com", "*", "10.0.0"])
def test_what_is_no_network_is_refused_by_name(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"^trusted_proxies: ") as caught:
        TrustedProxies(f"10.0.0.1, {wrong}")
    assert repr(wrong) in str(caught.value)


@given(st.ip_addresses(v=6, network="2001:db8::/64"), st.ip_addresses(v=4))
def test_a_quota_is_for_an_ipv4_address_or_the_network_of_an_ipv6_subscriber(six: object, four: object) -> None:
    assert site_of(str(six)) == "2001:db8::/64"
    assert site_of(str(four)) == site_of(f"::ffff:{four}") == str(four)
    assert site_of("") == ""
