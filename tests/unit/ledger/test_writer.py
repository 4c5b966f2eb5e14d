from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from ocrd.errors import LedgerBlockedError
from ocrd.job import Candidate, FileKey, JobState
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.writer import LedgerWriter

T = TypeVar("T")
Step = Callable[[Ledger], list[Candidate]]

LIMIT_SECONDS = 20.0


class Rig:
    """A writer whose ledger is full when told, by SQLite's own limit."""

    def __init__(self, root: Path) -> None:
        self.writer = LedgerWriter(Ledger.open(root))

    def fill(self) -> None:
        self.do(lambda ledger: ledger.db.execute("PRAGMA max_page_count = 1"))

    def make_room(self) -> None:
        self.do(lambda ledger: ledger.db.execute("PRAGMA max_page_count = 1000000"))

    def do(self, work: Callable[[Ledger], T], *, patient: bool = True) -> T:
        return self.writer.submit(work, patient=patient).result(LIMIT_SECONDS)

    def enqueue(self, number: int) -> Step:
        """Return a step that needs more pages than a full ledger has."""
        candidate = Candidate("/in", f"{number}-" + "x" * 40_000, FileKey(1, number, 1, 1))
        return lambda ledger: ledger.enqueue([candidate], 0, float(number))


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.writer.close()


def relpaths(rig: Rig) -> list[str]:
    jobs = rig.do(lambda ledger: ledger.jobs())
    return [job.relpath.partition("-")[0] for job in reversed(jobs)]


def test_steps_are_held_while_the_ledger_is_full_and_done_in_their_order(rig: Rig) -> None:
    rig.fill()
    held = [rig.writer.submit(rig.enqueue(number)) for number in range(3)]
    assert relpaths(rig) == [], "who looks is answered"
    assert not any(future.done() for future in held)
    assert "cannot grow" in rig.writer.problem and "state_dir" in rig.writer.problem
    rig.make_room()
    for future in held:
        assert future.result(LIMIT_SECONDS) == []
    assert relpaths(rig) == ["0", "1", "2"]
    assert rig.writer.problem == ""


def test_a_step_that_is_not_patient_is_refused_at_once_and_undone(rig: Rig) -> None:
    rig.fill()
    with pytest.raises(LedgerBlockedError):
        rig.do(rig.enqueue(1), patient=False)
    assert relpaths(rig) == [] and rig.writer.problem == ""
    rig.make_room()
    assert rig.do(rig.enqueue(2), patient=False) == []
    assert relpaths(rig) == ["2"]


def test_what_shares_a_commit_with_a_step_that_is_held_stands(rig: Rig) -> None:
    """All are handed in while the thread is busy, so that they come to it together."""
    go = threading.Event()
    busy = rig.writer.submit(lambda _: go.wait(LIMIT_SECONDS))
    rig.writer.submit(lambda ledger: ledger.db.execute("PRAGMA max_page_count = 1"))
    held = rig.writer.submit(rig.enqueue(1))
    bad = rig.writer.submit(lambda _: 1 // 0)
    looking = rig.writer.submit(lambda ledger: ledger.counts())
    go.set()
    assert busy.result(LIMIT_SECONDS)
    assert looking.result(LIMIT_SECONDS)
    with pytest.raises(ZeroDivisionError):
        bad.result(LIMIT_SECONDS)
    assert not held.done()
    rig.make_room()
    assert held.result(LIMIT_SECONDS) == []


def test_at_a_stop_nothing_is_held_any_longer(rig: Rig) -> None:
    rig.fill()
    held = rig.writer.submit(rig.enqueue(1))
    assert relpaths(rig) == []
    rig.writer.give_up()
    with pytest.raises(LedgerBlockedError):
        held.result(LIMIT_SECONDS)


async def test_a_step_whose_caller_was_cancelled_is_done_and_its_failure_troubles_nobody(
    rig: Rig,
) -> None:
    """Nobody is left to hear of it, and the event loop does not report it as an oversight."""
    oversights: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: oversights.append(context))
    begun, go = threading.Event(), threading.Event()
    done: list[str] = []

    def fail(_: Ledger) -> None:
        begun.set()
        go.wait(LIMIT_SECONDS)
        raise ZeroDivisionError

    callers = [
        asyncio.create_task(rig.writer.do(step)) for step in (fail, lambda _: done.append("second"))
    ]
    assert await asyncio.to_thread(begun.wait, LIMIT_SECONDS)
    for caller in callers:
        caller.cancel()
    assert all(
        isinstance(one, asyncio.CancelledError)
        for one in await asyncio.gather(*callers, return_exceptions=True)
    )
    go.set()
    await rig.writer.do(lambda ledger: ledger.counts())  # the failure has come by then
    del callers, caller
    gc.collect()
    assert done == ["second"] and oversights == []


