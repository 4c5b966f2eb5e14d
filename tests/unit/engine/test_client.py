"""The engine's client against a real worker, which is killed, hangs, babbles and refuses."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import psutil
import pytest

from ocrd.engine.failures import UNUSABLE_SECONDS
from ocrd.engine.protocol import MARKDOWN
from ocrd.errors import (
    EngineError,
    EngineUnusableError,
    PageError,
    PoisonousPageError,
    ServersGoneError,
)
from ocrd.job import Recognition
from ocrd.wording import span
from tests.clients import engine, page, text, until
from tests.engines import ENVIRONMENT


@pytest.fixture(autouse=True)
def _worker_finds_the_scripted_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in ENVIRONMENT.items():
        monkeypatch.setenv(key, value)


async def test_pages_come_back_to_those_who_asked() -> None:
    async with engine("echo", {"capacity": 3}) as client:
        pages = [page(client, f"{number}.pgm") for number in range(50)]
        texts = [text(await one) for one in pages]
    assert texts == [f"Page image {number}.pgm" for number in range(50)]


async def test_no_worker_runs_before_it_is_wanted() -> None:
    async with engine("echo") as client:
        assert client.status()["state"] == "unloaded"
        hello = await client.hello()
        assert hello.longest_side == 1000
        assert client.status()["state"] == "ready"


async def test_never_more_pages_in_flight_than_the_engine_announces() -> None:
    async with engine("echo", {"capacity": 2, "delay": 0.05}) as client:
        pages = [page(client, f"{number}.pgm") for number in range(6)]
        await until(lambda: client.status()["in_flight"] > 0)
        seen = set()
        while not all(one.done() for one in pages):
            seen.add(client.status()["in_flight"])
            await asyncio.sleep(0.005)
        assert max(seen) == 2


async def test_the_lowest_rank_is_served_first() -> None:
    async with engine("echo", {"delay": 0.02}) as client:
        order: list[str] = []
        first = page(client, "first.pgm", 5)
        await until(lambda: client.status()["in_flight"] == 1)
        pages = [page(client, f"{rank}.pgm", rank) for rank in (9, 3, 7, 1)]
        for one in pages:
            one.add_done_callback(lambda done: order.append(text(done.result())))
        await asyncio.gather(first, *pages)
    assert order == [f"Page image {rank}.pgm" for rank in (1, 3, 7, 9)]


async def test_a_cancelled_page_frees_its_slot_without_a_new_worker() -> None:
    async with engine("echo", {"delay": 30}) as client:
        slow = page(client, "slow.pgm")
        await until(lambda: client.status()["in_flight"] == 1)
        pid = client.status()["pid"]
        slow.cancel()
        await until(lambda: client.status()["in_flight"] == 0)
        assert client.status()["pid"] == pid
        assert client.status()["restarts"] == 0


async def test_a_page_cancelled_while_it_waits_is_never_sent() -> None:
    async with engine("echo", {"delay": 0.1}) as client:
        first, second, third = (page(client, f"{n}.pgm", n) for n in range(3))
        await until(lambda: client.status()["in_flight"] == 1)
        second.cancel()
        await asyncio.gather(first, third)
        assert client.status()["pages"] == 2


async def test_pages_survive_workers_killed_at_any_moment() -> None:
    async with engine("echo", {"capacity": 3, "delay": 0.01}, max_kills=1000) as client:
        pages = [page(client, f"{number}.pgm", number) for number in range(60)]
        for delay in (0.0, 0.005, 0.02, 0.05, 0.08):
            await until(lambda: client.status()["pid"] is not None)
            await asyncio.sleep(delay)
            if (pid := client.status()["pid"]) is not None:
                os.kill(pid, signal.SIGKILL)
                await until(lambda pid=pid: client.status()["pid"] != pid)  # type: ignore[misc]
        texts = [text(one) for one in await asyncio.gather(*pages)]
        assert texts == [f"Page image {number}.pgm" for number in range(60)]
        assert client.status()["restarts"] >= 5
        assert client.status()["in_flight"] == client.status()["waiting"] == 0


async def test_a_page_sent_to_a_worker_that_was_dead_already_is_not_blamed() -> None:
    kills: list[int] = []
    async with engine("echo", max_kills=1) as client:
        await client.hello()
        os.kill(client.status()["pid"], signal.SIGKILL)
        assert text(await page(client, "late.pgm", on_kill=kills.append))
    assert kills == []


async def test_only_the_page_that_kills_is_blamed_and_the_others_are_read() -> None:
    kills: dict[str, list[int]] = {f"page-{n}.pgm": [] for n in range(1, 9)}
    async with engine("die_on_page_4", {"capacity": 4, "delay": 0.05}) as client:
        results = await asyncio.gather(
            *(page(client, name, on_kill=kills[name].append) for name in kills),
            return_exceptions=True,
        )
    poisonous = results.pop(3)
    assert isinstance(poisonous, PoisonousPageError)
    assert "3 times" in poisonous.what
    assert all(isinstance(result, Recognition) for result in results)
    assert kills.pop("page-4.pgm") == [1, 2, 3]
    assert not any(kills.values())


async def test_a_page_that_kills_twice_only_is_read(tmp_path: Path) -> None:
    options = {"times": 2, "tally": str(tmp_path / "tally")}
    async with engine("die_on_page_4", options) as client:
        assert text(await page(client, "0004.pgm")) == "Page image 0004.pgm"


async def test_kills_of_an_earlier_daemon_count() -> None:
    async with engine("die_on_page_4") as client:
        told: list[int] = []
        with pytest.raises(PoisonousPageError):
            await page(client, "page-4.pgm", kills=2, on_kill=told.append)
        assert told == [3]
        with pytest.raises(PoisonousPageError):
            await page(client, "page-4.pgm", kills=3)


async def test_an_engine_is_proved_by_a_page_that_it_reads_or_refuses_and_by_no_other() -> None:
    async with engine("die_on_page_4") as client:
        await client.prove(Path("good.pgm"), MARKDOWN, (1,))
        with pytest.raises(EngineError, match="known to be good") as caught:
            await client.prove(Path("page-4.pgm"), MARKDOWN, (1,))
        assert "SIGKILL" in caught.value.what
        assert client.status()["restarts"] == 1, "one end is enough"
    async with engine("refuse") as client:
        await client.prove(Path("bad.pgm"), MARKDOWN, (1,))


async def test_an_error_of_on_kill_reaches_the_page() -> None:
    def full(_: int) -> None:
        raise OSError("disk full")

    async with engine("die_on_page_4") as client:
        with pytest.raises(OSError, match="disk full"):
            await page(client, "page-4.pgm", on_kill=full)
        assert text(await page(client, "page-5.pgm"))


async def test_a_hanging_page_is_ended_and_the_others_are_read() -> None:
    options = {"on": "bad", "capacity": 2}
    async with engine("hang", options, page_timeout=0.3, max_kills=2) as client:
        bad = page(client, "bad.pgm")
        good = [page(client, f"good-{number}.pgm", 1) for number in range(5)]
        with pytest.raises(PoisonousPageError, match="no progress"):
            await bad
        assert len(await asyncio.gather(*good)) == 5


async def test_a_slow_page_that_progresses_is_left_alone() -> None:
    async with engine("echo", {"delay": 1.2}, page_timeout=0.5) as client:
        assert text(await page(client, "slow.pgm"))
        assert client.status()["restarts"] == 0


@pytest.mark.parametrize("how", ["garbage", "endless", "stranger", "flood"])
async def test_a_worker_that_runs_wild_costs_the_page_only(how: str) -> None:
    before = psutil.Process().memory_info().rss
    async with engine("babble", {"how": how}, page_timeout=0.1, max_kills=1) as client:
        with pytest.raises(PoisonousPageError):
            await page(client, "page.pgm")
        assert psutil.Process().memory_info().rss < before + 100 * 2**20


async def test_what_a_library_prints_does_no_harm() -> None:
    async with engine("babble", {"how": "print"}) as client:
        assert text(await page(client, "page.pgm"))


async def test_an_engine_out_of_memory_gets_its_pages_one_by_one() -> None:
    async with engine("out_of_memory") as client:
        pages = [page(client, f"{number}.pgm") for number in range(3)]
        assert len(await asyncio.gather(*pages)) == 3
        assert "memory" in client.status()["last_error"]


async def test_an_idle_worker_is_unloaded_and_comes_back() -> None:
    async with engine("echo", idle_unload=0.1) as client:
        await page(client, "one.pgm")
        first = client.status()["pid"]
        await until(lambda: client.status()["state"] == "unloaded")
        await until(lambda: client.status()["pid"] is None)
        assert not psutil.pid_exists(first)
        assert text(await page(client, "two.pgm"))
        assert client.status()["restarts"] == 0


async def test_pages_that_arrive_while_the_worker_unloads_are_read() -> None:
    async with engine("echo", idle_unload=0.02) as client:
        for number in range(30):
            await asyncio.sleep(0.015 + number % 10 * 0.001)  # around the moment of unloading
            assert text(await page(client, f"{number}.pgm"))
        assert client.status()["restarts"] == 0


async def test_an_engine_that_cannot_start_is_tried_again_and_says_why() -> None:
    async with engine("slow_start", {"start": 0, "refuse": True}) as client:
        waiting = page(client, "page.pgm")
        await until(lambda: client.status()["restarts"] >= 3)
        assert not waiting.done()
        assert client.status()["state"] in {"broken", "starting"}
        assert "no such weights" in client.status()["last_error"]
        await client.stop(1)
        with pytest.raises(EngineError):
            await waiting


async def test_an_engine_that_never_came_is_out_and_one_that_a_page_ended_is_not() -> None:
    async with engine("slow_start", {"start": 0, "refuse": True}) as client:
        assert client.outage is None
        waiting = page(client, "page.pgm")
        await until(lambda: client.outage is not None)
        assert "no such weights" in str(client.outage)
        waiting.cancel()
    async with engine("die_on_page_4", restart_backoff=60.0) as client:
        await page(client, "page-1.pgm")
        waiting = page(client, "page-4.pgm")
        await until(lambda: client.status()["state"] == "broken")
        assert client.outage is None
        waiting.cancel()


async def test_an_engine_that_ends_again_and_again_is_out(tmp_path: Path) -> None:
    options = {"times": 4, "tally": str(tmp_path / "tally"), "on": "bad"}
    async with engine("die_on_page_4", options, restart_backoff=0.05) as client:
        await page(client, "good.pgm")
        waiting = [page(client, f"bad-{number}.pgm") for number in range(3)]
        await until(lambda: client.outage is not None)
        await until(lambda: client.outage is None)  # there is a worker once more
        await asyncio.wait(waiting)


async def test_back_off_doubles() -> None:
    async with engine("slow_start", {"start": 0, "refuse": True}, restart_backoff=0.2) as client:
        loop = asyncio.get_running_loop()
        started, moments = loop.time(), []
        waiting = page(client, "page.pgm")
        for count in (1, 2, 3):
            await until(lambda count=count: client.status()["restarts"] == count)  # type: ignore[misc]
            moments.append(loop.time() - started)
        assert moments[1] - moments[0] >= 0.2
        assert moments[2] - moments[1] >= 0.4
        waiting.cancel()


async def test_a_start_that_takes_too_long_is_ended() -> None:
    async with engine("slow_start", {"start": 60}, start_timeout=0.3) as client:
        waiting = page(client, "page.pgm")
        await until(lambda: client.status()["restarts"] >= 1)
        assert "not ready within 0.3 s" in client.status()["last_error"]
        waiting.cancel()


async def test_a_worker_of_another_version_is_refused() -> None:
    async with engine("wrong_protocol") as client:
        waiting = page(client, "page.pgm")
        await until(lambda: "version" in client.status()["last_error"])
        waiting.cancel()


async def test_a_missing_package_is_named_and_the_engine_not_started_over_and_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with engine("no_such_engine") as client:
        waiting = page(client, "page.pgm")
        await until(lambda: f"Next start in {span(UNUSABLE_SECONDS)}." in caplog.text)
        assert isinstance(client.failure, EngineUnusableError)
        assert "tests.engines.no_such_engine is not installed" in client.status()["last_error"]
        assert "Install what it needs" in client.status()["last_error"]
        assert not waiting.done()
        assert client.status()["restarts"] == 1
        waiting.cancel()


async def test_an_impatient_client_refuses_the_pages_of_an_engine_that_lacks_a_package() -> None:
    async with engine("no_such_engine", is_patient=False) as client:
        waiting, greeting = page(client, "page.pgm"), asyncio.ensure_future(client.hello())
        for refused in (waiting, greeting, page(client, "later.pgm")):
            with pytest.raises(EngineUnusableError, match="no_such_engine is not installed"):
                await refused
        with pytest.raises(EngineUnusableError):
            await client.hello()


async def test_an_impatient_client_waits_for_an_engine_that_may_come_back() -> None:
    async with engine("slow_start", {"start": 0, "refuse": True}, is_patient=False) as client:
        waiting = page(client, "page.pgm")
        await until(lambda: client.status()["restarts"] >= 3)
        assert not waiting.done()
        waiting.cancel()


async def test_an_instruction_that_the_processor_lacks_is_named_with_the_package_that_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The instruction is one that no processor has; the kernel's answer is the same."""
    package = tmp_path / "site-packages" / "modern"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from tests.engines import illegal\nillegal.execute()\n")
    monkeypatch.setenv("PYTHONPATH", f"{ENVIRONMENT['PYTHONPATH']}:{package.parent}")
    async with engine("illegal", {"package": "modern"}) as client:
        waiting = page(client, "page.pgm")
        await until(lambda: client.failure is not None)
        assert isinstance(client.failure, EngineUnusableError)
        assert "instructions that modern is built with" in client.failure.what
        assert "x86-64-v2" in client.failure.hint
        waiting.cancel()


