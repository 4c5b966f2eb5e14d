"""The rasterizer with its real children, on real PDFs and hostile files."""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)
# ruff: noqa: ASYNC110
# (The conditions are in other processes: there is no event to wait for; files are local.)

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import signal
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pymupdf
import pytest
from PIL import Image

from ocrd.config.settings import LimitSettings, RasterSettings
from ocrd.errors import (
    CorruptError,
    DiskFullError,
    EncryptedError,
    PageError,
    PoisonousError,
    PoisonousPageError,
    SourceChangedError,
    TooLargeError,
    TransientError,
    UnsupportedError,
)
from ocrd.files import file_key
from ocrd.job import Doubt, PageImage
from ocrd.raster import isolate
from ocrd.raster.rasterize import Rasterizer, Source
from tests import sheets
from tests.faults.hostile.pdfs import FONT, stream

RESOURCES = Path(__file__).parents[2] / "resources"
MIB = 1024 * 1024


@contextlib.asynccontextmanager
async def rasterizer(
    limits: dict[str, Any] | None = None, **raster: Any
) -> AsyncIterator[Rasterizer]:
    settings = RasterSettings(**{"children": 1, **raster})
    async with Rasterizer(settings, LimitSettings(**(limits or {}))) as made:
        yield made


def make_pdf(path: Path, pages: int = 1, **save: Any) -> Path:
    with contextlib.closing(pymupdf.open()) as document:
        for number in range(1, pages + 1):
            document.new_page().insert_text((72, 72), f"This is page {number}.", fontsize=20)
        document.save(path, **save)
    return path


def make_scan(path: Path, image: Image.Image, width: float, height: float) -> Path:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    with contextlib.closing(pymupdf.open()) as document:
        page = document.new_page(width=width, height=height)
        page.insert_image(page.rect, stream=stream.getvalue())
        document.save(path, deflate=True)
    return path


def source(path: Path, *passwords: str) -> Source:
    return Source(path, file_key(path), passwords)


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "page.pnm"


@pytest.fixture
def busy() -> Source:
    return source(RESOURCES / "hugemono.pdf")  # takes most of a second to draw


def pixels(page: PageImage) -> Image.Image:
    with Image.open(page.path) as image:
        image.load()
        assert image.size == (page.width, page.height)
        return image


async def test_a_pdf_is_drawn_at_the_size_that_the_engine_reads(tmp_path: Path, into: Path) -> None:
    pdf = source(make_pdf(tmp_path / "a.pdf", 300))
    async with rasterizer() as raster:
        info = await raster.inspect(pdf)
        assert (info.format, info.pages, info.repaired) == ("PDF", 300, False)
        page = await raster.draw(pdf, 300, into, 2000)
    assert (page.number, max(page.width, page.height), page.blank) == (300, 2000, False)
    assert page.points_per_pixel == pytest.approx(842 / 2000, rel=0.01)
    assert pixels(page).mode == "L"


async def test_an_empty_page_is_blank(tmp_path: Path, into: Path) -> None:
    with contextlib.closing(pymupdf.open()) as document:
        document.new_page()
        document.save(tmp_path / "a.pdf")
    async with rasterizer() as raster:
        assert (await raster.draw(source(tmp_path / "a.pdf"), 1, into, 1000)).blank


async def test_a_scan_in_a_pdf_is_not_drawn_larger_than_it_is(tmp_path: Path, into: Path) -> None:
    noise = Image.effect_noise((600, 800), 80)
    pdf = source(make_scan(tmp_path / "a.pdf", noise, 595, 793))
    async with rasterizer() as raster:
        page = await raster.draw(pdf, 1, into, 2000)
    assert (page.width, page.height) in {(600, 800), (601, 800), (600, 801), (601, 801)}


async def test_colours_annotations_and_rotation_are_drawn(tmp_path: Path, into: Path) -> None:
    with contextlib.closing(pymupdf.open()) as document:
        page = document.new_page(width=200, height=100)
        page.draw_rect((0, 0, 50, 50), fill=(1, 0, 0), color=None)
        note = page.add_rect_annot((150, 50, 200, 100))
        note.set_colors(stroke=(0, 0, 1), fill=(0, 0, 1))
        note.update()
        page.set_rotation(90)
        document.save(tmp_path / "a.pdf")
    async with rasterizer() as raster:
        drawn = pixels(await raster.draw(source(tmp_path / "a.pdf"), 1, into, 400))
    assert drawn.size == (200, 400)
    assert drawn.getpixel((150, 50)) == (255, 0, 0)  # turned clockwise: top left to top right
    assert drawn.getpixel((50, 350)) == (0, 0, 255)


