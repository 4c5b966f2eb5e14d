"""How the processes of one engine share the processor, and when the second one starts."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from ocrd.config.settings import EngineSettings
from ocrd.engine import shares
from ocrd.tasks import Task
from tests.clients import engine, until

GIB = 1 << 30


@pytest.mark.parametrize(
    ("cores", "settings", "threads"),
    [
        (1, {}, [None]),
        (4, {}, [None]),
        (5, {}, [3, 2]),
        (8, {}, [4, 4]),
        (18, {}, [4, 4, 4, 3, 3]),
        (16, {"threads": 3}, [None]),
        (16, {"processes": 1}, [None]),
        (4, {"processes": 3}, [2, 1, 1]),
        (2, {"processes": 3}, [1, 1]),
        (8, {"kind": "module", "module": "mine"}, [None]),
    ],
)
def test_there_is_a_process_for_every_four_threads(
    cores: int, settings: dict[str, object], threads: list[int | None]
) -> None:
    found = shares.of(EngineSettings.model_validate(settings), cores, 64 * GIB)
    assert [one.get("threads") for one in found] == threads
    assert [one.get("slots") for one in found] == threads


def test_slots_are_shared_out_as_they_are_configured() -> None:
    settings = EngineSettings(slots=3, threads=8)
    found = shares.of(settings, 2, 64 * GIB)
    assert found == [{"slots": 2, "threads": 4}, {"slots": 1, "threads": 4}]


def test_a_lone_slot_has_one_process() -> None:
    assert shares.of(EngineSettings(slots=1), 16, 64 * GIB) == [{}]


@pytest.mark.parametrize(("gib", "count"), [(0.5, 1), (2, 1), (4, 2), (7.8, 3), (64, 4)])
def test_little_memory_has_few_processes(gib: float, count: int) -> None:
    assert len(shares.of(EngineSettings(), 16, int(gib * GIB))) == count


async def test_the_second_process_starts_when_more_pages_wait_than_the_first_has_slots(
    tmp_path: Path,
) -> None:
    paths = []
    for number in range(5):
        image = Image.new("L", (400, 120), 255)
        ImageDraw.Draw(image).text((20, 30), f"Page {number} of it", fill=0, font_size=40)
        paths.append(tmp_path / f"{number}.pgm")
        image.save(paths[-1])
    share: dict[str, Any] = {"kind": "rapidocr", "slots": 2, "threads": 2, "processes": 2}
    async with engine(None, limit_seconds=120, **share) as client:
        first = await client.recognise(paths[0], Task(), (0,))
        assert [one["state"] for one in client.status()["workers"]] == ["ready", "unloaded"]
        assert client.status()["capacity"] == 1
        others = [client.recognise(path, Task(), (0,)) for path in paths[1:]]
        read = await asyncio.gather(*others)
        # It may have started when the first had read them all already.
        await until(lambda: [one["state"] for one in client.status()["workers"]] == ["ready"] * 2)
        assert client.status()["capacity"] == 2
    assert [one.lines[0].text for one in (first, *read)] == [
        f"Page {number} of it" for number in range(5)
    ]
