"""A folder of files that appears, is replaced and goes away as one: the figures of a document.

It holds files and no folders. What it is, is its hash: that of the lines ``sha256  name`` for its
files, sorted. Somebody who adds, edits or removes a file makes it theirs: it is not replaced or
removed any more. No link in it or to it is followed.
"""

from __future__ import annotations

import contextlib
import fcntl
import fnmatch
import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from ocrd import files
from ocrd.errors import UnsupportedError

Writer = Callable[[BinaryIO], object]

# What file managers and servers leave in any folder that they show.
_DROPPINGS = (".*", "Thumbs.db", "desktop.ini", "@eaDir")
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def stage(folder: Path, contents: Mapping[str, Writer]) -> str:
    """Make the folder with these files, synced; return its hash. What lay there is discarded.

    Raises plain ``OSError``, and what a writer raises.
    """
    discard(folder)
    with _made(folder) as descriptor:
        return _fill(descriptor, folder, contents)


def publish(path: Path, contents: Mapping[str, Writer], *, replaces: str = "") -> str:
    """Make the folder under its name, whole or not at all; return its hash.

    It takes the place of a folder whose hash is ``replaces``. Raises FileExistsError if the name is
    otherwise taken, and the TransientError of a folder that cannot be written.
    """
    staged = files.temporary_path(path.parent)
    try:
        with _made(staged) as descriptor:  # locked against ``files.sweep`` meanwhile
            sha256 = _fill(descriptor, staged, contents)
            if replaces:
                replace(staged, path, replaces)
            else:
                files.rename_no_replace(staged, path)
    except FileExistsError:
        raise
    except OSError as error:
        raise files.translate(error, path) from error
    finally:
        with contextlib.suppress(OSError):
            discard(staged)
    files.fsync_directory(path.parent)
    return sha256


def sha256_of(folder: Path) -> str:
    """Return the hash of a folder; raise ``OSError`` or UnsupportedError if it is none of files."""
    descriptor = os.open(folder, _FOLDER)
    try:
        found = os.listdir(descriptor)  # noqa: PTH208 -- of the folder that is open
        own = (name for name in found if not _is_dropping(name))
        return _combined({name: _file_sha256(descriptor, name) for name in own})
    finally:
        os.close(descriptor)


def names(folder: Path) -> list[str]:
    """List what the folder holds, but for what file managers leave; raise ``OSError``."""
    return sorted(path.name for path in folder.iterdir() if not _is_dropping(path.name))


def holds(folder: Path, sha256: str) -> bool:
    """Say whether the folder is there with this hash."""
    try:
        return sha256_of(folder) == sha256
    except (OSError, UnsupportedError):
        return False


def replace(staged: Path, path: Path, old: str) -> None:
    """Put a staged folder in the place of the one whose hash is ``old``, and remove that.

    Raises FileExistsError if there is anything else by then; it stays, as the staged folder does.
    """
    if not os.path.lexists(path):
        files.rename_no_replace(staged, path)
        return
    if not holds(path, old):
        raise FileExistsError(path)
    aside = files.temporary_path(path.parent)
    if files.exchange(staged, path):
        files.rename_no_replace(staged, aside)
    else:
        files.rename_no_replace(path, aside)
        files.rename_no_replace(staged, path)
    if not holds(aside, old):  # edited in the last moment
        files.rename_no_replace(path, staged)
        files.rename_no_replace(aside, path)
        raise FileExistsError(path)
    files.fsync_directory(path.parent)
    discard(aside)


def remove(folder: Path, sha256: str) -> None:
    """Remove the folder if it has this hash: first its name goes, then its files."""
    if not holds(folder, sha256):
        return
    aside = files.temporary_path(folder.parent)
    files.rename_no_replace(folder, aside)
    if holds(aside, sha256):
        discard(aside)
    else:  # edited in the last moment
        files.rename_no_replace(aside, folder)


def discard(path: Path) -> None:
    """Remove a temporary folder or file; FileNotFoundError is no error."""
    try:
        is_folder = stat.S_ISDIR(path.lstat().st_mode)
        if not is_folder:
            path.unlink()
            return
        # A folder that cannot be emptied now keeps a name that ``files.sweep`` knows.
        aside = files.temporary_path(path.parent)
        path.rename(aside)
    except FileNotFoundError:
        return
    shutil.rmtree(aside, ignore_errors=True)


@contextlib.contextmanager
def _made(folder: Path) -> Iterator[int]:
    """Make a folder and hold it open, locked."""
    folder.mkdir()
    descriptor = os.open(folder, _FOLDER)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield descriptor
    finally:
        os.close(descriptor)


def _fill(descriptor: int, folder: Path, contents: Mapping[str, Writer]) -> str:
    """Write the files into an open folder and sync all of it; return its hash."""
    hashes = {}
    for name, write in contents.items():
        file = os.open(name, _NEW, 0o666, dir_fd=descriptor)
        try:
            hashes[name] = files.fill(file, folder / name, write)
            os.fsync(file)
        finally:
            os.close(file)
    files.fsync_directory(folder)
    return _combined(hashes)


def _file_sha256(folder: int, name: str) -> str:
    with os.fdopen(os.open(name, _READ, dir_fd=folder), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise UnsupportedError(f"{files.printable(name)}: not a regular file.")
        return hashlib.file_digest(file, "sha256").hexdigest()


def _combined(hashes: Mapping[str, str]) -> str:
    lines = (f"{sha256}  {name}\n" for name, sha256 in sorted(hashes.items()))
    return hashlib.sha256(os.fsencode("".join(lines))).hexdigest()


def _is_dropping(name: str) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in _DROPPINGS)
