"""The ledger: every job, page checkpoint and filing intent, in one SQLite file.

Invariants: what a method changed is on disk once the surrounding :meth:`Ledger.transaction` has
ended (WAL with ``synchronous=FULL``). At most one open job exists for a path in an inbox, so that
enqueueing twice is once. Sources and paths are stored as bytes, because names need not be UTF-8.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from ocrd.errors import (
    NO_REASON,
    DiskFullError,
    LedgerError,
    LedgerRefusedError,
    Reason,
    ShareGoneError,
    TransientError,
)
from ocrd.job import Candidate, FileKey, Job, JobState
from ocrd.ledger.schema import FILE_NAME, open_connection, translated

# A document falls due this long after its arrival for every page that it has. Jobs go in the order
# of their due time: short documents overtake long ones, but none waits for ever.
SECONDS_PER_PAGE = 30.0
BYTES_PER_PAGE = 200_000  # a guess, until the document was looked into
# No delay is longer: a job that is to wait beyond it was delayed before the clock went back.
LONGEST_WAIT = 600.0  # seconds

_COLUMNS = (
    "id, inbox, relpath, key, state, priority, attempts, created, not_before, pages, pages_done,"
    " sha256, finished, plan, code, message, hint, page, destination"
)


class Ledger:
    """One connection to the ledger. Not for several threads at a time."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.db = connection  # for the ledger's own modules
        self.path = path

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
        try:
            yield
        except sqlite3.Error as error:
            self._undo_step()
            raise translated(error, self.path) from error
        except BaseException:
            self._undo_step()
            raise
        self.db.execute("RELEASE step")

    def _roll_back(self) -> None:
        # A full disk makes SQLite do so by itself (lang_transaction.html, 3.1).
        if self.db.in_transaction:
            self.db.execute("ROLLBACK")

    def _undo_step(self) -> None:
        if self.db.in_transaction:
            self.db.execute("ROLLBACK TO step")
            self.db.execute("RELEASE step")

    # Enqueueing

    def enqueue(
        self, candidates: Iterable[Candidate], priority: int, now: float
    ) -> list[Candidate]:
        """Add a job for each candidate that has none; return those that must be offered again.

        A candidate must come again when a job on an older state of the same path is being worked
        on. A file that was kept or cancelled in this very state is not read again.
        """
        again = []
        for candidate in candidates:
            if not self._enqueue_one(candidate, priority, now):
                again.append(candidate)
        return again

    def _enqueue_one(self, candidate: Candidate, priority: int, now: float) -> bool:
        source = (os.fsencode(candidate.inbox), os.fsencode(candidate.relpath))
        key = key_text(candidate.key)
        due = now + SECONDS_PER_PAGE * max(1.0, candidate.key.size / BYTES_PER_PAGE)
        last = self.db.execute(
            "SELECT id, key, state, kept FROM jobs WHERE inbox = ? AND relpath = ?"
            " ORDER BY id DESC LIMIT 1",
            source,
        ).fetchone()
        if last is not None:
            job_id, last_key, state, kept = last
            if not JobState(state).is_final:
                if last_key == key:
                    return True
                if state != JobState.QUEUED:
                    return False
                self._restart(job_id, key, due)
                return True
            if last_key == key and (kept or state == JobState.CANCELLED):
                return True
        self.db.execute(
            "INSERT INTO jobs (inbox, relpath, key, state, priority, created, due)"
            " VALUES (?, ?, ?, 'queued', ?, ?, ?)",
            (*source, key, priority, now, due),
        )
        return True

    def _restart(self, job_id: int, key: str, due: float) -> None:
        """Point a queued job at its source's new state and forget what was read of the old."""
        self.db.execute("DELETE FROM pages WHERE job = ?", (job_id,))
        self.db.execute("DELETE FROM kills WHERE job = ?", (job_id,))
        self.db.execute(
            "UPDATE jobs SET key = ?, due = ?, not_before = 0, attempts = 0, pages = NULL,"
            " pages_done = 0, sha256 = NULL, code = '', message = '', hint = '' WHERE id = ?",
            (key, due, job_id),
        )

    # Working

    def recover(self) -> int:
        """Queue again what was leased when the last daemon ended; return how many."""
        cursor = self.db.execute("UPDATE jobs SET state = 'queued' WHERE state = 'leased'")
        return cursor.rowcount

    def suspects(self) -> list[int]:
        """Return the jobs that were begun and have read no page since."""
        rows = self.db.execute(
            "SELECT id FROM jobs WHERE state IN ('queued', 'filing') AND attempts > 0"
            " ORDER BY attempts, id"
        )
        return [job_id for (job_id,) in rows]

    def lease(
        self,
        now: float,
        *,
        inboxes: Collection[str],
        active: Collection[int],
        longest: int | None = None,
        only: int | None = None,
    ) -> Job | None:
        """Take the next due job of ``inboxes`` and count the attempt; None if there is none.

        ``active`` are jobs in work already; ``longest`` leaves out documents known to have more
        pages; ``only`` asks for one job. A job in the state FILING keeps that state: only its
        filing is left to do.
        """
        if not inboxes:
            return None
        places = ",".join("?" * len(inboxes))
        # Our own integers, and never more than the daemon has documents in flight.
        busy = ",".join(str(int(job_id)) for job_id in active)
        row = self.db.execute(
            f"SELECT {_COLUMNS} FROM jobs INDEXED BY jobs_queue"  # noqa: S608
            " WHERE state IN ('queued', 'filing') AND (not_before <= ? OR not_before > ?)"
            f" AND inbox IN ({places}) AND id NOT IN ({busy})"
            " AND (? IS NULL OR pages IS NULL OR pages <= ?) AND (? IS NULL OR id = ?)"
            " ORDER BY priority DESC, due, id LIMIT 1",
            (now, now + LONGEST_WAIT, *map(os.fsencode, inboxes), longest, longest, only, only),
        ).fetchone()
        if row is None:
            return None
        job = _job(row)
        self.db.execute(
            "UPDATE jobs SET attempts = attempts + 1,"
            " state = CASE state WHEN 'queued' THEN 'leased' ELSE state END WHERE id = ?",
            (job.id,),
        )
        return self.job(job.id)

    def next_due(self, now: float) -> float | None:
        """Return the Unix time at which the next delayed job may be leased; None without one."""
        (due,) = self.db.execute(
            "SELECT MIN(not_before) FROM jobs INDEXED BY jobs_delayed"
            " WHERE not_before > 0 AND not_before > ? AND not_before <= ?"
            " AND state IN ('queued', 'filing')",
            (now, now + LONGEST_WAIT),
        ).fetchone()
        return None if due is None else float(due)

    def inspected(self, job_id: int, *, pages: int, sha256: str) -> None:
        """Record what a look into the source told, and when the job is due now."""
        self.db.execute(
            "UPDATE jobs SET pages = ?, sha256 = ?, due = created + ? WHERE id = ?",
            (pages, sha256, SECONDS_PER_PAGE * pages, job_id),
        )

    def checkpoint(self, job_id: int, number: int, result: str, *, failed: bool = False) -> None:
        """Keep a page's result; progress clears the count of attempts."""
        self.db.execute(
            "INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?)",
            (job_id, number, int(failed), result),
        )
        self.db.execute(
            "UPDATE jobs SET attempts = 0, pages_done = pages_done + 1 WHERE id = ?", (job_id,)
        )

    def forget_pages(self, job_id: int) -> None:
        """Drop a job's checkpoints: they are of another state of the source."""
        self.db.execute("DELETE FROM pages WHERE job = ?", (job_id,))
        self.db.execute("UPDATE jobs SET pages_done = 0 WHERE id = ?", (job_id,))

    def pages_done(self, job_id: int) -> set[int]:
        """Return the numbers of the pages that have a checkpoint."""
        rows = self.db.execute("SELECT number FROM pages WHERE job = ?", (job_id,))
        return {number for (number,) in rows}

    def page_results(self, job_id: int, after: int, limit: int) -> list[tuple[int, str]]:
        """Return up to ``limit`` checkpoints, by number, of the pages behind page ``after``."""
        return self.db.execute(
            "SELECT number, result FROM pages WHERE job = ? AND number > ?"
            " ORDER BY number LIMIT ?",
            (job_id, after, limit),
        ).fetchall()

    def failed_pages(self, job_id: int) -> list[tuple[int, str]]:
        """Return number and result of the checkpointed pages that could not be read."""
        return self.db.execute(
            "SELECT number, result FROM pages WHERE job = ? AND failed ORDER BY number",
            (job_id,),
        ).fetchall()

    def count_kill(self, job_id: int, number: int) -> None:
        """Remember that a page ended the engine's worker once more."""
        self.db.execute(
            "INSERT INTO kills VALUES (?, ?, 1)"
            " ON CONFLICT (job, number) DO UPDATE SET count = count + 1",
            (job_id, number),
        )

    def forget_kills(self, job_id: int, number: int) -> None:
        """Take back what a page was blamed for."""
        self.db.execute("DELETE FROM kills WHERE job = ? AND number = ?", (job_id, number))

    def kills(self, job_id: int) -> dict[int, int]:
        """Return how often each page of a job ended the engine's worker."""
        rows = self.db.execute("SELECT number, count FROM kills WHERE job = ?", (job_id,))
        return dict(rows.fetchall())

    def release(
        self,
        job_id: int,
        *,
        not_before: float = 0.0,
        refund: bool,
        reason: Reason = NO_REASON,
    ) -> None:
        """Give a leased job back; ``refund`` takes the attempt back with it."""
        self.db.execute(
            "UPDATE jobs SET state = CASE state WHEN 'leased' THEN 'queued' ELSE state END,"
            " not_before = ?, attempts = MAX(0, attempts - ?), code = ?, message = ?, hint = ?,"
            " page = ? WHERE id = ?",
            (not_before, int(refund), *_reason_columns(reason), job_id),
        )

    def hasten(self, inbox: str | None) -> None:
        """Let the jobs of an inbox (of all for None) go on that wait for a cause to pass."""
        self.db.execute(
            "UPDATE jobs SET not_before = 0 WHERE not_before > 0"
            " AND state IN ('queued', 'filing') AND (? IS NULL OR inbox = ?)"
            " AND code IN (?, ?, ?)",
            (
                *(inbox and os.fsencode(inbox),) * 2,
                *(error.code for error in (DiskFullError, ShareGoneError, TransientError)),
            ),
        )

    # Filing

    def intend(self, job_id: int, plan: Mapping[str, Any], *, sha256: str | None = None) -> None:
        """Record where everything of the job will go, and what it is, before anything goes."""
        self.db.execute(
            "UPDATE jobs SET state = 'filing', plan = ?, sha256 = COALESCE(?, sha256) WHERE id = ?",
            (json.dumps(plan), sha256, job_id),
        )

    def finish(
        self,
        job_id: int,
        state: JobState,
        now: float,
        *,
        destination: str = "",
        sha256: str | None = None,
        kept: bool = False,
        reason: Reason = NO_REASON,
        outputs: Mapping[str, str] | None = None,
    ) -> None:
        """Close the job and drop its checkpoints; the plan stays, for a later retry.

        ``outputs`` maps the paths of published sidecars to their hashes; it is recorded for kept
        sources, whose next reading may replace these files and no others.
        """
        self.db.execute(
            "UPDATE jobs SET state = ?, finished = ?, destination = ?, kept = ?, not_before = 0,"
            " sha256 = COALESCE(?, sha256),"
            " code = ?, message = ?, hint = ?, page = ? WHERE id = ?",
            (
                *(state, now, os.fsencode(destination), int(kept), sha256),
                *_reason_columns(reason),
                job_id,
            ),
        )
        self.db.execute("DELETE FROM pages WHERE job = ?", (job_id,))
        self.db.execute("DELETE FROM kills WHERE job = ?", (job_id,))
        if kept:
            for path, content in (outputs or {}).items():
                self.db.execute(
                    "INSERT OR REPLACE INTO outputs"
                    " SELECT ?, inbox, relpath, ? FROM jobs WHERE id = ?",
                    (os.fsencode(path), content, job_id),
                )

    def outputs_of(self, inbox: str, relpath: str) -> dict[str, str]:
        """Return path and hash of the sidecars that a kept source has."""
        rows = self.db.execute(
            "SELECT path, sha256 FROM outputs WHERE inbox = ? AND relpath = ?",
            (os.fsencode(inbox), os.fsencode(relpath)),
        )
        return {os.fsdecode(path): sha256 for path, sha256 in rows}

    def kept_sha256(self, inbox: str, relpath: str) -> str | None:
        """Return the content hash of a kept source when it was last done, None if never."""
        row = self.db.execute(
            "SELECT sha256 FROM jobs WHERE inbox = ? AND relpath = ? AND kept"
            " AND state = 'done' ORDER BY id DESC LIMIT 1",
            (os.fsencode(inbox), os.fsencode(relpath)),
        ).fetchone()
        return None if row is None else row[0]

    def reopen(self, job_id: int) -> None:
        """Take back a filing intent that was not carried out; the checkpoints stand."""
        self.db.execute(
            "UPDATE jobs SET state = 'queued', plan = '{}', not_before = 0 WHERE id = ?", (job_id,)
        )

    def begin_retry(self, job_id: int, plan: Mapping[str, Any]) -> bool:
        """Reopen a final job to take its source back; False if a job of that name is open."""
        cursor = self.db.execute(
            "UPDATE OR IGNORE jobs SET state = 'filing', plan = ? WHERE id = ?",
            (json.dumps(plan), job_id),
        )
        return cursor.rowcount == 1

    def end_retry(self, job_id: int, state: JobState, plan: Mapping[str, Any]) -> None:
        """Close a job again whose source could not be taken back."""
        self.db.execute(
            "UPDATE jobs SET state = ?, plan = ?, not_before = 0 WHERE id = ?",
            (state, json.dumps(plan), job_id),
        )

    def forget(self, job_id: int) -> None:
        """Let a final job's source be read again, in this very state too, once it is offered."""
        self.db.execute(
            "UPDATE jobs SET kept = 0 WHERE kept AND id < ? AND (inbox, relpath) ="
            " (SELECT inbox, relpath FROM jobs WHERE id = ?)",
            (job_id, job_id),
        )
        self.db.execute(
            "UPDATE jobs SET state = 'withdrawn', kept = 0, plan = '{}', code = '', message = '',"
            " hint = '', page = NULL WHERE id = ?",
            (job_id,),
        )

    # Looking

    def job(self, job_id: int) -> Job | None:
        """Return one job, None if there is none of that number."""
        row = self.db.execute(
            f"SELECT {_COLUMNS} FROM jobs WHERE id = ?",  # noqa: S608  (our own column list)
            (job_id,),
        ).fetchone()
        return None if row is None else _job(row)

    def jobs(
        self, states: Collection[JobState] | None = None, limit: int = 50, offset: int = 0
    ) -> list[Job]:
        """Return the newest jobs, of ``states`` only where given."""
        wanted: Sequence[JobState] = tuple(states) if states is not None else tuple(JobState)
        rows = self.db.execute(
            f"SELECT {_COLUMNS} FROM jobs"  # noqa: S608  (our own column list)
            f" WHERE state IN ({','.join('?' * len(wanted))}) ORDER BY id DESC LIMIT ? OFFSET ?",
            (*wanted, limit, offset),
        )
        return [_job(row) for row in rows]

    def counts(self) -> dict[JobState, int]:
        """Return how many jobs are in each state."""
        rows = self.db.execute("SELECT state, COUNT(*) FROM jobs GROUP BY state").fetchall()
        return dict.fromkeys(JobState, 0) | {JobState(state): count for state, count in rows}

    def waiting(self, now: float) -> int:
        """Return how many open jobs wait for a later time."""
        (count,) = self.db.execute(
            "SELECT COUNT(*) FROM jobs INDEXED BY jobs_delayed"
            " WHERE not_before > 0 AND not_before > ?"
            " AND state IN ('queued', 'filing')",
            (now,),
        ).fetchone()
        return int(count)

    def queued_by_inbox(self) -> dict[str, int]:
        """Return how many jobs of each inbox are queued."""
        rows = self.db.execute(
            "SELECT inbox, COUNT(*) FROM jobs WHERE state = 'queued' GROUP BY inbox"
        )
        return {os.fsdecode(inbox): count for inbox, count in rows}

    def setting(self, name: str) -> str | None:
        """Return a value that the daemon keeps over restarts, such as ``paused``."""
        row = self.db.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_setting(self, name: str, value: str) -> None:
        """Keep a value over restarts."""
        self.db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))


