"""What a running service holds: memory, files, waiting utterances. Reads Linux's ``/proc``."""

import re
from contextlib import suppress
from pathlib import Path

import httpx

from tests.system.running import Service

LISTENS = "0A"  # the state of a TCP socket in /proc/net/tcp


def memory_mb(service: Service, field: str = "VmRSS") -> float:
    """Resident memory in MB; ``VmHWM`` for the most that it ever was."""
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return int(re.search(rf"{field}:\s+(\d+) kB", status)[1]) / 1024


def open_files(service: Service) -> int:
    """How many file descriptors are open."""
    return len(list(Path(f"/proc/{service.process.pid}/fd").iterdir()))


def connections(service: Service) -> int:
    """How many connections are open, the listening socket left out."""
    links = []
    for descriptor in Path(f"/proc/{service.process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            links.append(str(descriptor.readlink()))
    inodes = {link[8:-1] for link in links if link.startswith("socket:[")}
    rows = [line.split() for line in Path(f"/proc/{service.process.pid}/net/tcp").read_text().splitlines()[1:]]
    return sum(row[9] in inodes and row[3] != LISTENS for row in rows)


def waiting(service: Service) -> float:
    """Utterances and words that wait for a model, added up."""
    text = httpx.get(f"{service.url}/metrics", timeout=10).text
    return sum(float(value) for value in re.findall(r"^slotline_waiting_(?:utterances|words)\{.*\} (\S+)$", text, re.MULTILINE))
