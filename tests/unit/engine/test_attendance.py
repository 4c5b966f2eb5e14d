"""Several devices: one queue, a real worker on each, of which some are broken or killed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil
import pytest

from ocrd.engine.client import EngineClient
from ocrd.errors import EngineError, PoisonousPageError
from ocrd.job import Recognition
from tests.clients import engine, page, text, until
from tests.engines import ENVIRONMENT

CUDA = ("cuda:0", "cuda:1")
FOREVER = 60.0  # a back-off longer than a test


@pytest.fixture(autouse=True)
def _worker_finds_the_scripted_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in ENVIRONMENT.items():
        monkeypatch.setenv(key, value)


class Gate:
    """Holds page images in the engine until they are let go."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def hold(self, *names: str) -> None:
        for name in names:
            (self.folder / name).touch()

    def let_go(self, *names: str) -> None:
        for name in names:
            (self.folder / name).unlink()

    def has_begun(self, name: str) -> bool:
        return (self.folder / f"{name}.begun").exists()

    async def until_begun(self, *names: str) -> None:
        await until(lambda: all(map(self.has_begun, names)))


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path)


def options(gate: Gate, **more: Any) -> dict[str, Any]:
    return {"gate": str(gate.folder), **more}


def of_workers(client: EngineClient, key: str) -> list[Any]:
    return [worker[key] for worker in client.status()["workers"]]


async def all_ready(client: EngineClient) -> None:
    await client.hello()
    await until(lambda: set(of_workers(client, "state")) == {"ready"})


async def texts(pages: Iterable[asyncio.Task[Recognition]]) -> list[str]:
    return [text(recognition) for recognition in await asyncio.gather(*pages)]


async def test_the_pages_are_shared_out_evenly_to_both_devices(gate: Gate) -> None:
    names = [f"{number}.pgm" for number in range(6)]
    gate.hold(*names)
    async with engine("devices", options(gate, capacity=6), devices=CUDA) as client:
        await all_ready(client)
        pages = [page(client, name) for name in names]
        await gate.until_begun(*names)
        assert of_workers(client, "in_flight") == [3, 3]
        assert of_workers(client, "device") == list(CUDA)
        gate.let_go(*names)
        assert await texts(pages) == [*CUDA] * 3
        assert client.status()["pages"] == 6


async def test_the_first_announcement_loads_every_device() -> None:
    async with engine("devices", devices=CUDA) as client:
        await client.hello()
        await until(lambda: None not in of_workers(client, "pid"))
        assert len(set(of_workers(client, "pid"))) == 2


async def test_the_announced_capacity_is_that_of_the_workers_there_are() -> None:
    per_device = {"cuda:0": {"capacity": 2}, "cuda:1": {"capacity": 3}}
    settings = {"devices": CUDA, "restart_backoff": FOREVER}
    async with engine("devices", {"on": per_device}, **settings) as client:
        assert client.announced is None
        assert (await client.hello()).capacity in {2, 3, 5}
        await all_ready(client)
        assert client.announced is not None
        assert (client.announced.capacity, client.status()["capacity"]) == (5, 5)
        os.kill(of_workers(client, "pid")[1], signal.SIGKILL)
        await until(lambda: of_workers(client, "state") == ["ready", "broken"])
        assert client.announced.capacity == 2
        assert (await client.hello()).capacity == 2


async def test_pages_of_a_dead_worker_are_read_at_once_by_the_other(gate: Gate) -> None:
    gate.hold("a.pgm", "b.pgm")
    settings = {"devices": CUDA, "restart_backoff": FOREVER}
    async with engine("devices", options(gate), **settings) as client:
        await all_ready(client)
        pages = [page(client, "a.pgm"), page(client, "b.pgm")]
        await gate.until_begun("a.pgm", "b.pgm")
        os.kill(of_workers(client, "pid")[0], signal.SIGKILL)
        await until(lambda: of_workers(client, "state") == ["broken", "ready"])
        gate.let_go("a.pgm", "b.pgm")
        assert await texts(pages) == ["cuda:1", "cuda:1"]
        assert of_workers(client, "restarts") == [1, 0]
        assert of_workers(client, "state") == ["broken", "ready"]
        assert client.status()["state"] == "ready"
        assert "SIGKILL" in client.status()["last_error"]


@pytest.mark.parametrize("warm", [True, False])
async def test_a_device_that_cannot_start_holds_no_pages(warm: bool) -> None:
    settings = {"devices": CUDA, "restart_backoff": FOREVER}
    broken = {"on": {"cuda:0": {"refuse": True}}}
    async with engine("devices", broken, **settings) as client:
        if warm:
            assert (await client.hello()).capacity == 1
        pages = [page(client, f"{number}.pgm") for number in range(3)]
        assert await texts(pages) == ["cuda:1"] * 3
        await until(lambda: of_workers(client, "state") == ["broken", "ready"])
        assert "cuda:0 is out of order" in of_workers(client, "last_error")[0]


