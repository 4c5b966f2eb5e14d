"""A keeper's bell."""

from __future__ import annotations

import asyncio

from ocrd.engine.bell import Bell


async def test_a_bell_that_was_rung_before_is_heard_once() -> None:
    bell = Bell()
    bell.ring()
    bell.ring()
    async with asyncio.timeout(5):
        await bell.wait()
    waiting = asyncio.ensure_future(bell.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    bell.ring()
    async with asyncio.timeout(5):
        await waiting


async def test_the_end_of_the_other_task_and_the_time_end_the_wait_too() -> None:
    bell = Bell()
    other = asyncio.create_task(asyncio.sleep(0))
    async with asyncio.timeout(5):
        await bell.wait(other)
        assert other.done()
        await bell.wait(seconds=0.01)
        await bell.wait(seconds=-1.0)
        await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == 1  # nothing is left waiting behind
