"""How much a file system still takes."""

from __future__ import annotations

import os
from pathlib import Path

from ocrd.files.oserrors import translated


def free_bytes(path: Path) -> int:
    """Count the bytes that an ordinary user can still write on a path's file system."""
    with translated(path):
        status = os.statvfs(path)
    return status.f_bavail * status.f_frsize
