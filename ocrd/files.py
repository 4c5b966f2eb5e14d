"""Files, durably: keys, hashes, whole writes, and moves that overwrite nothing.

What returned from here is on disk: file synced, name synced. No file is replaced unless a caller
says so, and a source is unlinked only when its bytes stand, synced and compared, elsewhere.
Every ``OSError`` leaves as an ``OcrdError``, but for ``FileExistsError``, which callers answer with
another name. The files that this module makes on the way are called ``.ocrd-<random>.tmp``.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import hashlib
import io
import os
import secrets
import shutil
import signal
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from ocrd.errors import (
    DiskFullError,
    OcrdError,
    ShareGoneError,
    SourceChangedError,
    TransientError,
    UnsupportedError,
)
from ocrd.job import FileKey

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

TEMPORARY_GLOB = ".ocrd-*.tmp"
CHUNK_BYTES = 1 << 20
# A reader that follows no symlink, waits for no FIFO, and survives no exec.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_RENAME_NOREPLACE, _RENAME_EXCHANGE = 1, 2  # linux/fs.h
_AT_FDCWD = -100  # linux/fcntl.h
_NOT_SUPPORTED = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})
# What link() says where it is not offered, or not for this file (fs.protected_hardlinks).
_NO_HARD_LINK = _NOT_SUPPORTED | {errno.EPERM, errno.EACCES, errno.EMLINK}
_TAKEN = frozenset({errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR})  # rename of a folder
_GONE = frozenset({errno.ENOENT, errno.ENOTDIR})
_NO_FILE = frozenset({errno.ELOOP, errno.ENXIO, errno.ENODEV, errno.EISDIR})
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_SHARE_GONE = _GONE | {
    errno.ESTALE,
    errno.EIO,
    errno.ENOTCONN,
    errno.EHOSTDOWN,
    errno.EHOSTUNREACH,
    errno.ENETDOWN,
    errno.ENETUNREACH,
    errno.ETIMEDOUT,
    errno.ECONNABORTED,
    errno.ECONNREFUSED,
    errno.ECONNRESET,
    errno.ENODEV,
    errno.ENXIO,
    errno.EREMOTEIO,
}
_HINTS = {
    errno.EACCES: "Give the daemon's user the right to read and write there.",
    errno.EPERM: "Give the daemon's user the right to read and write there.",
    errno.EROFS: "Mount the file system for writing.",
    errno.ENAMETOOLONG: "Give the file a shorter name.",
    errno.EMFILE: "Raise the daemon's limit of open files (LimitNOFILE=).",
    errno.ENFILE: "Raise the machine's limit of open files (fs.file-max).",
    errno.EFBIG: "Use a file system that holds files of this size.",
}
# Their changes come from elsewhere: no events, stale listings, clocks of another machine.
_NETWORK_TYPES = frozenset(
    "nfs nfs4 cifs smb3 smbfs ncpfs 9p afs ceph coda davfs lustre beegfs gpfs gfs2 ocfs2 orangefs "
    "virtiofs vboxsf prl_fs vmhgfs autofs fuse".split()
)
_LOCAL_FUSE_TYPES = frozenset(
    "fuse.ntfs-3g fuse.exfat fuse.bindfs fuse.mergerfs fuse.unionfs fuse.fuse-overlayfs "
    "fuse.encfs fuse.gocryptfs fuse.cryfs fuse.fuse2fs".split()
)
# Characters that change how the rest of a line is shown (Unicode UAX #9).
_BIDI_CONTROLS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def printable(text: str | os.PathLike[str]) -> str:
    r"""Show a name on one line: undecodable bytes as ``\xff``, control characters escaped."""
    return "".join(map(_shown, os.fspath(text)))


def _shown(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # os.fsdecode's mark of an undecodable byte
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x20 or 0x7F <= code < 0xA0:
        return f"\\x{code:02x}"
    if character in _BIDI_CONTROLS or character in "\u2028\u2029" or 0xD800 <= code <= 0xDFFF:
        return f"\\u{code:04x}"
    return character


def translate(error: OSError, path: Path) -> OcrdError:
    """Say in our words what the system said about ``path``."""
    name = printable(path)
    cause = error.strerror or str(error) or type(error).__name__
    if error.errno in _FULL:
        return DiskFullError(
            f"{name}: {cause}.", hint="Free some space; the work goes on by itself."
        )
    if error.errno in _SHARE_GONE:
        return ShareGoneError(
            f"{name}: {cause}.", hint="Check that the folder exists and is mounted."
        )
    hint = _HINTS.get(error.errno or 0, "It is tried again by itself.")
    return TransientError(f"{name}: {cause}.", hint=hint)


def _translate_source(error: OSError, path: Path) -> OcrdError:
    if error.errno in _GONE:
        return SourceChangedError(f"{printable(path)}: the file is no longer there.")
    if error.errno in _NO_FILE:
        return _not_regular(path)
    return translate(error, path)


def _not_regular(path: Path) -> UnsupportedError:
    return UnsupportedError(
        f"{printable(path)}: not a regular file.",
        hint="Drop the file itself, not a link, device or pipe.",
    )


def _changed(path: Path, how: str = "changed while it was read") -> SourceChangedError:
    return SourceChangedError(f"{printable(path)}: the file {how}.")


@contextlib.contextmanager
def _translated(
    path: Path, into: Callable[[OSError, Path], OcrdError] = translate
) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise
    except OSError as error:
        raise into(error, path) from error


# Reading a source


def key_of(status: os.stat_result) -> FileKey:
    """Take the key out of a stat result."""
    return FileKey(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


@contextlib.contextmanager
def _source(path: Path, key: FileKey | None) -> Iterator[int]:
    """Open a regular file; with ``key``, insist on it before and after."""
    with _translated(path, _translate_source):
        # A look before the open: opening a device can have effects of its own.
        if not stat.S_ISREG(path.lstat().st_mode):
            raise _not_regular(path)
        fd = os.open(path, _READ)
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise _not_regular(path)
        if key is not None and key_of(status) != key:
            raise _changed(path)
        yield fd
        if key is not None and key_of(os.fstat(fd)) != key:
            raise _changed(path)
    except OSError as error:
        raise _translate_source(error, path) from error
    finally:
        os.close(fd)


def file_key(path: Path) -> FileKey:
    """Identify the present state of a regular file by open and fstat: listings can be stale.

    Raises UnsupportedError for what is no regular file, SourceChangedError if nothing is there.
    """
    with _source(path, None) as fd, _translated(path, _translate_source):
        return key_of(os.fstat(fd))


def _chunks(fd: int) -> Iterator[bytes]:
    while chunk := os.read(fd, CHUNK_BYTES):
        yield chunk


def sha256_of(path: Path, key: FileKey | None) -> str:
    """Hash a file's bytes; SourceChangedError if it is not in the state ``key`` throughout."""
    digest = hashlib.sha256()
    with _source(path, key) as fd:
        for chunk in _chunks(fd):
            digest.update(chunk)
    return digest.hexdigest()


