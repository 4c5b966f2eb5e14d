"""The ledger: every job, page checkpoint and filing intent, in one SQLite file.

``file`` says when a step is on disk, ``queue`` whose turn it is, ``checkpoints`` how far a job
came, ``filings`` how it ends; here it is all one, and people look at it.
"""

from __future__ import annotations

import fnmatch
import heapq
import itertools
import os
import re
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence

from ocrd.choice import Choice, Sight
from ocrd.job import Job, JobState, News, Past
from ocrd.ledger.checkpoints import Checkpoints
from ocrd.ledger.filings import Filings
from ocrd.ledger.queue import Queue
from ocrd.ledger.rows import COLUMNS, find, job_of

_PAST_ALL = 2**63 - 1  # above every job's number


class Ledger(Queue, Checkpoints, Filings):
    """One connection to the ledger. Not for several threads at a time."""

    def job(self, job_id: int) -> Job | None:
        """Return one job, None if there is none of that number."""
        return find(self.db, job_id)

    def past(self, job: Job) -> Past:
        """Return what there is of a job's document from before its lease."""
        source = (os.fsencode(job.inbox), os.fsencode(job.relpath))
        owns = "SELECT 1 FROM outputs WHERE inbox = ? AND relpath = ? LIMIT 1"
        return Past(
            pages=frozenset(self.pages_done(job.id)),
            kills=self.kills(job.id),
            has_outputs=self.db.execute(owns, source).fetchone() is not None,
        )

    def delete(self, job_id: int) -> bool:
        """Forget a final job altogether; say whether no other job is on its document.

        Those go with it that it was taken back from.
        """
        row = self.db.execute("SELECT inbox, relpath FROM jobs WHERE id = ?", (job_id,)).fetchone()
        if row is None:
            return False
        self.db.execute("DELETE FROM jobs WHERE id = ?", (job_id,))
        self.db.execute(
            "DELETE FROM jobs WHERE inbox = ? AND relpath = ? AND state = 'withdrawn' AND id < ?",
            (*row, job_id),
        )
        self.news.append(News(job_id, "deleted"))
        others = self.db.execute("SELECT 1 FROM jobs WHERE inbox = ? AND relpath = ? LIMIT 1", row)
        return others.fetchone() is None

    def jobs(
        self, states: Collection[JobState] | None = None, limit: int = 50, offset: int = 0
    ) -> list[Job]:
        """Return the newest jobs, of ``states`` only where given."""
        wanted: Sequence[JobState] = tuple(states) if states is not None else tuple(JobState)
        rows = self.db.execute(
            f"SELECT {COLUMNS} FROM jobs"  # noqa: S608  (our own column list)
            f" WHERE state IN ({','.join('?' * len(wanted))}) ORDER BY id DESC LIMIT ? OFFSET ?",
            (*wanted, limit, offset),
        )
        return [job_of(row) for row in rows]

    def listed(
        self, choice: Choice, *, before: int | None = None, limit: int = 50,
        sight: Sight | None = None,
    ) -> tuple[list[Job], int | None]:  # fmt: skip
        """Return the newest jobs that a person means, and where to go on: None for nowhere.

        They are those with numbers under ``before``, and all where the choice says nothing; with
        ``sight`` those of them that it has.
        """
        if sight is None and not choice.inbox:
            sources = [self._newest(choice, before)]
        else:
            sources = [*self._newest_by_folder(choice, before, sight)]
        rows = heapq.merge(*sources, key=lambda row: -row[0])
        fits = _naming(choice.name)
        named = (number for number, relpath in rows if fits(os.fsdecode(relpath)))
        numbers = [*itertools.islice(named, limit + 1)]
        found = [job for job in map(self.job, numbers[:limit]) if job is not None]
        return found, numbers[limit - 1] if len(numbers) > limit else None

    def _newest(
        self, choice: Choice, before: int | None, where: str = "TRUE", *values: object
    ) -> sqlite3.Cursor:
        """Return numbers and paths of what a choice means, of one source, the newest first."""
        state = _state_of(choice)
        return self.db.execute(
            f"SELECT id, relpath FROM jobs WHERE {where} AND id < ?"  # noqa: S608  (our own)
            " AND (? IS NULL OR state = ?) AND (? = '' OR code = ?)"
            " AND (NOT ? OR pages_failed > 0 OR pages_doubtful > 0) ORDER BY id DESC",
            (*values, _PAST_ALL if before is None else before, state, state, choice.code,
             choice.code, choice.doubted),
        )  # fmt: skip

    def _newest_by_folder(
        self, choice: Choice, before: int | None, sight: Sight | None
    ) -> Iterator[sqlite3.Cursor]:
        """Yield what is meant, each of one folder and state, so that no other's rows are read."""
        wanted = os.fsencode(choice.inbox)
        inboxes = {wanted} if sight is None else self._seen(sight)
        state = _state_of(choice)
        states = [*JobState] if state is None else [state]
        for inbox in inboxes & {wanted} if wanted else inboxes:
            for state in states:  # of the index of both, in which they lie by their numbers
                yield self._newest(choice, before, "state = ? AND inbox = ?", state, inbox)
        if sight is not None and choice.inbox in {"", sight.uploads}:
            own = "asked <> '{}' AND json_extract(asked, '$.by') = ? AND inbox = ?"
            yield self._newest(choice, before, own, sight.owner, os.fsencode(sight.uploads))

    def _seen(self, sight: Sight) -> set[bytes]:
        """Return the folders with jobs that somebody may see, but for that of the uploads."""
        found = set()
        for told in map(os.fsencode, sight.folders):
            found.add(told)
            below = told.rstrip(b"/") + b"/"
            last, past = below, below[:-1] + b"0"  # which comes next to the slash
            while last is not None:
                (last,) = self.db.execute(
                    "SELECT MIN(inbox) FROM jobs WHERE inbox > ? AND inbox < ?", (last, past)
                ).fetchone()
                found.add(last)
        return found - {None, os.fsencode(sight.uploads)}

    def chosen(self, choice: Choice) -> list[Job]:
        """Return the jobs that a person means, the oldest first; KeyError for an unknown number."""
        if choice.numbers:
            found = [(number, self.job(number)) for number in dict.fromkeys(choice.numbers)]
            for number, job in found:
                if job is None:
                    raise KeyError(number)
            return [job for _, job in found if job is not None]
        state = choice.state or (JobState.DONE if choice.doubted else JobState.FAILED)
        inbox = os.fsencode(choice.inbox)
        rows = self.db.execute(
            f"SELECT {COLUMNS} FROM jobs WHERE state = ?"  # noqa: S608  (our own column list)
            " AND (? = '' OR code = ?) AND (? = x'' OR inbox = ?)"
            " AND (NOT ? OR pages_failed > 0 OR pages_doubtful > 0) ORDER BY id",
            (state, choice.code, choice.code, inbox, inbox, choice.doubted),
        )
        fits = _naming(choice.name)
        return [job_of(row) for row in rows if fits(os.fsdecode(row[2]))]

    def newest_of(self, inbox: str, relpath: str) -> Job | None:
        """Return the last job of a source, None if there was none."""
        row = self.db.execute(
            f"SELECT {COLUMNS} FROM jobs WHERE inbox = ? AND relpath = ?"  # noqa: S608
            " ORDER BY id DESC LIMIT 1",
            (os.fsencode(inbox), os.fsencode(relpath)),
        ).fetchone()
        return None if row is None else job_of(row)

    def counts(self) -> dict[JobState, int]:
        """Return how many jobs are in each state."""
        rows = self.db.execute("SELECT state, COUNT(*) FROM jobs GROUP BY state").fetchall()
        return dict.fromkeys(JobState, 0) | {JobState(state): count for state, count in rows}

    def count_of(self, inbox: str) -> int:
        """Return how many jobs there are of a folder, but for those that are withdrawn."""
        (count,) = self.db.execute(
            "SELECT COUNT(*) FROM jobs INDEXED BY jobs_source"
            " WHERE inbox = ? AND state <> 'withdrawn'",
            (os.fsencode(inbox),),
        ).fetchone()
        return int(count)

    def doubted(self) -> tuple[int, int]:
        """Return how many documents are done with doubts, and how many in part only."""
        doubtful, partial = self.db.execute(
            "SELECT COUNT(*) FILTER (WHERE pages_failed = 0), COUNT(*) FILTER (WHERE pages_failed)"
            " FROM jobs INDEXED BY jobs_doubted"
            " WHERE state = 'done' AND (pages_failed > 0 OR pages_doubtful > 0)"
        ).fetchone()
        return doubtful, partial

    def queued_by_inbox(self) -> dict[str, int]:
        """Return how many jobs of each inbox are queued."""
        rows = self.db.execute(
            "SELECT inbox, COUNT(*) FROM jobs WHERE state = 'queued' GROUP BY inbox"
        )
        return {os.fsdecode(inbox): count for inbox, count in rows}


def _state_of(choice: Choice) -> JobState | None:
    """Return the state that a choice of jobs to be listed means, None for any."""
    return choice.state or (JobState.DONE if choice.doubted else None)


def _naming(pattern: str) -> Callable[[str], bool]:
    """Return what says whether a job's path, or its last part, is of a pattern with * and ?."""
    if not pattern:
        return lambda _: True
    fits = re.compile(fnmatch.translate(pattern)).match  # fnmatch's own store keeps thousands

    def is_named(relpath: str) -> bool:
        name = os.path.basename(relpath)  # noqa: PTH119 -- a name, of no path of ours
        return bool(fits(relpath) or fits(name))

    return is_named
