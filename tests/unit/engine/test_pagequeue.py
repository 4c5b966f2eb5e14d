"""Which page goes next, and where: by rank, suspects first and alone."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ocrd.engine.pagequeue import Flight, PageQueue, QueuedPage
from ocrd.engine.protocol import Recognise
from ocrd.engine.rate import Rate
from ocrd.errors import EngineError
from ocrd.job import Recognition


def queued(number: int, rank: int = 0, kills: int = 0) -> QueuedPage:
    answer = asyncio.get_running_loop().create_future()
    request = Recognise(number, str(Path("/pages") / str(number)))
    return QueuedPage((rank,), number, request, answer, kills)


async def test_equal_ranks_are_served_in_order_of_arrival() -> None:
    queue, flight = PageQueue(), Flight()
    for number in (1, 2, 3):
        queue.add(queued(number))
    taken = [queue.take(flight, 9) for _ in range(4)]
    assert [page.id if page else None for page in taken] == [1, 2, 3, None]


async def test_a_suspect_waits_for_an_empty_worker_and_has_it_alone() -> None:
    queue, flight = PageQueue(), Flight()
    queue.add(queued(1))
    assert queue.take(flight, 2) is not None
    queue.suspect(queued(2, rank=9))
    queue.add(queued(3))
    assert queue.take(flight, 2) is None
    queue.release(flight)
    alone = queue.take(flight, 2)
    assert alone is not None
    assert (alone.id, alone.alone) == (2, True)
    assert queue.take(flight, 2) is None
    queue.release(flight)
    last = queue.take(flight, 2)
    assert last is not None
    assert (last.id, last.alone) == (3, False)


async def test_pages_given_up_are_passed_over() -> None:
    queue, flight = PageQueue(), Flight()
    pages = [queued(number) for number in (1, 2)]
    for page in pages:
        queue.add(page)
    pages[0].answer.cancel()
    assert len(queue) == 1
    assert queue.take(flight, 1) is pages[1]
    queue.release(flight)
    assert queue.is_empty()


async def test_a_page_is_overdue_without_progress_and_at_ten_times_its_limit() -> None:
    queue, flight = PageQueue(), Flight()
    queue.add(queued(1))
    page = queue.take(flight, 1)
    assert page is not None
    page.sent, page.moved = 100.0, 105.0
    assert flight.deadline(10) == 115.0
    page.moved = 195.0
    assert flight.deadline(10) == 200.0


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
    pages, flight = PageQueue(), Flight()
    for number, rank in enumerate([5, 5, 5]):
        pages.add(queued(number, rank))
    assert pages.take(flight, 2, express=1)
    assert pages.take(flight, 2, express=1)
    assert pages.take(flight, 2, express=1) is None, "a third page of the book waits"
    pages.add(queued(9, 1))
    letter = pages.take(flight, 2, express=1)
    assert letter is not None and letter.id == 9
    pages.add(queued(10, 0))
    assert pages.take(flight, 2, express=1) is None, "there is one express slot"


def dead(queue: PageQueue, flight: Flight) -> None:
    queue.judge(flight, EngineError("scripted"), 3)


async def test_one_worker_takes_the_suspects_and_the_other_goes_on() -> None:
    queue, one, two = PageQueue(), Flight(), Flight()
    for number in (1, 2, 3):
        queue.suspect(queued(number))
    for number in (4, 5):
        queue.add(queued(number))
    taken = [queue.take(flight, 2) for flight in (one, two, one, two, two)]
    assert [page and page.id for page in taken] == [1, 4, None, 5, None]
    assert (queue.room(one, 2), queue.room(two, 3)) == (0, 1)


async def test_a_worker_finishes_its_pages_before_a_suspect_unless_an_empty_one_comes() -> None:
    queue, one, two = PageQueue(), Flight(), Flight()
    for number in (1, 2):
        queue.add(queued(number))
    assert queue.take(one, 9)
    queue.suspect(queued(3))
    assert queue.take(one, 9) is None, "it is to be empty first"
    assert queue.room(one, 9) == 0
    suspect = queue.take(two, 9)
    assert suspect is not None and suspect.id == 3
    other = queue.take(one, 9)
    assert other is not None and other.id == 2


async def test_every_empty_worker_takes_a_suspect_if_nothing_else_waits() -> None:
    queue, one, two = PageQueue(), Flight(), Flight()
    for number in (1, 2, 3):
        queue.suspect(queued(number))
    assert all(queue.take(flight, 9) for flight in (one, two))
    assert [len(one), len(two), len(queue)] == [1, 1, 1]
    assert one.has_suspect and two.has_suspect


async def test_another_worker_makes_room_for_suspects_when_the_one_that_had_them_dies() -> None:
    queue, one, two = PageQueue(), Flight(), Flight()
    queue.suspect(queued(1))
    queue.suspect(queued(9))
    queue.add(queued(2))
    queue.add(queued(3))
    assert queue.take(one, 9)
    page = queue.take(two, 9)
    assert page is not None and page.id == 2
    dead(queue, one)
    assert queue.take(two, 9) is None, "it is to be empty first"
    queue.release(two)
    suspect = queue.take(two, 9)
    assert suspect is not None and suspect.id == 1


async def test_blame_is_for_the_one_page_that_the_dead_worker_had_begun() -> None:
    queue, one, two = PageQueue(), Flight(), Flight()
    pages = [queued(number) for number in range(4)]
    for page, flight in zip(pages, (one, one, two, two), strict=True):
        queue.add(page)
        assert queue.take(flight, 9) is page
    for page in pages[:3]:
        page.count = 0
    dead(queue, two)
    assert [page.kills for page in pages] == [0, 0, 1, 0]
    dead(queue, one)
    assert [page.kills for page in pages] == [0, 0, 1, 0], "of two begun either may be the cause"
    assert len(queue) == 4


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "take", "answer", "give up", "die"]),
        st.integers(0, 2),
        st.integers(0, 9),
    ),
    max_size=60,
)


@given(STEPS)
def test_no_page_is_lost_or_twice_in_flight_and_suspects_are_alone(
    steps: list[tuple[str, int, int]],
) -> None:
    asyncio.run(walk(steps))


async def walk(steps: list[tuple[str, int, int]]) -> None:
    """Take the steps, then let the workers go on until every page is answered."""
    queue, flights = PageQueue(), [Flight() for _ in range(3)]
    pages: list[QueuedPage] = []
    for step, worker, number in steps:
        flight = flights[worker]
        if step == "add":
            pages.append(queued(len(pages), rank=number))
            queue.add(pages[-1])
        elif step == "take" and (page := queue.take(flight, 2, 1)):
            page.count = -(number % 2)  # some are begun
        elif step == "give up" and pages:
            pages[number % len(pages)].answer.cancel()
        elif step == "die":
            dead(queue, flight)
        elif step == "answer" and flight.pages:
            answer(flight)
        check(queue, flights, pages)
    for _ in range(3 * len(pages)):
        for flight in flights:
            queue.take(flight, 2, 1)
            if flight.pages:
                answer(flight)
    assert not any(page.is_open for page in pages)
    for page in pages:
        if not page.answer.cancelled():
            page.answer.exception()  # that of a page which ended three workers


def answer(flight: Flight) -> None:
    _, page = flight.pages.popitem()
    page.succeed(Recognition((), 1, 1))


def check(queue: PageQueue, flights: list[Flight], pages: list[QueuedPage]) -> None:
    in_flight = [number for flight in flights for number in flight.pages]
    assert len(in_flight) == len(set(in_flight))
    waiting = sum(page.is_open and page.id not in in_flight for page in pages)
    assert len(queue) == waiting
    for flight in flights:
        assert len(flight) <= 3
        assert len(flight) == 1 or not flight.has_suspect
