"""The ledger's file: one connection, and steps that are on disk together or not at all.

Invariants: what was changed is on disk once the surrounding :meth:`LedgerFile.transaction` has
ended (WAL with ``synchronous=FULL``).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from ocrd.errors import LedgerError
from ocrd.job import News
from ocrd.ledger.schema import FILE_NAME, open_connection, translated


class LedgerFile:
    """One connection to the ledger. Not for several threads at a time."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.db = connection  # for the ledger's own modules
        self.path = path
        self.news: list[News] = []  # of this transaction, for those who want to know

    @classmethod
    def open(cls, state_dir: Path, *, readonly: bool = False) -> Self:
        """Open, and where needed create or migrate, the ledger of ``state_dir``.

        Raises LedgerRefusedError if it is damaged, lost or written by a newer version, and
        LedgerError or LedgerBlockedError if it is not accessible.
        """
        path = state_dir / FILE_NAME
        if readonly and not path.exists():
            raise LedgerError(
                f"There is no ledger at {path}.",
                hint="The daemon makes it when it first runs; is state_dir right?",
            )
        return cls(open_connection(path, readonly=readonly), path)

    def close(self) -> None:
        """Close the connection."""
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make everything inside durable together, or none of it.

        Raises LedgerError, and LedgerBlockedError where it may be tried again.
        """
        try:
            self.db.execute("BEGIN IMMEDIATE")
            self.news.clear()
            try:
                yield
                self.db.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise
        except sqlite3.Error as error:
            raise translated(error, self.path) from error

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what is inside if it raises, and leave the transaction around it alone."""
        self.db.execute("SAVEPOINT step")
        known = len(self.news)
        try:
            yield
        except sqlite3.Error as error:
            self._undo_step(known)
            raise translated(error, self.path) from error
        except BaseException:
            self._undo_step(known)
            raise
        self.db.execute("RELEASE step")

    def _roll_back(self) -> None:
        # A full disk makes SQLite do so by itself (lang_transaction.html, 3.1).
        if self.db.in_transaction:
            self.db.execute("ROLLBACK")

    def _undo_step(self, known: int) -> None:
        del self.news[known:]
        if self.db.in_transaction:
            self.db.execute("ROLLBACK TO step")
            self.db.execute("RELEASE step")

    def setting(self, name: str) -> str | None:
        """Return a value that the daemon keeps over restarts, such as ``paused``."""
        row = self.db.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_setting(self, name: str, value: str) -> None:
        """Keep a value over restarts."""
        self.db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))
