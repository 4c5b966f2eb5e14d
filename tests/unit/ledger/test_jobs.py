"""Promises of the ledger: once is once, what was committed is there, order of leases."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrd.errors import DocumentError, LedgerError, LedgerRefusedError, Reason
from ocrd.job import Candidate, FileKey, Job, JobState
from ocrd.ledger import schema
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.lock import DaemonLock
from ocrd.ledger.writer import LedgerWriter

INBOX = "/srv/scans"
NOW = 1_000_000.0


def key(size: int = 1000, mtime_ns: int = 1) -> FileKey:
    return FileKey(device=1, inode=2**64 - 1, size=size, mtime_ns=mtime_ns)


def candidate(name: str, size: int = 1000, mtime_ns: int = 1) -> Candidate:
    return Candidate(INBOX, name, key(size, mtime_ns))


def enqueue(ledger: Ledger, *candidates: Candidate, priority: int = 0) -> list[Candidate]:
    with ledger.transaction():
        return ledger.enqueue(candidates, priority, NOW)


def lease(ledger: Ledger, *, longest: int | None = None, active: tuple[int, ...] = ()) -> str:
    with ledger.transaction():
        job = ledger.lease(NOW, inboxes=[INBOX], active=active, longest=longest)
    return job.relpath if job else ""


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.open(tmp_path)


def test_enqueueing_twice_is_once(ledger: Ledger) -> None:
    assert enqueue(ledger, candidate("a.pdf"), candidate("a.pdf")) == []
    enqueue(ledger, candidate("a.pdf"))
    assert ledger.counts()[JobState.QUEUED] == 1


def test_a_name_that_is_not_utf8_comes_back_as_it_was(ledger: Ledger) -> None:
    name = b"caf\xe9\n.pdf".decode("utf-8", "surrogateescape")
    enqueue(ledger, candidate(name))
    assert lease(ledger) == name
    assert ledger.jobs()[0].key == key()


def test_a_queued_source_that_changed_is_read_in_its_new_state(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    assert enqueue(ledger, candidate("a.pdf", mtime_ns=2)) == []
    (job,) = ledger.jobs()
    assert job.key.mtime_ns == 2


def test_a_source_that_changed_while_in_work_has_to_be_offered_again(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    lease(ledger)
    changed = candidate("a.pdf", mtime_ns=2)
    assert enqueue(ledger, changed) == [changed]


def test_a_kept_source_is_read_once_until_it_changes(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    lease(ledger)
    with ledger.transaction():
        ledger.finish(1, JobState.DONE, NOW, kept=True, sha256="abc")
    enqueue(ledger, candidate("a.pdf"))
    assert lease(ledger) == ""
    enqueue(ledger, candidate("a.pdf", mtime_ns=2))
    assert lease(ledger) == "a.pdf"
    assert ledger.kept_sha256(INBOX, "a.pdf") == "abc"


def test_a_filed_source_that_a_person_moved_back_is_read_again(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    lease(ledger)
    with ledger.transaction():
        ledger.finish(1, JobState.FAILED, NOW, reason=Reason.of(DocumentError("bad")))
    enqueue(ledger, candidate("a.pdf"))
    assert lease(ledger) == "a.pdf"


def test_a_cancelled_source_stays_cancelled_until_it_is_retried(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    with ledger.transaction():
        ledger.finish(1, JobState.CANCELLED, NOW)
    enqueue(ledger, candidate("a.pdf"))
    assert lease(ledger) == ""
    with ledger.transaction():
        ledger.forget(1)
    enqueue(ledger, candidate("a.pdf"))
    assert lease(ledger) == "a.pdf"


def test_small_documents_overtake_and_priority_counts_first(ledger: Ledger) -> None:
    enqueue(ledger, candidate("book.pdf", size=100_000_000), candidate("letter.pdf"))
    enqueue(ledger, candidate("urgent-book.pdf", size=100_000_000), priority=5)
    order = [lease(ledger) for _ in range(3)]
    assert order == ["urgent-book.pdf", "letter.pdf", "book.pdf"]


def test_a_long_document_is_passed_over_where_no_more_are_wanted(ledger: Ledger) -> None:
    enqueue(ledger, candidate("book.pdf"), candidate("letter.pdf"))
    with ledger.transaction():
        ledger.inspected(1, pages=500, sha256="x")
        ledger.inspected(2, pages=600, sha256="y")
    assert lease(ledger, longest=20) == ""
    assert lease(ledger) == "book.pdf"


def test_an_attempt_is_counted_at_the_lease_and_cleared_by_a_page(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    lease(ledger)
    with ledger.transaction():
        ledger.recover()
    lease(ledger)
    assert ledger.jobs()[0].attempts == 2
    with ledger.transaction():
        ledger.checkpoint(1, 1, "{}")
    job = ledger.jobs()[0]
    assert (job.attempts, job.pages_done) == (0, 1)


def test_what_was_begun_without_a_page_read_is_suspect_and_can_be_leased_alone(
    ledger: Ledger,
) -> None:
    enqueue(ledger, candidate("a.pdf"), candidate("b.pdf"), candidate("c.pdf"))
    lease(ledger)
    lease(ledger)
    with ledger.transaction():
        ledger.checkpoint(1, 1, "{}")
        ledger.recover()
    assert ledger.suspects() == [2]
    with ledger.transaction():
        job = ledger.lease(NOW, inboxes=[INBOX], active=(), only=2)
    assert job is not None and job.relpath == "b.pdf"


def test_checkpoints_survive_recovery_and_go_with_the_finish(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    lease(ledger)
    with ledger.transaction():
        ledger.checkpoint(1, 2, "{}", failed=True)
        ledger.checkpoint(1, 1, "{}")
        assert ledger.recover() == 1
    assert ledger.pages_done(1) == {1, 2}
    assert [number for number, _ in ledger.page_results(1, 0, 10)] == [1, 2]
    assert [number for number, _ in ledger.failed_pages(1)] == [2]
    with ledger.transaction():
        ledger.finish(1, JobState.DONE, NOW)
    assert ledger.pages_done(1) == set()


def test_a_released_job_waits_for_its_time(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    lease(ledger)
    with ledger.transaction():
        ledger.release(1, not_before=NOW + 60, refund=True)
    assert lease(ledger) == ""
    assert ledger.next_due(NOW) == NOW + 60
    assert ledger.jobs()[0].attempts == 0


def test_a_filing_job_keeps_its_intent_when_leased_again(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    lease(ledger)
    with ledger.transaction():
        ledger.intend(1, {"destination": "/x/caf\udce9"})
        ledger.recover()
    lease(ledger)
    (job,) = ledger.jobs()
    assert job.state is JobState.FILING
    assert job.plan == json.loads(json.dumps({"destination": "/x/caf\udce9"}))


# When a document is due


@pytest.mark.parametrize(
    ("later", "first"),
    [(269.999, "letter.pdf"), (270.0, "book.pdf"), (270.001, "book.pdf")],
)
def test_a_document_not_looked_into_waits_thirty_seconds_for_every_200_kilobytes(
    ledger: Ledger, later: float, first: str
) -> None:
    """A book of ten pages, by its size, and a letter that comes so much later."""
    enqueue(ledger, candidate("book.pdf", size=2_000_000))
    with ledger.transaction():
        ledger.enqueue([candidate("letter.pdf")], 0, NOW + later)
    assert lease(ledger) == first


def test_the_smallest_document_counts_as_one_page(ledger: Ledger) -> None:
    enqueue(ledger, candidate("page.pdf", size=200_000), candidate("less.pdf", size=1))
    assert lease(ledger) == "page.pdf", "both are due at once, and this one came first"
    enqueue(ledger, candidate("more.pdf", size=220_000), candidate("less-2.pdf", size=1))
    assert [lease(ledger) for _ in range(3)] == ["less.pdf", "less-2.pdf", "more.pdf"]


@pytest.mark.parametrize(
    ("later", "first"),
    [(299.999, "letter.pdf"), (300.0, "book.pdf"), (300.001, "book.pdf")],
)
def test_a_document_looked_into_waits_thirty_seconds_for_every_page(
    ledger: Ledger, later: float, first: str
) -> None:
    enqueue(ledger, candidate("book.pdf", size=100))
    with ledger.transaction():
        ledger.inspected(1, pages=11, sha256="x")
        ledger.enqueue([candidate("letter.pdf")], 0, NOW + later)
    assert lease(ledger) == first


@pytest.mark.parametrize(
    ("seconds", "is_leased", "is_due"),
    [
        (-1.0, True, None),
        (0.0, True, None),
        (0.001, False, NOW + 0.001),
        (599.0, False, NOW + 599.0),
        (600.0, False, NOW + 600.0),
        (600.001, True, None),  # the clock went back since
    ],
)
def test_a_delayed_document_waits_for_its_time_but_never_for_more_than_ten_minutes(
    ledger: Ledger, seconds: float, is_leased: bool, is_due: float | None
) -> None:
    enqueue(ledger, candidate("a.pdf"))
    lease(ledger)
    with ledger.transaction():
        ledger.release(1, not_before=NOW + seconds, refund=False)
    assert ledger.next_due(NOW) == is_due
    assert ledger.waiting(NOW) == int(seconds > 0)
    assert lease(ledger) == ("a.pdf" if is_leased else "")


def test_what_is_given_back_without_a_delay_can_be_had_at_once(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    with ledger.transaction():
        assert ledger.lease(0.0, inboxes=[INBOX], active=()) is not None
        ledger.release(1, refund=False)
        job = ledger.lease(0.0, inboxes=[INBOX], active=())
    assert job is not None and job.not_before == 0.0


def test_a_document_known_to_have_as_many_pages_as_are_wanted_is_not_passed_over(
    ledger: Ledger,
) -> None:
    enqueue(ledger, candidate("a.pdf"))
    with ledger.transaction():
        ledger.inspected(1, pages=20, sha256="x")
    assert lease(ledger, longest=19) == ""
    assert lease(ledger, longest=20) == "a.pdf"


def test_only_documents_of_the_folders_asked_for_and_none_in_work_are_leased(
    ledger: Ledger,
) -> None:
    enqueue(ledger, candidate("a.pdf"), candidate("b.pdf"), Candidate("/other", "c.pdf", key()))
    with ledger.transaction():
        assert ledger.lease(NOW, inboxes=[], active=()) is None
        assert ledger.lease(NOW, inboxes=["/none"], active=()) is None
    assert lease(ledger, active=(1, 2)) == ""
    assert lease(ledger, active=(1,)) == "b.pdf"


@pytest.mark.parametrize(
    ("code", "is_hastened"),
    [
        ("disk-full", True), ("share-gone", True), ("transient", True), ("engine", False),
        ("corrupt", False), ("folder-withheld", False), ("", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("inbox", [INBOX, None])
def test_what_waited_for_a_disk_or_share_goes_on_when_it_is_there_and_nothing_else(
    ledger: Ledger, code: str, is_hastened: bool, inbox: str | None
) -> None:
    other = Candidate("/other", "b.pdf", key())
    enqueue(ledger, candidate("a.pdf"), other)
    with ledger.transaction():
        for job_id in (1, 2):
            ledger.release(job_id, not_before=NOW + 60, refund=False, reason=Reason(code))
        ledger.hasten(inbox)
    with ledger.transaction():
        job = ledger.lease(NOW, inboxes=["/other"], active=())
    assert lease(ledger) == ("a.pdf" if is_hastened else "")
    assert (job is not None) is (is_hastened and inbox is None)


# What is remembered


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
        assert ledger.job(2) == replace(
            expected, state=JobState.FILING, plan={"action": "move"}
        )
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


def test_a_hash_once_known_is_kept_where_none_is_told(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    with ledger.transaction():
        ledger.intend(1, {}, sha256="first")
        ledger.intend(1, {})
        assert ledger.jobs()[0].sha256 == "first"
        ledger.finish(1, JobState.DONE, NOW)
        assert ledger.jobs()[0].sha256 == "first"
        ledger.finish(1, JobState.DONE, NOW, sha256="second")
    assert ledger.jobs()[0].sha256 == "second"


@pytest.mark.parametrize(
    ("kept", "outputs", "expected"),
    [
        (True, {"/srv/scans/a.md": "1", "/srv/scans/caf\udce9.json": "2"}, 2),
        (True, None, 0),
        (False, {"/srv/scans/a.md": "1"}, 0),
    ],
)
def test_only_a_kept_source_has_outputs_that_its_next_reading_may_replace(
    ledger: Ledger, kept: bool, outputs: dict[str, str] | None, expected: int
) -> None:
    enqueue(ledger, candidate("a.pdf"))
    with ledger.transaction():
        ledger.finish(1, JobState.DONE, NOW, kept=kept, sha256="x", outputs=outputs)
    known = ledger.outputs_of(INBOX, "a.pdf")
    assert known == (outputs if expected else {})
    assert ledger.outputs_of(INBOX, "b.pdf") == ledger.outputs_of("/other", "a.pdf") == {}
    assert ledger.kept_sha256(INBOX, "a.pdf") == ("x" if kept else None)


def test_a_kept_source_that_is_not_offered_anew_needs_not_come_again(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    with ledger.transaction():
        ledger.finish(1, JobState.DONE, NOW, kept=True)
    assert enqueue(ledger, candidate("a.pdf")) == []


def test_what_was_read_of_an_older_state_is_forgotten(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    lease(ledger)
    with ledger.transaction():
        ledger.checkpoint(1, 1, "{}")
        ledger.count_kill(1, 2)
        ledger.inspected(1, pages=3, sha256="old")
        ledger.release(1, not_before=NOW + 60, refund=False, reason=Reason("corrupt", "m", "h"))
    enqueue(ledger, candidate("a.pdf", mtime_ns=2))
    (job,) = ledger.jobs()
    assert job == Job(
        id=1, inbox=INBOX, relpath="a.pdf", key=key(mtime_ns=2), state=JobState.QUEUED,
        priority=0, attempts=0, created=NOW,
    )  # fmt: skip
    assert (ledger.pages_done(1), ledger.kills(1)) == (set(), {})


def test_forgotten_pages_are_read_again(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"), candidate("b.pdf"))
    with ledger.transaction():
        for job_id in (1, 2):
            ledger.checkpoint(job_id, 1, "{}")
        ledger.forget_pages(1)
    assert [ledger.pages_done(1), ledger.pages_done(2)] == [set(), {1}]
    assert [job.pages_done for job in ledger.jobs()] == [1, 0]


def test_pages_come_in_order_a_few_at_a_time(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    with ledger.transaction():
        for number in (10, 2, 1, 3):
            ledger.checkpoint(1, number, str(number), failed=number > 2)
    assert ledger.page_results(1, 0, 2) == [(1, "1"), (2, "2")]
    assert ledger.page_results(1, 2, 5) == [(3, "3"), (10, "10")]
    assert ledger.failed_pages(1) == [(3, "3"), (10, "10")]


def test_every_worker_that_a_page_ended_is_counted_until_it_is_acquitted(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"), candidate("b.pdf"))
    with ledger.transaction():
        for job_id, number in ((1, 4), (1, 4), (1, 5), (2, 4)):
            ledger.count_kill(job_id, number)
        assert ledger.kills(1) == {4: 2, 5: 1}
        ledger.forget_kills(1, 4)
    assert [ledger.kills(1), ledger.kills(2), ledger.kills(3)] == [{5: 1}, {4: 1}, {}]


def test_a_filing_intent_that_is_taken_back_leaves_the_checkpoints(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    with ledger.transaction():
        ledger.checkpoint(1, 1, "{}")
        ledger.intend(1, {"action": "move"})
        ledger.reopen(1)
    (job,) = ledger.jobs()
    assert (job.state, job.plan, ledger.pages_done(1)) == (JobState.QUEUED, {}, {1})


def test_a_retry_begins_only_where_no_other_job_of_its_name_is_open(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    with ledger.transaction():
        ledger.finish(1, JobState.FAILED, NOW)
        assert ledger.begin_retry(1, {"x": 1})
        assert ledger.jobs()[0].state is JobState.FILING
        ledger.end_retry(1, JobState.FAILED, {"y": 2})
    assert (ledger.jobs()[0].state, ledger.jobs()[0].plan) == (JobState.FAILED, {"y": 2})
    enqueue(ledger, candidate("a.pdf", mtime_ns=2))
    with ledger.transaction():
        assert not ledger.begin_retry(1, {"x": 1})
        assert not ledger.begin_retry(3, {"x": 1}), "there is none of this number"
    assert [job.state for job in ledger.jobs()] == [JobState.QUEUED, JobState.FAILED]


# What people see


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


def test_a_setting_is_kept_over_restarts(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path)
    assert ledger.setting("paused") is None
    for value in ("no", "yes"):
        with ledger.transaction():
            ledger.set_setting("paused", value)
    ledger.close()
    assert Ledger.open(tmp_path).setting("paused") == "yes"


@pytest.mark.parametrize(
    ("column", "value"), [("key", "1:2:3"), ("state", "lost"), ("plan", "{"), ("key", "a:b:c:d")]
)
def test_a_job_that_makes_no_sense_is_named(ledger: Ledger, column: str, value: str) -> None:
    enqueue(ledger, candidate("a.pdf"), candidate("b.pdf"))
    ledger.db.execute(f"UPDATE jobs SET {column} = ? WHERE id = 2", (value,))
    with pytest.raises(LedgerRefusedError, match="job 2 makes no sense"):
        ledger.job(2)


def test_a_ledger_that_is_not_there_is_not_made_by_who_only_reads(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="There is no ledger"):
        Ledger.open(tmp_path, readonly=True)
    assert list(tmp_path.iterdir()) == []


# No step is half, and no job is lost


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_a_transaction_that_raises_leaves_nothing_and_a_step_in_it_only_itself(
    ledger: Ledger, error: type[BaseException]
) -> None:
    with pytest.raises(error), ledger.transaction():
        ledger.set_setting("a", "lost")
        raise error
    with ledger.transaction():
        ledger.set_setting("b", "kept")
        with pytest.raises(error), ledger.savepoint():
            ledger.set_setting("c", "undone")
            raise error
        with pytest.raises(LedgerError, match="no such table"), ledger.savepoint():
            ledger.set_setting("d", "undone")
            ledger.db.execute("SELECT * FROM nowhere")
        with ledger.savepoint():
            ledger.set_setting("e", "kept")
    assert [ledger.setting(name) for name in "abcde"] == [None, "kept", None, None, "kept"]


def in_memory() -> Ledger:
    db = sqlite3.connect(":memory:", isolation_level=None)
    for script in schema.MIGRATIONS:
        db.executescript(script)
    return Ledger(db, Path("nowhere"))


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


def test_a_newer_ledger_is_refused(tmp_path: Path) -> None:
    Ledger.open(tmp_path).close()
    with sqlite3.connect(tmp_path / "ledger.sqlite3") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(LedgerError, match="newer ocrd"):
        Ledger.open(tmp_path)


def test_a_damaged_ledger_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    path.write_bytes(b"this is no database, and long enough to be sure of it" * 50)
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="is damaged"):
        Ledger.open(tmp_path)
    assert path.read_bytes() == before


def test_a_second_daemon_is_refused_and_told_whose_the_directory_is(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from ocrd.ledger.lock import DaemonLock\n"
        "from ocrd.errors import LedgerError\n"
        f"try: DaemonLock(pathlib.Path({str(tmp_path)!r}))\n"
        "except LedgerError as error: print(error.what)"
    )
    with DaemonLock(tmp_path):
        import os

        told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert f"process {os.getpid()}" in told.stdout
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert told.stdout == ""


def test_steps_of_many_threads_share_commits_and_a_failing_one_harms_no_other(
    tmp_path: Path,
) -> None:
    writer = LedgerWriter(Ledger.open(tmp_path))
    failures: list[BaseException | None] = []

    def drop(number: int) -> None:
        writer.submit(
            lambda ledger: ledger.enqueue([candidate(f"{number}.pdf")], 0, NOW)
        ).result(10)
        failures.append(writer.submit(lambda ledger: ledger.kills(1 // 0)).exception(10))

    threads = [threading.Thread(target=drop, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(failure) for failure in failures] == [ZeroDivisionError] * 20
    writer.close()
    reader = Ledger.open(tmp_path, readonly=True)
    assert reader.counts()[JobState.QUEUED] == 20
    reader.close()
