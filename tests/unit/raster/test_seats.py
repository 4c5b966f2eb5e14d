"""The rasterizer's seats: which request is next."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from ocrd.errors import TransientError
from ocrd.raster.child import Limits
from ocrd.raster.seats import Rank, Seat, Seats

Asked = tuple[str, Rank, float]  # door, rank, pages


async def order_of(seats: Seats, asked: Sequence[Asked]) -> list[int]:
    """Ask while the only seat is taken; return who of those asking was served after whom."""
    served: list[int] = []

    async def ask(number: int, door: str, rank: Rank, pages: float) -> None:
        seat = await seats.take(rank, number, door, pages)
        served.append(number)
        seats.give_back(seat)

    seat = await seats.take((), None, "before")
    tasks = [asyncio.create_task(ask(number, *one)) for number, one in enumerate(asked)]
    await asyncio.sleep(0)  # one step, so that they ask
    seats.give_back(seat)
    await asyncio.gather(*tasks)
    return served


@pytest.fixture
def seats() -> Seats:
    """Provide one seat; nobody starts a child in it."""
    return Seats([Seat(Limits())])


async def test_doors_are_served_in_turn_whatever_was_due_first(seats: Seats) -> None:
    book = [("folder", (0, 1), 1.0)] * 4
    letters = [("programs", (0, 2), 1.0)] * 4
    assert await order_of(seats, [*book, *letters]) == [0, 4, 1, 5, 2, 6, 3, 7]


async def test_an_inspection_is_no_page(seats: Seats) -> None:
    letters = [("programs", (0, 2), 0.05), ("programs", (0, 3), 1.0)] * 2
    book = [("folder", (0, 1), 1.0)] * 2
    served = await order_of(seats, [*book, *letters])
    assert [number for number in served if number not in {2, 4}] == [0, 3, 1, 5]


async def test_priority_stands_above_turns_and_rank_within_a_door(seats: Seats) -> None:
    asked = [("a", (1, 1), 1.0), ("a", (1, 0), 1.0), ("a", (0, 9), 1.0), ("b", (1, 5), 1.0)]
    assert await order_of(seats, asked) == [2, 3, 1, 0]


async def test_slow_documents_go_behind_those_of_all_doors(seats: Seats) -> None:
    slow = [("folder", (1 << 62, 0, 1), 1.0)] * 2
    assert await order_of(seats, [*slow, *[("programs", (0, 7), 1.0)] * 3]) == [2, 3, 4, 0, 1]


async def test_who_goes_away_is_passed_over(seats: Seats) -> None:
    seat = await seats.take((), None, "a")
    gone = asyncio.create_task(seats.take((0,), 1, "b"))
    stays = asyncio.create_task(seats.take((0,), 2, "c"))
    await asyncio.sleep(0)  # one step, so that they ask
    gone.cancel()
    await asyncio.wait([gone])
    assert seats.waiting == 1
    seats.give_back(seat)
    assert await stays is seat


async def test_a_seat_that_came_as_its_asker_went_goes_to_the_next(seats: Seats) -> None:
    seat = await seats.take((), None, "a")
    gone = asyncio.create_task(seats.take((0,), 1, "b"))
    stays = asyncio.create_task(seats.take((0,), 2, "b"))
    await asyncio.sleep(0)  # one step, so that they ask
    seats.give_back(seat)
    gone.cancel()
    assert await stays is seat
    assert gone.cancelled()


async def test_all_who_wait_are_sent_away(seats: Seats) -> None:
    await seats.take((), None, "a")
    waiting = [asyncio.create_task(seats.take((0,), 1, door)) for door in "abb"]
    await asyncio.sleep(0)  # one step, so that they ask
    seats.refuse(TransientError("it stops", hint="Wait."))
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(answer) for answer in answers] == [TransientError] * 3
    assert seats.waiting == 0


async def test_a_seat_is_busy_until_it_is_given_back_for_good(seats: Seats) -> None:
    seat = await seats.take((), None, "a")
    second = asyncio.create_task(seats.take((0,), 1, "a"))
    await asyncio.sleep(0)
    seats.give_back(seat)
    third = asyncio.create_task(seats.take((0,), 2, "a"))
    assert await second is seat
    await asyncio.sleep(0)
    assert seat.busy
    assert seats.waiting == 1
    assert not third.done()
    seats.give_back(seat)
    assert await third is seat
    seats.give_back(seat)
    assert not seat.busy
    assert seats.waiting == 0


async def test_who_comes_anew_has_no_turns_saved_up(seats: Seats) -> None:
    for _ in range(10):
        seats.give_back(await seats.take((), None, "folder"))
    asked = [("folder", (0, 1), 1.0)] * 3 + [("programs", (0, 2), 1.0)] * 3
    assert await order_of(seats, asked) in ([0, 3, 1, 4, 2, 5], [3, 0, 4, 1, 5, 2])


async def test_a_seat_that_has_the_document_open_is_preferred() -> None:
    seats = Seats([Seat(Limits()) for _ in range(3)])
    one, two, three = seats.all
    for name in "abc":
        two.remember(name)
    one.remember("d")
    assert two.documents == 3
    assert await seats.take((), "b") is two
    assert await seats.take((), "b") is one  # the first that is free
    assert await seats.take((), "x") is three


def test_a_seat_knows_the_last_three_documents_and_counts_what_it_opened() -> None:
    seat = Seat(Limits())
    for name in "abacd":
        seat.remember(name)
    assert [name for name in "abcd" if seat.knows(name)] == ["a", "c", "d"]
    assert seat.documents == 4
    seat.remember("b")
    assert seat.documents == 5


def test_a_seat_shows_that_its_child_is_at_work() -> None:
    seat = Seat(Limits())
    assert not seat.calling
    with seat.in_call():
        assert seat.calling
    assert not seat.calling
