"""What is for its owner's eyes only: made so, and tightened where an earlier version made it wider.

Nothing is changed that belongs to another user: who owns it has decided that.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700


def make_private(path: Path) -> None:
    """Make an empty file that nobody else may read, unless there is a file; raises OSError."""
    with contextlib.suppress(FileExistsError):
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        os.close(os.open(path, flags, PRIVATE_FILE))


def tighten(path: Path, mode: int) -> bool:
    """Take all rights from a file or folder of ours that are not in ``mode``; say if it had any.

    What is not there, not ours or cannot be changed stays as it is. Nothing is opened: closing a
    file would give back the locks that SQLite has on it.
    """
    try:
        status = path.stat()
        before = stat.S_IMODE(status.st_mode)
        if status.st_uid != os.geteuid() or not before & ~mode & 0o777:
            return False
        path.chmod(before & (mode | ~0o777))
    except OSError:
        return False
    return True
