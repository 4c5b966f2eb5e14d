"""What a neighbour puts in the place of what: each can be undone."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

NEIGHBOUR = 65534


@dataclass(frozen=True)
class Swap:
    """One exchange of one name. ``make`` gets the name's path and the outside folder."""

    name: str  # of the path below the world that is swapped
    make: Callable[[Path, Path], object]

    def __str__(self) -> str:
        return f"{self.name}-{self.make.__name__}"

    def do(self, world: Path, outside: Path) -> None:
        path = world / self.name
        if os.path.lexists(path):
            path.rename(self._aside(world))
            self.make(path, outside)

    def undo(self, world: Path) -> None:
        """Put back what was there, unless it was taken from where it lay aside."""
        path, aside = world / self.name, self._aside(world)
        if os.path.lexists(aside):
            if os.path.lexists(path):
                path.rename(world / "the neighbour's")
            aside.rename(path)

    def _aside(self, world: Path) -> Path:
        return world / f"{self.name.replace('/', '.')}.aside"


def link(path: Path, outside: Path) -> None:
    """A link to the outside, or to what has the same name there, that belongs to a neighbour."""
    there = outside / path.name
    path.symlink_to(there if there.is_file() else outside)
    if os.geteuid() == 0:
        os.lchown(path, NEIGHBOUR, NEIGHBOUR)


def pipe(path: Path, _: Path) -> None:
    os.mkfifo(path)


def file(path: Path, _: Path) -> None:
    path.write_bytes(b"the neighbour's own")


def folder(path: Path, _: Path) -> None:
    path.mkdir()
    (path / "own").write_bytes(b"the neighbour's own")


def nothing(path: Path, _: Path) -> None:
    """Leave the name free."""
