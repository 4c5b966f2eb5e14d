"""What is known of jobs comes back as it was, and no job is ever lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrd.choice import Choice
from ocrd.errors import LedgerRefusedError, Reason
from ocrd.job import Candidate, FileKey, Job, JobState, Past
from ocrd.ledger.jobs import Ledger
from tests.unit.ledger.memory import in_memory
from tests.unit.ledger.offers import INBOX, NOW, candidate, enqueue, key, lease


def test_all_that_is_known_of_a_job_comes_back_in_its_place(ledger: Ledger) -> None:
    reason = Reason("disk-full", "no space", "make some", page=5)
    enqueue(ledger, candidate("other.pdf"))
    enqueue(ledger, candidate("in/a.pdf"), priority=7)
    with ledger.transaction():
        ledger.inspected(2, pages=12, sha256="ab" * 32)
        ledger.checkpoint(2, 1, "{}")
        ledger.checkpoint(2, 3, "{}")
        for _ in range(4):
            ledger.lease(NOW, inboxes=[INBOX], active=(1,))
            ledger.recover()
        ledger.release(2, not_before=NOW + 60, refund=True, reason=reason)
    expected = Job(
        id=2, inbox=INBOX, relpath="in/a.pdf",
        key=FileKey(device=1, inode=2**64 - 1, size=1000, mtime_ns=1), state=JobState.QUEUED,
        priority=7, attempts=3, created=NOW, not_before=NOW + 60, pages=12, pages_done=2,
        sha256="ab" * 32, finished=None, plan={}, code="disk-full", message="no space",
        hint="make some", page=5, destination="",
    )  # fmt: skip
    assert ledger.job(2) == expected
    with ledger.transaction():
        ledger.intend(2, {"action": "move"})
        assert ledger.job(2) == replace(expected, state=JobState.FILING, plan={"action": "move"})
        ledger.finish(
            2, JobState.FAILED, NOW + 9, destination="/srv/failed/a\udce9.pdf",
            reason=Reason("encrypted", "no password", "ask", page=None),
        )  # fmt: skip
    assert ledger.job(2) == replace(
        expected, state=JobState.FAILED, plan={"action": "move"}, not_before=0.0,
        finished=NOW + 9, code="encrypted", message="no password", hint="ask", page=None,
        destination="/srv/failed/a\udce9.pdf",
    )  # fmt: skip
    assert ledger.job(3) is None


@pytest.mark.parametrize(
    ("column", "value"), [("key", "1:2:3"), ("state", "lost"), ("plan", "{"), ("key", "a:b:c:d")]
)
def test_a_job_that_makes_no_sense_is_named(ledger: Ledger, column: str, value: str) -> None:
    enqueue(ledger, candidate("a.pdf"), candidate("b.pdf"))
    ledger.db.execute(f"UPDATE jobs SET {column} = ? WHERE id = 2", (value,))
    with pytest.raises(LedgerRefusedError, match="job 2 makes no sense"):
        ledger.job(2)


def test_the_newest_fifty_jobs_are_shown_and_older_ones_by_offset(ledger: Ledger) -> None:
    enqueue(ledger, *(candidate(f"{number}.pdf") for number in range(1, 61)))
    assert [job.id for job in ledger.jobs()] == list(range(60, 10, -1))
    assert [job.id for job in ledger.jobs(limit=3, offset=58)] == [2, 1]
    with ledger.transaction():
        ledger.finish(7, JobState.DONE, NOW)
    assert [job.id for job in ledger.jobs({JobState.DONE})] == [7]
    assert ledger.jobs(set()) == []


def test_jobs_are_counted_by_state_and_by_folder(ledger: Ledger) -> None:
    assert ledger.counts() == dict.fromkeys(JobState, 0)
    enqueue(ledger, *(candidate(f"{n}.pdf") for n in range(3)), Candidate("/o\udce9", "x", key()))
    lease(ledger)
    assert ledger.counts() == dict.fromkeys(JobState, 0) | {
        JobState.QUEUED: 3, JobState.LEASED: 1,
    }  # fmt: skip
    assert ledger.queued_by_inbox() == {INBOX: 2, "/o\udce9": 1}


# No job is lost


OPEN = {JobState.QUEUED, JobState.LEASED, JobState.FILING}
STEPS = (
    *("offer", "offer", "change", "lease", "lease", "read", "release", "delay", "recover"),
    *("intend", "reopen", "done", "failed", "cancelled", "withdrawn", "begin", "end", "forget"),
)


def take(ledger: Ledger, step: str, name: str, now: float, mtime_ns: int) -> None:
    """Do with the newest job of a name what the daemon or a person may do with it now."""
    job = next((job for job in ledger.jobs(limit=-1) if job.relpath == name), None)
    state = None if job is None else job.state
    match step, job:
        case "offer", _:
            ledger.enqueue([candidate(name, mtime_ns=mtime_ns)], 0, now)
        case "change", _:
            ledger.enqueue([candidate(name, mtime_ns=mtime_ns + 1)], 0, now)
        case "lease", _:
            ledger.lease(now, inboxes=[INBOX], active=())
        case "recover", _:
            ledger.recover()
        case "read", Job(id=job_id) if state is JobState.LEASED:
            ledger.checkpoint(job_id, 1, "{}")
        case "release", Job(id=job_id) if state in OPEN:
            ledger.release(job_id, refund=True)
        case "delay", Job(id=job_id) if state in OPEN:
            ledger.release(job_id, not_before=now + 300, refund=False)
        case "intend", Job(id=job_id) if state is JobState.LEASED:
            ledger.intend(job_id, {"a": 1})
        case "reopen", Job(id=job_id) if state is JobState.FILING:
            ledger.reopen(job_id)
        case "begin", Job(id=job_id) if state not in OPEN:
            ledger.begin_retry(job_id, {"b": 2})
        case "end", Job(id=job_id) if state is JobState.FILING:
            ledger.end_retry(job_id, JobState.FAILED, {})
        case "forget", Job(id=job_id) if state not in OPEN:
            ledger.forget(job_id)
        case _, Job(id=job_id) if state in OPEN and step in set(JobState):
            ledger.finish(job_id, JobState(step), now, kept=mtime_ns > 2)


@given(
    st.lists(
        st.tuples(st.sampled_from(STEPS), st.sampled_from(["a", "b"]), st.integers(1, 4)),
        max_size=40,
    )
)
@settings(max_examples=80, deadline=None)
def test_whatever_happens_a_source_has_one_open_job_at_most_and_each_gets_its_turn(
    history: list[tuple[str, str, int]],
) -> None:
    ledger, now, before = in_memory(), NOW, 0
    for step, name, mtime_ns in history:
        now += 1.0
        take(ledger, step, name, now, mtime_ns)
        jobs = ledger.jobs(limit=-1)
        unfinished = [job.relpath for job in jobs if job.state in OPEN]
        assert len(set(unfinished)) == len(unfinished)
        assert len(jobs) >= before, "a job is never gone"
        before = len(jobs)
    waiting = {job.id for job in ledger.jobs(limit=-1) if job.state in OPEN}
    ledger.recover()
    turns = set[int]()
    while (job := ledger.lease(now + 301, inboxes=[INBOX], active=turns)) is not None:
        turns.add(job.id)
    assert turns == waiting, "after a restart each open job has its turn, once"


@pytest.fixture
def several(ledger: Ledger) -> Ledger:
    """Provide done and failed jobs of two folders; the done ones with and without doubts."""
    ended = [
        ("a.pdf", JobState.FAILED, "corrupt"), ("sub/b.txt", JobState.FAILED, "unsupported"),
        ("c.pdf", JobState.DONE, ""), ("d.pdf", JobState.DONE, ""), ("e.pdf", JobState.DONE, ""),
        ("f.pdf", JobState.CANCELLED, ""), ("g.pdf", None, ""),
    ]  # fmt: skip
    with ledger.transaction():
        for number, (name, state, code) in enumerate(ended, start=1):
            ledger.enqueue([candidate(name)], 0, NOW)
            if state:
                ledger.finish(number, state, NOW, reason=Reason(code, "", ""))
        ledger.enqueue([replace(candidate("a.pdf"), inbox="/other")], 0, NOW)
        ledger.finish(8, JobState.FAILED, NOW)
        ledger.db.execute("UPDATE jobs SET pages_failed = 1 WHERE id = 3")
        ledger.db.execute("UPDATE jobs SET pages_doubtful = 1 WHERE id = 4")
    return ledger


@pytest.mark.parametrize(
    ("choice", "numbers"),
    [
        (Choice(), [1, 2, 8]),
        (Choice(numbers=(7, 1, 7)), [7, 1]),
        (Choice(state=JobState.DONE), [3, 4, 5]),
        (Choice(doubted=True), [3, 4]),
        (Choice(state=JobState.CANCELLED), [6]),
        (Choice(code="unsupported"), [2]),
        (Choice(inbox="/other"), [8]),
        (Choice(name="a*"), [1, 8]),
        (Choice(name="b.txt"), [2]),
        (Choice(name="sub/*"), [2]),
        (Choice(name="A*"), []),
        (Choice(inbox=INBOX, name="*.pdf", code="corrupt"), [1]),
        (Choice(state=JobState.DONE, code="corrupt"), []),
    ],
)
def test_jobs_are_chosen_by_all_that_is_asked_for(
    several: Ledger, choice: Choice, numbers: list[int]
) -> None:
    assert [job.id for job in several.chosen(choice)] == numbers


def test_an_unknown_number_is_no_choice(several: Ledger) -> None:
    with pytest.raises(KeyError, match="9"):
        several.chosen(Choice(numbers=(1, 9)))


def test_all_are_chosen_however_many(ledger: Ledger) -> None:
    with ledger.transaction():
        for number in range(1, 61):
            ledger.enqueue([candidate(f"{number}.pdf")], 0, NOW)
            ledger.finish(number, JobState.FAILED, NOW)
    assert len(ledger.chosen(Choice())) == 60


def test_the_newest_job_of_a_source_is_told_from_others(several: Ledger) -> None:
    newest = several.newest_of(INBOX, "a.pdf")
    assert newest is not None and newest.id == 1
    with several.transaction():
        several.enqueue([candidate("a.pdf", mtime_ns=9)], 0, NOW)
    newest = several.newest_of(INBOX, "a.pdf")
    assert newest is not None and newest.id == 9
    assert several.newest_of(INBOX, "z.pdf") is None


def test_what_there_is_of_a_document_from_before_is_told_with_its_job(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"), candidate("b.pdf"))
    first, second = ledger.job(1), ledger.job(2)
    assert first is not None
    assert second is not None
    with ledger.transaction():
        assert ledger.past(first) == Past()
        ledger.checkpoint(1, 2, "{}")
        ledger.checkpoint(1, 5, "{}", failed=True)
        ledger.count_kill(1, 4)
        ledger.count_kill(1, 4)
        ledger.finish(2, JobState.DONE, NOW, kept=True, outputs={"/in/b.md": "ab" * 32})
        assert ledger.past(first) == Past(frozenset({2, 5}), {4: 2})
        assert ledger.past(second) == Past(has_outputs=True)
