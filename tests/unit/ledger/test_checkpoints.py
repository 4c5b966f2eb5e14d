"""What is remembered of pages: read, failed, blamed; and for how long."""

from __future__ import annotations

from ocrd.job import JobState
from ocrd.ledger.jobs import Ledger
from tests.unit.ledger.offers import NOW, candidate, enqueue, lease


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


def test_forgotten_pages_are_read_again(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"), candidate("b.pdf"))
    with ledger.transaction():
        for job_id in (1, 2):
            ledger.checkpoint(job_id, 1, "{}")
        ledger.forget_pages(1)
    assert [ledger.pages_done(1), ledger.pages_done(2)] == [set(), {1}]
    assert [job.pages_done for job in ledger.jobs()] == [1, 0]


def test_doubtful_and_failed_pages_are_counted_with_their_job(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"), candidate("b.pdf"))
    with ledger.transaction():
        ledger.checkpoint(1, 1, "{}")
        ledger.checkpoint(1, 2, "{}", doubtful=True)
        ledger.checkpoint(1, 3, "{}", doubtful=True, failed=True)
        ledger.checkpoint(1, 4, "{}", failed=True)
        ledger.checkpoint(2, 1, "{}", doubtful=True)
    counted = [(job.pages_doubtful, job.pages_failed) for job in ledger.jobs()]
    assert counted == [(1, 0), (2, 2)]
    assert [number for number, _ in ledger.failed_pages(1)] == [3, 4]
    assert ledger.doubted() == (0, 0), "none is done"
    with ledger.transaction():
        ledger.finish(1, JobState.DONE, NOW)
        ledger.finish(2, JobState.DONE, NOW)
    assert ledger.doubted() == (1, 1)
    assert [(job.pages_doubtful, job.pages_failed) for job in ledger.jobs()] == counted


def test_pages_that_are_forgotten_count_no_more(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"), candidate("b.pdf"))
    with ledger.transaction():
        for job_id in (1, 2):
            ledger.checkpoint(job_id, 1, "{}", failed=True, doubtful=True)
        ledger.forget_pages(1)
    enqueue(ledger, candidate("b.pdf", size=77))
    assert [(job.pages_doubtful, job.pages_failed) for job in ledger.jobs()] == [(0, 0)] * 2
    with ledger.transaction():
        for job_id in (1, 2):
            ledger.finish(job_id, JobState.FAILED if job_id == 1 else JobState.DONE, NOW)
    assert ledger.doubted() == (0, 0)


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