async def test_an_encrypted_pdf_opens_with_one_of_the_passwords(tmp_path: Path, into: Path) -> None:
    path = make_pdf(
        tmp_path / "a.pdf", encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="right", owner_pw="o"
    )
    async with rasterizer() as raster:
        with pytest.raises(EncryptedError, match="no password") as caught:
            await raster.inspect(source(path))
        assert "passwords" in caught.value.hint
        with pytest.raises(EncryptedError, match="none of 2"):
            await raster.inspect(source(path, "wrong", "also"))
        assert (await raster.inspect(source(path, "wrong", "right"))).pages == 1
        assert not (await raster.draw(source(path, "wrong", "right"), 1, into, 800)).blank


async def test_a_pdf_that_only_its_owner_may_change_is_read(tmp_path: Path) -> None:
    path = make_pdf(tmp_path / "a.pdf", encryption=pymupdf.PDF_ENCRYPT_AES_128, owner_pw="o")
    async with rasterizer() as raster:
        assert (await raster.inspect(source(path))).pages == 1


async def test_a_truncated_pdf_is_repaired_or_corrupt(tmp_path: Path) -> None:
    whole = make_pdf(tmp_path / "whole.pdf", 20).read_bytes()
    (tmp_path / "cut.pdf").write_bytes(whole[: len(whole) * 9 // 10])
    (tmp_path / "zeros.pdf").write_bytes(whole[:-2000] + bytes(2000))
    (tmp_path / "head.pdf").write_bytes(whole[:60])
    async with rasterizer() as raster:
        assert not (await raster.inspect(source(tmp_path / "whole.pdf"))).repaired
        for name in ("cut.pdf", "zeros.pdf"):
            try:
                assert (await raster.inspect(source(tmp_path / name))).repaired
            except CorruptError as error:
                assert name in error.what
        for path in (tmp_path / "head.pdf", RESOURCES / "invalid.pdf"):
            with pytest.raises(CorruptError, match=path.name):
                await raster.inspect(source(path))


async def test_a_page_whose_content_is_damaged_is_not_called_blank(
    tmp_path: Path, into: Path
) -> None:
    path = make_scan(tmp_path / "a.pdf", Image.effect_noise((300, 300), 80), 300, 300)
    content = path.read_bytes()
    at = content.index(b"stream\n", content.index(b"/Image")) + 7
    path.write_bytes(content[:at] + b"\xff" * 5000 + content[at + 5000 :])
    async with rasterizer() as raster:
        await raster.inspect(source(path))
        with pytest.raises(PageError) as caught:
            await raster.draw(source(path), 1, into, 1000)
    assert caught.value.page == 1
    assert not into.exists()


async def test_a_decompression_bomb_is_drawn_small(into: Path, busy: Source) -> None:
    async with rasterizer(memory=256 * MIB) as raster:
        assert (await raster.inspect(busy)).pages == 1
        page = await raster.draw(busy, 1, into, 2000)
        (pid,) = raster.status()["children"]
        assert psutil.Process(pid).memory_info().rss < 200 * MIB
    assert (page.width, page.height, page.blank) == (2000, 2000, False)


async def test_a_page_over_the_memory_limit_is_refused_and_the_child_lives_on(
    tmp_path: Path, into: Path
) -> None:
    Image.new("RGB", (12000, 9000), "white").save(tmp_path / "a.png")
    async with rasterizer(memory=256 * MIB) as raster:
        before = raster.status()["children"]
        with pytest.raises(TooLargeError, match="memory") as caught:
            await raster.draw(source(tmp_path / "a.png"), 1, into, 2000)
        assert "rasterize.memory" in caught.value.hint
        pdf = source(make_pdf(tmp_path / "b.pdf"))
        assert not (await raster.draw(pdf, 1, into, 2000)).blank
        assert raster.status()["children"] == before


async def test_limits_refuse_with_their_names(tmp_path: Path) -> None:
    pdf = source(make_pdf(tmp_path / "a.pdf", 3))
    async with rasterizer({"pages": 2}) as raster:
        with pytest.raises(TooLargeError, match="3 pages"):
            await raster.inspect(pdf)
    async with rasterizer({"file_size": 100}) as raster:
        with pytest.raises(TooLargeError) as caught:
            await raster.inspect(pdf)
        assert "limits.file_size" in caught.value.hint


async def test_only_the_state_that_was_asked_for_is_read(tmp_path: Path, into: Path) -> None:
    path = make_pdf(tmp_path / "a.pdf", 2)
    old = source(path)
    async with rasterizer() as raster:
        await raster.inspect(old)
        with path.open("ab") as out:
            out.write(b"%more\n")
        with pytest.raises(SourceChangedError):
            await raster.draw(old, 1, into, 1000)
        path.unlink()
        with pytest.raises(SourceChangedError):
            await raster.inspect(old)


async def test_links_pipes_and_folders_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "link.pdf").symlink_to(make_pdf(tmp_path / "a.pdf"))
    os.mkfifo(tmp_path / "pipe.pdf")
    (tmp_path / "folder.pdf").mkdir()
    async with rasterizer() as raster:
        for name in ("link.pdf", "pipe.pdf", "folder.pdf"):
            with pytest.raises(UnsupportedError, match="regular"):
                await raster.inspect(Source(tmp_path / name))


async def test_a_full_disk_is_a_cause_that_passes(tmp_path: Path) -> None:
    pdf = source(make_pdf(tmp_path / "a.pdf"))
    async with rasterizer() as raster:
        with pytest.raises(DiskFullError):
            await raster.draw(pdf, 1, Path("/dev/full"), 1000)


async def kill_children_that_draw(raster: Rasterizer, times: int) -> None:
    while times:
        await asyncio.sleep(0.002)  # poll: busy with a page, in a child that is up
        pids = raster.status()["drawing"]
        if pids:
            os.kill(pids[0], signal.SIGKILL)
            times -= 1
            while raster.status()["drawing"] == pids:
                await asyncio.sleep(0.002)


async def test_a_page_survives_a_child_that_dies(into: Path, busy: Source) -> None:
    async with rasterizer() as raster:
        killer = asyncio.create_task(kill_children_that_draw(raster, 2))
        assert (await raster.draw(busy, 1, into, 1000)).width == 1000
        await killer


async def test_a_page_that_ends_three_children_is_poisonous(into: Path, busy: Source) -> None:
    async with rasterizer() as raster:
        killer = asyncio.create_task(kill_children_that_draw(raster, 3))
        with pytest.raises(PoisonousPageError, match=r"hugemono\.pdf, page 1.*SIGKILL"):
            await raster.draw(busy, 1, into, 1000)
        await killer
        assert (await raster.inspect(busy)).pages == 1
    assert not into.exists()


async def test_a_document_of_one_page_is_looked_into_and_drawn_at_once(
    tmp_path: Path, into: Path
) -> None:
    pdf = source(make_pdf(tmp_path / "a.pdf"))
    async with rasterizer() as raster:
        info, page = await raster.begin(pdf, into, 1000)
        assert page is not None
        seen = pixels(page).tobytes()
        apart = await raster.inspect(pdf), await raster.draw(pdf, 1, into, 1000)
    assert (info, page) == apart
    assert pixels(page).tobytes() == seen


async def test_of_many_pages_none_is_drawn_by_the_way(tmp_path: Path, into: Path) -> None:
    async with rasterizer() as raster:
        info, page = await raster.begin(source(make_pdf(tmp_path / "a.pdf", 2)), into, 1000)
    assert (info.pages, page) == (2, None)
    assert not into.exists()


async def test_a_page_that_cannot_be_drawn_by_the_way_says_why_when_it_is_asked_for(
    tmp_path: Path, into: Path
) -> None:
    Image.new("RGB", (12000, 9000), "white").save(tmp_path / "a.png")
    large = source(tmp_path / "a.png")
    async with rasterizer(memory=256 * MIB) as raster:
        info, page = await raster.begin(large, into, 1000)
        assert (info.pages, page) == (1, None)
        assert not into.exists()
        with pytest.raises(TooLargeError, match="memory"):
            await raster.draw(large, 1, into, 1000)


async def test_what_cannot_be_looked_into_is_refused_and_nothing_is_left(
    tmp_path: Path, into: Path
) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"no document")
    async with rasterizer() as raster:
        with pytest.raises(UnsupportedError):
            await raster.begin(source(path), into, 1000)
    assert not into.exists()