def has_writer(path: Path) -> bool | None:
    """Say whether anyone has the file open for writing, idle or not; None if that cannot be told.

    A read lease is refused while a writer is there (fcntl(2), F_SETLEASE). It works on local file
    systems, for the file's owner or with CAP_LEASE.
    """
    try:
        fd = os.open(path, _READ)
    except BlockingIOError:  # a write lease is held, as Samba's oplocks do
        return True
    except OSError:
        return None
    try:
        # Who opens the file at this moment has a signal sent to us; the default one, SIGIO,
        # would end the process. This one is ignored by default.
        fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return True
    except OSError:
        return None
    finally:
        os.close(fd)
    return False


# Writing


def fsync_directory(path: Path) -> None:
    """Make the names in a folder durable, where its file system knows how to."""
    with _translated(path):
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        except OSError as error:
            if error.errno not in _NOT_SUPPORTED:
                raise
        finally:
            os.close(fd)


def make_directories(path: Path, *, below: Path | None = None) -> None:
    """Make a folder and what is missing above it, durably.

    ``below`` is a folder that has to be there: ShareGoneError if it is not, so that nothing is
    made on the disk under an unmounted share.
    """
    if path.is_dir():
        return
    if below is not None and path == below:
        raise translate(FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)), path)
    if path.parent != path:
        make_directories(path.parent, below=below)
    try:
        path.mkdir()
    except FileExistsError as error:
        if not path.is_dir():
            cause = NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            raise translate(cause, path) from error
    except OSError as error:
        raise translate(error, path) from error
    fsync_directory(path.parent)


