"""Which page goes next: by rank, suspects first and alone."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ocrd.engine.pagequeue import PageQueue, QueuedPage
from ocrd.engine.protocol import Recognise
from ocrd.engine.rate import Rate


def queued(number: int, rank: int = 0, kills: int = 0) -> QueuedPage:
    answer = asyncio.get_running_loop().create_future()
    request = Recognise(number, str(Path("/pages") / str(number)))
    return QueuedPage((rank,), number, request, answer, kills)


async def test_equal_ranks_are_served_in_order_of_arrival() -> None:
    queue = PageQueue()
    for number in (1, 2, 3):
        queue.add(queued(number))
    taken = [queue.take(9) for _ in range(4)]
    assert [page.id if page else None for page in taken] == [1, 2, 3, None]


async def test_a_suspect_waits_for_an_empty_worker_and_has_it_alone() -> None:
    queue = PageQueue()
    queue.add(queued(1))
    assert queue.take(2) is not None
    queue.suspect(queued(2, rank=9))
    queue.add(queued(3))
    assert queue.take(2) is None
    queue.in_flight.clear()
    alone = queue.take(2)
    assert alone is not None
    assert (alone.id, alone.alone) == (2, True)
    assert queue.take(2) is None
    queue.in_flight.clear()
    last = queue.take(2)
    assert last is not None
    assert (last.id, last.alone) == (3, False)


async def test_pages_given_up_are_passed_over() -> None:
    queue = PageQueue()
    pages = [queued(number) for number in (1, 2)]
    for page in pages:
        queue.add(page)
    pages[0].answer.cancel()
    assert len(queue) == 1
    assert queue.take(1) is pages[1]
    queue.in_flight.clear()
    assert queue.is_empty()


async def test_a_page_is_overdue_without_progress_and_at_ten_times_its_limit() -> None:
    queue = PageQueue()
    queue.add(queued(1))
    page = queue.take(1)
    assert page is not None
    page.sent, page.moved = 100.0, 105.0
    assert queue.deadline(10) == 115.0
    page.moved = 195.0
    assert queue.deadline(10) == 200.0


def test_the_rate_is_of_the_last_minute() -> None:
    rate = Rate()
    for second in range(300):
        rate.count(second)
        rate.count(second + 0.5)
    assert rate.per_second(299) == 2.0
    assert rate.per_second(329) == 1.0
    assert rate.per_second(1000) == 0.0
    assert rate.total == 600


async def test_an_express_slot_is_for_a_page_that_outranks_all_in_flight() -> None:
    pages = PageQueue()
    for number, rank in enumerate([5, 5, 5]):
        pages.add(queued(number, rank))
    assert pages.take(2, express=1)
    assert pages.take(2, express=1)
    assert pages.take(2, express=1) is None, "a third page of the book waits"
    pages.add(queued(9, 1))
    letter = pages.take(2, express=1)
    assert letter is not None and letter.id == 9
    pages.add(queued(10, 0))
    assert pages.take(2, express=1) is None, "there is one express slot"
