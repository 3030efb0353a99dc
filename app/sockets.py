"""The sockets that the service listens on, bound once, before anything is loaded."""

import ctypes
import socket
import struct
import sys
from contextlib import suppress

from app import logs
from app.errors import StartupError
from app.settings import Settings

BACKLOG = 2048  # connections that wait to be accepted

SO_ATTACH_FILTER = 26
# Classic BPF over the TCP header: a segment with the flag SYN, which begins a connection, is dropped; all others pass.
DROP_SYN = struct.pack("HBBI" * 4, *(0x30, 0, 0, 13), *(0x45, 0, 1, 0x02), *(0x06, 0, 0, 0), *(0x06, 0, 0, 0xFFFFFFFF))


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


def refuse_new(listener: socket.socket) -> None:
    """Let no further connection begin, so that those that have begun can be accepted before ``listener`` is closed.

    Closing alone resets who stands in the kernel's queue, after their connect has succeeded. Without it (only Linux has the filter)
    that can happen to clients of the last microseconds.
    """
    program = ctypes.create_string_buffer(DROP_SYN, len(DROP_SYN))
    with suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", 4, ctypes.addressof(program)))


def announce(sockets: list[socket.socket]) -> None:
    """Say where the service listens."""
    host, port = sockets[0].getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    logs.announce(f"Slotline listens on http://{shown}:{port} (documentation: http://{shown}:{port}/docs)", sys.stdout)
