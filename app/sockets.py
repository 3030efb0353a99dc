"""The sockets that the service listens on, bound once, before anything is loaded."""

import socket

from app.errors import StartupError
from app.settings import Settings

BACKLOG = 2048  # connections that wait to be accepted


def bind(settings: Settings) -> list[socket.socket]:
    """A bound socket for every address that the host has; nobody listens yet. Raises StartupError."""
    bound: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(settings.host or None, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in dict.fromkeys(found):
            bound.append(socket.socket(family, kind, protocol))
            bound[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                bound[-1].setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            bound[-1].bind(address)
    except OSError as error:
        for opened in bound:
            opened.close()
        reason = f"nothing can listen on {settings.host}, port {settings.port} ({error.strerror}); set --host and --port to what is free"
        raise StartupError(reason) from error
    return bound


def announce(sockets: list[socket.socket]) -> None:
    """Say where the service listens."""
    host, port = sockets[0].getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    print(f"Slotline listens on http://{shown}:{port} (documentation: http://{shown}:{port}/docs)", flush=True)
