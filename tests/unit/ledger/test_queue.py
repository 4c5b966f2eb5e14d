"""Promises of the queue: once is once, the order of turns, how long anything waits."""

from __future__ import annotations

import pytest

from ocrd.errors import DocumentError, Reason
from ocrd.job import Candidate, Job, JobState
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.queue import LOOKED_UP
from tests.unit.ledger.offers import INBOX, NOW, candidate, enqueue, key, lease


def test_enqueueing_twice_is_once(ledger: Ledger) -> None:
    assert enqueue(ledger, candidate("a.pdf"), candidate("a.pdf")) == []
    enqueue(ledger, candidate("a.pdf"))
    assert ledger.counts()[JobState.QUEUED] == 1


def test_of_many_each_has_its_job_and_its_news_in_the_order_they_came(ledger: Ledger) -> None:
    """More than are looked up at once, new ones and known ones among each other."""
    count = LOOKED_UP + 20
    known = [candidate(f"{number}.pdf") for number in range(0, count, 100)]
    enqueue(ledger, *known)
    every = [candidate(f"{number}.pdf") for number in range(count)]
    other = Candidate("/other", "1.pdf", key())
    with ledger.transaction():
        ledger.news.clear()
        assert ledger.enqueue([*every, every[1], other], 0, NOW) == []
        told = [one.job for one in ledger.news]
    jobs = {job.id: (job.inbox, job.relpath) for job in ledger.jobs(limit=2 * count)}
    assert sorted(jobs) == [*range(1, count + 2)]
    new = [each.relpath for each in every if each not in known]
    assert [jobs[number][1] for number in told] == [*new, "1.pdf"]
    assert jobs[count + 1] == ("/other", "1.pdf")


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


def test_a_kept_source_that_is_not_offered_anew_needs_not_come_again(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    with ledger.transaction():
        ledger.finish(1, JobState.DONE, NOW, kept=True)
    assert enqueue(ledger, candidate("a.pdf")) == []


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


def test_a_released_job_waits_for_its_time(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    lease(ledger)
    with ledger.transaction():
        ledger.release(1, not_before=NOW + 60, refund=True)
    assert lease(ledger) == ""
    assert ledger.next_due(NOW) == NOW + 60
    assert ledger.jobs()[0].attempts == 0


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


def test_only_documents_of_the_folders_asked_for_and_none_in_work_are_leased(
    ledger: Ledger,
) -> None:
    enqueue(ledger, candidate("a.pdf"), candidate("b.pdf"), Candidate("/other", "c.pdf", key()))
    with ledger.transaction():
        assert ledger.lease(NOW, inboxes=[], active=()) is None
        assert ledger.lease(NOW, inboxes=["/none"], active=()) is None
    assert lease(ledger, active=(1, 2)) == ""
    assert lease(ledger, active=(1,)) == "b.pdf"


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
