"""Reading a source: its key, its bytes, whether somebody still writes it.

What is opened here is a regular file under its own name, in the state that was asked for, from the
first byte to the last; anything else is an error.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

from ocrd.errors import LinkedError
from ocrd.files.directories import NEW, READ, Entry, Where, entry_of
from ocrd.files.names import printable
from ocrd.files.oserrors import changed, not_regular, translate_source, translated
from ocrd.files.writing import CHUNK_BYTES, fill
from ocrd.job import FileKey

_PROTECTED_LINKS = Path("/proc/sys/fs/protected_hardlinks")


def key_of(status: os.stat_result) -> FileKey:
    """Take the key out of a stat result."""
    return FileKey(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def open_source(where: Where, key: FileKey | None) -> int:
    """Open a regular file for reading, in the state ``key`` if one is given; return its descriptor.

    Raises UnsupportedError for what is no regular file, SourceChangedError if it is not there or
    in another state, TransientError.
    """
    with translated(where, translate_source), entry_of(where) as entry:
        # A look before the open: opening a device can have effects of its own.
        if not stat.S_ISREG(entry.status().st_mode):
            raise not_regular(where)
        fd = entry.open(READ)
        try:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode):
                raise not_regular(where)
            if key is not None and key_of(status) != key:
                raise changed(where)
        except BaseException:
            os.close(fd)
            raise
    return fd


@contextlib.contextmanager
def source(where: Where, key: FileKey | None) -> Iterator[int]:
    """Open a regular file, see :func:`open_source`; with ``key``, insist on it afterwards too."""
    fd = open_source(where, key)
    try:
        with translated(where, translate_source):
            yield fd
            if key is not None and key_of(os.fstat(fd)) != key:
                raise changed(where)
    finally:
        os.close(fd)


def file_key(where: Where) -> FileKey:
    """Identify the present state of a regular file by open and fstat: listings can be stale.

    Raises UnsupportedError for what is no regular file, SourceChangedError if nothing is there.
    """
    with source(where, None) as fd, translated(where, translate_source):
        return key_of(os.fstat(fd))


def refuse_borrowed(where: Where, key: FileKey, *, network: bool) -> None:
    """Raise LinkedError for a file that somebody may have linked here without the right to read it.

    We may have that right, and would show him the text. The kernel allows a hard link to those who
    may read and write the file, if fs.protected_hardlinks is set; on a network share another
    machine makes the links. What everybody may read is nobody's secret.
    """
    with source(where, key) as fd:
        _refuse_borrowed(fd, where, network=network)


def _refuse_borrowed(fd: int, where: Where, *, network: bool) -> None:
    status = os.fstat(fd)
    if status.st_nlink < 2 or status.st_mode & stat.S_IROTH:
        return
    if network or not _protects_links():
        raise LinkedError(
            f"{printable(str(where))}: a hard link to a file that not everybody may read.",
            hint="Copy the file here instead of linking it, or set fs.protected_hardlinks = 1 if"
            " this is a local disk.",
        )


def _protects_links() -> bool:
    try:
        return _PROTECTED_LINKS.read_text(encoding="ascii").strip() != "0"
    except OSError:
        return False


def chunks(fd: int) -> Iterator[bytes]:
    """Yield what is left to read."""
    while chunk := os.read(fd, CHUNK_BYTES):
        yield chunk


def sha256_of(where: Where, key: FileKey | None) -> str:
    """Hash a file's bytes; SourceChangedError if it is not in the state ``key`` throughout."""
    with source(where, key) as fd:
        return _sha256(fd)


def sha256_of_own(where: Where, key: FileKey, *, network: bool) -> str:
    """Hash a file as :func:`sha256_of` does, unless :func:`refuse_borrowed` refuses it."""
    with source(where, key) as fd:
        _refuse_borrowed(fd, where, network=network)
        return _sha256(fd)


def _sha256(fd: int) -> str:
    digest = hashlib.sha256()
    for chunk in chunks(fd):
        digest.update(chunk)
    return digest.hexdigest()


def has_writer(where: Where) -> bool | None:
    """Say whether anyone has the file open for writing, idle or not; None if that cannot be told.

    A read lease is refused while a writer is there (fcntl(2), F_SETLEASE). It works on local file
    systems, for the file's owner or with CAP_LEASE.
    """
    try:
        with entry_of(where) as entry:
            fd = entry.open(READ)
    except BlockingIOError:  # a write lease is held, as Samba's oplocks do
        return True
    except OSError:
        return None
    try:
        return _has_writer(fd)
    finally:
        os.close(fd)


def _has_writer(fd: int) -> bool | None:
    try:
        # Who opens the file at this moment has a signal sent to us; the default one, SIGIO,
        # would end the process. This one is ignored by default.
        fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return True
    except OSError:
        return None
    return False


def key_and_writer(entry: Entry) -> tuple[FileKey, bool | None]:
    """Return what :func:`file_key` and :func:`has_writer` do, by one open.

    For what a look at the name has just called a regular file.
    """
    try:
        fd = entry.open(READ)
        try:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode):
                raise not_regular(entry)
            return key_of(status), _has_writer(fd)
        finally:
            os.close(fd)
    except OSError as error:
        raise translate_source(error, entry) from error


def snapshot(where: Where, destination: Path, key: FileKey) -> str:
    """Copy a source as it is in the state ``key``; return its SHA-256. Not synced.

    Raises SourceChangedError, and FileExistsError; then there is no destination of ours.
    """
    with translated(destination):
        fd = os.open(destination, os.O_RDWR | NEW, 0o600)
    try:
        return copy(where, key, fd, destination)
    except BaseException:
        destination.unlink(missing_ok=True)
        raise
    finally:
        os.close(fd)


def copy(where: Where, key: FileKey, fd: int, target: Where) -> str:
    """Copy bytes, owner, mode and times into ``fd``; return the SHA-256 of what was read."""
    with source(where, key) as source_fd:
        digest = fill(fd, target, lambda out: out.writelines(chunks(source_fd)))
        status = os.fstat(source_fd)
        with contextlib.suppress(OSError):
            os.fchown(fd, status.st_uid, status.st_gid)
        with contextlib.suppress(OSError):
            os.fchmod(fd, stat.S_IMODE(status.st_mode) & 0o777)
        with contextlib.suppress(OSError):
            os.utime(fd, ns=(status.st_atime_ns, status.st_mtime_ns))
    return digest
