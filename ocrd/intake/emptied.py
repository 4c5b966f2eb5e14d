"""Subfolders that their last document has left: removed, if they came with it.

Somebody who drops a folder with scans in it does not want it back empty. A folder that stands empty
of itself is another thing: a scanner's destination, where the next file may come tomorrow. So one
is removed only if a document came from it, if it has then been empty for a while, and if it was
never seen to stand empty before; that is remembered, over restarts too. It goes by rmdir(2), which
takes nothing that holds anything, and never the inbox itself.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from ocrd import files
from ocrd.errors import OcrdError

QUIET_SETTLES = 6.0  # settle times that a folder has to be empty: more files may be on their way
STANDING_SECONDS = 600.0  # after which one that no document came from is somebody's place
MOST_STANDING = 10_000  # that are remembered


class Emptied:
    """What is known of the empty subfolders of one inbox. For its scan, but for :meth:`left`."""

    def __init__(
        self, root: Path, recall: Callable[[], str] = lambda: "",
        remember: Callable[[str], None] = lambda _: None,
    ) -> None:  # fmt: skip
        """``recall`` and ``remember`` keep over restarts which folders stand empty."""
        self._root = root
        self._recall = recall
        self._remember = remember
        self._left: deque[str] = deque()
        self._came_from: set[str] = set()  # folders that documents came from, and those above them
        self._bare_since: dict[str, float] = {}
        self._standing: set[str] | None = None  # None until recalled
        self._is_first = True
        self.due = float("inf")  # when the next one may go

    def left(self, relpath: str) -> None:
        """Note that a document has left its folder. For any thread."""
        self._left.append(relpath)

    def begin(self) -> None:
        """Begin a scan."""
        self.due = float("inf")
        while self._left:
            self._came_from.update(_folders_above(self._left.popleft()))

    def saw(self, folder: str, now: float, quiet: float, *, is_bare: bool) -> None:
        """Note how a subfolder looks; one that may go is tried by :meth:`remove`."""
        if not is_bare:
            self._bare_since.pop(folder, None)
            return
        since = self._bare_since.setdefault(folder, now)
        if folder not in self._came_from:
            if self._is_first or now - since >= STANDING_SECONDS:
                self._note_standing(folder)
        elif folder not in self._stand():
            self.due = min(self.due, since + quiet)

    def remove(self, now: float, quiet: float) -> list[str]:
        """End a scan: remove what has been empty for long enough, and name it."""
        self._is_first = False
        ripe = [
            folder for folder, since in self._bare_since.items()
            if now - since >= quiet and folder in self._came_from
        ]
        removed = []
        for folder in ripe:
            for each in (folder, *_folders_above(folder)):
                if each not in self._came_from or each in self._stand() or not self._rmdir(each):
                    break
                removed.append(each)
            self._came_from.discard(folder)  # once: who refuses it now would do so again
            self._bare_since.pop(folder, None)
        return removed

    def _stand(self) -> set[str]:
        if self._standing is None:
            self._standing = set()
            with contextlib.suppress(OcrdError, ValueError, TypeError):
                self._standing = set(json.loads(self._recall() or "[]"))
        return self._standing

    def _note_standing(self, folder: str) -> None:
        standing = self._stand()
        if folder in standing or len(standing) >= MOST_STANDING:
            return
        standing.add(folder)
        with contextlib.suppress(OcrdError):  # a ledger that cannot be written now
            self._remember(json.dumps(sorted(standing)))

    def _rmdir(self, folder: str) -> bool:
        """Remove an empty folder; say whether it went."""
        try:
            with files.entry_of(files.Place.below(self._root, folder)) as entry:
                if entry.status().st_uid == 0 != os.geteuid():
                    return False  # an administrator's, for others
                os.rmdir(entry.name, dir_fd=entry.directory.fd)
        except OSError:  # not empty, not ours, or gone
            return False
        self._bare_since.pop(folder, None)
        return True


def _folders_above(relpath: str) -> Iterator[str]:
    """Yield the folders that hold it, from the nearest up, without the root."""
    folder = os.path.dirname(relpath)  # noqa: PTH120 -- as a scan spells it
    while folder:
        yield folder
        folder = os.path.dirname(folder)  # noqa: PTH120