async def test_an_illegal_instruction_on_a_page_is_the_pages_until_another_has_it_too() -> None:
    async with engine("illegal") as client:
        assert text(await page(client, "good.pgm"))
        with pytest.raises(PoisonousPageError):
            await page(client, "bad.pgm")
        assert "SIGILL" in client.status()["last_error"]
        assert text(await page(client, "good.pgm"))


async def test_a_crash_names_the_package_in_which_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site-packages" / "fragile"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("import ctypes\nctypes.string_at(0)\n")
    monkeypatch.setenv("PYTHONPATH", f"{ENVIRONMENT['PYTHONPATH']}:{package.parent}")
    async with engine("illegal", {"package": "fragile"}) as client:
        waiting = page(client, "page.pgm")
        await until(lambda: client.failure is not None)
        assert client.failure is not None
        assert client.failure.what == "The engine worker ended (SIGSEGV, in fragile)."
        waiting.cancel()


async def test_stop_lets_pages_in_flight_finish_and_refuses_the_others() -> None:
    async with engine("echo", {"delay": 0.2}) as client:
        first, second = page(client, "1.pgm", 1), page(client, "2.pgm", 2)
        await until(lambda: client.status()["in_flight"] == 1)
        await client.stop(10)
        assert text(await first)
        with pytest.raises(EngineError):
            await second
        with pytest.raises(EngineError):
            await page(client, "3.pgm")
        with pytest.raises(EngineError):
            await client.hello()


