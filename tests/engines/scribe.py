"""Answers each page as it is told, lines that are not sure among them.

Options: ``pages``, by number of the page (every other is answered as ``Scripted`` does): ``lines``,
each [text] or [text, doubt]; or ``markup``, a model's answer, with ``doubt``, why not to trust it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ocrd.engine.protocol import Recognise
from ocrd.job import Line, Recognition
from tests.engines import Scripted

PITCH, HEIGHT = 50.0, 30.0  # of the lines, in pixels


class Scribe(Scripted):
    def answer(self, request: Recognise) -> Recognition:
        number = Path(request.path).stem.rpartition("-")[2]
        told = self.options.get("pages", {}).get(number)
        if told is None:
            return super().answer(request)
        if "markup" in told:
            return Recognition(
                (), 1000, 1414, form="markup", markup=told["markup"], doubt=told.get("doubt", "")
            )
        lines = tuple(_line(place, *line) for place, line in enumerate(told["lines"]))
        return Recognition(lines, width=1000, height=1414, seconds=0.001)


def _line(place: int, text: str, doubt: str = "") -> Line:
    top = 100.0 + place * PITCH
    quad = ((100.0, top), (500.0, top), (500.0, top + HEIGHT), (100.0, top + HEIGHT))
    return Line(text, 0.9, quad, doubt=doubt)


def load(settings: dict[str, Any]) -> Scribe:
    return Scribe(settings)