_renameat2 = ctypes.CDLL(None, use_errno=True).renameat2  # glibc 2.28
_renameat2.argtypes = (
    *(ctypes.c_int, ctypes.c_char_p),
    *(ctypes.c_int, ctypes.c_char_p),
    ctypes.c_uint,
)


def rename_no_replace(source: Path, destination: Path) -> None:
    """Rename within a file system; FileExistsError if the name is taken. Not synced.

    Raises plain ``OSError``, so that callers see EXDEV. NFS, 9p and most of FUSE have no such
    rename: there a hard link takes the name, and where there are no hard links, an empty file.
    """
    try:
        _rename_flagged(source, destination)
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED:
            raise
        if source.is_dir() and not source.is_symlink():
            _rename_folder(source, destination)
        else:
            _rename_by_link(source, destination)


def exchange(first: Path, second: Path) -> bool:
    """Swap two names of one file system at once; False where its file system cannot. Not synced.

    Raises plain ``OSError``, FileNotFoundError if one of them is not there.
    """
    try:
        _rename_flagged(first, second, _RENAME_EXCHANGE)
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED:
            raise
        return False
    return True


def _rename_flagged(source: Path, destination: Path, flags: int = _RENAME_NOREPLACE) -> None:
    old, new = os.fsencode(source), os.fsencode(destination)
    if _renameat2(_AT_FDCWD, old, _AT_FDCWD, new, flags) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(source), None, str(destination))


