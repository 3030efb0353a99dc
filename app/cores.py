"""How many processor cores this process may use: the container's quota, not the machine's count."""

import os
from collections.abc import Iterator
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def available_cores(cgroups: Path = CGROUPS, membership: Path = MEMBERSHIP) -> int:
    """Whole cores that the process may keep busy: the least of its affinity and the quotas of its control groups; at least 1.

    ``cgroups``: where version 2, or the ``cpu`` controller of version 1, is mounted. ``membership``: ``/proc/self/cgroup``.
    A quota of 2.5 cores gives 2: a third thread would have all of them stopped until the next period.
    """
    quotas = [quota for folder in _folders(cgroups, _read(membership)) if (quota := _quota(folder)) is not None]
    return max(1, int(min([_affinity(), *quotas])))


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _folders(cgroups: Path, membership: str) -> Iterator[Path]:
    """The control groups of the process, each with those above it, which bind it too.

    A container usually sees its own group as the root, while ``membership`` may name it as the host does; what is not there has no quota.
    """
    for line in membership.splitlines():
        number, controllers, path = [*line.split(":", 2), "", ""][:3]
        if number == "0" or "cpu" in controllers.split(","):
            own = (cgroups if number == "0" else cgroups / "cpu") / path.strip("/")
            yield own
            yield from (folder for folder in own.parents if folder.is_relative_to(cgroups))
    yield from (cgroups, cgroups / "cpu")


def _quota(folder: Path) -> float | None:
    """Cores of one group; None where it sets no limit. Version 2: ``150000 100000`` or ``max 100000``; version 1: two files."""
    quota, _, period = _read(folder / "cpu.max").strip().partition(" ")
    if not quota:
        quota, period = _read(folder / "cpu.cfs_quota_us").strip(), _read(folder / "cpu.cfs_period_us").strip()
    if quota.isdigit() and period.isdigit() and int(period) > 0:  # "max" and -1 are no limit
        return int(quota) / int(period)
    return None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
