"""How a job ends: the intent before anything goes, the finish, and the way back from both."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from ocrd.errors import NO_REASON, Reason
from ocrd.job import NO_ACCOUNT, FileKey, JobAccount, JobState, News
from ocrd.ledger.file import LedgerFile
from ocrd.ledger.rows import account_text, key_text, reason_columns


class Filings(LedgerFile):
    """What is filed, kept or withdrawn, and the plans of it."""

    def intend(
        self, job_id: int, plan: Mapping[str, Any], *, sha256: str | None = None,
        account: JobAccount = NO_ACCOUNT,
    ) -> None:
        """Record where everything of the job will go, and what it is, before anything goes."""
        self.db.execute(
            "UPDATE jobs SET state = 'filing', plan = ?, sha256 = COALESCE(?, sha256), account = ?"
            " WHERE id = ?",
            (json.dumps(plan), sha256, account_text(account), job_id),
        )
        self.news.append(News(job_id, JobState.FILING))

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
                *reason_columns(reason),
                job_id,
            ),
        )
        self.db.execute("DELETE FROM pages WHERE job = ?", (job_id,))
        self.db.execute("DELETE FROM kills WHERE job = ?", (job_id,))
        self.news.append(News(job_id, state))
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
        self.news.append(News(job_id, JobState.QUEUED))

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

    def rest(self, job_id: int, key: FileKey) -> None:
        """Close a job whose source is back where it was, and is not to be read in this state."""
        self.forget(job_id)
        self.db.execute(
            "UPDATE jobs SET state = 'cancelled', key = ?, destination = x'' WHERE id = ?",
            (key_text(key), job_id),
        )

    def tell(self, job_id: int, message: str) -> None:
        """Note with a final job what became of its document since."""
        self.db.execute("UPDATE jobs SET message = ? WHERE id = ?", (message, job_id))

    def forget(self, job_id: int) -> None:
        """Let a final job's source be read again, in this very state too, once it is offered."""
        self.db.execute(
            "UPDATE jobs SET kept = 0 WHERE kept AND id < ? AND (inbox, relpath) ="
            " (SELECT inbox, relpath FROM jobs WHERE id = ?)",
            (job_id, job_id),
        )
        self.db.execute(
            "UPDATE jobs SET state = 'withdrawn', kept = 0, plan = '{}', account = '{}', code = '',"
            " message = '', hint = '', page = NULL WHERE id = ?",
            (job_id,),
        )
        self.news.append(News(job_id, JobState.WITHDRAWN))
