"""How much a file system still takes."""

from __future__ import annotations

import os
from pathlib import Path

from ocrd.files.oserrors import translated

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def free_bytes(path: Path) -> int:
    """Count the bytes that an ordinary user can still write on a path's file system."""
    with translated(path):
        status = os.statvfs(path)
    return status.f_bavail * status.f_frsize


def in_units(count: float) -> str:
    """Return a number of bytes in a unit of its magnitude, for a person."""
    unit = 0
    while count >= 1024 and unit < len(_UNITS) - 1:
        count, unit = count / 1024, unit + 1
    return f"{count:.1f} {_UNITS[unit]}" if unit else f"{count:.0f} B"