def _rename_by_link(source: Path, destination: Path) -> None:
    try:
        os.link(source, destination, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_HARD_LINK:
            raise
        source.lstat()  # no name is taken for what is not there
        os.close(os.open(destination, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        try:
            source.rename(destination)
        except OSError:
            destination.unlink()
            raise
    else:
        source.unlink()


def _rename_folder(source: Path, destination: Path) -> None:
    """Rename a folder: rename(2) itself replaces nothing but an empty folder."""
    if not os.path.lexists(destination):
        try:
            source.rename(destination)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
        else:
            return
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(destination))


def temporary_path(directory: Path) -> Path:
    """Return a new name in a folder that ``sweep`` knows."""
    return directory / TEMPORARY_GLOB.replace("*", secrets.token_hex(8))


@contextlib.contextmanager
def _temporary(directory: Path, mode: int) -> Iterator[tuple[Path, int]]:
    """Make a temporary file that is gone afterwards, unless it was renamed.

    It is locked while in use, so that ``sweep`` of another process leaves it alone.
    """
    path = temporary_path(directory)
    with _translated(directory):
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield path, fd
    finally:
        with contextlib.suppress(OSError):
            os.close(fd)
        with contextlib.suppress(OSError):
            path.unlink()


def sweep(directory: Path) -> int:
    """Remove the temporary files and folders that a crash left in a folder; say how many."""
    swept = 0
    for path in directory.glob(TEMPORARY_GLOB):
        with contextlib.suppress(OSError):
            fd = os.open(path, _READ)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_leftover(path.stem, status := os.fstat(fd)):
                    if stat.S_ISDIR(status.st_mode):
                        shutil.rmtree(path)  # follows no link, whoever plants one meanwhile
                    else:
                        path.unlink()
                    swept += 1
            finally:
                os.close(fd)
    return swept


def _is_leftover(stem: str, status: os.stat_result) -> bool:
    """Say whether a temporary file is ours to delete: one set aside, only in the state it names."""
    _, _, *state = stem.rsplit(".", 1)[-1].split("-")
    return not state or state == [str(status.st_size), str(status.st_mtime_ns)]


class _HashedFile(io.RawIOBase):
    """Hash what is written to a descriptor; a position cannot be sought."""

    def __init__(self, fd: int, path: Path) -> None:
        self._fd = fd
        self._path = path
        self.digest = hashlib.sha256()
        self.abandoned = False

    def writable(self) -> bool:
        return True

    def write(self, content: ReadableBuffer, /) -> int:
        view = memoryview(content)
        if self.abandoned:
            return view.nbytes
        with _translated(self._path):
            written = os.write(self._fd, view)
        self.digest.update(view[:written])
        return written


def fill(fd: int, path: Path, write: Callable[[BinaryIO], object]) -> str:
    """Have ``write`` write into an open file, known as ``path``; return the SHA-256. Not synced."""
    raw = _HashedFile(fd, path)
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
    path: Path, write: Callable[[BinaryIO], object], *, replace: bool = False, mode: int = 0o666
) -> str:
    """Publish whole what ``write`` writes, or nothing; return the content's SHA-256.

    ``mode`` is cut by the umask. Raises FileExistsError if the name is taken and ``replace`` is
    false; what ``write`` itself raises passes through.
    """
    if not replace and os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    with _temporary(path.parent, mode) as (temporary, fd):
        digest = fill(fd, path, write)
        with _translated(path):
            os.fsync(fd)
            if replace:
                temporary.replace(path)
            else:
                rename_no_replace(temporary, path)
        fsync_directory(path.parent)
    return digest


# Moving a source


def _copy(source: Path, key: FileKey, fd: int, target: Path) -> str:
    """Copy bytes, owner, mode and times into ``fd``; return the SHA-256 of what was read."""
    with _source(source, key) as source_fd:
        digest = fill(fd, target, lambda out: out.writelines(_chunks(source_fd)))
        status = os.fstat(source_fd)
        with contextlib.suppress(OSError):
            os.fchown(fd, status.st_uid, status.st_gid)
        with contextlib.suppress(OSError):
            os.fchmod(fd, stat.S_IMODE(status.st_mode) & 0o777)
        with contextlib.suppress(OSError):
            os.utime(fd, ns=(status.st_atime_ns, status.st_mtime_ns))
    return digest


def snapshot(source: Path, destination: Path, key: FileKey) -> str:
    """Copy a source as it is in the state ``key``; return its SHA-256. Not synced.

    Raises SourceChangedError, and FileExistsError; then there is no destination of ours.
    """
    with _translated(destination):
        fd = os.open(destination, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        return _copy(source, key, fd, destination)
    except BaseException:
        destination.unlink(missing_ok=True)
        raise
    finally:
        os.close(fd)


def _still(path: Path, key: FileKey) -> bool:
    """Say whether this is the file of ``key``, at rest.

    The inode is left out: some FUSE file systems number a file anew when it is renamed.
    """
    now = file_key(path)
    return (now.size, now.mtime_ns) == (key.size, key.mtime_ns) and has_writer(path) is not True


def _put_back(path: Path, name: Path) -> None:
    """Return a file to its name, or, if that is taken again, to the next free one."""
    for number in range(1000):
        wanted = name if number == 0 else name.with_name(f"{name.stem} ({number}){name.suffix}")
        with contextlib.suppress(FileExistsError), _translated(name):
            rename_no_replace(path, wanted)
            return
    raise TransientError(
        f"{printable(path)}: no free name to put this back as {printable(name)}.",
        hint="Move it there by hand.",
    )


def _take(source: Path, destination: Path, key: FileKey) -> None:
    """Rename exactly the file of ``key``; another that took its place is put back."""
    if file_key(source) != key or has_writer(source):
        raise _changed(source)
    try:
        rename_no_replace(source, destination)
    except FileNotFoundError as error:
        if os.path.lexists(source):
            raise
        # An NFS server that is asked twice, its first answer lost, says this of its own success.
        if not os.path.lexists(destination) or file_key(destination) != key:
            raise _changed(source, "is no longer there") from error
    if not _still(destination, key):
        _put_back(destination, source)
        raise _changed(source, "changed while it was moved")


def remove(source: Path, key: FileKey) -> None:
    """Unlink exactly the file of ``key``, durably; SourceChangedError if it is not that one.

    It is first renamed, so that a successor under its name is never hit. If it cannot be unlinked,
    it gets its name back.
    """
    # The state is in the name for ``sweep``, which must not take a successor either.
    unique = f"{secrets.token_hex(8)}-{key.size}-{key.mtime_ns}"
    aside = source.with_name(TEMPORARY_GLOB.replace("*", unique))
    with _source(source, key) as fd:
        with contextlib.suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)  # not for ``sweep``
        try:
            with _translated(source):
                _take(source, aside, key)
                aside.unlink()
        except BaseException:
            if os.path.lexists(aside):
                _put_back(aside, source)
            raise
    fsync_directory(source.parent)


def move(source: Path, destination: Path, key: FileKey, *, resume: bool = False) -> None:
    """Move a source, durably, times kept, across file systems too; overwrite nothing.

    Raises FileExistsError if the name is taken, and SourceChangedError if the source is not, or
    does not stay, in the state ``key`` or is open for writing; then it is where it was. With
    ``resume`` a destination with the same bytes is what a crash left of this very move, and only
    the source is removed.
    """
    try:
        with _translated(destination):
            try:
                _take(source, destination, key)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                _move_across(source, destination, key)
                return
    except FileExistsError:
        if not (resume and _is_copy(source, destination, key)):
            raise
        remove(source, key)
    fsync_directory(destination.parent)
    fsync_directory(source.parent)


def _is_copy(source: Path, destination: Path, key: FileKey) -> bool:
    """Say whether the destination is a second name or a second file with the source's bytes."""
    there = file_key(destination)
    one_inode = (there.device, there.inode) == (key.device, key.inode)
    if one_inode and source.parent.samefile(destination.parent):
        return False  # one name, spelt in two ways
    return there.size == key.size and sha256_of(destination, there) == sha256_of(source, key)


def _move_across(source: Path, destination: Path, key: FileKey) -> None:
    if os.path.lexists(destination):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(destination))
    with _temporary(destination.parent, 0o600) as (temporary, fd):
        digest = _copy(source, key, fd, destination)
        with _translated(destination):
            os.fsync(fd)
            _compare(fd, digest, destination)
            rename_no_replace(temporary, destination)
            copy = os.fstat(fd)
    try:
        fsync_directory(destination.parent)
        remove(source, key)
    except OcrdError:
        # While the source is in the inbox, this copy is a second one.
        with contextlib.suppress(OSError):
            if os.path.samestat(copy, destination.lstat()) and os.path.lexists(source):
                destination.unlink()
        raise


