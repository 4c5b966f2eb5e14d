"""Writing: whole or not at all, synced, and over nothing that a caller did not name."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import io
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from ocrd.files.directories import (
    NEW,
    Directory,
    Entry,
    Where,
    entry_of,
    exchange,
    make_folders,
    opened_folder,
    rename_no_replace,
)
from ocrd.files.names import temporary_name
from ocrd.files.naming import give_name, replace_by
from ocrd.files.oserrors import system_error, translated
from ocrd.files.places import Place

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

CHUNK_BYTES = 1 << 20


def fsync_directory(where: Where) -> None:
    """Make the names in a folder durable, where its file system knows how to."""
    with translated(where), opened_folder(where) as directory:
        directory.sync()


def make_directories(where: Path | Place, *, root_too: bool = True) -> None:
    """Make a folder and what is missing above it, durably.

    Without ``root_too``, a place's root has to be there already: ShareGoneError if it is not, so
    that nothing is made on the disk under an unmounted share.
    """
    with translated(where):
        try:
            if isinstance(where, Place):
                make_folders(where, root_too=root_too)
            else:
                _make_as_written(where)
        except FileExistsError as error:
            raise system_error(errno.ENOTDIR, str(where)) from error


def _make_as_written(path: Path) -> None:
    if path.is_dir():
        return
    if path.parent != path:
        _make_as_written(path.parent)
    path.mkdir(exist_ok=True)
    with opened_folder(path.parent) as directory:
        directory.sync()


class _HashedFile(io.RawIOBase):
    """Hash what is written to a descriptor; a position cannot be sought."""

    def __init__(self, fd: int, where: Where) -> None:
        self._fd = fd
        self._where = where
        self.digest = hashlib.sha256()
        self.abandoned = False

    def writable(self) -> bool:
        return True

    def write(self, content: ReadableBuffer, /) -> int:
        view = memoryview(content)
        if self.abandoned:
            return view.nbytes
        with translated(self._where):
            written = os.write(self._fd, view)
        self.digest.update(view[:written])
        return written


def fill(fd: int, where: Where, write: Callable[[BinaryIO], object]) -> str:
    """Have ``write`` write into an open file, known as ``where``; return its SHA-256.

    Not synced.
    """
    raw = _HashedFile(fd, where)
    out = io.BufferedWriter(raw, CHUNK_BYTES)
    try:
        write(cast("BinaryIO", out))
        out.flush()
    except BaseException:
        raw.abandoned = True  # else closing would write on
        raise
    finally:
        out.close()
    return raw.digest.hexdigest()


def write_durably(
    where: Where, write: Callable[[BinaryIO], object], *, replace: bool = False, mode: int = 0o666
) -> str:
    """Publish whole what ``write`` writes, or nothing; return the content's SHA-256.

    ``mode`` is cut by the umask. Raises FileExistsError if the name is taken, with ``replace`` only
    if by anything but a regular file; what ``write`` itself raises passes through.
    """
    with _target(where) as entry:
        if entry.exists() and not (replace and is_regular(entry)):
            raise system_error(errno.EEXIST, str(where))
        with temporary(entry.directory, mode) as (staged, fd):
            digest = fill(fd, where, write)
            with translated(where):
                os.fsync(fd)
                if replace:
                    replace_file(staged, entry, is_regular)
                else:
                    rename_no_replace(staged, entry)
        with translated(where):
            entry.directory.sync()
    return digest


@contextlib.contextmanager
def _target(where: Where) -> Iterator[Entry]:
    with contextlib.ExitStack() as stack:
        with translated(where):
            entry = stack.enter_context(entry_of(where))
        yield entry


def is_regular(entry: Entry) -> bool:
    """Say whether a name stands for a regular file itself."""
    try:
        return stat.S_ISREG(entry.status().st_mode)
    except FileNotFoundError:
        return False


def replace_file(staged: Entry, entry: Entry, is_replaceable: Callable[[Entry], bool]) -> None:
    """Put a staged file in the place of one that may be replaced, or of none. Not synced.

    Raises FileExistsError if there is anything else; it stays, as the staged file does. Where the
    file system can exchange two names, that holds of what comes at the last moment too.
    """
    if not entry.exists():
        give_name(staged, entry)
        return
    if not is_replaceable(entry):
        raise system_error(errno.EEXIST, str(entry))
    if not exchange(staged, entry):
        replace_by(staged, entry)
        return
    with contextlib.suppress(FileNotFoundError):  # swept as a left-over by somebody
        if not is_replaceable(staged) and staged.exists():
            exchange(staged, entry)
            raise system_error(errno.EEXIST, str(entry))
        entry.directory.sync()  # a power loss must not leave the end of the old file alone
        staged.unlink()


@contextlib.contextmanager
def temporary(directory: Directory, mode: int) -> Iterator[tuple[Entry, int]]:
    """Make a temporary file that is gone afterwards, unless it was renamed.

    It is locked while in use, so that ``sweep`` of another process leaves it alone.
    """
    entry = directory.entry(temporary_name())
    with translated(directory.path):
        fd = entry.open(os.O_RDWR | NEW, mode)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield entry, fd
    finally:
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(fd), entry.status()):
                entry.unlink()
        with contextlib.suppress(OSError):
            os.close(fd)
