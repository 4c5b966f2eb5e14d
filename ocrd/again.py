"""What can be done for a finished job whose document is to be taken back, and how it is said."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ocrd.errors import OcrdError
from ocrd.job import Job, JobState


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one job that was to be taken back."""

    job: Job  # as it was
    done: bool
    what: str  # a sentence, for a person
    new: int | None = None  # the number of the job that reads it again
    error: OcrdError | None = None  # why it could not be


def obstacle(job: Job, newest: Job | None, *, read: bool) -> str:
    """Return why a job is not taken back, "" if it can be tried.

    ``newest`` is the last job of the same source; ``read`` says whether it is to be read again.
    """
    if not job.state.is_final:
        return "is not finished: 'ocrd cancel' stops it."
    is_last = newest is None or newest.id == job.id
    if job.state is JobState.WITHDRAWN:
        if is_last:
            return "went away or changed before it was read; what lies there now is found anyway."
        return f"is over; what came after it under this name is job {newest.id if newest else ''}."
    if _is_deleted(job):
        return 'is gone: its folder has source = "delete", and its text is in done.'
    if _stayed(job) and not is_last:
        return f"was read again since, as job {newest.id if newest else ''}."
    if _stayed(job) and not read:
        return "is where it was."
    return ""


def intent(job: Job, *, read: bool) -> str:
    """Say what is done for a job that nothing is in the way of."""
    if _stayed(job):
        if job.state is JobState.DONE:
            return "would be read again where it lies; its outputs that nobody edited are replaced."
        return "would be read again where it lies."
    lost = "its error file is" if job.state is JobState.FAILED else "its outputs are"
    then = "and be read again" if read else "and stay there unread"
    return f"would go back into its inbox {then}; {lost} removed, if nobody edited them."


def told(job: Job, new: int | None, stray: str) -> str:
    """Say what was done."""
    where = "lies where it was" if _stayed(job) else "is back in its inbox"
    if new is not None:
        return f"{where}, to be read as job {new}."
    if stray:
        return f"{where}, and is left alone there: no document ({stray})."
    return f"{where}, and is not read until it changes or is retried."


def _stayed(job: Job) -> bool:
    """Say whether the source never left its inbox."""
    return job.destination in {"", str(Path(job.inbox, job.relpath))}


def _is_deleted(job: Job) -> bool:
    return job.state is JobState.DONE and not job.destination
