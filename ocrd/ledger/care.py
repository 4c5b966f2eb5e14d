"""Care for the ledger beside its daily work: what it forgets, its clock, its identity, its health.

Invariants: what says that a file in a kept folder was read, or that a person cancelled one, is
never forgotten, however old it is; every step is short, so that nobody waits for the ledger.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from ocrd.job import Candidate, FileKey
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.rows import key_text
from ocrd.ledger.schema import faults, translated

STEP_ROWS = 500  # looked at in one step of forgetting
STEP_PAGES = 256  # given back to the disk in one step: 1 MiB
SPARE_PAGES = 256  # that stay free for what comes next
LONGEST_DELAY = 300.0  # seconds that anything waits; more is of a clock that went back
CLOCK_SLACK = 5.0  # seconds that a clock may go back without a word

# A finished job that is still needed: the newest that says this source is read, or not wanted.
_IS_MEMORY = """
    (kept OR state = 'cancelled') AND NOT EXISTS (
        SELECT 1 FROM jobs AS newer
        WHERE newer.inbox = jobs.inbox AND newer.relpath = jobs.relpath AND newer.id > jobs.id
        AND (newer.kept OR newer.state = 'cancelled')
        AND (jobs.state <> 'done' OR newer.state = 'done')
    )
"""


@dataclass(frozen=True, slots=True)
class Place:
    """How far forgetting has come: behind this job, in the order in which jobs were finished."""

    finished: float = 0.0  # Unix time, seconds
    job: int = 0


def forget_finished(ledger: Ledger, before: float, place: Place) -> Place | None:
    """Forget some of the jobs that were finished before a Unix time; None at the end of them.

    Of those that are memory, only the plan of their files is dropped.
    """
    rows = ledger.db.execute(
        f"SELECT finished, id, {_IS_MEMORY} FROM jobs INDEXED BY jobs_finished"  # noqa: S608
        " WHERE finished >= ? AND finished < ? AND (finished, id) > (?, ?)"
        " AND state IN ('done', 'failed', 'cancelled', 'withdrawn')"
        " ORDER BY finished, id LIMIT ?",
        (place.finished, before, place.finished, place.job, STEP_ROWS),
    ).fetchall()
    gone = [(job_id,) for _, job_id, is_memory in rows if not is_memory]
    ledger.db.executemany("DELETE FROM jobs WHERE id = ?", gone)
    ledger.db.executemany(
        "UPDATE jobs SET plan = '{}' WHERE id = ? AND plan <> '{}'",
        [(job_id,) for _, job_id, is_memory in rows if is_memory],
    )
    return Place(rows[-1][0], rows[-1][1]) if len(rows) == STEP_ROWS else None


def shrink(ledger: Ledger) -> bool:
    """Give some of the file's free space back to the disk; say whether there is more of it."""
    (free,) = ledger.db.execute("PRAGMA freelist_count").fetchone()
    if free <= SPARE_PAGES:
        return False
    pages = min(STEP_PAGES, free - SPARE_PAGES)
    for _ in range(pages):  # one a statement: of one without columns sqlite3 takes one step only
        ledger.db.execute("PRAGMA incremental_vacuum(1)")
    return bool(free - pages > SPARE_PAGES)


def settle_times(ledger: Ledger, now: float, back: float = 0.0) -> int:
    """Bring open jobs from a time to come, left by a clock that went back, to ``now``.

    They keep their order, and stay before everything that arrives from now on. ``back`` says by how
    many seconds the clock went back, where that was seen: delays are as much shorter. Returns how
    many jobs were moved.
    """
    (latest,) = ledger.db.execute(
        "SELECT MAX(created) FROM jobs WHERE state IN ('queued', 'leased', 'filing')"
    ).fetchone()
    ahead = 0.0 if latest is None else max(0.0, latest - now)
    ledger.db.execute(
        "UPDATE jobs SET not_before = MAX(0, MIN(not_before - ?, ?))"
        " WHERE state IN ('queued', 'filing') AND not_before > ?",
        (back or (ahead if ahead > CLOCK_SLACK else 0.0), now + LONGEST_DELAY, now),
    )
    if ahead <= CLOCK_SLACK:
        return 0
    moved = ledger.db.execute(
        "UPDATE jobs SET created = created - ?, due = due - ?"
        " WHERE state IN ('queued', 'leased', 'filing') AND created > ?",
        (ahead, ahead, now),
    ).rowcount
    return int(moved)


