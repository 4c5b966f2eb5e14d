"""A limited child, really started, really killed."""

# ruff: noqa: ASYNC110
# (The conditions are in other processes: there is no event to wait for; files are local.)

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from ocrd.errors import CorruptError
from ocrd.raster.child import Limits
from ocrd.raster.isolate import ChildDied, ChildFault, ChildTimeout, LimitedChild

MODULE = "tests.unit.sabotage"
MEMORY = 512 * 1024 * 1024
ROOT = Path(__file__).parents[3]


@pytest.fixture
async def child(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LimitedChild]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    child = LimitedChild(MODULE, Limits(memory_bytes=MEMORY), idle_seconds=0.05)
    await child.start()
    yield child
    await child.close()


async def test_a_call_returns_what_the_function_returns(child: LimitedChild) -> None:
    value = {"name": "caf\udce9 ☃", "numbers": [1, 2.5, None], "long": "x" * 300_000}
    assert await child.call("echo", deadline_seconds=10, value=value) == value


async def test_the_child_is_bound_to_its_limits(child: LimitedChild) -> None:
    limits = await child.call("limits", deadline_seconds=10)
    assert limits["address_space"] == MEMORY
    assert limits["core"] == 0
    assert limits["nice"] > os.nice(0)
    assert limits["session"] == child.pid


async def test_memory_beyond_the_limit_is_a_fault_and_the_child_lives_on(
    child: LimitedChild,
) -> None:
    with pytest.raises(ChildFault, match="MemoryError"):
        await child.call("hoard", deadline_seconds=10, count=MEMORY)
    assert await child.call("hoard", deadline_seconds=10, count=1000) == 1000


async def test_an_error_of_ours_arrives_whole(child: LimitedChild) -> None:
    with pytest.raises(CorruptError) as caught:
        await child.call("refuse", deadline_seconds=10, page=7)
    assert (caught.value.what, caught.value.hint, caught.value.page) == ("torn", "mend it", 7)


async def test_a_foreign_error_is_a_fault_and_the_child_lives_on(child: LimitedChild) -> None:
    with pytest.raises(ChildFault, match="KeyError: 'x'"):
        await child.call("stumble", deadline_seconds=10)
    assert child.alive
    assert await child.call("echo", deadline_seconds=10, value=1) == 1


async def test_a_killed_child_is_named_by_its_signal(child: LimitedChild) -> None:
    with pytest.raises(ChildDied, match="SIGSEGV"):
        await child.call("die", deadline_seconds=10, number=int(signal.SIGSEGV))
    assert not child.alive
    with pytest.raises(ChildDied):
        await child.call("echo", deadline_seconds=10, value=1)


async def test_a_child_that_leaves_is_quoted(child: LimitedChild) -> None:
    with pytest.raises(ChildDied, match="status 3: last words"):
        await child.call("leave", deadline_seconds=10, words="first\nlast words\n")


async def test_a_hung_call_is_killed_at_its_deadline(child: LimitedChild) -> None:
    pid = child.pid
    assert pid is not None
    with pytest.raises(ChildTimeout, match=r"0\.2 s"):
        await child.call("hang", deadline_seconds=0.2)
    assert not psutil.pid_exists(pid)


async def test_a_cancelled_call_takes_its_child_along(child: LimitedChild) -> None:
    call = asyncio.create_task(child.call("hang", deadline_seconds=60))
    await asyncio.sleep(0)  # let it send
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert not child.alive


async def test_terminal_and_service_signals_leave_the_child_alone(child: LimitedChild) -> None:
    assert child.pid is not None
    os.kill(child.pid, signal.SIGINT)
    os.kill(child.pid, signal.SIGTERM)
    assert await child.call("echo", deadline_seconds=10, value=1) == 1


async def test_the_module_hears_once_that_nothing_came(child: LimitedChild) -> None:
    async with asyncio.timeout(20):
        while await child.call("idled", deadline_seconds=10) == 0:
            await asyncio.sleep(0.1)  # longer than idle_seconds: the condition itself


async def test_close_ends_the_child(child: LimitedChild) -> None:
    pid = child.pid
    assert pid is not None
    await child.close()
    assert not psutil.pid_exists(pid)


async def test_a_module_that_cannot_be_imported_is_a_dead_child() -> None:
    child = LimitedChild("ocrd.no_such_module")
    with pytest.raises(ChildDied, match="no_such_module"):
        await child.start()


def test_the_child_dies_with_its_parent() -> None:
    """The parent is killed while the child is busy and reads no socket."""
    program = f"""
import asyncio, os, signal
from ocrd.raster.isolate import LimitedChild
async def main():
    child = LimitedChild({MODULE!r})
    await child.start()
    call = asyncio.create_task(child.call("hang", deadline_seconds=60))
    await asyncio.sleep(0)
    print(child.pid, flush=True)
    await call
asyncio.run(main())
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, env=os.environ, cwd=ROOT
    )
    assert parent.stdout is not None
    with parent.stdout:
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        parent.wait()
    psutil.wait_procs([child], timeout=10)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
