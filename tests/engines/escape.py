"""Tries to leave the sandbox of the service, and answers with the ways that it found open.

``options.write`` are folders to write into, ``options.list`` folders to look into.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ocrd.engine.protocol import Recognise
from ocrd.job import Line, Recognition
from tests.engines import Scripted

_CLONE_NEWUSER = 0x10000000  # linux/sched.h
QUAD = ((100.0, 100.0), (900.0, 100.0), (900.0, 140.0), (100.0, 140.0))


class Escape(Scripted):
    def answer(self, request: Recognise) -> Recognition:
        tries: dict[str, Callable[[], object]] = {
            "network": lambda: socket.socket(socket.AF_INET),
            "new user namespace": new_user_namespace,
            "writable code": lambda: mmap.mmap(
                -1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
            ),
            "device": lambda: os.open("/dev/kmsg", os.O_RDONLY),
            "setuid": lambda: made(Path(request.path).parent).chmod(0o4755),
            "other users' processes": lambda: Path("/proc/1/cmdline").read_bytes(),
        }
        for folder in self.options.get("write", ()):
            tries[f"write {folder}"] = lambda folder=folder: made(Path(folder))  # type: ignore[misc]
        for folder in self.options.get("list", ()):
            tries[f"list {folder}"] = lambda folder=folder: next(Path(folder).iterdir())  # type: ignore[misc]
        open_ways = [name for name, attempt in tries.items() if succeeds(attempt)]
        found = Line("; ".join(open_ways) or "none", 0.99, QUAD)
        return Recognition((found,), width=1000, height=1414, seconds=0.001)


def succeeds(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except (OSError, StopIteration):
        return False
    return True


def made(folder: Path) -> Path:
    path = folder / "escaped"
    path.write_text("here")
    return path


def new_user_namespace() -> None:
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


def load(settings: dict[str, Any]) -> Escape:
    return Escape(settings)
