"""Open folders, and what is done to the names in them.

A folder below a configured one is opened without following any link (openat2(2), or step by step
where the kernel or a sandbox has no such call), and used by its descriptor from then on: whoever
renames it, or puts a link in its place or above it, changes nothing about where we read and write.
Everything here raises plain ``OSError``, and nothing is synced unless it says so.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TypeAlias

from ocrd.files.names import temporary_name
from ocrd.files.oserrors import LinkInTheWayError, system_error
from ocrd.files.places import Place

# A reader that follows no symlink, waits for no FIFO, and survives no exec.
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
NEW = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
NOT_SUPPORTED = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_STEP = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LINK = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_MAX_LINKS = 40  # as many as the kernel follows, path_resolution(7)
_OPENAT2 = 437  # on every architecture of linux/unistd.h that openat2 came to
_NO_MAGICLINKS, _NO_SYMLINKS = 0x02, 0x04  # linux/openat2.h
_RENAME_NOREPLACE, _RENAME_EXCHANGE = 1, 2  # linux/fs.h
_AT_FDCWD = -100  # linux/fcntl.h
# What openat2 says where the kernel is too old, or a sandbox's filter does not know it.
_NO_OPENAT2 = frozenset({errno.ENOSYS, errno.EPERM})
# What link() says where it is not offered, or not for this file (fs.protected_hardlinks).
# rclone says EIO.
_NO_HARD_LINK = NOT_SUPPORTED | {errno.EPERM, errno.EACCES, errno.EMLINK, errno.EIO}
_TAKEN = frozenset({errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR})  # rename of a folder

_libc = ctypes.CDLL(None, use_errno=True)
_renameat2 = _libc.renameat2  # glibc 2.28
_renameat2.argtypes = (
    *(ctypes.c_int, ctypes.c_char_p),
    *(ctypes.c_int, ctypes.c_char_p),
    ctypes.c_uint,
)


class _OpenHow(ctypes.Structure):
    _fields_ = (
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    )


@dataclass(frozen=True, slots=True)
class Directory:
    """An open folder. Its path is what it was opened as, for people."""

    fd: int
    path: Path

    def entry(self, name: str) -> Entry:
        """Return a name in the folder; raise ValueError for what is none."""
        if name in {"", ".", ".."} or "/" in name:
            raise ValueError(f"{name!r} is no name in a folder")
        return Entry(self, name)

    def sync(self) -> None:
        """Make the folder's names durable, where its file system knows how to."""
        try:
            os.fsync(self.fd)
        except OSError as error:
            if error.errno not in NOT_SUPPORTED:
                raise


@dataclass(frozen=True, slots=True)
class Entry:
    """A name in an open folder, whatever it stands for at this moment."""

    directory: Directory
    name: str

    def __str__(self) -> str:
        return str(self.path)

    @property
    def path(self) -> Path:
        """The whole path, for people; not for opening."""
        return self.directory.path / self.name

    def with_name(self, name: str) -> Entry:
        """Return another name in the same folder."""
        return self.directory.entry(name)

    def status(self) -> os.stat_result:
        """Return what the name stands for; a link is a link."""
        return os.stat(self.name, dir_fd=self.directory.fd, follow_symlinks=False)

    def exists(self) -> bool:
        """Say whether the name is taken, by whatever."""
        try:
            self.status()
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def open(self, flags: int, mode: int = 0o666) -> int:
        """Open it and return the descriptor; a link is not followed."""
        flags |= os.O_NOFOLLOW | os.O_CLOEXEC
        return os.open(self.name, flags, mode, dir_fd=self.directory.fd)

    def unlink(self) -> None:
        """Remove the name of what is no folder."""
        os.unlink(self.name, dir_fd=self.directory.fd)

    def rename(self, new: Entry) -> None:
        """Rename it, over what has the new name."""
        os.rename(
            self.name, new.name, src_dir_fd=self.directory.fd, dst_dir_fd=new.directory.fd
        )

    @contextlib.contextmanager
    def opened(self) -> Iterator[Directory]:
        """Open it as a folder."""
        with _closing(self.open(_FOLDER)) as fd:
            yield Directory(fd, self.path)


Where: TypeAlias = Path | Place | Entry


# Opening