async def test_a_drawing_by_the_way_that_ends_a_child_is_left_to_who_asks_for_it(
    into: Path, busy: Source
) -> None:
    async with rasterizer() as raster:
        killer = asyncio.create_task(kill_children_that_draw(raster, 1))
        info, page = await raster.begin(busy, into, 2000)
        await killer
        assert (info.pages, page) == (1, None)
        assert not into.exists()
        assert (await raster.draw(busy, 1, into, 1000)).width == 1000


async def test_a_page_without_end_is_poisonous(into: Path, busy: Source) -> None:
    async with rasterizer(page_timeout=0.1) as raster:
        with pytest.raises(PoisonousPageError, match=r"0\.1 s"):
            await raster.draw(busy, 1, into, 2000)


async def test_a_document_that_can_no_longer_pass_is_drawn_no_further(
    into: Path, busy: Source
) -> None:
    async with rasterizer(page_timeout=0.1) as raster:
        with pytest.raises(PoisonousError, match=r"hugemono\.pdf: 1 of its pages.*0\.1 s"):
            await raster.draw(busy, 1, into, 2000, deadly_pages=1)
    assert not into.exists()


async def test_what_is_to_be_said_of_a_drawing_comes_with_it(tmp_path: Path, into: Path) -> None:
    path = tmp_path / "a.pdf"
    array = b"BT /F 20 Tf 20 150 Td [(Invoice 4711) Tj] TJ 0 -50 Td (Total) Tj ET"
    torn = zlib.compress(bytes(range(256)) * 999)[:-900]
    entries = "/Type/XObject/Subtype/Image/Width 256/Height 999/BitsPerComponent 8"
    entries += "/ColorSpace/DeviceGray/Filter/FlateDecode"
    path.write_bytes(
        sheets.sheet(
            array + b" q 200 0 0 90 0 0 cm /I Do Q",
            resources=f"{FONT}/XObject<</I 5 0 R>>", more={5: stream(torn, entries)},
        )
    )  # fmt: skip
    async with rasterizer() as raster:
        page = await raster.draw(source(path), 1, into, 1000)
    assert page.doubts == () and len(page.warnings) == 1
    path.write_bytes(path.read_bytes().replace(b"4711) Tj] TJ", b"4711)   ] TJ"))
    async with rasterizer() as raster:
        page = await raster.draw(source(path), 1, into, 1000)
    assert [type(doubt) for doubt in page.doubts] == [Doubt]
    assert page.doubts[0].code == "not-drawn"


