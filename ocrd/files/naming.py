"""Final names for what we wrote a moment ago: file or folder, renamed from its temporary name.

Clients that upload in the background, rclone's mount first of all, lose a rename that comes while
they upload: the file stays on the server under its first name, and the mount shows the new one
until it looks again. They upload what nobody has open for writing any more. So where a FUSE file
system refuses the sure ways to rename, what is renamed is held open meanwhile: an upload on its way
has ended then, and the next one begins after the rename, under the new name.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from ocrd.files import mounts
from ocrd.files.directories import (
    NOT_SUPPORTED,
    Directory,
    Entry,
    rename_after_a_look,
    rename_surely,
)

# What open() and write() say where a file cannot be written again (rclone without a cache, which
# ends an upload before close() returns).
_NOT_AGAIN = NOT_SUPPORTED | {errno.EPERM, errno.EACCES, errno.EROFS}


def give_name(staged: Entry, entry: Entry) -> None:
    """Rename what we wrote, over nothing; FileExistsError if the name is taken. Not synced.

    Its content is written again where that keeps it from being uploaded: it has to be ours alone.
    """
    if rename_surely(staged, entry):
        return
    with _held(staged):
        rename_after_a_look(staged, entry)


def replace_by(staged: Entry, entry: Entry) -> None:
    """Rename a file that we wrote, over what has the name. Not synced."""
    with _held(staged):
        staged.rename(entry)


@contextlib.contextmanager
def _held(staged: Entry) -> Iterator[None]:
    """Keep a file, or the files of a folder, from being uploaded."""
    with contextlib.ExitStack() as stack:
        if not _may_upload(staged.directory):
            pass
        elif not stat.S_ISDIR(staged.status().st_mode):
            _hold(stack, staged)
        else:
            folder = stack.enter_context(staged.opened())
            for name in os.listdir(folder.fd):  # noqa: PTH208 -- of the folder that is open
                _hold(stack, folder.entry(name))
        yield


def _may_upload(directory: Directory) -> bool:
    """Say whether writing goes on after close(): in any FUSE file system but sshfs, which waits."""
    kind = mounts.mount_of(Path("/proc/self/fd", str(directory.fd))).kind
    return kind.partition(".")[0] == "fuse" and kind != "fuse.sshfs"


def _hold(stack: contextlib.ExitStack, entry: Entry) -> None:
    """Open a file for writing; it is only held once something is written."""
    if not stat.S_ISREG(entry.status().st_mode):  # what a file manager or a neighbour put there
        return
    with contextlib.ExitStack() as opened:
        try:
            fd = entry.open(os.O_RDWR | os.O_NONBLOCK)
            opened.callback(_close, fd)
            if first := os.pread(fd, 1, 0):
                os.pwrite(fd, first, 0)
            else:
                os.ftruncate(fd, 0)
        except OSError as error:
            if error.errno not in _NOT_AGAIN:
                raise
        else:
            stack.push(opened.pop_all())


def _close(fd: int) -> None:
    with contextlib.suppress(OSError):  # rclone without a cache, of what it refused before
        os.close(fd)