# Identity, for the folders that know whose ledger read them


def identity(ledger: Ledger) -> str:
    """Return the id that the ledger got when it was made."""
    return ledger.setting("id") or ""


def renew_identity(ledger: Ledger) -> None:
    """Give the ledger another id: it is not what the folders were read with."""
    ledger.db.execute(
        "INSERT OR REPLACE INTO settings VALUES ('id', lower(hex(randomblob(16))))"
    )


def serial(ledger: Ledger) -> int:
    """Return the highest number that a job ever had; it never falls."""
    (highest,) = ledger.db.execute(
        "SELECT MAX(seq) FROM sqlite_sequence WHERE name = 'jobs'"
    ).fetchone()
    return int(highest or 0)


def came_after(ledger: Ledger, inbox: str, number: int) -> bool:
    """Say whether the folder has a job with a higher number."""
    found = ledger.db.execute(
        "SELECT 1 FROM jobs NOT INDEXED WHERE id > ? AND inbox = ? LIMIT 1",
        (number, os.fsencode(inbox)),
    ).fetchone()
    return found is not None


def knows(ledger: Ledger, inbox: str) -> bool:
    """Say whether there is a job of the folder."""
    found = ledger.db.execute(
        "SELECT 1 FROM jobs WHERE inbox = ? LIMIT 1", (os.fsencode(inbox),)
    ).fetchone()
    return found is not None


def adopt(
    ledger: Ledger, candidate: Candidate, sha256: str, now: float, *, failed: bool = False
) -> bool:
    """Record a kept file as read, without reading it; False where a job knows it already."""
    source = (os.fsencode(candidate.inbox), os.fsencode(candidate.relpath))
    known = ledger.db.execute(
        "SELECT 1 FROM jobs WHERE inbox = ? AND relpath = ? AND key = ?"
        " AND (kept OR state IN ('queued', 'leased', 'filing')) LIMIT 1",
        (*source, key_text(candidate.key)),
    ).fetchone()
    if known is not None:
        return False
    ledger.db.execute(
        "DELETE FROM jobs WHERE inbox = ? AND relpath = ? AND state = 'queued'", source
    )
    ledger.db.execute(
        "INSERT INTO jobs (inbox, relpath, key, sha256, state, priority, kept, created, due,"
        " finished, destination) VALUES (?, ?, ?, ?, ?, 0, 1, ?, ?, ?, ?)",
        (
            *source, key_text(candidate.key), sha256 or None, "failed" if failed else "done",
            now, now, now,
            os.fsencode(os.path.join(candidate.inbox, candidate.relpath)),  # noqa: PTH118
        ),
    )  # fmt: skip
    return True


# Health


def findings(ledger: Ledger, limit: int = 100) -> list[str]:
    """Return what is wrong inside the ledger's file; empty if it is whole. Raises LedgerError."""
    try:
        return faults(ledger.db, limit=limit)
    except sqlite3.Error as error:
        return [str(translated(error, ledger.path))]


@dataclass(frozen=True, slots=True)
class Trace:
    """Where a job says that its source is."""

    job: int
    inbox: str
    relpath: str
    key: FileKey
    state: str
    kept: bool
    destination: str


def traces(ledger: Ledger) -> Iterator[Trace]:
    """Yield the newest job of each source, a few in memory at a time."""
    last = (b"", b"")
    while True:
        rows = ledger.db.execute(
            "SELECT id, inbox, relpath, key, state, kept, destination FROM jobs"
            " WHERE id IN (SELECT MAX(id) FROM jobs WHERE (inbox, relpath) > (?, ?)"
            " GROUP BY inbox, relpath ORDER BY inbox, relpath LIMIT ?)"
            " ORDER BY inbox, relpath",
            (*last, STEP_ROWS),
        ).fetchall()
        for number, inbox, relpath, key, state, kept, destination in rows:
            yield Trace(
                number, os.fsdecode(inbox), os.fsdecode(relpath),
                FileKey(*map(int, key.split(":"))), state, bool(kept), os.fsdecode(destination),
            )  # fmt: skip
        if len(rows) < STEP_ROWS:
            return
        last = (rows[-1][1], rows[-1][2])