async def test_stop_ends_a_page_that_does_not_finish_in_time_without_blame() -> None:
    kills: list[int] = []
    async with engine("hang") as client:
        stuck = page(client, "1.pgm", on_kill=kills.append)
        await until(lambda: client.status()["in_flight"] == 1)
        await client.stop(0.05)
        with pytest.raises(EngineError):
            await stuck
    assert kills == []


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.05])
async def test_stop_during_the_start_leaves_no_process(delay: float) -> None:
    before = {child.pid for child in psutil.Process().children()}
    async with engine("slow_start", {"start": 60}) as client:
        waiting = page(client, "1.pgm")
        await asyncio.sleep(delay)
        await client.stop(10)
        with pytest.raises(EngineError):
            await waiting
    assert {child.pid for child in psutil.Process().children()} <= before


async def test_hello_is_known_while_the_worker_is_unloaded() -> None:
    async with engine("echo", idle_unload=0.05) as client:
        await client.hello()
        await until(lambda: client.status()["pid"] is None)
        async with asyncio.timeout(0.04):
            assert (await client.hello()).capacity == 1


async def test_a_cancelled_hello_leaves_nothing_behind() -> None:
    async with engine("slow_start", {"start": 0.2}) as client:
        greeter = asyncio.ensure_future(client.hello())
        await asyncio.sleep(0)
        greeter.cancel()
        assert (await client.hello()).model == "scripted"


