"""Never answers a page whose image's name contains ``options.on`` ("" is every page)."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from ocrd.engine.protocol import Recognise
from ocrd.job import Recognition
from tests.engines import Progress, Scripted


class Hang(Scripted):
    def recognise(self, request: Recognise, progress: Progress) -> Recognition:
        if str(self.options.get("on", "")) in Path(request.path).name:
            threading.Event().wait()
        return super().recognise(request, progress)


def load(settings: dict[str, Any]) -> Hang:
    return Hang(settings)
