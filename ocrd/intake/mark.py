"""The mark: the hidden file that says whose a folder is, as a file.

It is never followed as a link, and never written where it is anything but a plain file of one name.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Callable
from pathlib import Path

from ocrd import files
from ocrd.errors import FolderWithheldError
from ocrd.intake.record import RECORD_BYTES
from ocrd.intake.scan import OWNER_NAME

_OPEN = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

State = tuple[int, int, int, int]  # inode, size, and the times of content and of status


class Mark:
    """One folder's mark; who owns the folder holds it open."""

    def __init__(self, root: Path) -> None:
        self.path = root / OWNER_NAME
        self._place = files.Place(root, (OWNER_NAME,))

    def open(self, before_making: Callable[[], None]) -> int:
        """Open the file to write; make it where nothing speaks against it."""
        with files.entry_of(self._place) as entry:
            with contextlib.suppress(FileNotFoundError):
                return entry.open(os.O_RDWR | _OPEN)
            before_making()
            fd = entry.open(os.O_RDWR | os.O_CREAT | os.O_EXCL | _OPEN, 0o644)
        with contextlib.suppress(OSError):
            os.fchmod(fd, 0o644)  # the other daemon may be another user's, and has to read it
        return fd

    def read(self, fd: int) -> bytes:
        """Return what the open file says; FolderWithheldError if it is no plain file."""
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            raise self.in_the_way()
        return os.pread(fd, 4 * RECORD_BYTES, 0)

    def state(self, fd: int) -> State | None:
        """Return what a write to our open file changes; None if it is not at its place any more."""
        with files.entry_of(self._place) as entry:
            if not _is_at_its_place(fd, entry):
                return None
            with contextlib.suppress(PermissionError):
                anew = entry.open(os.O_RDONLY | _OPEN)
                try:
                    return _state_of(anew)
                finally:
                    os.close(anew)
        return _state_of(fd)

    def read_anew(self, fd: int) -> bytes | None:
        """Return what our open file says on the server; None if it is not at its place any more.

        A file is opened once more for that, because NFS then looks at the server.
        """
        with files.entry_of(self._place) as entry:
            if not _is_at_its_place(fd, entry):
                return None
            with contextlib.suppress(PermissionError):
                return _read_of(entry)
        return os.pread(fd, RECORD_BYTES, 0)  # on SMB our own lock may keep others out

    def content(self) -> bytes:
        """Return what a file says that we may only read, b"" if it is none.

        Raises FolderWithheldError if it does not let us: nothing may be concluded from that.
        """
        try:
            with files.entry_of(self._place) as entry:
                return _read_of(entry)
        except FileNotFoundError:
            return b""
        except PermissionError as error:
            raise FolderWithheldError(
                f"{files.printable(self.path)} says whose the folder is, and cannot be read.",
                hint="Let this daemon read it, or remove it if no other daemon is there.",
            ) from error

    def remove(self) -> None:
        """Remove the file."""
        with files.entry_of(self._place) as entry:
            entry.unlink()

    def in_the_way(self) -> FolderWithheldError:
        """Say that something else has the file's name."""
        return FolderWithheldError(
            f"{files.printable(self.path)} is not what ocrd writes there.",
            hint="Remove it; the folder is read once it is gone.",
        )


def locked(fd: int) -> bool:
    """Lock the file for as long as it is open; False if another holds it."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # the file system knows no locks: its owner's silence alone tells
    return True


def _state_of(fd: int) -> State:
    status = os.fstat(fd)
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _read_of(entry: files.Entry) -> bytes:
    fd = entry.open(os.O_RDONLY | _OPEN)
    try:
        is_file = stat.S_ISREG(os.fstat(fd).st_mode)
        return os.pread(fd, 4 * RECORD_BYTES, 0) if is_file else b""
    finally:
        os.close(fd)


def _is_at_its_place(fd: int, entry: files.Entry) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), entry.status())
    except FileNotFoundError:
        return False
    except OSError as error:
        if error.errno != errno.ESTALE:  # of the open file: another machine removed it
            raise
        return False
