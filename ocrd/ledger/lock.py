"""One daemon for each state directory."""

from __future__ import annotations

import contextlib
import fcntl
import os
from contextlib import AbstractContextManager
from pathlib import Path

from ocrd.errors import LedgerError
from ocrd.files.privacy import PRIVATE_FILE, make_private, tighten


class DaemonLock(AbstractContextManager["DaemonLock"]):
    """The right to be the one daemon of a state directory, until closed or the process ends.

    Raises LedgerError, naming the holder's process id, where another daemon has it, and where the
    directory cannot be used.
    """

    def __init__(self, state_dir: Path) -> None:
        path = state_dir / "daemon.lock"
        try:
            make_private(path)
            tighten(path, PRIVATE_FILE)
            self._file = path.open("a+")
        except OSError as error:
            raise LedgerError(
                f"The state directory {state_dir} cannot be used: {error.strerror or error}.",
                hint="Check its disk and its permissions.",
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.seek(0)
            holder = self._file.read().strip() or "unknown"
            self._file.close()
            raise LedgerError(
                f"Another ocrd daemon (process {holder}) uses the state directory {state_dir}.",
                hint="Stop it first, or give this one a state_dir of its own.",
            ) from error
        with contextlib.suppress(OSError):  # the disk is full: the lock counts, the number tells
            self._file.truncate(0)
            self._file.write(str(os.getpid()))
            self._file.flush()

    def __exit__(self, *_exc: object) -> None:
        """Give the lock back."""
        with contextlib.suppress(OSError):  # what could not be written before cannot be now
            self._file.close()
