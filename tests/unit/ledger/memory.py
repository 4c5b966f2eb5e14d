"""A ledger in memory, and jobs of any state and age in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocrd.job import Candidate, FileKey
from ocrd.ledger import schema
from ocrd.ledger.jobs import Ledger

INBOX = "/srv/scans"
NOW = 1_000_000.0


def in_memory() -> Ledger:
    """Return a ledger whose file is in memory, for what does not ask about the file."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    for script in schema.MIGRATIONS:
        db.executescript(script)
    return Ledger(db, Path("nowhere"))


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    ledger = in_memory()
    yield ledger
    ledger.close()


def candidate(name: str, mtime_ns: int = 1, inbox: str = INBOX) -> Candidate:
    """Return a file in a folder, as it was last changed."""
    return Candidate(inbox, name, FileKey(device=1, inode=2, size=3, mtime_ns=mtime_ns))


def job(
    ledger: Ledger, state: str, finished: float | None, *, name: str = "", kept: bool = False,
    created: float = NOW, not_before: float = 0.0,
) -> int:  # fmt: skip
    """Put a job into the ledger and return its number."""
    number = ledger.db.execute(
        "INSERT INTO jobs (inbox, relpath, key, state, priority, kept, created, due, not_before,"
        " finished, plan, destination)"
        " VALUES (?, '', '1:2:3:4', ?, 0, ?, ?, ?, ?, ?, '{\"a\": 1}', ?)",
        (INBOX.encode(), state, kept, created, created + 30, not_before, finished, b"/done/x"),
    ).lastrowid
    assert number is not None
    relpath = (name or f"{number}.pdf").encode()
    ledger.db.execute("UPDATE jobs SET relpath = ? WHERE id = ?", (relpath, number))
    return number


def numbers(ledger: Ledger) -> list[int]:
    """Return the numbers of the jobs that are remembered."""
    return sorted(one.id for one in ledger.jobs(limit=-1))


def plans(ledger: Ledger) -> dict[int, object]:
    """Return what each job still knows of its plan."""
    return {one.id: one.plan for one in ledger.jobs(limit=-1)}
