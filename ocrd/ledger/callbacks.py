"""Who still has to be told of a job's end: kept from the job's beginning until he was."""

from __future__ import annotations

from ocrd.job import FINAL_STATES, Job
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.rows import COLUMNS, job_of

_FINAL = ",".join(f"'{state.value}'" for state in sorted(FINAL_STATES))


def due(ledger: Ledger, now: float, limit: int) -> list[tuple[Job, int]]:
    """Return jobs that have ended and whose callback is due, each with the tries before."""
    rows = ledger.db.execute(
        f"SELECT callbacks.attempts, {_COLUMNS} FROM callbacks JOIN jobs ON jobs.id = job"  # noqa: S608
        f" WHERE jobs.state IN ({_FINAL}) AND callbacks.due <= ? ORDER BY callbacks.due LIMIT ?",
        (now, limit),
    )
    return [(job_of(row[1:]), row[0]) for row in rows]


def next_due(ledger: Ledger) -> float | None:
    """Return the Unix time at which the next callback of an ended job is due; None without one."""
    (found,) = ledger.db.execute(
        "SELECT MIN(callbacks.due) FROM callbacks JOIN jobs ON jobs.id = job"  # noqa: S608
        f" WHERE jobs.state IN ({_FINAL})"
    ).fetchone()
    return None if found is None else float(found)


def is_over(ledger: Ledger, job_id: int) -> None:
    """Forget a callback: it was made, or is given up."""
    ledger.db.execute("DELETE FROM callbacks WHERE job = ?", (job_id,))


def delay(ledger: Ledger, job_id: int, until: float) -> None:
    """Let a callback that failed be tried again at a Unix time."""
    ledger.db.execute(
        "UPDATE callbacks SET attempts = attempts + 1, due = ? WHERE job = ?", (until, job_id)
    )


_COLUMNS = ", ".join(f"jobs.{column.strip()}" for column in COLUMNS.split(","))
