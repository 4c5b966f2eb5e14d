"""The ledger: every job, page checkpoint and filing intent, in one SQLite file.

``file`` says when a step is on disk, ``queue`` whose turn it is, ``checkpoints`` how far a job
came, ``filings`` how it ends; here it is all one, and people look at it.
"""

from __future__ import annotations

import fnmatch
import itertools
import os
import re
from collections.abc import Callable, Collection, Sequence

from ocrd.choice import Choice
from ocrd.job import Job, JobState, News, Past
from ocrd.ledger.checkpoints import Checkpoints
from ocrd.ledger.filings import Filings
from ocrd.ledger.queue import Queue
from ocrd.ledger.rows import COLUMNS, find, job_of


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
        self, choice: Choice, *, before: int | None = None, limit: int = 50
    ) -> tuple[list[Job], int | None]:
        """Return the newest jobs that a person means, and where to go on: None for nowhere.

        They are those with numbers under ``before``, and all where the choice says nothing.
        """
        state = choice.state or (JobState.DONE if choice.doubted else None)
        inbox = os.fsencode(choice.inbox)
        rows = self.db.execute(
            f"SELECT {COLUMNS} FROM jobs WHERE (? IS NULL OR id < ?)"  # noqa: S608  (our own)
            " AND (? IS NULL OR state = ?) AND (? = '' OR code = ?) AND (? = x'' OR inbox = ?)"
            " AND (NOT ? OR pages_failed > 0 OR pages_doubtful > 0) ORDER BY id DESC",
            (before, before, state, state, choice.code, choice.code, inbox, inbox, choice.doubted),
        )
        named = filter(_naming(choice.name), map(job_of, rows))
        found = list(itertools.islice(named, limit + 1))
        if len(found) <= limit:
            return found, None
        return found[:limit], found[limit - 1].id

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
        return [*filter(_naming(choice.name), map(job_of, rows))]

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


def _naming(pattern: str) -> Callable[[Job], bool]:
    """Return what says whether a job's path, or its last part, is of a pattern with * and ?."""
    if not pattern:
        return lambda _: True
    fits = re.compile(fnmatch.translate(pattern)).match  # fnmatch's own store keeps thousands

    def is_named(job: Job) -> bool:
        name = os.path.basename(job.relpath)  # noqa: PTH119 -- a name, of no path of ours
        return bool(fits(job.relpath) or fits(name))

    return is_named
