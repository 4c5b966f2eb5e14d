"""The challenge: a file by which who waits for a folder asks its owner for a sign of life.

Who waits leaves it with a word in it that was never there before. The owner looks for it at each
scan, counts up in its own record for every new word, once, and removes the file. So neither writes
where nobody else wants the folder, and nothing stays of a challenger that was killed.

The word means nothing: whoever may write into the folder can make the owner count, nothing else.
The file is never followed as a link, and never written where it is anything but a plain file.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import stat
from pathlib import Path

from ocrd import files
from ocrd.intake.record import TEXT_CHARACTERS, Record
from ocrd.intake.scan import CHALLENGE_NAME

_BYTES = 512  # always: it is written in place
_OPEN = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NO_FILE = frozenset({errno.ENOENT, errno.ELOOP, errno.ENXIO, errno.ENODEV, errno.EISDIR})


class Challenge:
    """The challenge in one folder, for its owner and for who waits."""

    def __init__(self, root: Path, me: Record) -> None:
        self._place = files.Place(root, (CHALLENGE_NAME,))
        self._me = me
        self._left = b""  # the word that we left last
        self._answered = b""

    # For the owner

    def asked(self) -> bytes:
        """Return the word that waits for an answer, b"" for none. Raises OSError."""
        word = self._read()
        if word and word == self._answered:
            self.answer(word)  # it could not be removed
            return b""
        return word

    def answer(self, word: bytes) -> None:
        """Note that a word was answered, and remove it; where that is not allowed, it stays."""
        self._answered = word
        with contextlib.suppress(OSError):
            if word and self._read() == word:
                self._remove()

    # For who waits

    def lies_there(self) -> bool:
        """Say whether a challenge lies there, whoever left it. Raises OSError."""
        return bool(self._read())

    def leave(self) -> None:
        """Leave a challenge with a new word, also over another's, and see to it that it is seen.

        Raises OSError, EEXIST for what is in the way and no challenge.
        """
        told = {"host": self._me.host[:TEXT_CHARACTERS], "pid": self._me.pid}
        text = json.dumps({"ocrd": 1, "word": secrets.token_hex(16), **told})
        word = text.encode("ascii")[: _BYTES - 1].ljust(_BYTES - 1) + b"\n"
        with files.entry_of(self._place) as entry:
            fd = _opened(entry)
        try:
            os.ftruncate(fd, _BYTES)
            os.pwrite(fd, word, 0)
            os.fsync(fd)
        finally:
            os.close(fd)
        self._left = word

    def withdraw(self) -> None:
        """Remove the challenge if it is ours."""
        if self._left:
            with contextlib.suppress(OSError):
                if self._read() == self._left:
                    self._remove()
            self._left = b""

    def _read(self) -> bytes:
        """Return the word that lies there, b"" if none does."""
        with files.entry_of(self._place) as entry:
            try:
                fd = entry.open(os.O_RDONLY | _OPEN)
            except PermissionError:
                return _state_of(entry)
            except OSError as error:
                if error.errno in _NO_FILE:
                    return b""
                raise
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                return b""
            return os.pread(fd, _BYTES, 0) or b"not written yet"
        finally:
            os.close(fd)

    def _remove(self) -> None:
        with files.entry_of(self._place) as entry:
            entry.unlink()


def _state_of(entry: files.Entry) -> bytes:
    """Return the word of a challenge that may not be read: each new state of it is another."""
    try:
        status = entry.status()
    except FileNotFoundError:
        return b""
    is_file = stat.S_ISREG(status.st_mode)
    return f"{status.st_ino} {status.st_mtime_ns}".encode() if is_file else b""


def _opened(entry: files.Entry) -> int:
    """Open the challenge to write; make it, also in the place of another user's."""
    with contextlib.suppress(FileNotFoundError):
        try:
            fd = entry.open(os.O_WRONLY | _OPEN)
        except PermissionError:
            entry.unlink()
        else:
            status = os.fstat(fd)
            if stat.S_ISREG(status.st_mode) and status.st_nlink == 1:
                return fd
            os.close(fd)
            raise FileExistsError(errno.EEXIST, "something else has its name", str(entry))
    fd = entry.open(os.O_WRONLY | os.O_CREAT | os.O_EXCL | _OPEN, 0o644)
    with contextlib.suppress(OSError):
        os.fchmod(fd, 0o644)  # its owner may be another user's daemon
    return fd
