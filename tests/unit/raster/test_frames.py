"""The overlay, made by the rasterizer's real children, looked at by drawing it again."""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from PIL import Image

from ocrd.config.settings import LimitSettings, RasterSettings
from ocrd.errors import DiskFullError, DocumentError
from ocrd.files import file_key
from ocrd.job import Block, Box, PageRead, PageStatus
from ocrd.pages import to_json
from ocrd.raster.rasterize import LONG_OVERLAY, Rasterizer, Source
from tests import sheets
from tests.drawings import BLUE, RED, box_of, make_pdf, read

MIB = 1024 * 1024
FIGURE, HEADING = (0, 128, 38), (217, 77, 0)  # the frames' colours


@contextlib.asynccontextmanager
async def rasterizer(**raster: Any) -> AsyncIterator[Rasterizer]:
    settings = RasterSettings(**{"children": 1, **raster})
    async with Rasterizer(settings, LimitSettings()) as made:
        yield made


def source(path: Path, *passwords: str) -> Source:
    return Source(path, file_key(path), passwords)


async def overlay(raster: Rasterizer, of: Source, pages: Sequence[PageRead], into: Path) -> Path:
    """Make it, with every page framed."""
    assert await unmarked(raster, of, pages, into) == []
    return into


async def unmarked(
    raster: Rasterizer, of: Source, pages: Sequence[PageRead], into: Path
) -> list[int]:
    lines = into.with_suffix(".jsonl")
    lines.write_text("".join(to_json(page) + "\n" for page in pages))
    return await raster.overlay(of, lines, len(pages), into)


def shown(path: Path, longest_side: int, number: int = 1) -> Image.Image:
    """Draw a page as a viewer would."""
    with contextlib.closing(pymupdf.open(path)) as document:
        page = document[number - 1]
        scale = longest_side / max(page.rect.width, page.rect.height)
        pixmap = page.get_pixmap(matrix=pymupdf.Matrix(scale, scale))
        return Image.frombytes("RGB", (pixmap.width, pixmap.height), pixmap.samples)


def is_near(first: Any, second: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 60 for a, b in zip(first, second, strict=True))


def is_framed(box: Box, colour: tuple[int, int, int], image: Image.Image) -> bool:
    """Say whether a line of the colour runs along all sides of the box."""
    edges = [
        *(((box.x0 + box.x1) / 2 + 30, y) for y in (box.y0, box.y1)),
        *((x, (box.y0 + box.y1) / 2 + 30) for x in (box.x0, box.x1)),
    ]
    return all(
        any(
            is_near(image.getpixel((round(x) + right, round(y) + down)), colour)
            for right in (-1, 0, 1)
            for down in (-1, 0, 1)
        )
        for x, y in edges
    )


@pytest.mark.parametrize(("rotate", "unit"), [(0, 1), (90, 1), (180, 1), (270, 1), (90, 2.5)])
async def test_frames_lie_around_the_blocks_of_turned_and_cropped_pages(
    tmp_path: Path, rotate: int, unit: float
) -> None:
    pdf = source(make_pdf(tmp_path / "a.pdf", rotate=rotate, unit=unit))
    async with rasterizer() as raster:
        drawn = await raster.draw(pdf, 1, tmp_path / "page.ppm", 1400)
        with Image.open(drawn.path) as image:
            red, blue = box_of(RED, image), box_of(BLUE, image)
        for clockwise in (0, 90, 180, 270):
            page = read(drawn, clockwise)
            made = await overlay(raster, pdf, [page], tmp_path / "overlay.pdf")
            seen = shown(made, max(drawn.width, drawn.height))
            assert seen.size == (drawn.width, drawn.height)
            assert is_framed(red, FIGURE, seen)
            assert is_framed(blue, HEADING, seen)
            center = (round((red.x0 + red.x1) / 2), round((red.y0 + red.y1) / 2))
            assert is_near(seen.getpixel(center), RED), "the page itself is there"


