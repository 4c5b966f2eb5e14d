"""Finds no server while there is a file; ``options.file`` names it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ocrd.engine.protocol import Recognise
from ocrd.errors import ServersGoneError
from ocrd.job import Recognition
from tests.engines import Progress, Scripted


class Shut(Scripted):
    def recognise(self, request: Recognise, progress: Progress) -> Recognition:
        progress(1)
        if Path(self.options["file"]).exists():
            raise ServersGoneError("No server answers: it is shut.")
        return super().recognise(request, progress)


def load(settings: dict[str, Any]) -> Shut:
    return Shut(settings)
