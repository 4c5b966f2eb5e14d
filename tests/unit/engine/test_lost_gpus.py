"""A GPU that the engine had is waited for; the real placement in the real worker looks for it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from ocrd.engine.client import EngineClient
from ocrd.errors import EngineUnusableError, GpuGoneError
from ocrd.log import event_of
from tests.clients import engine, page, text, until
from tests.engines import ENVIRONMENT

pytestmark = pytest.mark.timeout(120)
H200 = "NVIDIA H200"
RTX = "NVIDIA RTX 3060"
UNKNOWN = "CUDA unknown error - this may be due to an incorrectly set up environment"


@pytest.fixture(autouse=True)
def _worker_finds_the_scripted_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in ENVIRONMENT.items():
        monkeypatch.setenv(key, value)


class Machine:
    """The file that tells the worker of the GPUs there are."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.has(H200)

    def has(self, *names: str) -> None:
        self.tell({"names": names})

    def tell(self, machine: dict[str, Any]) -> None:
        self.path.with_suffix(".new").write_text(json.dumps(machine))
        self.path.with_suffix(".new").rename(self.path)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "machine.json")


def on(machine: Machine, device: str = "auto") -> dict[str, Any]:
    return {"options": {"machine": str(machine.path)}, "devices": (device,), "limit_seconds": 100.0}


async def until_it_waits(client: EngineClient) -> GpuGoneError:
    await until(lambda: isinstance(client.failure, GpuGoneError))
    assert isinstance(client.failure, GpuGoneError)
    return client.failure


async def test_a_gpu_that_goes_is_waited_for_and_the_page_goes_on_when_it_is_back(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="ocrd")
    heard: list[tuple[str, ...]] = []
    async with engine("gpu", on_gpus=heard.append, **on(machine)) as client:
        assert text(await page(client, "one.pgm")) == "Read on cuda:0"
        machine.tell({"names": [H200], "init": UNKNOWN})  # as after a suspend
        waiting = page(client, "two.pgm")
        failure = await until_it_waits(client)
        assert failure.what.endswith(f"had ({H200}) cannot be used any more: {UNKNOWN}.")
        assert 'device = "cpu"' in failure.hint
        assert client.status()["last_error"] == f"{failure.what} {failure.hint}"
        seen = client.status()["restarts"]
        await until(lambda: client.status()["restarts"] >= seen + 2)
        assert not waiting.done()
        machine.has(H200)
        assert text(await waiting) == "Read on cuda:0"
        assert client.failure is None
    told = [event_of(record) for record in caplog.records if record.levelname != "DEBUG"]
    assert told == ["engine-ready", "engine-ended", "gpu-gone", "gpu-back", "engine-ready"]
    assert f"ready, scripted on cuda:0, {H200}, 1 at a time" in caplog.messages[0]
    assert heard == [(H200,)]


async def test_of_two_gpus_the_one_that_is_left_goes_on_and_the_loss_is_told(
    machine: Machine,
) -> None:
    machine.has(RTX, H200)
    heard: list[tuple[str, ...]] = []
    async with engine("gpu", on_gpus=heard.append, **on(machine)) as client:
        assert text(await page(client, "one.pgm")) == "Read on cuda:1"
        machine.has(RTX)
        assert text(await page(client, "two.pgm")) == "Read on cuda:0"
        notice = client.status()["last_notice"]
        assert notice == f"{H200} is gone. The engine runs on cuda:0 ({RTX})."
    assert heard == [(RTX, H200), (RTX,)]


async def test_a_first_start_without_a_gpu_takes_the_processor_and_says_so(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="ocrd")
    machine.has()
    heard: list[tuple[str, ...]] = []
    async with engine("gpu", on_gpus=heard.append, **on(machine)) as client:
        assert text(await page(client, "one.pgm")) == "Read on cpu"
        assert 'device = "auto" took the processor' in client.status()["last_notice"]
        assert client.status()["workers"][0]["device"] == "auto"
    assert not heard
    assert any("ready, scripted on cpu, 1 at a time" in said for said in caplog.messages)


async def test_an_impatient_client_does_not_wait_for_a_gpu(machine: Machine) -> None:
    machine.has()
    async with engine("gpu", had_gpus=(H200,), is_patient=False, **on(machine)) as client:
        with pytest.raises(GpuGoneError, match="cannot be used any more") as caught:
            await client.hello()
        assert isinstance(caught.value, EngineUnusableError)


async def test_the_processor_is_taken_by_whoever_says_so(machine: Machine) -> None:
    machine.has()
    async with engine("gpu", had_gpus=(H200,), **on(machine, "cpu")) as client:
        assert text(await page(client, "one.pgm")) == "Read on cpu"
        assert client.status()["last_notice"] == ""


# One worker, one GPU


async def test_each_worker_sees_its_own_gpu_alone_and_is_called_by_its_place(
    machine: Machine,
) -> None:
    machine.has(RTX, H200)
    heard: list[tuple[str, ...]] = []
    settings = on(machine)
    settings["options"]["sees"] = True
    settings["devices"] = ("cuda:0", "cuda:1")
    async with engine("gpu", on_gpus=heard.append, **settings) as client:
        await client.hello()
        await until(lambda: all(one["state"] == "ready" for one in client.status()["workers"]))
        read = await asyncio.gather(*(page(client, f"{n}.pgm") for n in range(2)))
        assert sorted(map(text, read)) == ["Read on cuda:0, sees 1", "Read on cuda:1, sees 1"]
        assert [one["device"] for one in client.status()["workers"]] == ["cuda:0", "cuda:1"]
        seen = [Path(f"/proc/{one['pid']}/environ").read_bytes().split(b"\0")
                for one in client.status()["workers"]]  # fmt: skip
        for number, environment in enumerate(seen):
            assert b"CUDA_VISIBLE_DEVICES=%d" % number in environment, "before it began"
            assert b"CUDA_DEVICE_ORDER=PCI_BUS_ID" in environment
        assert client.remembered.gpus == (RTX, H200)
    assert {heard[-1]} == {(RTX, H200)}


async def test_a_list_that_the_daemon_has_is_kept_to(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.has("A", "B", RTX, H200)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,2")
    for device, told in (("cuda:1", "cuda:1 (device 2)"), ("auto", "cuda:0 (device 3)")):
        async with engine("gpu", **on(machine, device)) as client:
            assert text(await page(client, "one.pgm")) == f"Read on {told}"
            assert client.announced is not None
            assert client.announced.device.startswith(told)


async def test_one_of_several_that_restarts_forgets_none_of_the_gpus(machine: Machine) -> None:
    machine.has(RTX, H200)
    heard: list[tuple[str, ...]] = []
    settings = on(machine) | {"devices": ("cuda:0", "cuda:1"), "had_gpus": (RTX, H200)}
    async with engine("gpu", on_gpus=heard.append, **settings) as client:
        await client.hello()
        await until(lambda: all(one["state"] == "ready" for one in client.status()["workers"]))
        assert heard == [], "they are the same"
