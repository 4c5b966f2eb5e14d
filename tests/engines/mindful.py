"""Counts its starts by what it tells itself: lines read name the start, and the device."""

from __future__ import annotations

import logging
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

from ocrd.engine.protocol import Recognise
from ocrd.job import Recognition
from tests.engines import Progress, Scripted


class Mindful(Scripted):
    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(settings)
        self.start = settings["memo"].get("start", 0) + 1
        self.device = settings.get("device", "")
        log = logging.getLogger("ocrd.engine.mindful")
        log.warning("Start %d.", self.start, extra={"memo": {"start": self.start}})

    def recognise(self, request: Recognise, progress: Progress) -> Recognition:
        if "die" in Path(request.path).name:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().recognise(request, progress)

    def answer(self, request: Recognise) -> Recognition:
        answer = super().answer(request)
        text = f"Start {self.start} {self.device}".strip()
        return replace(answer, lines=(replace(answer.lines[0], text=text),))


def load(settings: dict[str, Any]) -> Mindful:
    return Mindful(settings)
