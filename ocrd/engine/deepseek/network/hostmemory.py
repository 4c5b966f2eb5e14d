"""How much main memory this process may take: the machine's, or what its control groups leave it.

A unit's MemoryMax= and MemoryHigh=, and a container's limit, are those of control groups; whoever
asks the machine alone is killed, or slowed to a crawl, far below what it was told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MEMORY = Path("/proc/meminfo")
OWN_GROUP = Path("/proc/self/cgroup")
GROUPS = Path("/sys/fs/cgroup")
LIMITS = {"memory.max": "MemoryMax", "memory.high": "MemoryHigh"}  # as systemd calls them
KIBIBYTE = 1024


@dataclass(frozen=True, slots=True)
class HostMemory:
    """What there is, in bytes, and what sets the bound."""

    free: int
    total: int
    swap: int = 0  # free, beside that
    bound: str = ""  # of a control group: "MemoryMax of ocrd.service"; "" is the machine itself


def host_memory() -> HostMemory:
    """Return the main memory that this process may still take, by its tightest bound."""
    found = dict(line.split(":") for line in MEMORY.read_text().splitlines() if ":" in line)
    free, total, swap = (
        int(found.get(key, "0").split()[0]) * KIBIBYTE
        for key in ("MemAvailable", "MemTotal", "SwapFree")
    )
    return min([HostMemory(free, total, swap), *_bounds(swap)], key=lambda one: one.free)


def _bounds(swap: int) -> Iterator[HostMemory]:
    """Yield what each control group around this process leaves, of those with a limit."""
    group = _own_group()
    while group is not None:
        for file, name in LIMITS.items():
            limit = _number(group / file)
            used = _number(group / "memory.current")
            if limit is None or used is None:
                continue
            free = max(0, limit - used + _reclaimable(group))
            whose = group.name if group != GROUPS else "the container"
            yield HostMemory(min(free, limit), limit, _swap_of(group, swap), f"{name} of {whose}")
        group = group.parent if group not in (GROUPS, Path("/")) else None


def _swap_of(group: Path, free: int) -> int:
    limit, used = (_number(group / f"memory.swap.{word}") for word in ("max", "current"))
    return free if limit is None else min(free, max(0, limit - (used or 0)))


def _own_group() -> Path | None:
    """Return the folder of this process's control group, version 2; None where there is none."""
    try:
        lines = OWN_GROUP.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    path = next((line.removeprefix("0::") for line in lines if line.startswith("0::")), None)
    if path is None:
        return None
    # In a container the path may be the host's, and what can be seen is the group's own folder.
    folder = GROUPS / path.lstrip("/")
    return folder if folder.is_dir() else GROUPS


def _reclaimable(group: Path) -> int:
    """Return the bytes of cached files in a group, which give way."""
    try:
        lines = (group / "memory.stat").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    counts = dict(line.split(" ", 1) for line in lines if " " in line)
    return sum(int(counts.get(key, 0)) for key in ("active_file", "inactive_file"))


def _number(path: Path) -> int | None:
    """Return the number in a file; None where it says "max", or is not there."""
    try:
        return int(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
