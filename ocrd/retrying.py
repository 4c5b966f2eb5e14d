"""A finished document once more: its file back into the inbox, and a new job for it.

The ledger knows of it first: the job is FILING while its source goes back, with a plan that holds
the earlier state and plan. So a crash in the middle is taken up like that of any filing, and the
copy in the inbox is not read while the other is still there. What can be done for a job, and what
is said of it, is in ``again``.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from pathlib import Path

from ocrd import again, files
from ocrd.again import Outcome
from ocrd.choice import Choice
from ocrd.config.settings import InboxSettings
from ocrd.errors import Fate, OcrdError, SourceChangedError
from ocrd.filing import filing, plans
from ocrd.job import NO_ORDER, Candidate, FileKey, Job, JobState
from ocrd.ledger.jobs import Ledger
from ocrd.surveying import judge_of

# What the job was, while its source goes back, and whether it is to be read then.
_STATE, _PLAN, _READ = "retried_state", "retried_plan", "retried_read"


def begin(ledger: Ledger, job: Job, *, read: bool = True) -> None:
    """Record that the job's source goes back, before it goes: after a crash it goes on.

    Until then no other file of its name is taken up. Raises SourceChangedError if one is at work.
    """
    plan = {_STATE: job.state, _PLAN: job.plan, _READ: read}
    if not ledger.begin_retry(job.id, plan):
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


def is_to_be_read(job: Job) -> bool:
    """Say whether a job that :meth:`is_begun` is to be read once its source is back."""
    return bool(job.plan.get(_READ, True))


def put_back(job: Job) -> FileKey:
    """Move the job's source back into its inbox, and remove what was published with it.

    Returns the source's state there. A kept source that was read keeps its outputs until others
    replace them. What an earlier run, which a crash ended, has done of it is taken up. Raises
    SourceChangedError if the file is not where it was filed, TransientError if the move fails.
    """
    plan = _plan(job)
    home = files.Place.below(Path(job.inbox), job.relpath)
    if job.destination and job.destination != str(home):
        key = _move(job, _filed(job, plan), home)
    else:
        key = files.file_key(home)
    if plan and not (plan.action == "keep" and plan.state is JobState.DONE):
        with contextlib.suppress(OcrdError, OSError):
            filing.withdraw(plan)
    return key


def stray_at_home(job: Job, settings: InboxSettings | None) -> str:
    """Return what the job's source is, back in its inbox, if it is left alone there; else ""."""
    home = files.Place.below(Path(job.inbox), job.relpath)
    with contextlib.suppress(OcrdError, OSError):  # whoever reads it finds out
        if settings is not None:
            with files.entry_of(home) as entry:
                return judge_of(settings)(entry)
    return ""


def end(
    ledger: Ledger, job: Job, key: FileKey, *, priority: int, read: bool, stray: str = "",
    by: str = "",
) -> int | None:  # fmt: skip
    """Close the job whose source is back; return the number of the new one, None for none.

    ``by`` says who asked for it, as in " by anna"; it stays with the old job.
    """
    if not read:
        ledger.rest(job.id, key)
        ledger.tell(job.id, f"It was put back{by}." if by else "")
        return None
    ledger.forget(job.id)
    if stray:
        ledger.tell(job.id, f"It was put back{by}." if by else "")
        return None
    again = Candidate(job.inbox, job.relpath, key)
    if job.order != NO_ORDER:  # whoever brought it wants the same once more
        ledger.accept(again, job.priority, time.time(), job.order)
    else:
        ledger.enqueue([again], priority, time.time())
    new = ledger.newest_of(job.inbox, job.relpath)
    assert new is not None, "it was enqueued in this very step"
    ledger.tell(job.id, f"It was taken back{by}, to be read as job {new.id}.")
    return new.id


def _plan(job: Job) -> plans.Plan | None:
    """Return the plan that the job was filed by."""
    body = job.plan[_PLAN] if is_begun(job) else job.plan
    return plans.Plan.from_json(body) if body else None


def _filed(job: Job, plan: plans.Plan | None) -> files.Place:
    if plan:
        return plan.place(job.destination)
    return files.Place.of(Path(job.destination), Path(job.inbox))


def _move(job: Job, filed: files.Place, home: files.Place) -> FileKey:
    """Move the source, and return its state in its inbox."""
    try:
        key = files.file_key(filed)
    except SourceChangedError:
        if is_begun(job) and (there := _key_of(home)):
            return there  # an earlier run came to the move's end
        raise
    files.make_directories(home.parent, root_too=False)
    try:
        files.move(filed, home, key, resume=is_begun(job))
    except FileExistsError as error:
        raise _is_taken(job) from error
    return _key_of(home) or key  # of one that was taken from there meanwhile: that will be seen


def _key_of(place: files.Place) -> FileKey | None:
    try:
        return files.file_key(place)
    except OcrdError:
        return None


def _is_taken(job: Job) -> SourceChangedError:
    return SourceChangedError(
        f"{files.printable(Path(job.inbox, job.relpath))} is there already.",
        hint=f"Move {files.printable(job.destination)} into the inbox under another name.",
    )


def retry(
    ledger: Ledger,
    choice: Choice,
    folders: Sequence[InboxSettings],
    *,
    read: bool = True,
    dry: bool = False,
    by: str = "",
) -> list[Outcome]:
    """Take the chosen jobs back without a running daemon. Raises KeyError for an unknown number."""
    known = {str(folder.path): folder for folder in folders}
    return [
        _retry_one(ledger, job, known.get(job.inbox), read=read, dry=dry, by=by)
        for job in ledger.chosen(choice)
    ]


def _retry_one(
    ledger: Ledger, job: Job, settings: InboxSettings | None, *, read: bool, dry: bool, by: str
) -> Outcome:
    obstacle = again.obstacle(job, ledger.newest_of(job.inbox, job.relpath), read=read)
    if obstacle or dry:
        return Outcome(job, done=False, what=obstacle or again.intent(job, read=read))
    try:
        with ledger.transaction():
            begin(ledger, job, read=read)
        try:
            key = put_back(job)
            stray = stray_at_home(job, settings) if read else ""
        except OcrdError:
            with ledger.transaction():
                give_up(ledger, job)
            raise
        priority = settings.priority if settings else 0
        with ledger.transaction():
            new = end(ledger, job, key, priority=priority, read=read, stray=stray, by=by)
    except OcrdError as error:
        if error.fate is Fate.STOP:
            raise
        return Outcome(job, done=False, what=str(error), error=error)
    return Outcome(job, done=True, what=again.told(job, new, stray), new=new)
