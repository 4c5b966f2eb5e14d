"""Sources that stay where they are: under which names they were read, and whose an output is."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from ocrd.errors import Reason
from ocrd.job import Job
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.rows import COLUMNS, job_of


def read_as(ledger: Ledger, inbox: str, relpath: str, sha256: str) -> list[Job]:
    """Return the jobs by which this content was read under other names, the newest first."""
    rows = ledger.db.execute(
        f"SELECT {COLUMNS} FROM jobs INDEXED BY jobs_kept"  # noqa: S608  (our own column list)
        " WHERE kept AND sha256 = ? AND inbox = ? AND relpath <> ? AND state IN ('done', 'failed')"
        " AND id = (SELECT MAX(id) FROM jobs AS newer"
        " WHERE newer.inbox = jobs.inbox AND newer.relpath = jobs.relpath"
        " AND newer.state <> 'withdrawn') ORDER BY id DESC",
        (sha256, os.fsencode(inbox), os.fsencode(relpath)),
    )
    return [job_of(row) for row in rows]


def is_owned(ledger: Ledger, path: str) -> bool:
    """Say whether a file is the output of a kept source."""
    found = ledger.db.execute("SELECT 1 FROM outputs WHERE path = ?", (os.fsencode(path),))
    return found.fetchone() is not None


def rename(
    ledger: Ledger, old: int, new: int, *, sha256: str, outputs: Mapping[str, str], destination: str
) -> None:
    """End a job as the one by which its source was read before, under a name that is gone."""
    before, after = ledger.job(old), ledger.job(new)
    if before is None or after is None:
        return
    ledger.db.execute(
        "DELETE FROM outputs WHERE inbox = ? AND relpath = ?",
        (os.fsencode(before.inbox), os.fsencode(before.relpath)),
    )
    ledger.finish(
        new, before.state, time.time(), destination=destination, sha256=sha256, kept=True,
        reason=Reason(before.code, before.message, before.hint, before.page), outputs=outputs,
    )  # fmt: skip
    ledger.db.execute(
        "UPDATE jobs SET plan = '{}', pages = ?, pages_done = ?, pages_doubtful = ?,"
        " pages_failed = ? WHERE id = ?",
        (
            *(before.pages, before.pages_done, before.pages_doubtful, before.pages_failed), new,
        ),
    )
    ledger.forget(old)
    name = after.relpath.encode("utf-8", "backslashreplace").decode()
    ledger.tell(old, f"It was renamed to {name}, job {new}.")
