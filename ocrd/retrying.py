"""A failed or cancelled document once more: its file back into the inbox, the rest by the scan.

The ledger knows of it first: the job is FILING while its source goes back, with a plan that holds
the earlier state and plan. So a crash in the middle is taken up like that of any filing, and the
copy in the inbox is not read while the other is still there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from ocrd import files
from ocrd.errors import OcrdError, SourceChangedError
from ocrd.filing import filing, plans
from ocrd.job import Job, JobState
from ocrd.ledger.jobs import Ledger

_EVERY = -1  # SQLite's limit that is none
_STATE, _PLAN = "retried_state", "retried_plan"  # what the job was, while its source goes back


def find(ledger: Ledger, job_ids: Sequence[int] | None) -> list[Job]:
    """Return the jobs to retry: those of ``job_ids`` that are final, or all failed ones.

    Raises KeyError for a number that no job has.
    """
    if job_ids is None:
        return ledger.jobs({JobState.FAILED}, limit=_EVERY)
    found = []
    for job_id in job_ids:
        job = ledger.job(job_id)
        if job is None:
            raise KeyError(job_id)
        if job.state.is_final:
            found.append(job)
    return found


def begin(ledger: Ledger, job: Job) -> None:
    """Record that the job's source goes back, before it goes: after a crash it goes on.

    Until then no other file of its name is taken up. Raises SourceChangedError if one is at work.
    """
    if not ledger.begin_retry(job.id, {_STATE: job.state, _PLAN: job.plan}):
        raise _is_taken(job)


def is_begun(job: Job) -> bool:
    """Say whether what is left of the job is its source's way back."""
    return job.state is JobState.FILING and _STATE in job.plan


def give_up(ledger: Ledger, job: Job) -> None:
    """Leave a job whose source cannot go back as it was before :func:`begin`."""
    state, plan = job.state, job.plan
    if is_begun(job):
        state, plan = JobState(plan[_STATE]), plan[_PLAN]
    ledger.end_retry(job.id, state, plan)


def put_back(job: Job) -> None:
    """Move the job's source back into its inbox, and remove the error file that lay beside it.

    What an earlier run, which a crash ended, has done of it is taken up. Raises SourceChangedError
    if the file is not where it was filed, TransientError if the move fails.
    """
    plan = _plan(job)
    home = files.Place.below(Path(job.inbox), job.relpath)
    if job.destination and job.destination != str(home):
        _move(job, _filed(job, plan), home)
    if plan:
        with contextlib.suppress(OcrdError, OSError):
            filing.withdraw(plan)


def _plan(job: Job) -> plans.Plan | None:
    """Return the plan that the job was filed by."""
    body = job.plan[_PLAN] if is_begun(job) else job.plan
    return plans.Plan.from_json(body) if body else None


def _filed(job: Job, plan: plans.Plan | None) -> files.Place:
    if plan:
        return plan.place(job.destination)
    return files.Place.of(Path(job.destination), Path(job.inbox))


def _move(job: Job, filed: files.Place, home: files.Place) -> None:
    try:
        key = files.file_key(filed)
    except SourceChangedError:
        if is_begun(job) and _is_there(home):
            return  # an earlier run came to the move's end
        raise
    files.make_directories(home.parent, root_too=False)
    try:
        files.move(filed, home, key, resume=is_begun(job))
    except FileExistsError as error:
        raise _is_taken(job) from error


def _is_there(place: files.Place) -> bool:
    try:
        files.file_key(place)
    except OcrdError:
        return False
    return True


def _is_taken(job: Job) -> SourceChangedError:
    return SourceChangedError(
        f"{files.printable(Path(job.inbox, job.relpath))} is there already.",
        hint=f"Move {files.printable(job.destination)} into the inbox under another name.",
    )


def retry(ledger: Ledger, job_ids: Sequence[int] | None) -> list[Job]:
    """Retry without a running daemon: its first scan finds the files. See :func:`find`."""
    jobs = find(ledger, job_ids)
    for job in jobs:
        with ledger.transaction():
            begin(ledger, job)
        try:
            put_back(job)
        except OcrdError:
            with ledger.transaction():
                give_up(ledger, job)
            raise
        with ledger.transaction():
            ledger.forget(job.id)
    return jobs
