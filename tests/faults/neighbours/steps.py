"""Something done at exactly one moment: before the n-th system call that names or reads a file."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from typing import Any

import pytest

from ocrd.files import directories

CALLS = (
    *((os, name) for name in "open stat fstat read write fsync rename unlink link".split()),
    *((os, name) for name in "mkdir rmdir listdir dup".split()),
    (fcntl, "flock"),
    (directories, "rename_flagged"),
    (directories, "_open_without_links"),
    (directories, "_step"),
)  # fmt: skip


class Moment:
    """Calls ``act`` before call number ``at``, once; counts the calls."""

    def __init__(self, at: int, act: Callable[[], object]) -> None:
        self.at = at
        self.count = 0
        self._act = act
        self._counting = False

    @property
    def has_come(self) -> bool:
        return self.count > self.at

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for place, name in CALLS:
            monkeypatch.setattr(place, name, self._counted(getattr(place, name)))
        self._counting = True

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **more: Any) -> Any:
            if self._counting:
                self._counting = False
                try:
                    if self.count == self.at:
                        self._act()
                finally:
                    self.count += 1
                    self._counting = True
            return call(*arguments, **more)

        return counted