async def test_labels_name_the_place_in_reading_order_and_the_kind(tmp_path: Path) -> None:
    pdf = source(make_pdf(tmp_path / "a.pdf", rotate=90))
    async with rasterizer() as raster:
        drawn = await raster.draw(pdf, 1, tmp_path / "page.ppm", 1000)
        made = await overlay(raster, pdf, [read(drawn)], tmp_path / "overlay.pdf")
    with contextlib.closing(pymupdf.open(made)) as document:
        words = [word[4] for word in document[0].get_text("words")]
    assert words == ["1", "figure", "2", "heading"]


async def test_the_frames_of_several_boxes_have_one_number(tmp_path: Path) -> None:
    pdf = source(make_pdf(tmp_path / "a.pdf"))
    boxes = (Box(10, 100, 100, 200), Box(200, 100, 300, 200))
    page = PageRead(1, PageStatus.READ, (Block("text", "", boxes),), width=500, height=700)
    async with rasterizer() as raster:
        made = await overlay(raster, pdf, [page], tmp_path / "overlay.pdf")
    with contextlib.closing(pymupdf.open(made)) as document:
        assert document[0].get_text().split() == ["1", "text", "1", "text"]


async def test_content_that_leaves_its_own_state_behind_does_not_move_the_frames(
    tmp_path: Path,
) -> None:
    path = make_pdf(tmp_path / "a.pdf")
    with contextlib.closing(pymupdf.open(path)) as document:
        page = document[0]
        own = page.read_contents()
        for before in (b"", b"q q "):
            xref = page.get_contents()[0]
            document.update_stream(xref, before + own + b" 0.3 0 0 0.3 40 9 cm 0 1 0 RG 9 w ")
            document.save(tmp_path / f"{len(before)}.pdf")
    async with rasterizer() as raster:
        for name in ("0.pdf", "4.pdf"):
            pdf = source(tmp_path / name)
            drawn = await raster.draw(pdf, 1, tmp_path / "page.ppm", 1400)
            made = await overlay(raster, pdf, [read(drawn)], tmp_path / "overlay.pdf")
            with Image.open(drawn.path) as image:
                assert is_framed(box_of(RED, image), FIGURE, shown(made, 1400))


