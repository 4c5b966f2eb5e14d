"""The root of an inbox: whether it is there, and is the one that was there before.

A share that is unmounted leaves an empty folder behind. That folder is not the inbox: nothing is
read from it, written into it, or concluded from what is not in it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ocrd import files
from ocrd.errors import ShareGoneError
from ocrd.files import mounts

if TYPE_CHECKING:
    from ocrd.config.settings import InboxSettings
    from ocrd.files.mounts import Mount, Seen

Identity = tuple[int, int]  # device and inode


class Root:
    """One root. :meth:`enter` is for the inbox's thread, the rest for any."""

    def __init__(
        self,
        settings: InboxSettings,
        recall: Callable[[], str] = lambda: "",
        remember: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._path = settings.path
        self._recall = recall  # what was remembered, over restarts too
        self._remember = remember
        self._identity: Identity | None = None
        self._mount: Mount | None = None
        self.network = False

    def enter(self) -> Identity:
        """Identify the root; raise ShareGoneError if what is mounted there no longer is, OSError.

        A root that is another one than before is accepted, unless a mount is missing.
        """
        found = self._look()
        if found != self._identity:
            mount = mounts.mount_of(self._path)
            recalled = self._recall()
            if self._settings.mounted is not False:
                self._require_mount(mount, found, recalled)
            self._note(mounts.seen(self._path, found[1]), recalled)
            network = self._settings.network
            self.network = mounts.is_network(self._path) if network == "auto" else bool(network)
            self._identity, self._mount = found, mount
        return found

    def require(self) -> None:
        """Raise ShareGoneError unless the root is the very one that was entered last."""
        try:
            found = self._look()
        except OSError as error:
            raise files.translate(error, self._path) from error
        if self._identity is not None and found != self._identity:
            raise ShareGoneError(
                f"{files.printable(self._path)} is another folder than before: unmounted, or"
                " replaced.",
                hint="Mount it again; a folder that was replaced is scanned anew by itself.",
            )

    def _look(self) -> Identity:
        # Opening mounts what autofs has there.
        with files.opened_folder(files.Place(self._path)) as directory:
            status = os.fstat(directory.fd)
        return status.st_dev, status.st_ino

    def _require_mount(self, mount: Mount, found: Identity, recalled: str) -> None:
        if self._mount is not None and _is_deeper(self._mount, mount):
            raise _nothing_mounted(self._mount.point)
        before = mounts.Seen.from_json(recalled) if recalled else None
        if point := mounts.missing(self._path, before):
            raise _nothing_mounted(point)
        if self._settings.mounted is True and found[0] == Path("/").stat().st_dev:
            raise _nothing_mounted(str(self._path))

    def _note(self, seen: Seen | None, recalled: str) -> None:
        text = seen.to_json() if seen else ""
        if text != recalled:
            self._remember(text)


def _is_deeper(before: Mount, now: Mount) -> bool:
    return before.point.startswith(now.point) and len(now.point) < len(before.point)


def _nothing_mounted(point: str) -> ShareGoneError:
    return ShareGoneError(
        f"Nothing is mounted at {files.printable(point)}.",
        hint="Mount it, and the work goes on by itself; if nothing belongs there any more, set"
        " mounted = false for the folder.",
    )
