"""How far a job came: the pages that are read, and what a page is blamed for."""

from __future__ import annotations

from ocrd.job import News
from ocrd.ledger.file import LedgerFile


class Checkpoints(LedgerFile):
    """The pages of the jobs in work; they go when a job is finished."""

    def checkpoint(
        self,
        job_id: int,
        number: int,
        result: str,
        *,
        failed: bool = False,
        doubtful: bool = False,
    ) -> None:
        """Keep a page's result; progress clears the count of attempts.

        ``failed`` says that the page counts as not read, which a doubtful one may, too.
        """
        self.db.execute(
            "INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?)",
            (job_id, number, int(failed), result),
        )
        self.db.execute(
            "UPDATE jobs SET attempts = 0, pages_done = pages_done + 1,"
            " pages_doubtful = pages_doubtful + ?, pages_failed = pages_failed + ? WHERE id = ?",
            (int(doubtful), int(failed), job_id),
        )
        self.news.append(News(job_id, "page", number))

    def forget_pages(self, job_id: int) -> None:
        """Drop a job's checkpoints: they are of another state of the source."""
        self.db.execute("DELETE FROM pages WHERE job = ?", (job_id,))
        self.db.execute(
            "UPDATE jobs SET pages_done = 0, pages_doubtful = 0, pages_failed = 0 WHERE id = ?",
            (job_id,),
        )

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
        """Return number and result of the checkpointed pages that count as not read."""
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
