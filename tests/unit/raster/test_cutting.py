"""Figures cut out of real pages by the rasterizer's real children have the right pixels."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from ocrd.config.settings import LimitSettings, RasterSettings
from ocrd.errors import CorruptError, DiskFullError, PageError, SourceChangedError
from ocrd.figures import Figure, figures_of
from ocrd.files import file_key
from ocrd.job import Box, PageRead, PageStatus
from ocrd.raster.rasterize import Rasterizer, Source
from tests.drawings import NEAR, RED, make_pdf, read


@contextlib.asynccontextmanager
async def rasterizer() -> AsyncIterator[Rasterizer]:
    async with Rasterizer(RasterSettings(children=1), LimitSettings()) as made:
        yield made


def source(path: Path) -> Source:
    return Source(path, file_key(path))


def is_all(colour: tuple[int, int, int], path: Path) -> bool:
    """Say whether the picture shows this colour and, inside a thin edge, nothing else."""
    with Image.open(path) as picture:
        inner = picture.convert("RGB").crop((4, 4, picture.width - 4, picture.height - 4))
    difference = ImageChops.difference(inner, Image.new("RGB", inner.size, colour))
    return all(max(difference.getchannel(name).tobytes()) < NEAR for name in "RGB")


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
async def test_a_figure_is_cut_from_turned_and_cropped_pages(tmp_path: Path, rotate: int) -> None:
    pdf = source(make_pdf(tmp_path / "a.pdf", rotate=rotate))
    async with rasterizer() as raster:
        drawn = await raster.draw(pdf, 1, tmp_path / "page.ppm", 1000)
        for clockwise in (0, 90, 180, 270):
            page = read(drawn, clockwise)
            (figure,) = figures_of(page)
            await raster.crop(pdf, page, [figure], tmp_path)
            assert is_all(RED, tmp_path / figure.name)
            with Image.open(tmp_path / figure.name) as picture:
                assert picture.size == (round(figure.box.width), round(figure.box.height))
                is_lying = (rotate + clockwise) % 180 == 0
                assert (picture.width > picture.height) == is_lying


async def test_a_figure_of_a_long_receipt_is_cut_where_it_was_seen(tmp_path: Path) -> None:
    receipt = Image.new("RGB", (300, 6000), "white")
    receipt.paste(RED, (50, 5000, 250, 5600))
    receipt.save(tmp_path / "a.png")
    image = source(tmp_path / "a.png")
    async with rasterizer() as raster:
        drawn = await raster.draw(image, 1, tmp_path / "page.ppm", 1000)
        assert drawn.height > 1000, "a long page is drawn larger, so that it stays legible"
        with Image.open(drawn.path) as seen:
            scale = seen.height / 6000
        box = Box(50 * scale, 5000 * scale, 250 * scale, 5600 * scale)
        page = PageRead(
            1, PageStatus.READ, width=drawn.width, height=drawn.height,
            points_per_pixel=drawn.points_per_pixel,
        )
        await raster.crop(image, page, [Figure(0, box, "figure.jpg")], tmp_path)
    assert is_all(RED, tmp_path / "figure.jpg")


async def test_a_gray_page_gives_gray_figures(tmp_path: Path) -> None:
    Image.linear_gradient("L").resize((800, 1000)).save(tmp_path / "a.png")
    page = PageRead(1, PageStatus.READ, width=800, height=1000, points_per_pixel=1.0)
    async with rasterizer() as raster:
        figure = Figure(0, Box(100, 0, 700, 1000), "figure.jpg")
        await raster.crop(source(tmp_path / "a.png"), page, [figure], tmp_path)
    with Image.open(tmp_path / "figure.jpg") as picture:
        assert (picture.mode, picture.size) == ("L", (600, 1000))


async def test_what_cannot_be_cut_is_an_error_of_the_page_or_of_the_disk(tmp_path: Path) -> None:
    path = make_pdf(tmp_path / "a.pdf")
    pdf = source(path)
    page = PageRead(1, PageStatus.READ, width=500, height=700, points_per_pixel=1.0)
    outside = Figure(0, Box(600, 0, 700, 100), "outside.jpg")
    inside = Figure(0, Box(0, 0, 100, 100), "full")
    async with rasterizer() as raster:
        with pytest.raises(PageError, match="outside") as caught:
            await raster.crop(pdf, page, [inside, outside], tmp_path)
        assert caught.value.page == 1
        with pytest.raises(DiskFullError):
            await raster.crop(pdf, page, [inside], Path("/dev"))
        os.truncate(path, 100)
        with pytest.raises(SourceChangedError):
            await raster.crop(pdf, page, [inside], tmp_path)
        with pytest.raises(CorruptError):
            await raster.crop(Source(path), page, [inside], tmp_path)