async def test_a_device_that_cannot_start_does_not_hold_the_one_page_there_is() -> None:
    settings = {"devices": CUDA, "restart_backoff": FOREVER}
    broken = {"on": {"cuda:0": {"refuse": True}}}
    async with engine("devices", broken, **settings) as client:
        assert text(await page(client, "letter.pgm")) == "cuda:1"


async def test_pages_wait_while_no_device_can_start() -> None:
    async with engine("devices", {"refuse": True}, devices=CUDA) as client:
        waiting = page(client, "page.pgm")
        await until(lambda: all(count >= 2 for count in of_workers(client, "restarts")))
        assert not waiting.done()
        await client.stop(1)
        with pytest.raises(EngineError):
            await waiting


async def test_only_the_page_that_kills_is_blamed_whichever_worker_it_has() -> None:
    names = [f"good-{number}.pgm" for number in range(11)]
    names.insert(3, "bad.pgm")
    kills: dict[str, list[int]] = {name: [] for name in names}
    script = {"die": "bad", "capacity": 3, "delay": 0.03}
    async with engine("devices", script, devices=CUDA) as client:
        await all_ready(client)
        results = dict(
            zip(
                names,
                await asyncio.gather(
                    *(page(client, name, on_kill=kills[name].append) for name in names),
                    return_exceptions=True,
                ),
                strict=True,
            )
        )
    assert isinstance(results.pop("bad.pgm"), PoisonousPageError)
    assert all(isinstance(result, Recognition) for result in results.values())
    assert kills.pop("bad.pgm") == [1, 2, 3]
    assert not any(kills.values())


async def test_other_pages_are_read_while_a_suspect_has_a_worker_to_itself(gate: Gate) -> None:
    suspects, others = ["s1.pgm", "s2.pgm"], ["x1.pgm", "x2.pgm"]
    gate.hold(*suspects, *others)
    async with engine("devices", options(gate, capacity=2), devices=CUDA) as client:
        await all_ready(client)
        names = ["s1.pgm", "x1.pgm", "s2.pgm", "x2.pgm"]  # taken in turn by the two workers
        pages = {name: page(client, name, rank) for rank, name in enumerate(names)}
        await gate.until_begun(*names)
        os.kill(of_workers(client, "pid")[0], signal.SIGKILL)
        await until(lambda: of_workers(client, "restarts") == [1, 0])
        await until(lambda: of_workers(client, "in_flight") == [1, 2])
        pages["good.pgm"] = page(client, "good.pgm", 9)
        gate.let_go("x1.pgm")
        assert await texts([pages["x1.pgm"], pages["good.pgm"]]) == ["cuda:1", "cuda:1"]
        assert of_workers(client, "in_flight") == [1, 1], "the second suspect waits for its turn"
        gate.let_go(*suspects, "x2.pgm")
        await asyncio.gather(*pages.values())
        assert client.status()["restarts"] == 1


async def test_a_worker_comes_back_for_a_suspect_that_waits_for_another(gate: Gate) -> None:
    gate.hold("a.pgm", "b.pgm")
    async with engine("devices", options(gate, capacity=2), devices=CUDA) as client:
        pages = [page(client, "a.pgm", 1)]
        await gate.until_begun("a.pgm")
        pages.append(page(client, "b.pgm", 2))
        await gate.until_begun("b.pgm")
        assert of_workers(client, "state") == ["ready", "unloaded"]
        os.kill(of_workers(client, "pid")[0], signal.SIGKILL)
        await until(lambda: of_workers(client, "restarts") == [1, 0])
        gate.let_go("b.pgm")
        assert text(await pages[1]) == "cuda:0", "the other has the first suspect"
        gate.let_go("a.pgm")
        assert text(await pages[0]) == "cuda:1"


async def test_a_page_given_up_is_cancelled_at_its_own_worker(gate: Gate) -> None:
    gate.hold("a.pgm", "b.pgm")
    async with engine("devices", options(gate), devices=CUDA) as client:
        await all_ready(client)
        kept, given_up = page(client, "a.pgm"), page(client, "b.pgm")
        await gate.until_begun("a.pgm", "b.pgm")
        pids = of_workers(client, "pid")
        given_up.cancel()
        await until(lambda: of_workers(client, "in_flight") == [1, 0])
        gate.let_go("a.pgm")
        assert text(await kept) == "cuda:0"
        assert of_workers(client, "pid") == pids
        assert client.status()["restarts"] == 0


async def test_pages_are_taken_by_rank_whichever_worker_is_free(gate: Gate) -> None:
    begun = ["first-0.pgm", "first-1.pgm"]
    waiting = ["1.pgm", "3.pgm", "7.pgm", "9.pgm"]
    gate.hold(*begun, *waiting)
    async with engine("devices", options(gate), devices=CUDA) as client:
        await all_ready(client)
        pages = {name: page(client, name) for name in begun}
        await gate.until_begun(*begun)
        for name in ("9.pgm", "3.pgm", "1.pgm", "7.pgm"):
            pages[name] = page(client, name, int(name[0]))
        for number, done in enumerate(("first-1.pgm", "first-0.pgm", "1.pgm", "3.pgm")):
            gate.let_go(done)
            await gate.until_begun(waiting[number])
            await pages[done]
            assert not any(map(gate.has_begun, waiting[number + 1 :]))
        gate.let_go("7.pgm", "9.pgm")
        await asyncio.gather(*pages.values())


