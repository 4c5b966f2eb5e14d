"""Whose turn it is: jobs come in once, fall due, are leased, and given back.

Invariants: at most one open job exists for a path in an inbox, so that enqueueing twice is once; an
attempt is counted before the work on it begins.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from ocrd.errors import (
    NO_REASON,
    DiskFullError,
    PromiseError,
    Reason,
    ShareGoneError,
    TransientError,
)
from ocrd.job import NO_ORDER, Candidate, FileKey, Job, JobState, News, Order
from ocrd.ledger.file import LedgerFile
from ocrd.ledger.rows import find, key_text, order_text, reason_columns

# A document falls due this long after its arrival for every page that it has. Jobs go in the order
# of their due time: short documents overtake long ones, but none waits for ever.
SECONDS_PER_PAGE = 30.0
BYTES_PER_PAGE = 200_000  # a guess, until the document was looked into
# No delay is longer: a job that is to wait beyond it was delayed before the clock went back.
LONGEST_WAIT = 600.0  # seconds
NOTHING: Mapping[str, int] = MappingProxyType({})
LOOKED_UP = 500  # sources in one question
_ADD = (
    "INSERT INTO jobs (inbox, relpath, key, state, priority, created, due, asked)"
    " VALUES (?, ?, ?, 'queued', ?, ?, ?, ?)"
)


class Queue(LedgerFile):
    """The jobs that are open, in the order of their turns."""

    def enqueue(
        self, candidates: Iterable[Candidate], priority: int, now: float
    ) -> list[Candidate]:
        """Add a job for each candidate that has none; return those that must be offered again.

        A candidate must come again when a job on an older state of the same path is being worked
        on. A file that was kept or cancelled in this very state is not read again.
        """
        again: list[Candidate] = []
        new: dict[tuple[bytes, bytes], Candidate] = {}
        for some in _chunks(candidates, LOOKED_UP):
            sources = [(os.fsencode(one.inbox), os.fsencode(one.relpath)) for one in some]
            known = self._known(sources)
            for source, candidate in zip(sources, some, strict=True):
                if source not in known and source not in new:
                    new[source] = candidate
                    continue
                self._add_new(new, priority, now)
                if not self._enqueue_one(source, candidate, priority, now):
                    again.append(candidate)
        self._add_new(new, priority, now)
        return again

    def _known(self, sources: Sequence[tuple[bytes, bytes]]) -> set[tuple[bytes, bytes]]:
        """Return those of the sources that there ever was a job of: of most there was none."""
        known: set[tuple[bytes, bytes]] = set()
        by_inbox: dict[bytes, list[bytes]] = {}
        for inbox, relpath in sources:
            by_inbox.setdefault(inbox, []).append(relpath)
        for inbox, relpaths in by_inbox.items():
            rows = self.db.execute(
                "SELECT DISTINCT relpath FROM jobs WHERE inbox = ?"  # noqa: S608  (our own text)
                f" AND relpath IN ({','.join('?' * len(relpaths))})",
                (inbox, *relpaths),
            )
            known.update((inbox, relpath) for (relpath,) in rows)
        return known

    def _add_new(
        self, new: dict[tuple[bytes, bytes], Candidate], priority: int, now: float
    ) -> None:
        """Add jobs of sources that there was none of, and forget these as new."""
        if not new:
            return
        self.db.executemany(
            _ADD,
            [
                (*source, key_text(one.key), priority, now, _due(one.key, now), "{}")
                for source, one in new.items()
            ],
        )
        (last,) = self.db.execute("SELECT last_insert_rowid()").fetchone()
        # One after the other: numbers only grow, and nobody else writes meanwhile.
        self.news += [News(last - ago, JobState.QUEUED) for ago in reversed(range(len(new)))]
        new.clear()

    def _enqueue_one(
        self, source: tuple[bytes, bytes], candidate: Candidate, priority: int, now: float
    ) -> bool:
        key = key_text(candidate.key)
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
                self._restart(job_id, key, _due(candidate.key, now))
                return True
            if last_key == key and (kept or state == JobState.CANCELLED):
                return True
        self._add(source, candidate.key, priority, now)
        return True

    def accept(
        self,
        candidate: Candidate,
        priority: int,
        now: float,
        order: Order,
        *,
        promise: str = "",
        request: str = "",
    ) -> int:
        """Add a job for a document that somebody brought, and return its number.

        What was asked before under the same ``promise`` is not done twice: its job's number is
        returned. Raises PromiseError if that was another ``request``.
        """
        if promise and (kept := self.kept_promise(promise, request)) is not None:
            return kept
        source = (os.fsencode(candidate.inbox), os.fsencode(candidate.relpath))
        job_id = self._add(source, candidate.key, priority, now, order)
        if promise:
            self.db.execute("INSERT INTO promises VALUES (?, ?, ?)", (promise, job_id, request))
        return job_id

    def kept_promise(self, promise: str, request: str) -> int | None:
        """Return the job that was made under this promise, None where there is none.

        Raises PromiseError if another request was made under it.
        """
        row = self.db.execute(
            "SELECT job, request FROM promises WHERE key = ?", (promise,)
        ).fetchone()
        if row is None:
            return None
        if row[1] != request:
            raise PromiseError(
                f"This Idempotency-Key was used for another request, job {row[0]}.",
                hint="Choose a new key for each document.",
            )
        return int(row[0])

    def _add(
        self, source: tuple[bytes, bytes], key: FileKey, priority: int, now: float,
        order: Order = NO_ORDER,
    ) -> int:  # fmt: skip
        added = self.db.execute(
            _ADD, (*source, key_text(key), priority, now, _due(key, now), order_text(order))
        )
        assert added.lastrowid is not None
        if order.callback:
            self.db.execute("INSERT INTO callbacks (job) VALUES (?)", (added.lastrowid,))
        self.news.append(News(added.lastrowid, JobState.QUEUED))
        return added.lastrowid

    def _restart(self, job_id: int, key: str, due: float) -> None:
        """Point a queued job at its source's new state and forget what was read of the old."""
        self.db.execute("DELETE FROM pages WHERE job = ?", (job_id,))
        self.db.execute("DELETE FROM kills WHERE job = ?", (job_id,))
        self.db.execute(
            "UPDATE jobs SET key = ?, due = ?, not_before = 0, attempts = 0, pages = NULL,"
            " pages_done = 0, pages_doubtful = 0, pages_failed = 0, sha256 = NULL, code = '',"
            " message = '', hint = '' WHERE id = ?",
            (key, due, job_id),
        )

    # Turns

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
        in_work: Mapping[str, int] = NOTHING,
    ) -> Job | None:
        """Take the next due job of ``inboxes`` and count the attempt; None if there is none.

        Of folders with equal priority, that with the fewest documents ``in_work`` goes first, so
        that all have their turn; then the earliest due time decides. ``active`` are jobs in work
        already; ``longest`` leaves out documents known to have more pages; ``only`` asks for one
        job. A job in the state FILING keeps that state: only its filing is left to do.
        """
        busy = json.dumps([*active])  # one value, so that the statement is prepared once
        ready = []
        for inbox in inboxes:
            row = self.db.execute(
                "SELECT priority, due, id FROM jobs INDEXED BY jobs_door"
                " WHERE inbox = ? AND state IN ('queued', 'filing')"
                " AND (not_before <= ? OR not_before > ?)"
                " AND id NOT IN (SELECT value FROM json_each(?))"
                " AND (? IS NULL OR pages IS NULL OR pages <= ?) AND (? IS NULL OR id = ?)"
                " ORDER BY priority DESC, due, id LIMIT 1",
                (
                    os.fsencode(inbox), now, now + LONGEST_WAIT, busy, longest, longest, only, only,
                ),
            ).fetchone()
            if row is not None:
                priority, due, job_id = row
                ready.append((-priority, in_work.get(inbox, 0), due, job_id))
        if not ready:
            return None
        job_id = min(ready)[-1]
        self.db.execute(
            "UPDATE jobs SET attempts = attempts + 1,"
            " state = CASE state WHEN 'queued' THEN 'leased' ELSE state END WHERE id = ?",
            (job_id,),
        )
        self.news.append(News(job_id, JobState.LEASED))
        return find(self.db, job_id)

    def next_due(self, now: float) -> float | None:
        """Return the Unix time at which the next delayed job may be leased; None without one."""
        (due,) = self.db.execute(
            "SELECT MIN(not_before) FROM jobs INDEXED BY jobs_delayed"
            " WHERE not_before > 0 AND not_before > ? AND not_before <= ?"
            " AND state IN ('queued', 'filing')",
            (now, now + LONGEST_WAIT),
        ).fetchone()
        return None if due is None else float(due)

    def waiting(self, now: float) -> int:
        """Return how many open jobs wait for a later time."""
        (count,) = self.db.execute(
            "SELECT COUNT(*) FROM jobs INDEXED BY jobs_delayed"
            " WHERE not_before > 0 AND not_before > ?"
            " AND state IN ('queued', 'filing')",
            (now,),
        ).fetchone()
        return int(count)

    def inspected(self, job_id: int, *, pages: int, sha256: str) -> None:
        """Record what a look into the source told, and when the job is due now."""
        self.db.execute(
            "UPDATE jobs SET pages = ?, sha256 = ?, due = created + ? WHERE id = ?",
            (pages, sha256, SECONDS_PER_PAGE * pages, job_id),
        )
        self.news.append(News(job_id, "inspected"))

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
            (not_before, int(refund), *reason_columns(reason), job_id),
        )
        self.news.append(News(job_id, "waiting"))

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


def _due(key: FileKey, now: float) -> float:
    """Return when a document falls due that came now, by a guess at its pages."""
    return now + SECONDS_PER_PAGE * max(1.0, key.size / BYTES_PER_PAGE)


def _chunks(candidates: Iterable[Candidate], size: int) -> Iterator[list[Candidate]]:
    waiting = iter(candidates)
    while some := [*itertools.islice(waiting, size)]:
        yield some