async def test_a_refused_page_is_a_page_error_and_the_worker_lives() -> None:
    async with engine("refuse") as client:
        with pytest.raises(PageError, match="not a page") as caught:
            await page(client, "bad.pgm")
        assert not isinstance(caught.value, PoisonousPageError)
        with pytest.raises(PageError, match="KeyError"):
            await page(client, "bug.pgm")
        assert text(await page(client, "good.pgm"))
        assert client.status()["restarts"] == 0


async def test_what_the_engine_warns_of_is_logged_and_in_status(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with engine("echo", {"notice": "An old driver."}) as client:
        await client.hello()
        assert client.status()["last_notice"] == "An old driver."
    assert "Engine scripted: An old driver." in caplog.messages


async def test_a_page_whose_servers_are_gone_waits_and_is_never_blamed(tmp_path: Path) -> None:
    shut = tmp_path / "shut"
    shut.touch()
    blamed: list[int] = []
    async with engine("shut", {"file": str(shut)}, max_kills=1) as client:
        one = page(client, "one.pgm", on_kill=blamed.append)
        await until(lambda: client.status()["restarts"] >= 3)
        assert isinstance(client.outage, ServersGoneError)
        assert client.failing_seconds > 0
        assert not one.done()
        shut.unlink()
        assert text(await one) == "Page image one.pgm"
        assert client.outage is None
        assert client.failing_seconds == 0.0
    assert blamed == []