async def test_stop_lets_both_workers_finish_their_pages_and_ends_them(gate: Gate) -> None:
    gate.hold("a.pgm", "b.pgm")
    async with engine("devices", options(gate), devices=CUDA) as client:
        await all_ready(client)
        pages = [page(client, "a.pgm"), page(client, "b.pgm")]
        await gate.until_begun("a.pgm", "b.pgm")
        late = page(client, "late.pgm")
        pids = of_workers(client, "pid")
        stopping = asyncio.ensure_future(client.stop(10))
        with pytest.raises(EngineError):
            await late
        gate.let_go("a.pgm", "b.pgm")
        assert await texts(pages) == list(CUDA)
        await stopping
        assert of_workers(client, "state") == ["unloaded", "unloaded"]
        assert not any(map(psutil.pid_exists, pids))


async def test_stop_ends_every_worker_whose_page_does_not_finish(gate: Gate) -> None:
    kills: list[int] = []
    gate.hold("a.pgm", "b.pgm")
    async with engine("devices", options(gate), devices=CUDA) as client:
        await all_ready(client)
        pages = [page(client, name, on_kill=kills.append) for name in ("a.pgm", "b.pgm")]
        await gate.until_begun("a.pgm", "b.pgm")
        pids = of_workers(client, "pid")
        await client.stop(0.05)
        assert not any(map(psutil.pid_exists, pids))
        for stuck in pages:
            with pytest.raises(EngineError):
                await stuck
    assert kills == []


async def test_idle_workers_all_end_and_come_back_only_as_they_are_needed(gate: Gate) -> None:
    settings = {"devices": CUDA, "idle_unload": 0.1}
    async with engine("devices", options(gate), **settings) as client:
        await client.hello()
        await until(lambda: None not in of_workers(client, "pid"))
        pids = of_workers(client, "pid")
        await until(lambda: of_workers(client, "pid") == [None, None])
        assert not any(map(psutil.pid_exists, pids))
        assert client.announced is not None
        assert client.announced.capacity == 2, "they come back when they are needed"
        gate.hold("a.pgm", "b.pgm")
        pages = [page(client, "a.pgm")]
        await gate.until_begun("a.pgm")
        assert of_workers(client, "state") == ["ready", "unloaded"]
        pages.append(page(client, "b.pgm"))
        await gate.until_begun("b.pgm")
        assert of_workers(client, "state") == ["ready", "ready"]
        gate.let_go("a.pgm", "b.pgm")
        assert await texts(pages) == list(CUDA)
        assert client.status()["restarts"] == 0


async def test_a_worker_that_has_nothing_to_do_stays_while_the_other_reads(gate: Gate) -> None:
    gate.hold("long.pgm", "short.pgm")
    settings = {"devices": CUDA, "idle_unload": 0.1}
    async with engine("devices", options(gate), **settings) as client:
        reading, other = page(client, "long.pgm"), page(client, "short.pgm")
        await gate.until_begun("long.pgm")
        await gate.until_begun("short.pgm")
        gate.let_go("short.pgm")
        await other
        await asyncio.sleep(0.3)  # the time that must not count as idle
        assert of_workers(client, "state") == ["ready", "ready"]
        gate.let_go("long.pgm")
        await reading
        await until(lambda: of_workers(client, "pid") == [None, None])


@pytest.mark.parametrize("other", [{"model": "another"}, {"longest_side": 640}])
async def test_a_device_with_another_model_is_refused_by_name(other: dict[str, Any]) -> None:
    settings = {"devices": CUDA, "restart_backoff": FOREVER}
    async with engine("devices", {"on": {"cuda:1": other}}, **settings) as client:
        await client.hello()
        await until(lambda: sorted(of_workers(client, "state")) == ["broken", "ready"])
        error = client.status()["last_error"]
        for word in (*CUDA, "scripted", other.get("model", "640")):
            assert word in error
        assert text(await page(client, "page.pgm")) in CUDA


async def test_pages_survive_workers_killed_in_turn_at_any_moment() -> None:
    settings = {"devices": CUDA, "max_kills": 1000}
    script = {"capacity": 3, "delay": 0.01}
    async with engine("devices", script, **settings) as client:
        await all_ready(client)
        pages = [page(client, f"{number}.pgm", number) for number in range(60)]
        for number, delay in enumerate((0.0, 0.01, 0.02, 0.05, 0.03, 0.0)):
            await until(lambda: client.status()["pid"] is not None)
            await asyncio.sleep(delay)
            pids = of_workers(client, "pid")
            victim = pids[number % 2] or pids[(number + 1) % 2]
            if victim is not None:
                os.kill(victim, signal.SIGKILL)
                await until(lambda victim=victim: victim not in of_workers(client, "pid"))  # type: ignore[misc]
        assert set(await texts(pages)) <= set(CUDA)
        assert client.status()["pages"] == 60
        assert client.status()["in_flight"] == client.status()["waiting"] == 0
