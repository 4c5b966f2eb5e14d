"""What a folder's threads do together, and what of it is whose."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Iterator, Sequence
from functools import partial

import pytest

from ocrd.intake.folder_threads import MOST_TOGETHER, FolderThreads

LIMIT_SECONDS = 20.0


@pytest.fixture
def threads() -> Iterator[FolderThreads]:
    threads = FolderThreads("in")
    yield threads
    threads.close()


class Doubling:
    """Doubles numbers once it is let go; odd ones are refused."""

    def __init__(self) -> None:
        self.let_go, self._begun = threading.Event(), threading.Event()
        self.came: list[list[int]] = []

    def work(self, numbers: Sequence[int]) -> list[int | Exception]:
        self.came.append([*numbers])
        self._begun.set()
        assert self.let_go.wait(LIMIT_SECONDS)
        return [ValueError(str(one)) if one % 2 else 2 * one for one in numbers]

    async def has_begun(self) -> None:
        assert await asyncio.to_thread(self._begun.wait, LIMIT_SECONDS)


async def test_what_comes_while_others_are_done_is_done_together(threads: FolderThreads) -> None:
    doubling = Doubling()
    first = asyncio.create_task(threads.do_together(doubling.work, 0))
    await doubling.has_begun()
    others = [asyncio.create_task(threads.do_together(doubling.work, n)) for n in range(2, 22)]
    await asyncio.sleep(0)
    assert threads.is_busy
    doubling.let_go.set()
    outcomes = await asyncio.gather(first, *others, return_exceptions=True)
    assert [one for one in outcomes if isinstance(one, int)] == [4 * n for n in range(11)]
    assert sum(isinstance(one, ValueError) for one in outcomes) == 10
    assert doubling.came[0] == [0]
    assert doubling.came[1] == [*range(2, 2 + MOST_TOGETHER)]
    assert doubling.came[2] == [*range(2 + MOST_TOGETHER, 22)]


async def test_who_gave_up_takes_nothing_from_the_others(threads: FolderThreads) -> None:
    doubling = Doubling()
    first = asyncio.create_task(threads.do_together(doubling.work, 2))
    await doubling.has_begun()
    second = asyncio.create_task(threads.do_together(doubling.work, 4))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait({first})
    doubling.let_go.set()
    assert await second == 8
    assert first.cancelled()


async def test_what_fails_as_a_whole_fails_each_and_the_next_is_done(
    threads: FolderThreads,
) -> None:
    fails = [True]

    def work(numbers: Sequence[int]) -> list[int]:
        if fails.pop():
            raise OSError("gone")
        return [*numbers]

    with pytest.raises(OSError, match="gone"):
        await threads.do_together(work, 1)
    fails.append(False)
    assert await threads.do_together(work, 2) == 2


def test_what_waits_for_a_slow_disk_is_done_side_by_side_and_in_order() -> None:
    seconds = itertools.count()
    threads = FolderThreads("in", clock=lambda: float(next(seconds)))  # each takes one
    try:
        assert threads.side_by_side([lambda: 1]) == [1]
        together = threading.Barrier(MOST_TOGETHER)

        def wait(number: int) -> int:
            together.wait(LIMIT_SECONDS)
            return number

        works = [partial(wait, number) for number in range(MOST_TOGETHER)]
        assert threads.side_by_side(works) == [*range(MOST_TOGETHER)]
    finally:
        threads.close()


def test_what_is_quick_is_done_where_it_comes() -> None:
    quick = FolderThreads("in", clock=lambda: 0.0)
    try:
        for _ in range(2):
            assert set(quick.side_by_side([threading.get_ident] * 4)) == {threading.get_ident()}
        assert quick.side_by_side([]) == []
    finally:
        quick.close()


def test_what_no_other_thread_takes_is_done_all_the_same() -> None:
    seconds = itertools.count()
    threads = FolderThreads("in", clock=lambda: float(next(seconds)))
    threads.side_by_side([lambda: 0])
    threads.close()
    assert threads.side_by_side([partial(int, number) for number in range(5)]) == [*range(5)]