async def test_the_lowest_rank_is_served_first(tmp_path: Path, busy: Source) -> None:
    served: list[int] = []
    async with rasterizer() as raster:

        async def one(rank: int) -> None:
            await raster.draw(busy, 1, tmp_path / f"{rank}.pnm", 500, rank=(rank,))
            served.append(rank)

        await asyncio.gather(*(one(rank) for rank in (0, 3, 1, 2)))
    assert served == [0, 1, 2, 3]


async def test_a_cancelled_page_leaves_nothing_and_blocks_nobody(into: Path, busy: Source) -> None:
    async with rasterizer() as raster:
        draw = asyncio.create_task(raster.draw(busy, 1, into, 1000))
        waits = asyncio.create_task(raster.draw(busy, 1, into, 1000))
        while not raster.status()["drawing"]:
            await asyncio.sleep(0)
        draw.cancel()
        waits.cancel()
        await asyncio.gather(draw, waits, return_exceptions=True)
        assert (await raster.inspect(busy)).pages == 1
        assert not into.exists()


async def test_children_are_replaced_after_their_documents(tmp_path: Path) -> None:
    async with rasterizer(recycle=2) as raster:
        seen = set()
        for number in range(4):
            seen.update(raster.status()["children"])
            await raster.inspect(source(make_pdf(tmp_path / f"{number}.pdf")))
        assert len(seen) == 2


async def test_closing_sends_away_whoever_works_or_waits(tmp_path: Path, busy: Source) -> None:
    async with rasterizer() as raster:
        draws = [
            asyncio.create_task(raster.draw(busy, 1, tmp_path / f"{number}.pnm", 1000))
            for number in range(3)
        ]
        while not raster.status()["drawing"]:
            await asyncio.sleep(0)
    for draw in draws:
        with pytest.raises(TransientError, match="stopping"):
            await draw


@pytest.mark.parametrize("deaths", [1, 3])
async def test_a_child_that_is_killed_while_it_starts_is_replaced(
    tmp_path: Path, deaths: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = isolate.LimitedChild.start
    left = [deaths]

    async def killed_while_it_starts(child: isolate.LimitedChild) -> None:
        starting = asyncio.ensure_future(started(child))
        while left[0] and child.pid is None:
            await asyncio.sleep(0)
        if left[0]:
            left[0] -= 1
            assert child.pid is not None
            os.kill(child.pid, signal.SIGKILL)
        await starting

    monkeypatch.setattr(isolate.LimitedChild, "start", killed_while_it_starts)
    path = make_pdf(tmp_path / "a.pdf")
    if deaths == 1:
        async with rasterizer() as made:
            assert (await made.inspect(source(path))).pages == 1
    else:
        with pytest.raises(TransientError, match="can be started for drawing pages"):
            async with rasterizer():
                pass
