"""Refuses a page whose image's name contains ``bad``; has a bug with ``bug``."""

from __future__ import annotations

from typing import Any

from ocrd.engine.protocol import Recognise
from ocrd.errors import PageError
from ocrd.job import Recognition
from tests.engines import Progress, Scripted


class Refuse(Scripted):
    def recognise(self, request: Recognise, progress: Progress) -> Recognition:
        if "bad" in request.path:
            raise PageError("This is not a page.", hint="Look at it.")
        if "bug" in request.path:
            raise KeyError("bug")
        return super().recognise(request, progress)


def load(settings: dict[str, Any]) -> Refuse:
    return Refuse(settings)