def test_steps_of_many_threads_share_commits_and_a_failing_one_harms_no_other(
    tmp_path: Path,
) -> None:
    writer = LedgerWriter(Ledger.open(tmp_path))
    failures: list[BaseException | None] = []

    def drop(number: int) -> None:
        writer.submit(
            lambda ledger: ledger.enqueue(
                [Candidate("/in", f"{number}.pdf", FileKey(1, number, 1, 1))], 0, 0.0
            )
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


def test_of_a_step_that_fails_alone_nothing_stands_and_nothing_is_told(rig: Rig) -> None:
    told: list[int] = []
    rig.writer.on_news = lambda news: told.extend(one.job for one in news)

    def fails(ledger: Ledger) -> None:
        ledger.enqueue([Candidate("/in", "a.pdf", FileKey(1, 1, 1, 1))], 0, 1.0)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        rig.do(fails)
    assert rig.do(lambda ledger: ledger.jobs()) == []
    assert told == []
    rig.do(lambda ledger: ledger.enqueue([Candidate("/in", "b.pdf", FileKey(1, 2, 1, 1))], 0, 1.0))
    assert len(told) == 1


def count_commits(rig: Rig) -> list[int]:
    """Return a list that grows by one with each commit of the ledger, in its thread."""
    commits: list[int] = []

    def trace(statement: str) -> None:
        if statement == "COMMIT":
            commits.append(1)

    rig.do(lambda ledger: ledger.db.set_trace_callback(trace))
    return commits


def test_steps_that_are_handed_in_together_share_a_commit(rig: Rig) -> None:
    commits = count_commits(rig)
    del commits[:]
    done = rig.writer.submit_all([rig.enqueue(number) for number in range(5)])
    assert [future.result(LIMIT_SECONDS) for future in done] == [[]] * 5
    assert relpaths(rig) == ["0", "1", "2", "3", "4"]
    assert len(commits) == 2, "one of them, one of the look"


async def test_a_step_for_later_comes_with_the_next_and_before_it(rig: Rig) -> None:
    commits = count_commits(rig)
    del commits[:]
    rig.writer.later(rig.enqueue(1))
    seen = await rig.writer.do(lambda ledger: [job.relpath[:1] for job in ledger.jobs()])
    assert seen == ["1"]
    assert len(commits) == 1


async def test_a_step_for_later_is_done_by_itself_soon(rig: Rig) -> None:
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    rig.writer.later(lambda _: loop.call_soon_threadsafe(done.set))
    async with asyncio.timeout(LIMIT_SECONDS):
        await done.wait()


async def test_those_who_wait_in_a_loop_are_told_each_his_own(rig: Rig) -> None:
    def fail(_: Ledger) -> None:
        raise KeyError("no such job")

    held = threading.Event()
    first = rig.writer.submit(lambda _: held.wait(LIMIT_SECONDS))
    waiting = [
        asyncio.create_task(rig.writer.do(step))
        for step in (rig.enqueue(1), fail, rig.enqueue(2), rig.enqueue(3))
    ]
    await asyncio.sleep(0)
    waiting[2].cancel()
    await asyncio.wait({waiting[2]})
    held.set()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert first.result(LIMIT_SECONDS)
    assert outcomes[0] == outcomes[3] == []
    assert isinstance(outcomes[1], KeyError)
    assert isinstance(outcomes[2], asyncio.CancelledError)
    assert relpaths(rig) == ["1", "2", "3"], "what was handed in is done"
