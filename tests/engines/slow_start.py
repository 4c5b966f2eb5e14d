"""Takes ``options.start`` seconds (2) to load; with ``options.refuse`` it then fails."""

from __future__ import annotations

import time
from typing import Any

from tests.engines import Scripted


class SlowStart(Scripted):
    pass


def load(settings: dict[str, Any]) -> SlowStart:
    engine = SlowStart(settings)
    time.sleep(float(engine.options.get("start", 2)))
    if engine.options.get("refuse"):
        raise RuntimeError("no such weights")
    return engine
