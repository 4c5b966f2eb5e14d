"""What a call can do without is done without, once it has cost a child."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from ocrd.files import file_key
from ocrd.raster.calls import Call, Source
from ocrd.raster.child import Limits
from ocrd.raster.pool import Deadly, Pool

ROOT = Path(__file__).parents[3]


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    """Provide a source, and children that do what this module says."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr("ocrd.raster.seats._CHILD_MODULE", __name__)
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-")
    return Source(path, file_key(path))


def asking(source: Source, function: str, *, seconds: float = 30.0) -> Call:
    assert isinstance(source.path, Path)
    return Call(
        function, source, {"witnessed": True}, seconds, outputs=(source.path.with_suffix(".pnm"),),
        sparing={"witnessed": False},
    )  # fmt: skip


async def done(call: Call) -> Any:
    pool = Pool(Limits(), children=1, recycle=10)
    try:
        return await pool.do(call, ())
    finally:
        await pool.close()


async def test_a_witness_that_ends_the_child_is_not_asked_again(source: Source) -> None:
    assert await done(asking(source, "draw_or_die")) == "drawn alone"


async def test_a_witness_that_never_comes_back_is_not_asked_again(source: Source) -> None:
    assert await done(asking(source, "draw_or_hang", seconds=1.0)) == "drawn alone"


async def test_a_page_that_is_deadly_in_itself_is_so_without_a_witness(source: Source) -> None:
    with pytest.raises(Deadly, match="3 times"):
        await done(asking(source, "die"))


async def test_a_page_that_takes_for_ever_in_itself_costs_its_time_once(source: Source) -> None:
    with pytest.raises(Deadly, match=r"longer than 1 s$"):
        await done(asking(source, "hang", seconds=1.0))


async def test_a_call_that_costs_nothing_keeps_its_witness(source: Source) -> None:
    assert await done(asking(source, "draw")) == "drawn with a witness"


def test_a_spared_call_has_nothing_more_to_spare(source: Source) -> None:
    spared = asking(source, "draw").spared()
    assert spared.arguments == {"witnessed": False}
    assert spared.spared() == spared


# What the children do.


def draw(*, witnessed: bool, **_: object) -> str:
    return "drawn with a witness" if witnessed else "drawn alone"


def draw_or_die(*, witnessed: bool, descriptors: list[int], **_: object) -> str:
    if witnessed:
        os.ftruncate(descriptors[1], 1)
        os.abort()
    return "drawn alone"


def draw_or_hang(*, witnessed: bool, descriptors: list[int], **_: object) -> str:
    if witnessed:
        os.ftruncate(descriptors[1], 1)
    while witnessed:
        time.monotonic()
    return "drawn alone"


def die(**_: object) -> None:
    os.abort()


def hang(**_: object) -> None:
    while True:
        time.monotonic()
