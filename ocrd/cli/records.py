"""The ledger of a configuration, for commands that find no daemon to ask."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ocrd.errors import UnknownJobError

if TYPE_CHECKING:
    from ocrd.config.settings import Settings
    from ocrd.ledger.jobs import Ledger


@contextmanager
def opened_ledger(settings: Settings, *, readonly: bool = True) -> Iterator[Ledger]:
    """Open the ledger; none is made where there is none. Raises LedgerError, PermissionError."""
    from ocrd.ledger.jobs import Ledger

    require_rights(settings, os.R_OK if readonly else os.R_OK | os.W_OK)
    if not readonly:
        Ledger.open(settings.state_dir, readonly=True).close()  # never make one where none is
    ledger = Ledger.open(settings.state_dir, readonly=readonly)
    try:
        yield ledger
    finally:
        ledger.close()


def require_rights(settings: Settings, rights: int = os.R_OK) -> None:
    """Raise PermissionError where the ledger is there and not for this user."""
    from ocrd.ledger.schema import FILE_NAME

    path = settings.state_dir / FILE_NAME
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return
    if not os.access(path, rights):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def unknown_job(number: int) -> UnknownJobError:
    """Return the error for a job number that the ledger does not know."""
    return UnknownJobError(f"There is no job {number}.", hint="`ocrd jobs` lists them.")
