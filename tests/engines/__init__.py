"""Scripted engines: real engine modules, run in the real worker process.

Each takes its parameters from the engine's ``options``. The daemon's process never imports them;
the worker finds them by PYTHONPATH, see ``ENVIRONMENT``.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ocrd.engine.protocol import Hello, Recognise
from ocrd.job import Line, Recognition

REPOSITORY = Path(__file__).parents[2]
ENVIRONMENT = {"PYTHONPATH": str(REPOSITORY)}

Progress = Callable[[int], None]


class Scripted:
    """An engine that answers with one line, which names the page image.

    Options: ``capacity`` (1), ``delay`` in seconds before an answer (0), ``longest_side`` (1000),
    ``notice`` to log while loading ("").
    """

    model = "scripted"

    def __init__(self, settings: dict[str, Any]) -> None:
        self.options: dict[str, Any] = settings.get("options") or {}
        if notice := self.options.get("notice"):
            logging.getLogger("ocrd.engine.scripted").warning("%s", notice)

    @property
    def hello(self) -> Hello:
        return Hello(
            name=type(self).__name__.lower(),
            model=self.model,
            capacity=int(self.options.get("capacity", 1)),
            longest_side=int(self.options.get("longest_side", 1000)),
        )

    def recognise(self, request: Recognise, progress: Progress) -> Recognition:
        end = time.monotonic() + float(self.options.get("delay", 0))
        count = 0
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.02))
            count += 1
            progress(count)
        return self.answer(request)

    def answer(self, request: Recognise) -> Recognition:
        text = f"Page image {Path(request.path).name}"
        quad = ((100.0, 100.0), (500.0, 100.0), (500.0, 140.0), (100.0, 140.0))
        return Recognition((Line(text, 0.99, quad),), width=1000, height=1414, seconds=0.001)

    def close(self) -> None:
        pass
