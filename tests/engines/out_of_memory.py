"""Runs out of memory when it has more than one page at a time; reads any page alone."""

from __future__ import annotations

import threading
from typing import Any

from ocrd.engine.protocol import Recognise
from ocrd.job import Recognition
from tests.engines import Progress, Scripted


class OutOfMemory(Scripted):
    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(settings)
        self._pages = 0
        self._lock = threading.Lock()

    def recognise(self, request: Recognise, progress: Progress) -> Recognition:
        with self._lock:
            self._pages += 1
            if self._pages > 1:
                raise MemoryError("scripted")
        try:
            return super().recognise(request, progress)
        finally:
            with self._lock:
                self._pages -= 1


def load(settings: dict[str, Any]) -> OutOfMemory:
    return OutOfMemory({"options": {"capacity": 3, "delay": 0.1, **(settings["options"] or {})}})
