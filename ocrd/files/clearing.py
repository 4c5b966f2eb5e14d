"""What is ours to delete: the temporary files and folders that a crash left.

Our names are known to everybody, and a neighbour can give them to somebody else's folder, which he
may rename but not empty. So a folder is removed only if it holds nothing but cut-out figures, by
its descriptor and never into its depth.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import fnmatch
import os
import stat

from ocrd.figures import is_figure_name
from ocrd.files.directories import READ, Directory, Entry, Where, opened_folder
from ocrd.files.names import TEMPORARY_GLOB
from ocrd.files.oserrors import system_error

# What file managers and servers put into any folder with images that they show.
_DROPPINGS = ("._*", ".DS_Store", ".directory", "Thumbs.db", "desktop.ini")
_DROPPED_FOLDER = "@eaDir"


def sweep(where: Where) -> int:
    """Remove the temporary files and folders that a crash left in a folder; say how many."""
    swept = 0
    with contextlib.suppress(OSError), opened_folder(where) as directory:
        names = os.listdir(directory.fd)  # noqa: PTH208 -- of the folder that is open
        for name in fnmatch.filter(names, TEMPORARY_GLOB):
            with contextlib.suppress(OSError):
                swept += _sweep(directory.entry(name))
    return swept


def _sweep(entry: Entry) -> bool:
    fd = entry.open(READ)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        status = os.fstat(fd)
        if not _is_leftover(entry.path.stem, status):
            return False
        discard(entry)
    finally:
        os.close(fd)
    return True


def _is_leftover(stem: str, status: os.stat_result) -> bool:
    """Say whether a temporary file is ours to delete: one set aside, only in the state it names."""
    _, _, *state = stem.rsplit(".", 1)[-1].split("-")
    return not state or state == [str(status.st_size), str(status.st_mtime_ns)]


def discard(entry: Entry) -> None:
    """Remove what has a temporary name: a file, or a folder of nothing but figures.

    Raises ``OSError`` for another folder, and if nothing is there.
    """
    if not stat.S_ISDIR(entry.status().st_mode):
        entry.unlink()
        return
    with entry.opened() as folder:
        _empty(folder)
    os.rmdir(entry.name, dir_fd=entry.directory.fd)


def _empty(folder: Directory) -> None:
    names = os.listdir(folder.fd)  # noqa: PTH208 -- of the folder that is open
    if not all(map(_is_ours, names)):
        raise system_error(errno.ENOTEMPTY, str(folder.path))
    for name in names:
        entry = folder.entry(name)
        if name == _DROPPED_FOLDER:
            with entry.opened() as dropped:
                for thumbnail in os.listdir(dropped.fd):  # noqa: PTH208
                    dropped.entry(thumbnail).unlink()
            os.rmdir(name, dir_fd=folder.fd)
        else:
            entry.unlink()


def _is_ours(name: str) -> bool:
    return (
        is_figure_name(name)
        or name == _DROPPED_FOLDER
        or any(fnmatch.fnmatchcase(name, pattern) for pattern in _DROPPINGS)
    )
