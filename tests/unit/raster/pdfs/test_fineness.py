"""How finely a page is drawn, by what MuPDF says is on it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from ocrd.raster.pdfs.fineness import FINEST, MOST_PIXELS, Content, Fineness, Picture, fineness
from ocrd.raster.pdfs.mupdf import MuPdf
from tests import sheets
from tests.faults.hostile.pdfs import FONT, stream

A4 = (595.0, 842.0)
WHOLE = ("fill-image", (0.0, 0.0, *A4))
ENGINE = 2339  # pixels of a page's longest side
PLENTY = 400_000_000
USUAL = ENGINE / 842


def scan(width: int, height: int, points: float = 595 * 842, *, gray: bool = True) -> Picture:
    return Picture(width * height, max(width, height), points, gray)


def scale_of(content: Content, side: int = ENGINE, pixels: int = PLENTY) -> float:
    return fineness(content, side, pixels).scale


def test_a_scan_is_drawn_no_larger_than_it_is() -> None:
    assert scale_of(Content(*A4, [WHOLE], [scan(1240, 1754)])) == pytest.approx(
        1240 / 595, rel=0.01
    )


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (64, 64), (150, 212), (300, 390)])
@pytest.mark.parametrize("kind", ["fill-path", "stroke-path", "fill-text", "fill-shade"])
def test_a_background_says_nothing_of_what_stands_on_it(kind: str, size: tuple[int, int]) -> None:
    painted = [WHOLE, (kind, (60.0, 60.0, 100.0, 70.0))]
    assert scale_of(Content(*A4, painted, [scan(*size)])) == pytest.approx(USUAL)


def test_a_picture_of_a_few_pixels_is_no_scan() -> None:
    content = Content(*A4, [WHOLE], [scan(1, 1)])
    assert not content.is_scan
    assert scale_of(content) == pytest.approx(USUAL)


def test_one_picture_more_than_is_known_of_is_content() -> None:
    """It may be in a note or in a pattern, and as fine as anything."""
    note = ("fill-image", (60.0, 60.0, 200.0, 90.0))
    assert scale_of(Content(*A4, [WHOLE, note], [scan(620, 877)])) == pytest.approx(USUAL)


def test_invisible_text_under_a_scan_is_nothing() -> None:
    painted = [("ignore-text", (60.0, 60.0, 100.0, 70.0)), WHOLE]
    assert Content(*A4, painted, [scan(1240, 1754)]).is_gray


def test_a_scan_in_colours_is_not_gray() -> None:
    assert not Content(*A4, [WHOLE], [scan(1240, 1754, gray=False)]).is_gray
    assert not Content(*A4, [WHOLE], [scan(1240, 1754), scan(9, 9, gray=False)]).is_gray


def test_strips_and_tiles_are_one_scan() -> None:
    strips = [scan(1240, 175, 595 * 84.2)] * 10
    content = Content(*A4, [WHOLE] * 10, strips)
    assert content.is_scan
    assert scale_of(content) == pytest.approx(1240 / 595, rel=0.01)


def test_the_finest_layer_counts() -> None:
    layers = [scan(620, 877, gray=False), scan(2480, 3508)]
    content = Content(*A4, [WHOLE, ("fill-imgmask", (0.0, 0.0, *A4))], layers)
    assert scale_of(content) == pytest.approx(USUAL)
    assert not content.is_gray


@pytest.mark.parametrize(
    ("sides", "least"), [((2384, 1684), 2.0), ((3370, 2384), 2.0), ((1684, 1191), 2.0)]
)
def test_the_notes_of_a_plan_are_legible(sides: tuple[float, float], least: float) -> None:
    """Eight points, or curves of which nothing is known: 16 pixels from line to line."""
    note = ("fill-text", (50.0, 50.0, 270.0, 59.0))
    for painted in ([note], [("fill-path", (50.0, 50.0, 270.0, 59.0))]):
        fine = fineness(Content(*sides, painted, []), ENGINE, PLENTY)
        assert fine.scale >= least
        assert fine.is_enough
        assert fine.scale <= USUAL


def test_a_poster_without_small_print_is_drawn_as_any_page() -> None:
    heading = ("fill-text", (100.0, 100.0, 2000.0, 300.0))
    assert scale_of(Content(2384, 1684, [heading], [])) == pytest.approx(ENGINE / 2384)


def test_a_little_small_print_does_not_count_where_much_is_large() -> None:
    large = [("fill-text", (0.0, float(y), 2000.0, y + 40.0)) for y in range(0, 1000, 50)]
    speck = ("fill-text", (0.0, 0.0, 8.0, 4.0))
    assert scale_of(Content(2384, 1684, [*large, speck], [])) == pytest.approx(ENGINE / 2384)


def test_text_that_is_turned_is_as_small_as_it_is() -> None:
    upright, turned = (50.0, 50.0, 270.0, 59.0), (50.0, 50.0, 59.0, 270.0)
    contents = [Content(2384, 1684, [("fill-text", box)], []) for box in (upright, turned)]
    assert scale_of(contents[0]) == scale_of(contents[1])


def test_a_page_of_usual_size_is_as_large_as_the_engine_wants() -> None:
    for side in (640, 1024, ENGINE):
        small_print = ("fill-text", (50.0, 50.0, 150.0, 53.0))
        assert scale_of(Content(*A4, [small_print], []), side) == pytest.approx(side / 842)


def test_limits_come_first_and_what_is_too_coarse_then_says_so() -> None:
    note = ("fill-text", (50.0, 50.0, 270.0, 59.0))
    sheet = Content(10_000, 10_000, [note], [])
    fine = fineness(sheet, ENGINE, PLENTY)
    assert (fine.scale * 10_000) ** 2 == pytest.approx(MOST_PIXELS)
    assert not fine.is_enough
    assert (scale_of(sheet, pixels=9_000_000) * 10_000) ** 2 == pytest.approx(9_000_000)


def test_a_banner_of_curves_is_read_from_afar() -> None:
    curves = ("fill-path", (0.0, 0.0, 8000.0, 2000.0))
    assert scale_of(Content(8400, 2400, [curves], [])) == pytest.approx(ENGINE / 8400, rel=0.2)


def test_a_page_whose_points_are_pixels_is_no_plan() -> None:
    content = Content(
        2480, 3508, [("fill-image", (0, 0, 2480, 3508))], [scan(2480, 3508, 2480 * 3508)]
    )
    assert scale_of(content) == pytest.approx(ENGINE / 3508)


def test_a_page_drawn_again_is_as_large_as_it_was() -> None:
    note = ("fill-text", (50.0, 50.0, 270.0, 59.0))
    content = Content(2384, 1684, [note], [])
    was = scale_of(content)
    again = fineness(content, round(was * 2384), PLENTY, legible=False)
    assert again.scale == pytest.approx(was, rel=1e-3)


A1 = (2384.0, 1684.0)


@pytest.mark.parametrize(
    ("box", "scale"),
    [
        ((50.0, 50.0, 270.0, 60.0), 18 / 9.0),  # nine points of type in a line ten high
        ((50.0, 50.0, 270.0, 53.0), 18 / 6.0),  # smaller than six points counts as six
        ((50.0, 50.0, 270.0, 51.0), 18 / 8.0),  # a line one point high is no text
    ],
)
def test_pixels_are_given_by_the_size_of_type(
    box: tuple[float, float, float, float], scale: float
) -> None:
    assert scale_of(Content(*A1, [("fill-text", box)], []), side=3000) == pytest.approx(scale)


@pytest.mark.parametrize(("length", "scale"), [(49.9, 1.0), (50.1, 3.0)])
def test_a_twentieth_of_the_text_may_be_smaller(length: float, scale: float) -> None:
    large = ("fill-text", (0.0, 0.0, 1900.0, 20.0))  # 95 times as long as high
    small = ("fill-text", (0.0, 50.0, length, 60.0))
    content = Content(*A1, [large, small], [])
    assert content.smallest_type == pytest.approx(18.0 if scale == 1.0 else 9.0)


@pytest.mark.parametrize(("side", "scale"), [(5000.0, 18 / 8), (5001.0, ENGINE / 5001)])
def test_larger_pages_than_five_thousand_points_have_no_notes(side: float, scale: float) -> None:
    curves = ("fill-path", (0.0, 0.0, 99.0, 99.0))
    assert scale_of(Content(side, 1300.0, [curves], [])) == pytest.approx(scale, rel=1e-6)


@pytest.mark.parametrize(("dpi", "scale"), [(100.01, 100.01 / 72), (99.0, ENGINE / 2384)])
def test_a_scan_of_a_hundred_dots_an_inch_has_the_size_of_its_paper(
    dpi: float, scale: float
) -> None:
    whole = ("fill-image", (0.0, 0.0, *A1))
    pixels = round(A1[0] * A1[1] * (dpi / 72) ** 2)
    content = Content(*A1, [whole], [Picture(pixels, 3300, A1[0] * A1[1], gray=True)])
    assert scale_of(content) == pytest.approx(scale, rel=1e-3)


@pytest.mark.parametrize(
    ("covered", "longest", "is_scan"),
    [(0.8, 400, True), (0.79, 400, False), (0.8, 399, False), (3.0, 5000, True)],
)
def test_a_scan_covers_most_of_its_page_and_has_some_pixels(
    covered: float, longest: int, *, is_scan: bool
) -> None:
    pictures = [Picture(longest * 300, longest, covered * 100.0 * 100.0, gray=True)]
    content = Content(100.0, 100.0, [("fill-image", (0.0, 0.0, 100.0, 100.0))], pictures)
    assert content.is_scan is is_scan
    assert not Content(100.0, 100.0, [], []).is_scan


def test_a_picture_without_extent_is_as_fine_as_any() -> None:
    assert Picture(100, 10, 0.0, gray=True).resolution == FINEST == pytest.approx(5.5556, abs=1e-3)
    assert Picture(100, 10, 0.25, gray=True).resolution == 20.0


def test_enough_is_four_fifths_of_what_is_wanted() -> None:
    assert Fineness(0.8, 0.1, 1.0).is_enough
    assert not Fineness(0.79, 0.1, 1.0).is_enough
    again = fineness(Content(*A1, [], []), 100, PLENTY, legible=False)
    assert (again.wanted, again.scale, again.coarse) == (0.0, 100 / 2384, 100 / 2384)


# What MuPDF is asked for on real pages.

BACKGROUND = Image.new("RGB", (620, 295), (250, 245, 235))
FULL = b"q 420 0 0 200 0 0 cm /I Do Q"


def drawn_from(
    content: bytes, images: dict[int, bytes], resources: str, rotate: int = 0
) -> Content:
    pdf = sheets.sheet(
        content, resources=f"{FONT}{resources}", page=f"/Rotate {rotate}", more=dict(images)
    )
    return MuPdf(memoryview(pdf), []).content(1)


@pytest.mark.parametrize("key", ["SMask", "Mask"])
@pytest.mark.parametrize("rotate", [0, 90, 270])
def test_a_mask_counts_by_its_own_resolution(key: str, rotate: int) -> None:
    """A scanner that keeps colours coarse and letters fine."""
    fine = sheets.printed((1750, 833))
    mask = (
        sheets.picture(fine)
        if key == "SMask"
        else sheets.picture(fine.convert("1"), "/ImageMask true")
    )
    content = drawn_from(
        b"q 420 0 0 200 0 0 cm /B Do /I Do Q",
        {
            5: sheets.picture(BACKGROUND),
            6: sheets.picture(Image.new("RGB", (8, 8)), f"/{key} 7 0 R"),
            7: mask,
        },
        "/XObject<</B 5 0 R/I 6 0 R>>", rotate,
    )  # fmt: skip
    assert content.is_scan
    assert max(each.resolution for each in content.pictures) == pytest.approx(1750 / 420, rel=0.01)


def test_a_stencil_over_a_photo_counts() -> None:
    stencil = sheets.picture(sheets.printed((1750, 833)).convert("1"), "/ImageMask true")
    content = drawn_from(
        b"q 420 0 0 200 0 0 cm /B Do 0 g /I Do Q",
        {5: sheets.picture(BACKGROUND), 6: stencil}, "/XObject<</B 5 0 R/I 6 0 R>>",
    )  # fmt: skip
    assert content.is_scan and not content.is_gray
    assert max(each.resolution for each in content.pictures) == pytest.approx(1750 / 420, rel=0.01)


def test_a_picture_in_a_form_in_a_form_counts() -> None:
    inner = sheets.form(FULL, resources="/XObject<</I 7 0 R>>")
    outer = sheets.form(b"/F Do", resources="/XObject<</F 6 0 R>>")
    content = drawn_from(
        b"q 420 0 0 200 0 0 cm /B Do Q /G Do",
        {
            5: outer, 6: inner, 7: sheets.picture(sheets.printed((1750, 833))),
            8: sheets.picture(BACKGROUND),
        },
        "/XObject<</B 8 0 R/G 5 0 R>>",
    )  # fmt: skip
    assert max(each.resolution for each in content.pictures) == pytest.approx(1750 / 420, rel=0.01)


def test_a_picture_in_a_pattern_or_a_note_makes_the_page_as_fine_as_any(tmp_path: Path) -> None:
    cell = stream(
        FULL,
        "/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 420 200]/XStep 420"
        "/YStep 200/Resources<</XObject<</I 7 0 R>>>>",
    )
    pdf = sheets.sheet(
        b"q 420 0 0 200 0 0 cm /B Do Q /Pattern cs /P scn 0 0 420 200 re f",
        resources="/XObject<</B 8 0 R>>/Pattern<</P 5 0 R>>",
        more={
            5: cell,
            7: sheets.picture(sheets.printed((1750, 833))),
            8: sheets.picture(BACKGROUND),
        },
    )
    with sheets.opened(pdf, tmp_path / "a.pdf") as document:
        assert document.draw(1, 1400).image.width >= 1400 * 0.8


@pytest.mark.parametrize("curve", [b"0 0 m 9 9 l 9 0 l f", b"1 w 0 0 m 400 150 l S"])
def test_curves_over_one_pixel_are_drawn_at_reading_size(tmp_path: Path, curve: bytes) -> None:
    """Text that was made curves, over a page's colour that was made a picture."""
    one = sheets.picture(Image.new("RGB", (1, 1), (240, 240, 230)))
    pdf = sheets.sheet(
        b"q 420 0 0 200 0 0 cm /I Do Q 0 g " + b"\n".join(
            b"q 1 0 0 1 %d %d cm %s Q" % (x, y, curve) for x in range(20, 400, 20) for y in (50, 90)
        ),
        resources="/XObject<</I 5 0 R>>", more={5: one},
    )  # fmt: skip
    with sheets.opened(pdf, tmp_path / "a.pdf") as document:
        drawn = document.draw(1, 1000).image
    assert drawn.width == 1000
    assert sheets.ink(drawn) > 1000


def test_nothing_is_finer_than_any_engine_needs() -> None:
    assert scale_of(Content(40, 60, [("fill-path", (0, 0, 9, 9))], [])) == pytest.approx(FINEST)