def _compare(fd: int, digest: str, path: Path) -> None:
    """Read a synced file back from the disk, not from memory."""
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.lseek(fd, 0, os.SEEK_SET)
    read_back = hashlib.sha256()
    for chunk in _chunks(fd):
        read_back.update(chunk)
    if read_back.hexdigest() != digest:
        raise TransientError(
            f"{printable(path)}: the copy that was read back differs from the source.",
            hint="Check the disk.",
        )


# File systems


def is_network(path: Path) -> bool:
    """Say whether a path is on a file system whose changes can come from another machine."""
    kind = mount_of(path)[1]
    return kind in _NETWORK_TYPES or (kind.startswith("fuse.") and kind not in _LOCAL_FUSE_TYPES)


def mount_of(path: Path) -> tuple[str, str]:
    """Name the mount point that holds a path and its file system's type."""
    real = os.path.realpath(path)
    found = ("/", "")
    with Path("/proc/self/mountinfo").open(encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            before, _, after = line.partition(" - ")
            point = _unescape(before.split(" ")[4])
            inside = real == point or real.startswith(point.rstrip("/") + "/")
            if inside and len(point) >= len(found[0]):  # the last of equals lies on top
                found = (point, after.split(" ")[0])
    return found


def _unescape(field: str) -> str:
    for code in ("040", "011", "012"):
        field = field.replace(f"\\{code}", chr(int(code, 8)))
    return field.replace("\\134", "\\")


def free_bytes(path: Path) -> int:
    """Count the bytes that an ordinary user can still write on a path's file system."""
    with _translated(path):
        status = os.statvfs(path)
    return status.f_bavail * status.f_frsize