@contextlib.contextmanager
def opened_folder(where: Where) -> Iterator[Directory]:
    """Open a folder.

    Below a place's root no link is followed, and in the root's own path only links that belong to
    root or to this process's user; LinkInTheWayError, an ENOTDIR, for others. A bare path is opened
    as it is written.
    """
    if isinstance(where, Entry):
        with where.opened() as directory:
            yield directory
        return
    if isinstance(where, Place):
        fd, path = _open_place(where), where.path
    else:
        fd, path = os.open(where, _FOLDER), where
    with _closing(fd):
        yield Directory(fd, path)


@contextlib.contextmanager
def entry_of(where: Where) -> Iterator[Entry]:
    """Open the folder of a file or folder, see :func:`opened_folder`, and yield its name there."""
    if isinstance(where, Entry):
        yield where
    else:
        with opened_folder(where.parent) as directory:
            yield directory.entry(where.name)


@contextlib.contextmanager
def _closing(fd: int) -> Iterator[int]:
    try:
        yield fd
    finally:
        os.close(fd)


def make_folders(place: Place, *, root_too: bool) -> None:
    """Make a folder and what is missing between it and its root, durably.

    Without ``root_too``, the root has to be there: FileNotFoundError if it is not, so that nothing
    is made on the disk under an unmounted share.
    """
    with contextlib.suppress(FileNotFoundError):
        os.close(_open_place(place))
        return
    with (
        _closing(_walked_root(place.root, make=root_too)) as root,
        _closing(_walked(root, place.root, place.parts, make=True)),
    ):
        pass


def _open_place(place: Place) -> int:
    try:
        return _open_without_links(place.path)
    except OSError as error:
        if error.errno != errno.ELOOP and error.errno not in _NO_OPENAT2:
            raise
    with (
        _closing(_walked_root(place.root)) as root,
        _closing(_walked(root, place.root, place.parts)) as folder,
    ):
        return os.open(".", _FOLDER, dir_fd=folder)


def _open_without_links(path: Path) -> int:
    """Open a folder; ELOOP where anything on the way is a link. Places hold no ".."."""
    how = _OpenHow(_FOLDER, 0, _NO_SYMLINKS | _NO_MAGICLINKS)
    arguments = (_AT_FDCWD, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how))
    while True:
        fd = int(_libc.syscall(_OPENAT2, *arguments))
        if fd >= 0:
            return fd
        if (code := ctypes.get_errno()) != errno.EINTR:
            raise system_error(code, str(path))


def _walked_root(root: Path, *, make: bool = False) -> int:
    """Open a configured folder step by step; trusted links are followed."""
    top = root.anchor or "."
    with _closing(os.open(top, _STEP)) as start:
        return _walked(start, Path(top), root.parts[bool(root.anchor) :], trust=True, make=make)


def _walked(
    start: int, path: Path, names: Sequence[str], *, trust: bool = False, make: bool = False
) -> int:
    """Go from an open folder, known as ``path``, down by these names; for searching only.

    With ``trust`` links of root and of this user are followed; with ``make`` folders that are
    missing are made.
    """
    here, links = os.dup(start), 0
    waiting = list(reversed(names))
    try:
        while waiting:
            name = waiting.pop()
            path /= name
            try:
                there = _step(here, name, make=make)
            except (NotADirectoryError, OSError) as error:
                if error.errno not in {errno.ENOTDIR, errno.ELOOP}:
                    raise system_error(error.errno or errno.EIO, str(path)) from error
                target = _target(here, name, path, trust=trust)
                links += 1
                if links > _MAX_LINKS:
                    raise system_error(errno.ELOOP, str(path)) from error
                waiting += reversed(target.parts[bool(target.anchor) :])
                there = os.open("/", _STEP) if target.is_absolute() else os.dup(here)
            os.close(here)
            here = there
        return os.dup(here)
    finally:
        os.close(here)


def _step(folder: int, name: str, *, make: bool) -> int:
    try:
        return os.open(name, _STEP, dir_fd=folder)
    except FileNotFoundError:
        if not make:
            raise
    with contextlib.suppress(FileExistsError):  # made by somebody at this moment
        os.mkdir(name, dir_fd=folder)
    with _closing(os.open(".", _FOLDER, dir_fd=folder)) as readable:
        Directory(readable, Path(name)).sync()
    return os.open(name, _STEP, dir_fd=folder)