def key_text(key: FileKey) -> str:
    """Return a key as the ledger writes it."""
    # Text, because an inode may need all 64 bits and SQLite's integers are signed.
    return f"{key.device}:{key.inode}:{key.size}:{key.mtime_ns}"


def _reason_columns(reason: Reason) -> tuple[str, str, str, int | None]:
    return reason.code, reason.message, reason.hint, reason.page


def _job(row: tuple[Any, ...]) -> Job:
    try:
        return _read_row(row)
    except (ValueError, TypeError) as error:
        raise LedgerRefusedError(
            f"The ledger's job {row[0]!r} makes no sense ({error}).",
            hint="The file is damaged: 'ocrd ledger check' says more.",
        ) from error


def _read_row(row: tuple[Any, ...]) -> Job:
    device, inode, size, mtime_ns = map(int, row[3].split(":"))
    return Job(
        id=row[0],
        inbox=os.fsdecode(row[1]),
        relpath=os.fsdecode(row[2]),
        key=FileKey(device, inode, size, mtime_ns),
        state=JobState(row[4]),
        priority=row[5],
        attempts=row[6],
        created=row[7],
        not_before=row[8],
        pages=row[9],
        pages_done=row[10],
        sha256=row[11],
        finished=row[12],
        plan=json.loads(row[13]),
        code=row[14],
        message=row[15],
        hint=row[16],
        page=row[17],
        destination=os.fsdecode(row[18]),
    )
