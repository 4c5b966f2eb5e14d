"""All stages, one after another, within the time that there is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from benchmarks.gpu.lines import Line, Lines
from benchmarks.gpu.stages import SUITE, Stage

GRACE = 15.0  # seconds that a stage may overrun: its last call may be a long one
MARGIN = 0.1  # of what is left to all, for the last call of a stage that would need all of it
LOADING = 60.0  # that a fresh bench may take to import everything and to make the network


class Measures(Protocol):
    """What has stages measured."""

    @property
    def is_fresh(self) -> bool:
        """Say whether the next stage waits for a new process to load everything."""
        ...

    def measure(self, line: Line, request: dict[str, object], patience: float) -> None:
        """Have a stage measured."""
        ...

    def end(self) -> None:
        """End the process that measures."""
        ...


@dataclass(slots=True)
class Course:
    """A run of all stages until a moment of the monotonic clock."""

    attendant: Measures
    suite: Callable[[Line, float], None]
    lines: Lines
    until: float
    tiny: bool

    def run(self, all_stages: Iterable[Stage]) -> None:
        """Measure every stage that there is time for; each gets its line, come what may."""
        ordered = [*all_stages]
        for number, stage in enumerate(ordered):
            kept = sum(self._least(later) for later in ordered[number + 1 :] if later.name == SUITE)
            line = Line.of(stage)
            available = self.until - time.monotonic() - kept
            line.limit = round(max(0.0, min(stage.seconds, available)), 1)
            if available < self._least(stage):
                line.status = "skipped"
                line.why = f"{max(0.0, available):.0f} s were left for it"
            else:
                self._measure(stage, line, available)
            self.lines.write(line)

    def _least(self, stage: Stage) -> float:
        return min(stage.least, 2.0) if self.tiny else stage.least

    def _measure(self, stage: Stage, line: Line, available: float) -> None:
        if stage.name == SUITE:
            self.attendant.end()  # its memory is the tests' now
            self.suite(line, line.limit)
            return
        request: dict[str, object] = {
            "stage": stage.name,
            "seconds": line.limit,
            "until": time.monotonic() + (1 - MARGIN) * available,
            "known": self.lines.notes(),
        }
        loading = LOADING if self.attendant.is_fresh else 0.0
        self.attendant.measure(line, request, min(available, line.limit + GRACE + loading))
        if stage.spoils and not self.tiny:
            self.attendant.end()
