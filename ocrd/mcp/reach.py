"""Which files may be read by their paths: those below folders that the configuration names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from ocrd import files
from ocrd.errors import OutOfReachError


class Reach:
    """The folders whose files may be read."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._roots = [Path(os.path.realpath(folder)) for folder in folders]

    def open(self, told: str) -> BinaryIO:
        """Open a file for reading; raise OutOfReachError for one that may not be.

        A link that leads out of the folders is none of them, whenever it was made: below them, no
        link is followed while the file is opened.
        """
        path = Path(os.path.realpath(Path(told).expanduser()))
        root = next((root for root in self._roots if path.is_relative_to(root)), None)
        if root is None or path == root:
            raise OutOfReachError(
                f"{files.printable(told)} is in none of the folders that may be read.",
                hint=f"They are {self.told()}: see files in [api].",
            )
        return os.fdopen(files.open_source(files.Place.of(path, root), None), "rb")

    def told(self) -> str:
        """Return the folders, for a person."""
        return ", ".join(map(files.printable, self._roots)) or "none"
