"""Which names the service answers to (RFC 9110, 7.2 and 7.4)."""

import re
from collections.abc import Iterable

from app.errors import BadHost, ServiceError, WrongHost

HOST = re.compile(rb"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{0,5})?")
PATTERN = re.compile(r"(\*\.)?[a-z0-9._-]+|\[[0-9a-f:.]+\]")


class AllowedHosts:
    """Names without ports: ``api.example.com`` is itself, ``*.example.com`` every name below it, ``*`` any."""

    def __init__(self, allowed: str) -> None:
        """``allowed``: patterns separated by commas or white space. Raises ValueError, also where there is none."""
        patterns = allowed.lower().replace(",", " ").split()
        if not patterns:
            raise ValueError("allowed_hosts: there is no name in it, so nobody could come in; use * to answer to every name")
        for pattern in patterns:
            if pattern != "*" and not PATTERN.fullmatch(pattern):
                raise ValueError(f"allowed_hosts: {pattern!r} is no host name; write such as api.example.com, *.example.com or [::1]")
        self.any = "*" in patterns
        self._exact = frozenset(pattern.encode() for pattern in patterns)
        self._below = tuple(pattern[1:].encode() for pattern in patterns if pattern.startswith("*."))

    def fault(self, headers: Iterable[tuple[bytes, bytes]]) -> ServiceError | None:
        """What is wrong with the Host among a request's headers, their names in lower case; None where nothing is.

        Ask only where not ``any`` name will do. By RFC 9112 (3.2) a request without a proper Host is malformed, 400; by RFC 9110
        (15.5.20) one that is meant for somebody else is misdirected, 421.
        """
        given = [value for name, value in headers if name == b"host"]
        if len(given) != 1:
            return BadHost("a request needs exactly one Host header; name the host that the request is for")
        found = HOST.fullmatch(given[0].lower())
        if found is None:
            return BadHost("the Host header is no host name with or without a port; name the host that the request is for")
        host = found[1]
        if host in self._exact or host.endswith(self._below):
            return None
        return WrongHost(
            f"this service does not answer for {host[:100].decode('ascii')}; call it by its own name, "
            "or let its operator add this one to the setting allowed_hosts"
        )
