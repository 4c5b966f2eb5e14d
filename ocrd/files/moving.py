"""Moving a source: durably, across file systems too, and nothing is overwritten.

A source is unlinked only when its bytes stand, synced and compared, elsewhere.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator

from ocrd.errors import OcrdError, SourceChangedError, TransientError, UnsupportedError
from ocrd.files.directories import Entry, Where, entry_of, rename_no_replace
from ocrd.files.names import printable, temporary_name
from ocrd.files.oserrors import changed, system_error, translate_source, translated
from ocrd.files.sources import (
    chunks,
    copy,
    file_key,
    has_writer,
    key_of,
    sha256_of,
    source,
)
from ocrd.files.syncing import Steps, carry_out
from ocrd.files.writing import temporary
from ocrd.job import FileKey


def move(where: Where, destination: Where, key: FileKey, *, resume: bool = False) -> None:
    """Move a source, durably, see :func:`move_steps`."""
    carry_out(move_steps(where, destination, key, resume=resume))


def move_steps(
    where: Where, destination: Where, key: FileKey, *, resume: bool = False
) -> Steps[None]:
    """Move a source, times kept, across file systems too; overwrite nothing.

    Raises FileExistsError if the name is taken, and SourceChangedError if the source is not, or
    does not stay, in the state ``key`` or is open for writing; then it is where it was. With
    ``resume`` a destination with the same bytes is what a crash left of this very move, and only
    the source is removed.
    """
    with _entries(where, destination) as (old, new):
        try:
            with translated(destination):
                yield from _moving(old, new, key)
                return
        except FileExistsError:
            if not (resume and _is_copy(old, new, key)):
                raise
            remove(old, key)
            with translated(destination):
                yield new.directory


@contextlib.contextmanager
def _entries(where: Where, destination: Where) -> Iterator[tuple[Entry, Entry]]:
    with contextlib.ExitStack() as stack:
        with translated(where, translate_source):
            old = stack.enter_context(entry_of(where))
        with translated(destination):
            new = stack.enter_context(entry_of(destination))
        yield old, new


def _moving(source: Entry, destination: Entry, key: FileKey) -> Steps[None]:
    try:
        _take(source, destination, key)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _move_across(source, destination, key)
    else:
        yield destination.directory
        yield source.directory


def _take(source: Entry, destination: Entry, key: FileKey) -> None:
    """Rename exactly the file of ``key``; another that took its place is put back."""
    if file_key(source) != key or has_writer(source):
        raise changed(source)
    try:
        rename_no_replace(source, destination)
    except FileNotFoundError as error:
        if source.exists():
            raise
        # An NFS server that is asked twice, its first answer lost, says this of its own success.
        if not destination.exists() or file_key(destination) != key:
            raise changed(source, "is no longer there") from error
    if not _still(destination, key):
        _put_back(destination, source)
        raise changed(source, "changed while it was moved")


def _still(entry: Entry, key: FileKey) -> bool:
    """Say whether this is the file of ``key``, at rest.

    The inode is left out: some FUSE file systems number a file anew when it is renamed.
    """
    try:
        now = file_key(entry)
    except (SourceChangedError, UnsupportedError):  # what came in its place is no file at all
        return False
    return (now.size, now.mtime_ns) == (key.size, key.mtime_ns) and has_writer(entry) is not True


def _put_back(entry: Entry, home: Entry) -> None:
    """Return a file to its name, or, if that is taken again, to the next free one."""
    for number in range(1000):
        stem, suffix = home.path.stem, home.path.suffix
        wanted = home if number == 0 else home.with_name(f"{stem} ({number}){suffix}")
        with contextlib.suppress(FileExistsError), translated(home):
            rename_no_replace(entry, wanted)
            return
    raise TransientError(
        f"{printable(entry.path)}: no free name to put this back as {printable(home.name)}.",
        hint="Move it there by hand.",
    )


def remove(where: Where, key: FileKey) -> None:
    """Unlink exactly the file of ``key``, durably; SourceChangedError if it is not that one.

    It is first renamed, so that a successor under its name is never hit. If it cannot be unlinked,
    it gets its name back.
    """
    with contextlib.ExitStack() as stack:
        with translated(where, translate_source):
            entry = stack.enter_context(entry_of(where))
        # The state is in the name for ``sweep``, which must not take a successor either.
        aside = entry.with_name(temporary_name(key.size, key.mtime_ns))
        fd = stack.enter_context(source(entry, key))
        with contextlib.suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)  # not for ``sweep``
        try:
            with translated(where):
                _take(entry, aside, key)
                aside.unlink()
        except BaseException:
            if aside.exists():
                _put_back(aside, entry)
            raise
        with translated(where):
            entry.directory.sync()


def _is_copy(source: Entry, destination: Entry, key: FileKey) -> bool:
    """Say whether the destination is a second name or a second file with the source's bytes."""
    there = file_key(destination)
    one_inode = (there.device, there.inode) == (key.device, key.inode)
    folders = (os.fstat(entry.directory.fd) for entry in (source, destination))
    if one_inode and os.path.samestat(*folders):
        return False  # one name, spelt in two ways
    # The copy's state is not asked for: rclone's mount dates a file anew until it is uploaded.
    return there.size == key.size and sha256_of(destination, None) == sha256_of(source, key)


def _move_across(source: Entry, destination: Entry, key: FileKey) -> None:
    if destination.exists():
        raise system_error(errno.EEXIST, str(destination))
    with temporary(destination.directory, 0o600) as (staged, fd):
        digest = copy(source, key, fd, destination)
        with translated(destination):
            os.fsync(fd)
            _compare(fd, digest, destination)
            rename_no_replace(staged, destination)
            copied = os.fstat(fd)
    try:
        with translated(destination):
            destination.directory.sync()
        if not _still(destination, key_of(copied)):
            raise TransientError(f"{printable(destination.path)}: the copy was replaced.")
        remove(source, key)
    except OcrdError:
        # While the source is in the inbox, this copy is a second one.
        with contextlib.suppress(OSError):
            if os.path.samestat(copied, destination.status()) and source.exists():
                destination.unlink()
        raise


def _compare(fd: int, digest: str, destination: Entry) -> None:
    """Read a synced file back from the disk, not from memory."""
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.lseek(fd, 0, os.SEEK_SET)
    read_back = hashlib.sha256()
    for chunk in chunks(fd):
        read_back.update(chunk)
    if read_back.hexdigest() != digest:
        raise TransientError(
            f"{printable(destination.path)}: the copy that was read back differs from the source.",
            hint="Check the disk.",
        )
