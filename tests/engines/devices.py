"""Acts by the device that it is given, and names it in its answers.

Options: those of ``Scripted``, and in ``on`` by device those that differ there. ``refuse``: cannot
be loaded. ``model``. ``die``: ends its own process on an image whose name contains that. ``gate``,
a folder: an image is begun with the file NAME.begun there, and held while the file NAME exists.
"""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from ocrd.engine.protocol import Hello, Recognise
from ocrd.job import Recognition
from tests.engines import Progress, Scripted


class Devices(Scripted):
    def __init__(self, settings: dict[str, Any]) -> None:
        options = settings["options"]
        self.device = settings["device"]
        super().__init__({"options": {**options, **options.get("on", {}).get(self.device, {})}})
        if self.options.get("refuse"):
            raise RuntimeError(f"{self.device} is out of order")

    @property
    def hello(self) -> Hello:
        return replace(super().hello, model=self.options.get("model", self.model))

    def recognise(self, request: Recognise, progress: Progress) -> Recognition:
        name = Path(request.path).name
        if "gate" in self.options:
            held = Path(self.options["gate"], name)
            held.with_name(f"{name}.begun").touch()
            while held.exists():
                time.sleep(0.005)
                progress(1)
        if self.options.get("die", "\0") in name:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().recognise(request, progress)

    def answer(self, request: Recognise) -> Recognition:
        answer = super().answer(request)
        return replace(answer, lines=(replace(answer.lines[0], text=self.device),))


def load(settings: dict[str, Any]) -> Devices:
    return Devices(settings)
