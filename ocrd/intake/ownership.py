"""Whose a watched folder is: one daemon's at a time, also of several machines on one share.

The owner keeps a small hidden file in the folder's root and counts up in it. Another daemon that
finds it waits, and takes the folder when the count has stood still for ``LEASE_SECONDS`` on its own
clock (no two clocks are compared), or at once when the owner says that it has gone. Where the file
system knows locks, a lock says besides that an owner which stands still is alive.

In a folder whose sources stay where they are, the file also says with which ledger it was read
(``keeping``).

Nothing in the file is trusted further than that: whoever may write into the folder can make us
wait, or read on as if we were alone, and nothing else. It is never followed as a link, and never
written where it is anything but such a file.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
import stat
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ocrd import files
from ocrd.errors import FolderWithheldError, OcrdError
from ocrd.intake.keeping import Keeping
from ocrd.intake.record import RECORD_BYTES, Record, decode
from ocrd.intake.scan import OWNER_NAME
from ocrd.log import fields

log = logging.getLogger("ocrd.intake.ownership")

BEAT_SECONDS = 10.0
LEASE_SECONDS = 60.0  # longer than what NFS and sshfs keep in their caches, and several beats

_OPEN = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_MAY_NOT = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_IN_THE_WAY = frozenset({errno.ELOOP, errno.EISDIR, errno.ENXIO, errno.ENODEV})


class Claim:
    """One watched folder's ownership: looked for by its scan, kept up by a thread of its own."""

    def __init__(
        self,
        root: Path,
        me: Record,
        *,
        changed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._root = root
        self._path = root / OWNER_NAME
        self._place = files.Place(root, (OWNER_NAME,))
        self._me = me
        self._changed = changed
        self._clock = clock
        self.keeping: Keeping | None = None  # None: sources leave the folder
        self._lock = threading.Lock()
        self._fd: int | None = None
        self._is_free = False  # nothing can be written here; we go on as if we were alone
        self._yielded = False  # another took the folder from us
        self._seen: tuple[bytes, float] | None = None  # another's record, since when
        self._stopping = threading.Event()
        self._said = ""
        self._thread = threading.Thread(
            target=self._run, name=f"owner {files.printable(root)}", daemon=True
        )

    def start(self) -> None:
        """Begin to keep the claim up, once the folder's scan has made it."""
        self._thread.start()

    def close(self, timeout: float) -> None:
        """Give the folder back; a thread that hangs in the file system is left behind."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def release(self) -> None:
        """Give the folder back at once, where no thread keeps the claim up."""
        with self._lock, contextlib.suppress(OSError, OcrdError):
            self._release()

    def require(self) -> None:
        """Return if the folder is ours, after trying to make it so; for its scan, on its root.

        Raises FolderWithheldError, which says whose it is or what a person has to decide, and
        OSError where the root does not answer.
        """
        if self._is_ours:
            return
        with self._lock:
            try:
                self._take_or_refuse()
            except FolderWithheldError as error:
                self._say(error)
                raise
            self._say(None)

    @property
    def _is_ours(self) -> bool:
        return self._fd is not None or self._is_free

    # Taking

    def _take_or_refuse(self) -> None:
        try:
            fd = self._open()
        except OSError as error:
            self._do_without(error)
            return
        try:
            self._judge(fd)
        except OSError as error:
            os.close(fd)
            self._do_without(error)
        except BaseException:
            os.close(fd)
            raise
        else:
            self._fd, self._seen, self._yielded = fd, None, False

    def _open(self) -> int:
        """Open the file to write; make it where nothing speaks against it."""
        with files.entry_of(self._place) as entry:
            with contextlib.suppress(FileNotFoundError):
                return entry.open(os.O_RDWR | _OPEN)
            self._refuse_unknown_archive()
            fd = entry.open(os.O_RDWR | os.O_CREAT | os.O_EXCL | _OPEN, 0o644)
        with contextlib.suppress(OSError):
            os.fchmod(fd, 0o644)  # the other daemon may be another user's, and has to read it
        return fd

    def _do_without(self, error: OSError) -> None:
        """Go on without the file where it cannot be written, unless it says whose the folder is."""
        if error.errno in _FULL:
            return  # tried again by the next scan
        if error.errno == errno.EEXIST:
            raise FolderWithheldError(
                "Another daemon is taking this folder.", hint="It is looked at again."
            ) from error
        if error.errno in _IN_THE_WAY:
            raise _in_the_way(self._path) from error
        if error.errno not in _MAY_NOT:
            raise error
        self._require_free()
        if self._remove_strangers():
            return  # the next scan makes our own
        self._is_free = True
        log.warning(
            "%s: cannot be marked as this daemon's (%s); let no other daemon watch it.",
            files.printable(self._root), error.strerror or error,
            extra=fields("folder-unmarked", inbox=files.printable(self._root)),
        )

    def _require_free(self) -> None:
        """Raise FolderWithheldError if a file that we may only read speaks against us."""
        content = self._content()
        record = decode(content)
        if record is None:
            self._refuse_unknown_archive()
        elif record.session != self._me.session:
            if not self._may_take(record, content):
                raise _owned(record)
            if self.keeping is None or not self.keeping.is_known():
                self._refuse_other_ledger(record)

    def _remove_strangers(self) -> bool:
        """Remove the file of another user's daemon that has gone; say whether that was done."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True

    def _judge(self, fd: int) -> None:
        """Make the open file's folder ours; raise FolderWithheldError if it is not to be."""
        status = os.fstat(fd)
        content = os.pread(fd, 4 * RECORD_BYTES, 0) if stat.S_ISREG(status.st_mode) else b"no file"
        record = decode(content) if content else Record(session=self._me.session)
        if record is None or status.st_nlink != 1:
            raise _in_the_way(self._path)
        if not _locked(fd):
            raise _owned(record)
        if record.session != self._me.session and not self._may_take(record, content):
            raise _owned(record)
        if content:
            self._refuse_other_ledger(record)
        else:  # made a moment ago, or by somebody whose disk was full
            self._refuse_unknown_archive()
        self._write(fd, record)

    def _may_take(self, record: Record, content: bytes) -> bool:
        """Say whether another's folder is free: it has gone, or is an earlier run of ourselves."""
        if record.released:
            return True
        same_place = (record.boot and record.boot == self._me.boot) or (
            record.machine and record.machine == self._me.machine
        )
        if record.ledger == self._me.ledger and same_place and not self._yielded:
            return True
        return self._note(content) >= LEASE_SECONDS

    def _note(self, content: bytes) -> float:
        """Note what another's file says; return for how long it has said the same, in seconds."""
        now = self._clock()
        if self._seen is None or self._seen[0] != content:
            self._seen = (content, now)
        return now - self._seen[1]

    def _refuse_other_ledger(self, record: Record) -> None:
        if self.keeping is not None:
            self.keeping.refuse_other_ledger(self._root, record, self._me.ledger)

    def _refuse_unknown_archive(self) -> None:
        if self.keeping is not None:
            self.keeping.refuse_unknown_archive(self._root)

    def _write(self, fd: int, before: Record, *, released: bool = False) -> None:
        """Write who we are, one beat after what was written before."""
        serial = 0 if self.keeping is None else self.keeping.serial()
        now = replace(self._me, beat=before.beat + 1, serial=serial, released=released)
        os.pwrite(fd, now.encode(), 0)

    def _content(self) -> bytes:
        """Return what the file says, b"" if it cannot be read or is no such file."""
        with contextlib.suppress(OSError):
            with files.entry_of(self._place) as entry:
                fd = entry.open(os.O_RDONLY | _OPEN)
            try:
                if stat.S_ISREG(os.fstat(fd).st_mode):
                    return os.pread(fd, RECORD_BYTES * 4, 0)
            finally:
                os.close(fd)
        return b""

    # Keeping it up, and watching another's

    def _run(self) -> None:
        while not self._stopping.wait(BEAT_SECONDS):
            with self._lock, contextlib.suppress(OSError, OcrdError):
                self._beat()
            if not self._is_ours:
                self._changed()  # for the scan to try: it knows whether the root is mounted
        self.release()

    def _beat(self) -> None:
        """Count up in our file, unless it is no longer ours."""
        if self._is_free and os.access(self._root, os.W_OK):
            self._is_free = False  # it can be marked by now
        if self._fd is None:
            return
        record = self._own_record()
        if record is None:
            self._let_go()
        else:
            self._write(self._fd, record)

    def _own_record(self) -> Record | None:
        """Return what our file says now; None if it is gone, or says that another took it."""
        assert self._fd is not None
        if not self._is_at_its_place():
            return None
        record = decode(os.pread(self._fd, RECORD_BYTES, 0))
        if record is not None and record.session != self._me.session:
            self._yielded = True
            return None
        return record or self._me

    def _is_at_its_place(self) -> bool:
        assert self._fd is not None
        try:
            return os.path.samestat(os.fstat(self._fd), os.lstat(self._path))
        except FileNotFoundError:
            return False

    def _let_go(self) -> None:
        if self._fd is not None:
            fd, self._fd = self._fd, None
            os.close(fd)

    def _release(self) -> None:
        """Say that we have gone; where sources leave the folder, nothing need stay of us."""
        if self._fd is None:
            return
        if (record := self._own_record()) is not None:
            self._write(self._fd, record, released=True)
            if self.keeping is None:
                with files.entry_of(self._place) as entry:
                    entry.unlink()
        self._let_go()

    def _say(self, error: FolderWithheldError | None) -> None:
        """Log once whose the folder is, and once that it is ours."""
        said = "" if error is None else f"{error.what} {error.hint}"
        root = files.printable(self._root)
        if said and said != self._said:
            log.warning("%s: %s", root, said, extra=fields("folder-withheld", inbox=root))
        elif self._said and not said:
            log.info("%s: is this daemon's now.", root, extra=fields("folder-taken", inbox=root))
        self._said = said


def _locked(fd: int) -> bool:
    """Lock the file for as long as it is open; False if another holds it."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # the file system knows no locks: the count alone tells
    return True


def _owned(record: Record) -> FolderWithheldError:
    return FolderWithheldError(
        f"This folder is watched by {record.holder}.",
        hint="It is left alone, and taken over by itself once that daemon has gone.",
    )


def _in_the_way(path: Path) -> FolderWithheldError:
    return FolderWithheldError(
        f"{files.printable(path)} is not what ocrd writes there.",
        hint="Remove it; the folder is read once it is gone.",
    )
