"""A folder of files that appears, is replaced and goes away as one: the figures of a document.

It holds files and no folders. What it is, is its hash: that of the lines ``sha256  name`` for its
files, sorted. Somebody who adds, edits or removes a file makes it theirs: it is not replaced or
removed any more. No link in it or to it is followed.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import fnmatch
import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO

from ocrd import files
from ocrd.errors import OcrdError, ShareGoneError, UnsupportedError
from ocrd.files import Directory, Entry, Where

Writer = Callable[[BinaryIO], object]

# What file managers and servers leave in any folder that they show, and rclone while it uploads.
_DROPPINGS = (".*", "Thumbs.db", "desktop.ini", "@eaDir", "*.partial")


def stage(where: Where, contents: Mapping[str, Writer]) -> str:
    """Make the folder with these files, synced; return its hash.

    Raises plain ``OSError``, FileExistsError if the name is taken, and what a writer raises.
    """
    with files.entry_of(where) as entry, _made(entry) as folder:
        return _fill(folder, contents)


def publish(where: Where, contents: Mapping[str, Writer], *, replaces: str = "") -> str:
    """Make the folder under its name, whole or not at all; return its hash.

    It takes the place of a folder whose hash is ``replaces``. Raises FileExistsError if the name is
    otherwise taken, and the TransientError of a folder that cannot be written.
    """
    with files.translated(where), files.entry_of(where) as entry:
        staged = entry.with_name(files.temporary_name())
        try:
            with _made(staged) as folder:  # locked against ``files.sweep`` meanwhile
                sha256 = _fill(folder, contents)
                if replaces:
                    replace(staged, entry, replaces)
                else:
                    files.give_name(staged, entry)
        finally:
            with contextlib.suppress(OSError):
                discard(staged)
        entry.directory.sync()
    return sha256


def sha256_of(where: Where) -> str:
    """Return the hash of a folder; raise ``OSError`` or UnsupportedError if it is none of files.

    Raises ShareGoneError while a file in it cannot be read.
    """
    with files.entry_of(where) as entry, entry.opened() as folder:
        return _combined({name: _file_sha256(folder.entry(name)) for name in _listed(folder)})


def names(where: Where) -> list[str]:
    """List what the folder holds, but for what file managers leave; raise ``OSError``."""
    with files.entry_of(where) as entry, entry.opened() as folder:
        return sorted(_listed(folder))


def holds(where: Where, sha256: str) -> bool:
    """Say whether the folder is there with this hash."""
    try:
        return sha256_of(where) == sha256
    except (OSError, OcrdError):
        return False


def replace(staged: Entry, entry: Entry, old: str) -> None:
    """Put a staged folder in the place of the one whose hash is ``old``, and remove that.

    Raises FileExistsError if there is anything else by then; it stays, as the staged folder does.
    """
    if not entry.exists():
        files.give_name(staged, entry)
        return
    with _locked(entry):
        if not holds(entry, old):
            raise files.system_error(errno.EEXIST, str(entry))
        _replace(staged, entry, old)


def _replace(staged: Entry, entry: Entry, old: str) -> None:
    aside = entry.with_name(files.temporary_name())
    if files.exchange(staged, entry):
        files.rename_no_replace(staged, aside)
    else:
        files.rename_no_replace(entry, aside)
        files.give_name(staged, entry)
    if not holds(aside, old):  # edited in the last moment
        files.rename_no_replace(entry, staged)
        files.rename_no_replace(aside, entry)
        raise files.system_error(errno.EEXIST, str(entry))
    entry.directory.sync()
    with contextlib.suppress(OSError):  # what cannot be removed now has a name for ``files.sweep``
        files.discard(aside)


def remove(where: Where, sha256: str) -> None:
    """Remove the folder if it has this hash: first its name goes, then its files."""
    with files.entry_of(where) as entry, _locked(entry):
        if not holds(entry, sha256):
            return
        aside = entry.with_name(files.temporary_name())
        files.rename_no_replace(entry, aside)
        if not holds(aside, sha256):  # edited in the last moment
            files.rename_no_replace(aside, entry)
            return
        with contextlib.suppress(OSError):
            files.discard(aside)


def discard(where: Where) -> None:
    """Remove a temporary folder or file; FileNotFoundError is no error.

    Raises ``OSError`` for a folder of anything else than figures; it stays.
    """
    with files.entry_of(where) as entry:
        try:
            if not stat.S_ISDIR(entry.status().st_mode):
                entry.unlink()
                return
            # A folder that cannot be emptied now keeps a name that ``files.sweep`` knows.
            aside = entry.with_name(files.temporary_name())
            files.rename_no_replace(entry, aside)
        except FileNotFoundError:
            return
        try:
            files.discard(aside)
        except OSError as error:
            if error.errno in {errno.ENOTEMPTY, errno.ENOTDIR}:  # somebody else's
                files.rename_no_replace(aside, entry)
                raise


@contextlib.contextmanager
def _locked(entry: Entry) -> Iterator[None]:
    """Keep ``files.sweep`` from a folder that gets a temporary name."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # what it is instead shows soon
            _lock(stack.enter_context(entry.opened()))
        yield


def _lock(folder: Directory) -> None:
    with contextlib.suppress(OSError):
        fcntl.flock(folder.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def _made(entry: Entry) -> Iterator[Directory]:
    """Make a folder and hold it open, locked."""
    os.mkdir(entry.name, dir_fd=entry.directory.fd)
    with entry.opened() as folder:
        if os.listdir(folder.fd):  # noqa: PTH208 -- of the folder that is open
            raise files.system_error(errno.EEXIST, str(entry))  # put in its place meanwhile
        _lock(folder)
        yield folder


def _fill(folder: Directory, contents: Mapping[str, Writer]) -> str:
    """Write the files into an open folder and sync all of it; return its hash."""
    hashes = {}
    for name, write in contents.items():
        entry = folder.entry(name)
        file = entry.open(os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            hashes[name] = files.fill(file, entry, write)
            os.fsync(file)
        finally:
            os.close(file)
    folder.sync()
    return _combined(hashes)


def _listed(folder: Directory) -> Iterator[str]:
    for name in os.listdir(folder.fd):  # noqa: PTH208 -- of the folder that is open
        if not any(fnmatch.fnmatchcase(name, pattern) for pattern in _DROPPINGS):
            yield name


def _file_sha256(entry: Entry) -> str:
    try:
        return files.sha256_of(entry, None)
    except ShareGoneError:
        raise
    except OcrdError as error:
        raise UnsupportedError(error.what, hint=error.hint) from error


def _combined(hashes: Mapping[str, str]) -> str:
    lines = (f"{sha256}  {name}\n" for name, sha256 in sorted(hashes.items()))
    return hashlib.sha256(os.fsencode("".join(lines))).hexdigest()
