"""What is said of a job that is to be taken back, in each of its states."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ocrd import again
from ocrd.job import FileKey, Job, JobState

JOB = Job(
    id=7, inbox="/in", relpath="a.pdf", key=FileKey(1, 2, 3, 4), state=JobState.FAILED, priority=0,
    attempts=1, created=1.0, destination="/in/failed/a.pdf",
)  # fmt: skip
HOME = "/in/a.pdf"


def job(state: JobState, destination: str = "") -> Job:
    return replace(JOB, state=state, destination=destination)


def newer(one: Job) -> Job:
    return replace(one, id=9)


@pytest.mark.parametrize(
    ("one", "is_last", "read", "said"),
    [
        (job(JobState.QUEUED), True, True, "is not finished"),
        (job(JobState.LEASED), True, True, "is not finished"),
        (job(JobState.FILING), True, True, "is not finished"),
        (job(JobState.WITHDRAWN), True, True, "went away or changed"),
        (job(JobState.WITHDRAWN), False, True, "is job 9"),
        (job(JobState.DONE), True, True, "delete"),
        (job(JobState.DONE, HOME), False, True, "was read again since, as job 9"),
        (job(JobState.FAILED, HOME), False, True, "was read again since, as job 9"),
        (job(JobState.CANCELLED), False, True, "was read again since, as job 9"),
        (job(JobState.CANCELLED), True, False, "is where it was"),
        (job(JobState.DONE, HOME), True, False, "is where it was"),
    ],
)
def test_what_cannot_be_taken_back_says_why(
    one: Job, is_last: bool, read: bool, said: str
) -> None:
    assert said in again.obstacle(one, one if is_last else newer(one), read=read)


@pytest.mark.parametrize(
    ("one", "is_last", "read"),
    [
        (JOB, True, True), (JOB, True, False), (JOB, False, True),
        (job(JobState.DONE, "/in/done/a.pdf"), False, False),
        (job(JobState.DONE, HOME), True, True), (job(JobState.FAILED, HOME), True, True),
        (job(JobState.CANCELLED), True, True),
    ],
)  # fmt: skip
def test_nothing_is_in_the_way_of_the_others(one: Job, is_last: bool, read: bool) -> None:
    assert again.obstacle(one, one if is_last else newer(one), read=read) == ""


@pytest.mark.parametrize(
    ("one", "read", "said"),
    [
        (JOB, True, "would go back into its inbox and be read again; its error file is removed"),
        (JOB, False, "and stay there unread"),
        (job(JobState.DONE, "/d/a.pdf"), True, "its outputs are removed, if nobody edited them"),
        (job(JobState.DONE, HOME), True, "its outputs that nobody edited are replaced"),
        (job(JobState.CANCELLED), True, "would be read again where it lies."),
    ],
)
def test_what_would_be_done_is_said(one: Job, read: bool, said: str) -> None:
    assert said in again.intent(one, read=read)


@pytest.mark.parametrize(
    ("one", "new", "stray", "said"),
    [
        (JOB, 12, "", "is back in its inbox, to be read as job 12."),
        (job(JobState.DONE, HOME), 12, "", "lies where it was, to be read as job 12."),
        (JOB, None, "text", "is back in its inbox, and is left alone there: no document (text)."),
        (JOB, None, "", "is back in its inbox, and is not read until it changes or is retried."),
    ],
)
def test_what_was_done_is_said(one: Job, new: int | None, stray: str, said: str) -> None:
    assert again.told(one, new, stray) == said
