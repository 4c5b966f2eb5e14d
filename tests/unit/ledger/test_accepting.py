"""What programs bring: its order is kept, once is once, and folders have their turn with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ocrd.errors import PromiseError
from ocrd.job import Candidate, JobState, News, Order
from ocrd.ledger.jobs import Ledger
from tests.unit.ledger.offers import INBOX, NOW, candidate, enqueue, key

UPLOADS = "/state/uploads"
ORDER = Order({"mode": "text", "outputs": ["md", "json"]}, ((1, 3), (7, 7)), "anna", "https://x/y")


def accept(ledger: Ledger, name: str, promise: str = "", request: str = "") -> int:
    with ledger.transaction():
        return ledger.accept(
            Candidate(UPLOADS, name, key()), 0, NOW, ORDER, promise=promise, request=request
        )


def test_what_was_asked_for_comes_back_as_it_was(ledger: Ledger) -> None:
    job = ledger.job(accept(ledger, "a/scan.pdf"))
    assert job is not None and job.order == ORDER and job.state is JobState.QUEUED


def test_the_same_promise_is_one_job_and_another_request_is_refused(ledger: Ledger) -> None:
    first = accept(ledger, "a/scan.pdf", "anna 1", "hash")
    assert accept(ledger, "b/scan.pdf", "anna 1", "hash") == first
    assert accept(ledger, "c/scan.pdf", "anna 2", "hash") != first
    with pytest.raises(PromiseError, match=f"another request, job {first}"):
        accept(ledger, "d/scan.pdf", "anna 1", "other")
    assert ledger.counts()[JobState.QUEUED] == 2


def test_folders_of_equal_priority_have_their_turn(ledger: Ledger) -> None:
    enqueue(ledger, *(candidate(f"{number}.pdf") for number in range(4)))
    accept(ledger, "a/late.pdf")
    with ledger.transaction():
        leased = [
            ledger.lease(NOW, inboxes=[INBOX, UPLOADS], active=[], in_work=in_work)
            for in_work in ({INBOX: 2, UPLOADS: 0}, {INBOX: 2, UPLOADS: 1}, {})
        ]
    assert [job and job.relpath for job in leased] == ["a/late.pdf", "0.pdf", "1.pdf"]


def test_a_step_that_is_undone_makes_no_news(ledger: Ledger) -> None:
    with ledger.transaction():
        ledger.accept(Candidate(UPLOADS, "a", key()), 0, NOW, ORDER)
        with pytest.raises(KeyError), ledger.savepoint():
            ledger.accept(Candidate(UPLOADS, "b", key()), 0, NOW, ORDER)
            raise KeyError
    assert ledger.news == [News(1, "queued")]


def test_a_job_makes_news_at_each_step(ledger: Ledger) -> None:
    accept(ledger, "a/scan.pdf")
    news = []
    steps: tuple[Callable[[], object], ...] = (
        lambda: ledger.lease(NOW, inboxes=[UPLOADS], active=[]),
        lambda: ledger.inspected(1, pages=2, sha256="x"),
        lambda: ledger.checkpoint(1, 2, "{}"),
        lambda: ledger.release(1, refund=True),
        lambda: ledger.intend(1, {}),
        lambda: ledger.finish(1, JobState.DONE, NOW),
    )
    for step in steps:
        with ledger.transaction():
            step()
        news += ledger.news
    assert news == [
        News(1, "leased"), News(1, "inspected"), News(1, "page", 2), News(1, "waiting"),
        News(1, "filing"), News(1, "done"),
    ]  # fmt: skip


def test_a_document_of_a_folder_has_no_order(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    (job,) = ledger.jobs()
    assert job.order == Order()
