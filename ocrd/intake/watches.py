"""The watches of one root: the kernel's events make its next scan come sooner, and nothing else.

What an event tells is not believed: the scan looks. Where watches are refused, or never come, as on
a network share, the scan goes on at its interval.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

from ocrd.log import fields

if TYPE_CHECKING:
    from watchdog.observers.api import BaseObserver

log = logging.getLogger(__name__)

RETRY_SECONDS = 300.0  # after watches were refused
# Opening, reading and writing on are left out: our own looks would wake us, and a slow writer too.
_EVENTS: list[type[FileSystemEvent]] = [
    FileCreatedEvent, FileMovedEvent, FileClosedEvent, DirCreatedEvent, DirMovedEvent,
]  # fmt: skip


class Watches(FileSystemEventHandler):
    """The inotify watches of one root, which do nothing but wake its scans."""

    def __init__(self, wake: Callable[[], None], is_junk: Callable[[str], bool]) -> None:
        self._wake = wake
        self._is_junk = is_junk
        self._observer: BaseObserver | None = None
        self._covered: frozenset[tuple[str, bool]] = frozenset()
        self._root: tuple[int, int] | None = None  # device and inode
        self._not_before = 0.0
        self.problem = ""

    @property
    def active(self) -> bool:
        """Whether events arrive."""
        return self._observer is not None

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Wake the scan; an exception here would end watchdog's thread."""
        try:
            path = os.fsdecode(event.dest_path or event.src_path)
            if not self._is_junk(Path(path).name):
                self._wake()
        except Exception:
            log.exception("An event was not understood.", extra=fields("watch-failed"))

    def cover(self, wanted: frozenset[tuple[str, bool]], root: tuple[int, int], now: float) -> None:
        """Watch these folders, each alone or with all below it; without success, go on."""
        alive = self._observer is not None and all(
            emitter.is_alive() for emitter in self._observer.emitters
        )
        if (alive and wanted == self._covered and root == self._root) or now < self._not_before:
            return
        self.close()
        try:
            self._open(wanted)
        except (OSError, RuntimeError) as error:  # RuntimeError: no further thread
            self.close()
            self._not_before = now + RETRY_SECONDS
            self.problem = _problem_of(error)
            log.warning(self.problem, extra=fields("watch-refused"))
        else:
            self._covered, self._root, self.problem = wanted, root, ""

    def _open(self, wanted: frozenset[tuple[str, bool]]) -> None:
        # Folders made in quick succession are watched twice by watchdog, which then says so at
        # length; where warnings are errors, that would end the thread that all inboxes share.
        warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning)
        # It also warns, of nothing that matters, when it is stopped while it takes an event.
        logging.getLogger("watchdog").setLevel(logging.ERROR)
        self._observer = observer = Observer()
        observer.start()
        for path, recursive in sorted(wanted):
            with contextlib.suppress(FileNotFoundError):
                observer.schedule(self, path, recursive=recursive, event_filter=_EVENTS)

    def close(self) -> None:
        """Stop watching."""
        observer, self._observer = self._observer, None
        if observer is not None:
            with contextlib.suppress(Exception):
                observer.stop()


def _problem_of(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EMFILE, errno.ENFILE}:
        return (
            "The limit of inotify watches is reached, so new files are noticed only by the regular"
            " scan. Raise fs.inotify.max_user_watches and fs.inotify.max_user_instances."
        )
    return f"The folder cannot be watched, the regular scan goes on: {error}"
