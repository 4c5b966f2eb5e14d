"""Executes an instruction that no processor has: on a page called bad, or in a package it imports.

``options.package`` is the name of that package.
"""

from __future__ import annotations

import ctypes
import importlib
import mmap
import platform
from pathlib import Path
from typing import Any

from ocrd.engine.protocol import Recognise
from ocrd.job import Recognition
from tests.engines import Progress, Scripted

# UD2 and UDF #0: defined to be undefined.
INSTRUCTION = {"x86_64": b"\x0f\x0b", "aarch64": bytes(4)}


class Illegal(Scripted):
    def recognise(self, request: Recognise, progress: Progress) -> Recognition:
        if Path(request.path).name.startswith("bad"):
            execute()
        return self.answer(request)


def execute() -> None:
    page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(INSTRUCTION[platform.machine()])
    ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()


def load(settings: dict[str, Any]) -> Illegal:
    if package := settings["options"].get("package"):
        importlib.import_module(package)
    return Illegal(settings)
