"""How much text stands on a page is counted about right, whatever page it is."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFilter

from ocrd.job import Ink
from ocrd.raster import drawing
from ocrd.raster.ink import counted
from tests.written import Sheet, noisy, photograph

LEAST, MOST = 0.6, 1.5  # times what stands there


def is_about(ink: Ink, sheet: Sheet, *, rows: float = 6.0) -> None:
    """Characters are counted; rows may be counted in parts, where words stand apart."""
    assert LEAST * sheet.characters <= ink.characters <= MOST * sheet.characters, ink
    assert 0.6 * sheet.rows <= ink.rows <= rows * sheet.rows, ink


@pytest.mark.parametrize("dpi", [100, 150, 200, 300])
@pytest.mark.parametrize("font", ["helv", "tiro", "hebo", "tiit"])
def test_text_is_counted_at_any_resolution(font: str, dpi: int) -> None:
    sheet = Sheet()
    sheet.prose(font=font, size=11)
    is_about(counted(sheet.drawn(dpi)), sheet)


@pytest.mark.parametrize(("size", "dpi"), [(5.5, 250), (7, 200), (9, 150), (14, 150), (24, 150)])
def test_text_is_counted_in_any_size(size: float, dpi: int) -> None:
    sheet = Sheet()
    sheet.prose(size=size)
    is_about(counted(sheet.drawn(dpi)), sheet)


@pytest.mark.parametrize("leading", [1.0, 1.15, 1.5, 2.0])
def test_rows_that_stand_close_are_as_many(leading: float) -> None:
    sheet = Sheet()
    sheet.prose(leading=leading)
    is_about(counted(sheet.drawn()), sheet)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_columns_hold_the_rows_of_each(count: int) -> None:
    sheet = Sheet()
    sheet.columns(count, size=9)
    is_about(counted(sheet.drawn(200)), sheet, rows=1.5)


@pytest.mark.parametrize("font", ["china-s", "japan", "korea"])
def test_the_far_east_is_counted_as_well(font: str) -> None:
    signs = {
        "china-s": "港口每天记录进港船只名称长度货物",
        "japan": "港の事務所では船名と長さを帳簿に書く",
        "korea": "항구사무실은매일들어오는배의이름과길이를",
    }[font]
    choose, sheet = random.Random(1), Sheet()
    for row in range(40):
        sheet.put(50, 60 + 18 * row, "".join(choose.choices(signs, k=40)), font=font, size=12)
    is_about(counted(sheet.drawn(200)), sheet, rows=8)


def number(choose: random.Random) -> str:
    return f"{choose.randint(0, 9999)},{choose.randint(0, 99):02}"


@pytest.mark.parametrize("ruled", [True, False])
def test_cells_are_counted_with_rules_and_without(ruled: bool) -> None:
    choose, sheet = random.Random(3), Sheet()
    sheet.cells([[number(choose) for _ in range(6)] for _ in range(35)], ruled=ruled)
    is_about(counted(sheet.drawn(200)), sheet, rows=1.5)


def test_labels_that_say_the_same_are_all_counted() -> None:
    sheet = Sheet()
    address = ["Muster GmbH", "Erika Mustermann", "Hafenstraße 12", "20457 Hamburg"]
    for place in range(24):
        for row, text in enumerate(address):
            sheet.put(40 + 180 * (place % 3), 50 + 95 * (place // 3) + 13 * row, text)
    is_about(counted(sheet.drawn()), sheet, rows=1.2)


def jpeg(image: Image.Image) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=35)
    return Image.open(file)


def turned(image: Image.Image, degrees: float) -> Image.Image:
    return image.rotate(degrees, Image.Resampling.BICUBIC, expand=degrees % 90 == 0, fillcolor=255)


def shadowed(image: Image.Image) -> Image.Image:
    shade = Image.linear_gradient("L").resize(image.size)
    return Image.composite(image, image.point(lambda value: value * 6 // 10), shade)


def levels(dark: int, light: int) -> Callable[[Image.Image], Image.Image]:
    return lambda image: image.point(lambda value: dark + value * (light - dark) // 255)


SCANNED: dict[str, Callable[[Image.Image], Image.Image]] = {
    "grain": lambda image: noisy(image, 20),
    "gray": lambda image: noisy(levels(60, 180)(image), 5),
    "faint": levels(228, 250),
    "a shadow": shadowed,
    "two levels": lambda image: image.point(lambda value: 255 * (value > 128)),
    "compressed": jpeg,
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(1.2)),
    "white on black": levels(255, 0),
    "light gray on dark gray": levels(150, 70),
    "slanted": lambda image: turned(image, 3),
    "slanted the other way": lambda image: turned(image, -4),
    "upside down": lambda image: turned(image, 180),
    "on its side": lambda image: turned(image, 90),
    "on its other side": lambda image: turned(image, 270),
    "in colour": lambda image: Image.merge("RGB", [image, image, image.point(lambda _: 255)]),
}


@pytest.mark.parametrize("scan", SCANNED)
def test_scans_show_what_the_page_does(scan: str) -> None:
    sheet = Sheet()
    sheet.columns(2)
    is_about(counted(SCANNED[scan](sheet.drawn(200))), sheet)


@pytest.mark.parametrize("roughness", [1.0, 1.4, 1.8, 2.2])
def test_a_photograph_has_hardly_a_row(roughness: float) -> None:
    ink = counted(photograph(1240, 1754, roughness=roughness))
    assert ink.rows <= 8
    assert ink.characters <= 60


def test_a_photograph_in_the_text_adds_nothing_to_it() -> None:
    sheet = Sheet()
    sheet.prose(height=340)
    page = sheet.drawn(200)
    page.paste(photograph(1200, 900), (200, 1250))
    is_about(counted(page), sheet, rows=1.5)


@pytest.mark.parametrize("deviation", [3, 10, 25])
@pytest.mark.parametrize("paper", [255, 240, 128, 0])
def test_noise_is_no_text(paper: int, deviation: float) -> None:
    assert counted(noisy(Image.new("L", (1240, 1754), paper), deviation)).rows == 0


def test_rules_and_a_net_of_them_are_no_text() -> None:
    sheet = Sheet()
    for place in range(28):
        sheet.page.draw_line((40, 50 + 26 * place), (555, 50 + 26 * place), width=0.8)
    assert counted(sheet.drawn(200)).rows == 0
    for place in range(20):
        sheet.page.draw_line((40 + 27 * place, 50), (40 + 27 * place, 790), width=0.8)
    assert counted(sheet.drawn(200)).rows == 0


def test_a_drawing_has_few_rows() -> None:
    choose, sheet = random.Random(4), Sheet()
    for _ in range(30):
        centre = choose.randint(60, 540), choose.randint(60, 780)
        sheet.page.draw_circle(centre, choose.randint(8, 150), width=2 * choose.random())
    assert counted(sheet.drawn(200)).characters < 250


@pytest.mark.parametrize(
    ("text", "size"), [("45 €", 60), ("2024", 36), ("page 7", 9), ("TICKETS", 90)]
)
def test_a_few_signs_on_a_page_are_a_row(text: str, size: float) -> None:
    sheet = Sheet()
    sheet.put(100, 400, text, size=size)
    ink = counted(sheet.drawn(200))
    assert 1 <= ink.rows <= 3
    assert ink.characters <= 3 * len(text)


def test_a_plan_has_the_rows_of_its_notes() -> None:
    sheet = Sheet(1684, 1191)
    for row in range(30):
        sheet.put(1000, 80 + 14 * row, f"Note {row}: all dimensions in millimetres, check on site",
                  size=8)  # fmt: skip
    sheet.page.draw_rect((50, 50, 900, 1100), width=2)
    is_about(counted(sheet.drawn(200)), sheet, rows=1.5)


@pytest.mark.parametrize("size", [(1, 1), (2, 3000), (3000, 2), (40, 50)])
def test_what_is_no_page_has_no_rows(size: tuple[int, int]) -> None:
    assert counted(Image.new("L", size, 255)) == Ink(0, 0, 0.0)


def test_the_share_of_ink_is_that_of_what_is_dark() -> None:
    page = Image.new("L", (1240, 1754), 255)
    draw = ImageDraw.Draw(page)
    for place in range(40):
        draw.rectangle((100, 40 + 40 * place, 1099, 49 + 40 * place), fill=0)
    assert counted(page).share == pytest.approx(40 * 1000 * 10 / (1240 * 1754), rel=0.01)


def test_a_drawn_page_comes_with_its_ink_and_a_blank_one_without(tmp_path: Path) -> None:
    sheet = Sheet()
    sheet.prose(height=200)
    written = drawn(sheet.drawn(), tmp_path / "written.png")
    assert written["ink"] == asdict(counted(sheet.drawn()))
    assert drawn(Sheet().drawn(), tmp_path / "blank.png")["ink"] is None


def drawn(image: Image.Image, path: Path) -> dict[str, Any]:
    """Return what the rasterizer's child says of the image as a page."""
    image.save(path, dpi=(150, 150))
    with path.open("rb") as file, path.with_suffix(".pgm").open("wb") as out:
        try:
            return drawing.draw(
                str(path), None, [], descriptors=[file.fileno(), out.fileno()], page=1,
                into="page.pgm", longest_side=2339, page_pixels=10**9,
            )  # fmt: skip
        finally:
            drawing.idle()
