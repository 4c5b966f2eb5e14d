"""Whether the watched folders are apart from each other, as their links lead at this moment.

What is written about them was judged with the configuration's text. Links can be changed at any
time, by whoever may: a folder that would be read twice, or fed with what was read, is left alone
until it is apart again, and the others go on.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from ocrd.config import disk, folders
from ocrd.errors import FolderWithheldError

if TYPE_CHECKING:
    from ocrd.config.settings import Settings


class Apart:
    """Where all folders of a configuration are. For any thread.

    A folder's links are followed by who asks for that folder, so that a share that hangs holds up
    nobody else.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._watched = folders.watched(settings.inbox)
        self._numbers = {folder.path: number for number, folder in enumerate(self._watched)}
        self._own: list[tuple[str, Path]] | None = None
        self._real = list(self._watched)
        self._lock = threading.Lock()

    def require(self, path: Path) -> None:
        """Raise FolderWithheldError where the folder is in the way of another, or of itself."""
        number = self._numbers[path]
        real = disk.followed(self._watched[number])
        with self._lock:
            own = self._look_around()
            self._real[number] = real
            now = tuple(self._real)
        for conflict in folders.conflicts_of(number, now, own):
            raise FolderWithheldError(f"{conflict.message}.", hint=conflict.remedy)

    def _look_around(self) -> list[tuple[str, Path]]:
        """Follow the links of all folders once, before the first of them is read."""
        if self._own is None:
            self._own = disk.followed_own(self._settings)
            found = disk.ask_each(self._watched, disk.followed)
            self._real = [
                there or written for there, written in zip(found, self._watched, strict=True)
            ]
        return self._own
