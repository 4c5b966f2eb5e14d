"""Documents that are read while somebody waits: with a real rasterizer and a real engine worker."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ocrd.config.settings import LimitSettings, RasterSettings
from ocrd.direct import Direct, Question
from ocrd.engine.client import EngineClient
from ocrd.errors import (
    AlienTaskError,
    EngineError,
    NoPagesError,
    TooManyPagesError,
    UnknownEngineError,
)
from ocrd.raster.rasterize import Rasterizer
from ocrd.reading import InterruptedReadingError
from ocrd.tasks import Task
from tests import clients
from tests.engines import ENVIRONMENT
from tests.installation import LETTER, make_pdf


@pytest.fixture(autouse=True)
def _worker_finds_the_scripted_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in ENVIRONMENT.items():
        monkeypatch.setenv(key, value)


class Desk:
    """Where documents are read, and what is told of it."""

    def __init__(self, direct: Direct, client: EngineClient, stopping: asyncio.Event) -> None:
        self.direct = direct
        self.client = client
        self.stopping = stopping
        self.heard = 0

    def hear(self, _page: int, _text: str, _restart: bool) -> None:
        self.heard += 1


@asynccontextmanager
async def desk(folder: Path, module: str = "streamer", **options: Any) -> AsyncIterator[Desk]:
    stopping = asyncio.Event()
    settings = RasterSettings(children=1)
    async with (
        Rasterizer(settings, LimitSettings()) as rasterizer,
        clients.engine(module, options) as client,
    ):
        direct = Direct(rasterizer, {"default": client}, folder, stopping)
        yield Desk(direct, client, stopping)
    assert [*folder.iterdir()] == [], "nothing of a request stays"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "temp").mkdir()
    return tmp_path / "temp"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    make_pdf(tmp_path / "book.pdf", 3)
    return tmp_path / "book.pdf"


async def test_what_is_wrong_with_a_question_is_said(folder: Path, book: Path) -> None:
    async with desk(folder) as its:
        with pytest.raises(UnknownEngineError):
            await its.direct.read(Question(book, engine="other"))
        with pytest.raises(AlienTaskError, match="no mode 'describe'"):
            await its.direct.read(Question(book, Task("describe")))
        with pytest.raises(TooManyPagesError):
            await its.direct.read(Question(book, most_pages=2))
        with pytest.raises(NoPagesError):
            await its.direct.read(Question(book, pages=((4, 9),)))
        numbers: list[int] = []
        answer = await its.direct.read(
            Question(book, pages=((2, 9),), most_pages=2, on_numbers=numbers.extend)
        )
    assert [page.number for page in answer.pages] == numbers == [2, 3]
    assert (answer.info.pages, answer.engine, answer.model) == (3, "streamer", "scripted")


async def test_who_does_not_wait_takes_his_pages_with_him(folder: Path, book: Path) -> None:
    async with desk(folder, delay=0.02) as its:
        work = asyncio.ensure_future(its.direct.read(Question(book, on_text=its.hear)))
        await clients.until(lambda: its.heard > 0)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        await clients.until(lambda: its.client.status()["in_flight"] == 0)
        assert its.client.status()["restarts"] == 0


async def test_an_engine_that_never_comes_is_not_waited_for(folder: Path, book: Path) -> None:
    async with desk(folder, "slow_start", start=0, refuse=True) as its:
        with pytest.raises(EngineError, match="no such weights"):
            await its.direct.read(Question(book))


async def test_what_was_read_when_the_daemon_stops_is_answered(folder: Path, book: Path) -> None:
    async with desk(folder, delay=0.02) as its:
        work = asyncio.ensure_future(its.direct.read(Question(LETTER, on_text=its.hear)))
        await clients.until(lambda: its.heard > 0)
        its.stopping.set()
        assert "Four words in all" in (await work).pages[0].blocks[-1].text
        with pytest.raises(InterruptedReadingError):
            await its.direct.read(Question(book))


async def test_a_page_that_was_read_is_shown_with_its_boxes(folder: Path) -> None:
    marks = "<|ref|>text<|/ref|><|det|>[[100, 300, 900, 500]]<|/det|>\nWords."
    async with desk(folder, text=marks) as its:
        answer = await its.direct.read(Question(LETTER))
        content = await its.direct.boxed(LETTER, answer.info, answer.pages[0])
    picture = Image.open(io.BytesIO(content)).convert("HSV").getchannel("S")
    width, height = picture.size
    assert (width, height) == (1000, 1414)  # as the engine says that it saw it

    def is_coloured(across: float, down: float) -> bool:
        at = round(across * width), round(down * height)
        _, most = picture.crop((at[0] - 3, at[1], at[0] + 4, at[1] + 1)).getextrema()
        assert isinstance(most, int)
        return most > 80

    assert is_coloured(100 / 999, 0.4)
    assert is_coloured(900 / 999, 0.4)
    assert not is_coloured(100 / 999, 0.7)
