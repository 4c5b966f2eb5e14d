"""A failed or cancelled document once more: its file back into the inbox, the rest by the scan."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from ocrd import files, filing
from ocrd.errors import OcrdError, SourceChangedError
from ocrd.job import Job, JobState
from ocrd.ledger import Ledger

ALL_FAILED = 1_000_000


def find(ledger: Ledger, job_ids: Sequence[int] | None) -> list[Job]:
    """Return the jobs to retry: those of ``job_ids`` that are final, or all failed ones.

    Raises KeyError for a number that no job has.
    """
    if job_ids is None:
        return ledger.jobs({JobState.FAILED}, limit=ALL_FAILED)
    found = []
    for job_id in job_ids:
        job = ledger.job(job_id)
        if job is None:
            raise KeyError(job_id)
        if job.state.is_final:
            found.append(job)
    return found


def put_back(job: Job) -> None:
    """Move the job's source back into its inbox, and remove the error file that lay beside it.

    Raises SourceChangedError if the file is not where it was filed, TransientError if the move
    fails.
    """
    home = Path(job.inbox, job.relpath)
    if job.destination and job.destination != str(home):
        filed = Path(job.destination)
        key = files.file_key(filed)
        files.make_directories(home.parent, below=Path(job.inbox))
        try:
            files.move(filed, home, key)
        except FileExistsError as error:
            raise SourceChangedError(
                f"{files.printable(home)} is there already.",
                hint=f"Move {files.printable(filed)} into the inbox under another name.",
            ) from error
    if job.plan:
        with contextlib.suppress(OcrdError, OSError):
            filing.withdraw(filing.Plan.from_json(job.plan))


def retry(ledger: Ledger, job_ids: Sequence[int] | None) -> list[Job]:
    """Retry without a running daemon: its first scan finds the files. See :func:`find`."""
    jobs = find(ledger, job_ids)
    for job in jobs:
        put_back(job)
        with ledger.transaction():
            ledger.forget(job.id)
    return jobs