async def test_a_damaged_field_keeps_no_page_from_its_frames(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(
        sheets.sheet(
            sheets.TOTAL, page="/Annots[7 0 R]", catalog="/AcroForm<</Fields[7 0 R]>>",
            more={
                7: "<</Type/Annot/Subtype/Widget/T(a)/Rect[10 10 60 30]/Parent 8 0 R/F 4/V(x)>>",
                8: "<</T(b)/Kids[7 0 R]/Parent 7 0 R>>",
            },
        )
    )  # fmt: skip
    box = Box(80, 160, 1200, 640)
    block = Block("figure", "", (box,))
    page = PageRead(1, PageStatus.READ, (block,), width=1680, height=800, points_per_pixel=0.25)
    async with rasterizer() as raster:
        made = await overlay(raster, source(path), [page], tmp_path / "o.pdf")
    assert is_framed(box, FIGURE, shown(made, 1680))


async def test_the_overlay_has_the_pages_and_notes_and_nothing_that_acts(tmp_path: Path) -> None:
    path = make_pdf(tmp_path / "a.pdf")
    with contextlib.closing(pymupdf.open(path)) as document:
        document.embfile_add("virus.exe", b"the attached payload")
        script = document.get_new_xref()
        document.update_object(script, "<</S/JavaScript/JS(app.alert\\(7\\))>>")
        document.xref_set_key(document.pdf_catalog(), "OpenAction", f"{script} 0 R")
        page = document[0]
        document.xref_set_key(page.xref, "AA", f"<</O {script} 0 R>>")
        page.insert_link(
            {"kind": pymupdf.LINK_URI, "from": pymupdf.Rect(60, 60, 90, 90), "uri": "http://x.test"}
        )
        page.add_file_annot((70, 70), b"the pinned payload", "note.exe")
        note = page.add_rect_annot((380, 150, 480, 250))
        note.set_colors(fill=(1, 0, 1), stroke=(1, 0, 1))
        note.update()
        document.save(tmp_path / "b.pdf")
    page_read = PageRead(1, PageStatus.READ, width=500, height=700)
    async with rasterizer() as raster:
        made = await overlay(raster, source(tmp_path / "b.pdf"), [page_read], tmp_path / "o.pdf")
    with contextlib.closing(pymupdf.open(made)) as document:
        assert document.embfile_count() == 0
        objects = " ".join(document.xref_object(xref) for xref in range(1, document.xref_length()))
        streams = b" ".join(
            document.xref_stream(xref) or b"" for xref in range(1, document.xref_length())
        )
    for word in ("JavaScript", "/JS", "/URI", "EmbeddedFile"):
        assert word not in objects
    assert not re.search(r"/(AA|OpenAction|Annots|Names)\s+(?!null)", objects)
    assert b"payload" not in streams
    assert is_near(shown(made, 700).getpixel((430, 200)), (255, 0, 255)), "the note is shown"


async def test_an_encrypted_pdf_stays_encrypted(tmp_path: Path) -> None:
    path = make_pdf(
        tmp_path / "a.pdf", encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="sesame", owner_pw="o"
    )
    page = PageRead(1, PageStatus.READ, (Block("text", "", (Box(50, 50, 90, 90),)),), 500, 700)
    async with rasterizer() as raster:
        made = await overlay(raster, source(path, "sesame"), [page], tmp_path / "overlay.pdf")
    with contextlib.closing(pymupdf.open(made)) as document:
        assert document.needs_pass
        assert document.authenticate("sesame")
        assert "1 text" in document[0].get_text()


@pytest.mark.parametrize("clockwise", [0, 90, 180, 270])
async def test_an_image_file_becomes_a_pdf_of_its_pages(tmp_path: Path, clockwise: int) -> None:
    first, second = Image.new("RGB", (850, 1100), "white"), Image.new("L", (600, 400), "white")
    first.paste(RED, (200, 200, 400, 300))
    first.paste(BLUE, (500, 700, 700, 1000))
    first.save(tmp_path / "a.tif", save_all=True, append_images=[second], dpi=(100, 100))
    image = source(tmp_path / "a.tif")
    async with rasterizer() as raster:
        drawn = await raster.draw(image, 1, tmp_path / "page.ppm", 1400)
        page = read(drawn, clockwise)
        never_drawn = PageRead(2, PageStatus.FAILED, code="page")
        made = await overlay(raster, image, [page, never_drawn], tmp_path / "overlay.pdf")
    with contextlib.closing(pymupdf.open(made)) as document:
        assert document.page_count == 2
        size = document[0].rect
        assert (round(size.width), round(size.height)) == (612, 792), "100 dpi are believed"
    seen = shown(made, 1100)
    assert is_framed(Box(200, 200, 400, 300), FIGURE, seen)
    assert is_framed(Box(500, 700, 700, 1000), HEADING, seen)
    assert is_near(seen.getpixel((300, 250)), RED)


async def test_a_huge_image_without_resolution_becomes_a_page_that_viewers_show(
    tmp_path: Path,
) -> None:
    Image.new("L", (30000, 3000), 200).save(tmp_path / "a.png")
    image = source(tmp_path / "a.png")
    async with rasterizer() as raster:
        drawn = await raster.draw(image, 1, tmp_path / "page.ppm", 1400)
        box = Box(0.0, 0.0, drawn.width / 2, drawn.height / 2)
        page = PageRead(
            1, PageStatus.READ, (Block("figure", "", (box,)),), drawn.width, drawn.height,
            drawn.points_per_pixel,
        )
        made = await overlay(raster, image, [page], tmp_path / "overlay.pdf")
    with contextlib.closing(pymupdf.open(made)) as document:
        assert max(document[0].rect.width, document[0].rect.height) <= 14400
    seen = shown(made, 3000)
    assert is_near(seen.getpixel((1500, 100)), FIGURE)


async def test_many_pages_of_an_image_do_not_gather_in_memory(tmp_path: Path) -> None:
    noise = [Image.effect_noise((500, 700), 90 + number) for number in range(45)]
    noise[0].save(tmp_path / "a.tif", save_all=True, append_images=noise[1:])
    pages = [PageRead(number, PageStatus.READ, width=500, height=700) for number in range(1, 46)]
    async with rasterizer() as raster:
        made = await overlay(raster, source(tmp_path / "a.tif"), pages, tmp_path / "overlay.pdf")
    with contextlib.closing(pymupdf.open(made)) as document:
        assert document.page_count == 45
        images = {document[number].get_images()[0][0] for number in range(45)}
    assert len(images) == 45, "every page has its own picture"


async def test_a_page_that_is_damaged_is_named_and_the_others_are_framed(tmp_path: Path) -> None:
    path = make_pdf(tmp_path / "a.pdf", pages=3)
    with contextlib.closing(pymupdf.open(path)) as document:
        document.xref_set_key(document[1].xref, "MediaBox", "[0 0 0 0]")
        document.xref_set_key(document[1].xref, "Resources", "17")
        document.save(tmp_path / "b.pdf")
    frame = (Block("text", "", (Box(50, 50, 90, 90),)),)
    pages = [PageRead(number, PageStatus.READ, frame, 500, 700) for number in (1, 3, 9)]
    async with rasterizer() as raster:
        into = tmp_path / "overlay.pdf"
        assert await unmarked(raster, source(tmp_path / "b.pdf"), pages, into) == [9]
    with contextlib.closing(pymupdf.open(into)) as document:
        assert [document[number].get_text().split() for number in (0, 2)] == [["1", "text"]] * 2


@pytest.mark.parametrize("name", ["a.pdf", "a.png"])
async def test_a_full_disk_is_a_cause_that_passes(tmp_path: Path, name: str) -> None:
    make_pdf(tmp_path / "a.pdf")
    Image.effect_noise((200, 300), 90).save(tmp_path / "a.png")
    lines = tmp_path / "pages.jsonl"
    lines.write_text(to_json(PageRead(1, PageStatus.READ, width=200, height=300)) + "\n")
    async with rasterizer() as raster:
        with pytest.raises(DiskFullError, match="/dev/full"):
            await raster.overlay(source(tmp_path / name), lines, 1, Path("/dev/full"))


async def test_an_overlay_over_its_time_is_given_up(tmp_path: Path) -> None:
    Image.effect_noise((4000, 4000), 90).save(tmp_path / "a.png")
    lines, into = tmp_path / "pages.jsonl", tmp_path / "overlay.pdf"
    lines.write_text(to_json(PageRead(1, PageStatus.READ, width=4000, height=4000)) + "\n")
    async with rasterizer(page_timeout=0.05) as raster:
        with pytest.raises(DocumentError, match="overlay"):
            await raster.overlay(source(tmp_path / "a.png"), lines, 0, into)
    assert not into.exists()


async def test_a_long_overlay_leaves_the_children_to_those_who_wait_for_a_page(
    tmp_path: Path,
) -> None:
    count = LONG_OVERLAY + 1
    pdf = source(make_pdf(tmp_path / "a.pdf", pages=count))
    box = (Block("text", "A paragraph", (Box(50, 50, 90, 90),)),)
    pages = [PageRead(number, PageStatus.READ, box, 500, 700) for number in range(1, count + 1)]
    async with rasterizer() as raster:
        children = raster.status()["children"]
        made = await overlay(raster, pdf, pages, tmp_path / "overlay.pdf")
        assert raster.status()["children"] == children
        assert raster.status()["aside"] == []
    with contextlib.closing(pymupdf.open(made)) as document:
        assert "1 text" in document[count - 1].get_text()
