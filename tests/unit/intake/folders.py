"""A watched folder whose scans, and whose time, are in the hands of the test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ocrd.config.settings import InboxSettings
from ocrd.intake.scan import Scanner
from ocrd.job import Candidate


class Clock:
    """Time that passes when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Rig:
    """A scanner on a real folder, with time in the hands of the test."""

    def __init__(self, root: Path, **settings: Any) -> None:
        root.mkdir(exist_ok=True)
        self.root = root
        self.clock = Clock()
        self.settings = InboxSettings(path=root, settle=5.0, **settings)
        self.offered: list[Candidate] = []
        self.refuse: Exception | None = None
        self.scanner = Scanner(self.settings, self._found, clock=self.clock)

    def _found(self, candidates: Sequence[Candidate]) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.offered += candidates

    def scan(self, after: float = 0.0) -> list[str]:
        """Let time pass, scan, and return what was offered."""
        self.clock.now += after
        self.offered = []
        self.last = self.scanner.scan()
        return sorted(candidate.relpath for candidate in self.offered)
