"""Sources that are offered to a ledger and leased from it, at a time that stands still."""

from __future__ import annotations

from ocrd.job import Candidate, FileKey
from ocrd.ledger.jobs import Ledger

INBOX = "/srv/scans"
NOW = 1_000_000.0


def key(size: int = 1000, mtime_ns: int = 1) -> FileKey:
    return FileKey(device=1, inode=2**64 - 1, size=size, mtime_ns=mtime_ns)


def candidate(name: str, size: int = 1000, mtime_ns: int = 1) -> Candidate:
    return Candidate(INBOX, name, key(size, mtime_ns))


def enqueue(ledger: Ledger, *candidates: Candidate, priority: int = 0) -> list[Candidate]:
    with ledger.transaction():
        return ledger.enqueue(candidates, priority, NOW)


def lease(ledger: Ledger, *, longest: int | None = None, active: tuple[int, ...] = ()) -> str:
    with ledger.transaction():
        job = ledger.lease(NOW, inboxes=[INBOX], active=active, longest=longest)
    return job.relpath if job else ""
