"""A copy of the ledger for safe keeping, and its way back. Whole or not at all, and on disk.

A copy is one file. The ledger in use is three (``-wal``, ``-shm``), and one of them from another
time would spoil it: so a restore puts all three aside before it puts the copy in their place.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from ocrd import files
from ocrd.errors import LedgerError
from ocrd.files.privacy import make_private
from ocrd.ledger.care import findings, renew_identity
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.schema import FILE_NAME, damaged, translated

_SIDE_FILES = ("-wal", "-shm", "-journal")
_STEP_PAGES = 512  # copied at once, so that a running daemon is not kept from the ledger


def back_up(state_dir: Path, target: Path, *, overwrite: bool = False) -> int:
    """Copy the ledger, also while a daemon works with it; return the copy's size in bytes.

    Raises LedgerError where the target is taken or cannot be written, or the ledger cannot be read
    whole; then there is no copy, and what was at ``target`` is as it was.
    """
    ledger = Ledger.open(state_dir, readonly=True)
    try:
        _require_free(ledger.path, target, overwrite=overwrite)
        with _temporary_beside(target) as temporary:
            _copy(ledger.db, temporary, ledger.path)
            size = _publish(temporary, target, overwrite=overwrite)
    finally:
        ledger.close()
    return size


def restore(state_dir: Path, copy: Path) -> Path | None:
    """Put a copy in the ledger's place; return where what was there is now, None if nothing was.

    For the holder of the DaemonLock. The ledger gets another identity, because kept folders may
    have been read further than it knows. Raises LedgerError, and then nothing was changed.
    """
    path = state_dir / FILE_NAME
    if path.exists() and copy.exists() and path.samefile(copy):
        raise LedgerError(f"{copy} is the ledger itself.", hint="Name a copy of it.")
    with _temporary_beside(path) as temporary:
        source = _open_copy(copy)
        try:
            _copy(source, temporary, copy)
        finally:
            source.close()
        aside = _set_aside(path)
        _publish(temporary, path, overwrite=False)
    ledger = Ledger.open(state_dir)
    try:
        with ledger.transaction():
            renew_identity(ledger)
    finally:
        ledger.close()
    return aside


def set_aside(state_dir: Path) -> Path | None:
    """Take the ledger and what belongs to it out of the way; return its new path, or None.

    For the holder of the DaemonLock. Nothing is deleted.
    """
    with _explained(state_dir / FILE_NAME):
        return _set_aside(state_dir / FILE_NAME)


def _open_copy(copy: Path) -> sqlite3.Connection:
    if not copy.is_file() or not copy.stat().st_size:
        raise LedgerError(f"There is no ledger at {copy}.", hint="Name a copy of one.")
    try:
        # Nobody writes to it: so no side file is made beside it, and it may lie on any medium.
        return sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    except sqlite3.Error as error:
        raise translated(error, copy) from error


def _copy(source: sqlite3.Connection, temporary: Path, named: Path) -> None:
    """Copy a database into one file that needs no other; raise LedgerError if it is not whole."""
    try:
        with _explained(named):
            make_private(temporary)
        target = sqlite3.connect(temporary, isolation_level=None)
        try:
            source.backup(target, pages=_STEP_PAGES, sleep=0.0)
            target.execute("PRAGMA journal_mode = DELETE")
            target.execute("PRAGMA synchronous = FULL")
            wrong = findings(Ledger(target, named), limit=1)
        finally:
            target.close()
    except sqlite3.Error as error:
        raise translated(error, named) from error
    if wrong:
        raise damaged(named, wrong[0])


def _publish(temporary: Path, target: Path, *, overwrite: bool) -> int:
    with _explained(target):
        descriptor = os.open(temporary, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
            size = os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)
        if overwrite:
            temporary.replace(target)
        else:
            files.rename_no_replace(temporary, target)
        files.fsync_directory(target.parent)
    return size


def _require_free(ledger: Path, target: Path, *, overwrite: bool) -> None:
    if not target.exists():
        return
    if target.samefile(ledger):
        raise LedgerError(f"{target} is the ledger itself.", hint="Name another file.")
    if not overwrite:
        raise LedgerError(
            f"{target} exists and is left as it is.", hint="Name another file, or add --overwrite."
        )


def _set_aside(path: Path) -> Path | None:
    sides = [path.with_name(path.name + end) for end in _SIDE_FILES]
    present = [one for one in (path, *sides) if os.path.lexists(one)]
    if not present:
        return None
    for number in itertools.count(1):
        aside = path.with_name(f"{path.name}.aside-{number}")
        if not any(aside.parent.glob(f"{aside.name}*")):
            break
    # The log first: without its ledger it is never taken for another's.
    for one in reversed(present):
        one.rename(aside.with_name(aside.name + one.name.removeprefix(path.name)))
    files.fsync_directory(path.parent)
    return aside


@contextlib.contextmanager
def _temporary_beside(target: Path) -> Iterator[Path]:
    temporary = files.temporary_path(target.parent)
    try:
        yield temporary
    finally:
        for end in ("", *_SIDE_FILES):
            with contextlib.suppress(OSError):
                temporary.with_name(temporary.name + end).unlink()


@contextlib.contextmanager
def _explained(target: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise LedgerError(
            f"{target} exists and is left as it is.", hint="Name another file."
        ) from error
    except OSError as error:
        raise LedgerError(
            f"{target} cannot be written: {error.strerror or error}.",
            hint="Name a place that this user may write to and that has room.",
        ) from error