def _target(folder: int, name: str, path: Path, *, trust: bool) -> PurePath:
    """Return where a link leads; LinkInTheWayError if it is not trusted."""
    with _closing(os.open(name, _LINK, dir_fd=folder)) as link:
        status = os.fstat(link)
        if not stat.S_ISLNK(status.st_mode):
            raise system_error(errno.ENOTDIR, str(path))
        if not trust:
            raise _untrusted(path, "a link stands where a folder has to be")
        if status.st_uid not in {0, os.geteuid()}:
            raise _untrusted(path, "this link belongs to somebody else, and is not followed")
        return PurePath(os.readlink("", dir_fd=link))


def _untrusted(path: Path, why: str) -> LinkInTheWayError:
    return LinkInTheWayError(errno.ENOTDIR, f"{path.name}: {why}", str(path))


# Names


def rename_no_replace(source: Where, destination: Where) -> None:
    """Rename within a file system; FileExistsError if the name is taken.

    NFS, 9p and most of FUSE have no such rename: there a hard link takes the name. Where there are
    no hard links either (rclone and its like), it is looked whether the name is free, and what
    somebody else puts there at that very moment is replaced.
    """
    with entry_of(source) as old, entry_of(destination) as new:
        if not rename_surely(old, new):
            rename_after_a_look(old, new)


def rename_surely(source: Entry, destination: Entry) -> bool:
    """Rename as :func:`rename_no_replace` does; False where the file system knows no sure way."""
    try:
        rename_flagged(source, destination)
    except OSError as error:
        if error.errno not in NOT_SUPPORTED:
            raise
        return not stat.S_ISDIR(source.status().st_mode) and _rename_by_link(source, destination)
    return True


def exchange(first: Entry, second: Entry) -> bool:
    """Swap two names of one file system at once; False where its file system cannot.

    Raises FileNotFoundError if one of them is not there.
    """
    try:
        rename_flagged(first, second, _RENAME_EXCHANGE)
    except OSError as error:
        if error.errno not in NOT_SUPPORTED:
            raise
        return False
    return True


def rename_flagged(source: Entry, destination: Entry, flags: int = _RENAME_NOREPLACE) -> None:
    """Call renameat2(2)."""
    old, new = os.fsencode(source.name), os.fsencode(destination.name)
    if _renameat2(source.directory.fd, old, destination.directory.fd, new, flags) != 0:
        raise system_error(ctypes.get_errno(), str(source), str(destination))


def _rename_by_link(source: Entry, destination: Entry) -> bool:
    try:
        os.link(
            source.name, destination.name, src_dir_fd=source.directory.fd,
            dst_dir_fd=destination.directory.fd, follow_symlinks=False,
        )  # fmt: skip
    except OSError as error:
        if error.errno not in _NO_HARD_LINK:
            raise
        return False
    try:
        _drop_first_name(source, destination)
    except OSError:
        destination.unlink()
        raise
    return True


def _drop_first_name(source: Entry, destination: Entry) -> None:
    """Remove the first name of a file that has got a second one; a successor under it stays."""
    linked = destination.status()
    aside = source.with_name(temporary_name(linked.st_size, linked.st_mtime_ns))
    source.rename(aside)
    if not _is_same_file(aside.status(), linked):
        rename_after_a_look(aside, source)
        raise system_error(errno.ESTALE, str(source))
    aside.unlink()


def _is_same_file(first: os.stat_result, second: os.stat_result) -> bool:
    """Say whether both are of one file; sshfs numbers a file anew under each of its names."""
    alike = (first.st_size, first.st_mtime_ns) == (second.st_size, second.st_mtime_ns)
    return os.path.samestat(first, second) or (alike and stat.S_ISREG(first.st_mode))


def rename_after_a_look(source: Entry, destination: Entry) -> None:
    """Rename where the name is free now; a folder never replaces anything but an empty folder.

    An empty file that takes the name first would be safer from others, but rclone, which uploads it
    when it likes, then lays it over what was renamed onto it.
    """
    if destination.exists():
        raise system_error(errno.EEXIST, str(destination))
    try:
        source.rename(destination)
    except OSError as error:
        if error.errno in _TAKEN:
            raise system_error(errno.EEXIST, str(destination)) from error
        raise
