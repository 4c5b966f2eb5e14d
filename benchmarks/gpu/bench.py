"""The process that measures: it is told a stage a line on its standard input, and reports.

Each line that it writes is a JSON object: figures as they come, then how the stage ended. What
libraries print goes to standard error. After a fault of the device it says so; whoever started it
then starts another.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any, TextIO

from benchmarks.gpu import stages


class Bench:
    """Runs stages as they are asked for."""

    def __init__(self, out: TextIO, *, tiny: bool, folder: Path) -> None:
        self._out = out
        self._tiny = tiny
        self._folder = folder
        self._place: Any = None

    def answer(self, request: dict[str, Any]) -> None:
        """Measure the stage of a request and say how it ended."""
        stage = stages.named(request["stage"])
        started = time.monotonic()
        try:
            place = self._workplace()
            module = importlib.import_module(f"benchmarks.gpu.{stage.name}")
            if stage.needs_network:
                place.load_network()
            place.begin(request["seconds"], request["until"], request["known"])
            started = time.monotonic()
            ending = _ending_of(module, place)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other stages go on
            traceback.print_exc()
            ending = {"status": "failed", "why": _words(error)}
        ending["seconds"] = round(time.monotonic() - started, 2)
        ending["broken"] = self._is_broken()
        self.send({"ending": ending})

    def send(self, message: dict[str, Any]) -> None:
        """Write one line."""
        self._out.write(json.dumps(message) + "\n")
        self._out.flush()

    def _workplace(self) -> Any:
        if self._place is None:
            from benchmarks.gpu.workplace import Workplace

            self._place = Workplace(tiny=self._tiny, folder=self._folder, send=self.send)
        return self._place

    def _is_broken(self) -> bool:
        """Free what the stage left, which also shows a fault of the device."""
        if self._place is None:
            return False
        try:
            self._place.tidy()
        except Exception:  # noqa: BLE001 - any sign of a fault will do
            traceback.print_exc()
            return True
        return False


def _ending_of(module: Any, place: Any) -> dict[str, Any]:
    """Run a stage's ``measure``; return how it ended. Nothing holds on to its tensors after."""
    from benchmarks.gpu.workplace import Skipped

    try:
        module.measure(place)
    except Skipped as error:
        return {"status": "skipped", "why": str(error)}
    except Exception as error:  # noqa: BLE001 - the border of one stage
        traceback.print_exc()
        return {"status": "failed", "why": _words(error)}
    if place.shortened:
        return {"status": "shortened", "why": "; ".join(place.shortened)}
    return {"status": "ok", "why": ""}


def _words(error: BaseException) -> str:
    """Return what happened and where."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}, {frames[-1].name})" if frames else ""
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}"[:400] + where


def main() -> int:
    """Serve standard input until it ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    # Whatever prints to standard output, the lines there stay ours.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        bench = Bench(out, tiny=options.tiny, folder=options.folder)
        for line in sys.stdin:
            bench.answer(json.loads(line))
    return 0


if __name__ == "__main__":
    sys.exit(main())
