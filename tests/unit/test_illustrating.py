"""What is made of a read document beside its text, and what happens when it cannot be made."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from ocrd import pages
from ocrd.errors import CorruptError, DiskFullError, OcrdError, PageError, SourceChangedError
from ocrd.figures import Figure
from ocrd.illustrating import NOTHING, Illustration, illustrate
from ocrd.job import Block, Box, PageRead, PageStatus
from ocrd.raster.rasterize import Rasterizer, Source
from ocrd.reading import InterruptedReadingError

BOX = (Box(10, 10, 90, 90),)


class Studio:
    """Stands for the rasterizer: notes what is asked for, raises what it is told to."""

    def __init__(self) -> None:
        self.cropped: list[tuple[int, list[str]]] = []
        self.framed: list[PageRead] = []
        self.of_page: dict[int, Exception] = {}
        self.of_overlay: Exception | None = None
        self.unmarked: list[int] = []
        self.is_slow = False

    async def crop(
        self, _source: Source, page: PageRead, figures: Sequence[Figure], *_: object
    ) -> None:
        if self.is_slow:
            await asyncio.Event().wait()
        if page.number in self.of_page:
            raise self.of_page[page.number]
        self.cropped.append((page.number, [figure.name for figure in figures]))

    async def overlay(
        self, _source: Source, lines: Path, count: int, _into: Path, _rank: object
    ) -> list[int]:
        if self.of_overlay is not None:
            raise self.of_overlay
        self.framed = [pages.from_json(line) for line in lines.read_text().splitlines()]
        assert len(self.framed) == count
        return self.unmarked


@pytest.fixture
def studio() -> Studio:
    return Studio()


def wanted(studio: Studio, root: Path, **how: Any) -> Illustration:
    return Illustration(
        **{
            "rasterizer": cast(Rasterizer, studio), "source": Source(root / "a.pdf"),
            "folder": root / "drawings", "figures": True, "overlay": True, **how,
        }
    )  # fmt: skip


def page(number: int, *labels: str, status: PageStatus = PageStatus.READ) -> PageRead:
    blocks = tuple(Block(label, f"the words of page {number}", BOX) for label in labels)
    return PageRead(number, status, blocks, 100, 100, warnings=("a remark",))


READ = [
    page(1, "text"), page(2, "figure", "text", "figure"), PageRead(3, PageStatus.BLANK),
    page(4, "figure", status=PageStatus.FAILED),
]  # fmt: skip


async def test_pages_with_figures_are_cut_and_all_are_framed(
    studio: Studio, tmp_path: Path
) -> None:
    made = await illustrate(wanted(studio, tmp_path), iter(READ))
    names = ["page-002-figure-1.jpg", "page-002-figure-2.jpg"]
    assert studio.cropped == [(2, names), (4, ["page-004-figure-1.jpg"])]
    assert [path.name for path in made.figures] == [*names, "page-004-figure-1.jpg"]
    assert [page.number for page in studio.framed] == [1, 2, 3, 4]
    assert studio.framed[1].blocks[0] == Block("figure", "", BOX), "boxes without words"
    assert made.overlay == tmp_path / "drawings" / "overlay.pdf"
    assert made.warnings == ()


async def test_lines_that_were_not_read_are_framed_too(studio: Studio, tmp_path: Path) -> None:
    unread = replace(page(1, "text"), unread=BOX)
    await illustrate(wanted(studio, tmp_path, figures=False), [unread])
    assert studio.framed[0].blocks == (Block("text", "", BOX), Block("unread", "", BOX))


async def test_only_what_is_wanted_is_made(studio: Studio, tmp_path: Path) -> None:
    made = await illustrate(wanted(studio, tmp_path, overlay=False), READ)
    assert made.overlay is None and len(made.figures) == 3 and not studio.framed
    made = await illustrate(wanted(studio, tmp_path, figures=False), READ)
    assert made.overlay is not None and made.figures == ()
    folder = tmp_path / "none"
    nothing = wanted(studio, tmp_path, figures=False, overlay=False, folder=folder)
    assert await illustrate(nothing, READ) is NOTHING
    assert not folder.exists()


@pytest.mark.parametrize("error", [PageError("It is torn."), CorruptError("It is torn.")])
async def test_what_cannot_be_made_is_a_warning(
    studio: Studio, tmp_path: Path, error: Exception
) -> None:
    studio.of_page[2] = error
    studio.of_overlay = error
    made = await illustrate(wanted(studio, tmp_path), READ)
    assert [path.name for path in made.figures] == ["page-004-figure-1.jpg"]
    assert made.overlay is None
    assert made.warnings == (
        "Page 2: figures are missing: It is torn.", "The overlay is missing: It is torn.",
    )


async def test_a_text_does_not_link_to_figures_that_are_missing(
    studio: Studio, tmp_path: Path
) -> None:
    studio.of_page[2] = PageError("It is torn.")
    made = await illustrate(wanted(studio, tmp_path), READ)
    figure, text, _ = made.linkable(READ[1]).blocks
    assert figure.boxes == () and text.boxes == BOX
    assert made.linkable(READ[3]) is READ[3]


async def test_pages_without_frames_are_named(studio: Studio, tmp_path: Path) -> None:
    studio.unmarked = [1, 2, 3]
    made = await illustrate(wanted(studio, tmp_path), READ)
    assert made.warnings[0].endswith("pages: 1, 2, 3.")
    studio.unmarked = list(range(1, 101))
    made = await illustrate(wanted(studio, tmp_path), READ)
    assert made.warnings[0].endswith("pages: 1, 2, 3, 4, 5 and 95 more.")


@pytest.mark.parametrize("error", [DiskFullError("Full."), SourceChangedError("Gone.")])
async def test_causes_that_pass_and_sources_that_changed_are_no_warnings(
    studio: Studio, tmp_path: Path, error: OcrdError
) -> None:
    studio.of_page[4] = error
    with pytest.raises(type(error)):
        await illustrate(wanted(studio, tmp_path), READ)
    studio.of_page.clear()
    studio.of_overlay = error
    with pytest.raises(type(error)):
        await illustrate(wanted(studio, tmp_path), READ)


async def test_a_full_disk_below_the_boxes_is_a_cause_that_passes(
    studio: Studio, tmp_path: Path
) -> None:
    def failing() -> Any:
        yield READ[0]
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DiskFullError):
        await illustrate(wanted(studio, tmp_path), failing())


async def test_a_stop_breaks_it_off(studio: Studio, tmp_path: Path) -> None:
    studio.is_slow = True
    stopping = asyncio.Event()
    work = asyncio.create_task(illustrate(wanted(studio, tmp_path, stopping=stopping), READ))
    stopping.set()
    with pytest.raises(InterruptedReadingError):
        await work
