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
from ocrd.job import Line, Quad, Recognition

REPOSITORY = Path(__file__).parents[2]
ENVIRONMENT = {"PYTHONPATH": str(REPOSITORY)}

Progress = Callable[[int], None]


FULL = 4000  # dark pixels, of which a page full of text has many more
FILLER = [
    f"{ordinal} row of what a page full of text would have said"
    for ordinal in ("First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth")
]  # half as much as the fullest of our pages holds, twice as much as the emptiest
_DARK = bytes([1] * 128 + [0] * 128)


def is_full(image: Path) -> bool:
    """Say whether a page image (PGM or PPM) has the ink of many lines."""
    try:
        content = image.read_bytes()
    except OSError:
        return False
    channels = 3 if content[:2] == b"P6" else 1
    return content.translate(_DARK).count(1) > FULL * channels


def quad(place: int) -> Quad:
    top, bottom = 100.0 + 50 * place, 140.0 + 50 * place
    return ((100.0, top), (500.0, top), (500.0, bottom), (100.0, bottom))


class Scripted:
    """An engine that answers with a line that names the page image; more on a page full of text,
    which the page's own ink would else tell from what was read.

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
        lines = [text, *(FILLER if is_full(Path(request.path)) else ())]
        return Recognition(
            tuple(Line(line, 0.99, quad(place)) for place, line in enumerate(lines)),
            width=1000, height=1414, seconds=0.001,
        )  # fmt: skip

    def close(self) -> None:
        pass
