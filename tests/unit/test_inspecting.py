"""What a look at a document says, and what the ledger has of it then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from ocrd.engine.client import EngineClient
from ocrd.engine.protocol import Hello
from ocrd.errors import CorruptError
from ocrd.inspecting import Inspector, TooLongForNowError
from ocrd.job import Order, PageImage, SourceInfo
from ocrd.raster.rasterize import Rasterizer, Source
from ocrd.verdicts import Verdicts
from ocrd.work import Work
from tests.unit.leased import Desk

PATIENCE = 60.0


class Looker:
    """Stands for the rasterizer: says what it is told to, and notes who is looked at when."""

    def __init__(self) -> None:
        self.info = SourceInfo("PDF", 3)
        self.ranks: list[tuple[int, ...]] = []

    async def inspect(self, _source: Source, *, rank: tuple[int, ...]) -> SourceInfo:
        self.ranks.append(rank)
        return self.info

    async def begin(
        self, source: Source, into: Path, longest_side: int, *, rank: tuple[int, ...]
    ) -> tuple[SourceInfo, PageImage | None]:
        info = await self.inspect(source, rank=rank)
        page = PageImage(1, str(into), longest_side, 100, 0.5, blank=False)
        return info, page if info.pages == 1 else None


class Look:
    """A document, an inspector, and the time."""

    def __init__(self, desk: Desk) -> None:
        self.now = 1000.0
        self.looker = Looker()
        self.desk = desk
        verdicts = Verdicts(lambda: self.now)
        self._inspector = Inspector(
            desk.ledger, cast(Rasterizer, self.looker), verdicts, desk.temp_dir
        )

    def announced(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Have the engine's announcement known."""
        hello = Hello("scripted", "none", capacity=1, longest_side=640)
        monkeypatch.setattr(EngineClient, "announced", hello)

    async def at(self, work: Work, sha256: str = "a" * 64) -> SourceInfo:
        source = self._inspector.awaited(work, Source(work.place, work.job.key))
        return await self._inspector.inspect(work, source, sha256)


@pytest.fixture
def look(tmp_path: Path) -> Iterator[Look]:
    desk = Desk(tmp_path, patience=PATIENCE)
    yield Look(desk)
    desk.close()


async def test_what_it_is_goes_to_the_ledger(look: Look) -> None:
    work = await look.desk.lease()
    rank = work.rank
    assert await look.at(work) == look.looker.info == work.info
    job = await look.desk.job(work)
    assert (job.pages, job.sha256) == (3, "a" * 64)
    assert look.looker.ranks == [rank]


async def test_a_damaged_file_may_become_whole_until_the_patience_is_over(look: Look) -> None:
    look.looker.info = SourceInfo("PDF", 3, repaired=True)
    work = await look.desk.lease()
    with pytest.raises(CorruptError):
        await look.at(work)
    look.now += PATIENCE - 1
    with pytest.raises(CorruptError):
        await look.at(work)
    assert (await look.desk.job(work)).pages is None, "nothing is known of half a file"
    look.now += 1
    assert (await look.at(work)).repaired


@pytest.mark.parametrize(("content", "kept"), [("a", True), ("b", False)])
async def test_pages_of_another_content_are_forgotten(
    look: Look, content: str, kept: bool
) -> None:
    work = await look.desk.lease()
    await look.at(work, "a" * 64)
    await look.desk.ledger.do(lambda ledger: ledger.checkpoint(work.job.id, 1, "{}"))
    await look.at(await look.desk.again(work), content * 64)
    done = await look.desk.ledger.do(lambda ledger: ledger.pages_done(work.job.id))
    assert done == ({1} if kept else set())


@pytest.mark.parametrize(
    ("pages", "allowed", "waits"),
    [(20, False, False), (21, False, True), (21, True, False)],
)
async def test_a_long_document_waits_where_enough_are_in_work_and_is_known_to_be_long(
    look: Look, pages: int, allowed: bool, waits: bool
) -> None:
    look.looker.info = SourceInfo("PDF", pages)
    work = await look.desk.lease()
    work.long_allowed = allowed
    if waits:
        with pytest.raises(TooLongForNowError):
            await look.at(work)
    else:
        await look.at(work)
    assert (await look.desk.job(work)).pages == pages


async def test_the_only_page_is_drawn_when_the_document_is_looked_into(
    look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    look.announced(monkeypatch)
    look.looker.info = SourceInfo("PNG", 1)
    work = await look.desk.lease()
    assert await look.at(work) == look.looker.info == work.info
    assert work.drawn is not None
    assert work.drawn.longest_side == 640
    assert work.drawn.image.path == str(look.desk.temp_dir / f"{work.job.id}-1.pnm")


@pytest.mark.parametrize(
    ("known", "pages", "about"),
    [
        (False, 1, {}),  # nobody knows at what size
        (True, 3, {}),
        (True, 1, {"pages_done": 1}),  # an earlier lease read it
        (True, 1, {"pages": 30}),  # so many as it was last looked into
        (True, 1, {"order": Order(pages=((1, 1),))}),
    ],
)
async def test_no_page_is_drawn_that_may_not_be_wanted(
    look: Look, monkeypatch: pytest.MonkeyPatch, known: bool, pages: int, about: dict[str, Any]
) -> None:
    if known:
        look.announced(monkeypatch)
    look.looker.info = SourceInfo("PDF", pages)
    work = await look.desk.lease()
    work = replace(work, job=replace(work.job, **about))
    assert (await look.at(work)).pages == pages
    assert work.drawn is None
