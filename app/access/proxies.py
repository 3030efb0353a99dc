"""Where a request came from, seen through proxies that are trusted to say so."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LONGEST_ADDRESS = 64  # characters, with brackets and port; more is no address and not worth remembering
SITE_BITS = 64  # what one subscriber of IPv6 has at least, all of it hers to send from


class TrustedProxies:
    """Addresses and networks of proxies whose ``X-Forwarded-*`` headers are believed."""

    def __init__(self, trusted: str | None) -> None:
        """``trusted``: addresses and networks separated by commas or white space. Raises ValueError for one that is neither."""
        self._networks = tuple(map(_network, (trusted or "").replace(",", " ").split()))

    def __bool__(self) -> bool:
        return bool(self._networks)

    def trusts(self, address: str) -> bool:
        """Whether a proxy has this address."""
        parsed = parse_address(address)
        return parsed is not None and any(parsed in network for network in self._networks)

    def origin(self, peer: str, forwarded: Iterable[str]) -> str:
        """The caller's address. ``forwarded``: the values of X-Forwarded-For in their order.

        Each proxy appends whom it heard from, so the list is read from its end: the first that is no proxy of ours is the
        caller, and what stands before it is the caller's own invention. A caller behind nothing but proxies of ours is the
        first of the list. What is no address ends the reading: the last proxy is the nearest that is known.

        >>> TrustedProxies("10.0.0.0/8").origin("10.0.0.1", ["6.6.6.6, 192.0.2.7, 10.0.0.2"])
        '192.0.2.7'
        """
        nearest = peer
        if not self.trusts(peer):
            return nearest
        for entry in reversed(",".join(forwarded).split(",")):
            parsed = parse_address(entry.strip())
            if parsed is None:
                return nearest
            nearest = str(parsed)
            if not self.trusts(nearest):
                return nearest
        return nearest


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Address | None:
    host = text
    if text.startswith("["):
        host = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        host = text.partition(":")[0]
    try:
        parsed = ip_address(host)
    except ValueError:
        return None
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, IPv6Address) else parsed


def parse_address(text: str) -> Address | None:
    """The address, without port and brackets; an IPv4 address written as IPv6 becomes itself. None for anything else."""
    return _parsed(text) if len(text) <= LONGEST_ADDRESS else None


@lru_cache(maxsize=4096)
def site_of(address: str) -> str:
    """Whose quota a request from ``address`` counts for: an IPv4 address itself, the /64 network of an IPv6 address.

    >>> site_of("2001:db8::1:2:3")
    '2001:db8::/64'
    """
    parsed = parse_address(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((int(parsed) >> SITE_BITS << SITE_BITS, SITE_BITS)))
    return address if parsed is None else str(parsed)


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise ValueError(f"trusted_proxies: {text!r} is no address or network ({error}); write such as 10.0.0.1 or 10.0.0.0/8") from None
