"""Transparent pictures are laid on what their ink stands out from."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageDraw

from ocrd.raster.images.transparency import ground_of, laid_on
from tests.unit.raster.picturing import draw, drawn, encoded, lettered, letters_shown, tiff

SIZE = (400, 300)


def on_nothing(ink: tuple[int, int, int], opacity: float = 1.0) -> Image.Image:
    """Return letters of a colour on nothing."""
    mask = ImageChops.invert(lettered(SIZE)).point(lambda value: int(value * opacity))
    page = Image.new("RGBA", SIZE, (*ink, 0))
    page.putalpha(mask)
    return page


@pytest.mark.parametrize("ink", [(255, 255, 255), (240, 240, 200), (0, 0, 0), (255, 255, 0),
                                 (128, 128, 128), (200, 30, 30)])  # fmt: skip
@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.tif", "a.avif", "a.heic", "a.jxl", "a.jp2"])
def test_letters_of_any_colour_on_nothing_are_seen(
    tmp_path: Path, name: str, ink: tuple[int, int, int]
) -> None:
    lossless = {"lossless": True} if name in ("a.webp", "a.jxl") else {}
    (tmp_path / name).write_bytes(encoded(name, on_nothing(ink), **lossless))
    page, told = drawn(tmp_path / name)
    assert letters_shown(page) > 0.8
    assert not told["blank"]


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
@pytest.mark.parametrize("opacity", [0.4, 1.0])
def test_half_transparent_white_letters_are_seen(
    tmp_path: Path, mode: str, opacity: float
) -> None:
    page = on_nothing((255, 255, 255), opacity).convert(mode)
    (tmp_path / "a.png").write_bytes(encoded("a.png", page))
    assert letters_shown(draw(tmp_path / "a.png")) > 0.8


def test_black_and_white_letters_on_nothing_are_both_seen(tmp_path: Path) -> None:
    page = Image.new("RGBA", (SIZE[0], 2 * SIZE[1]), (0, 0, 0, 0))
    page.paste(on_nothing((255, 255, 255)), (0, 0))
    page.paste(on_nothing((0, 0, 0)), (0, SIZE[1]))
    (tmp_path / "a.png").write_bytes(encoded("a.png", page))
    shown = draw(tmp_path / "a.png")
    for top in (0, SIZE[1]):
        assert letters_shown(shown.crop((0, top, SIZE[0], top + SIZE[1]))) > 0.8


@pytest.mark.parametrize("ink", [0, 255])
def test_a_palette_with_a_transparent_colour_shows_its_ink(tmp_path: Path, ink: int) -> None:
    page = lettered(SIZE).point(lambda value: 0 if value > 128 else 1).convert("L")
    page = Image.frombytes("P", SIZE, page.tobytes())
    page.putpalette([ink, ink, ink, ink, ink, ink, 9, 9, 9])
    for name in ("a.png", "a.gif"):
        page.save(tmp_path / name, transparency=0)
        assert letters_shown(draw(tmp_path / name)) > 0.8, name


def test_transparency_that_is_everywhere_means_nothing_where_something_is_there(
    tmp_path: Path,
) -> None:
    page = lettered(SIZE).convert("RGBA")
    page.putalpha(0)
    (tmp_path / "a.tif").write_bytes(encoded("a.tif", page))
    (tmp_path / "a.bmp").write_bytes(_bitmap(page, alpha_mask=0xFF000000))
    for name in ("a.tif", "a.bmp"):
        shown = draw(tmp_path / name)
        assert letters_shown(shown) > 0.9, name
        assert shown.getpixel((2, 2)) == 255


@pytest.mark.parametrize("alpha_mask", [0, 0xFF000000])
def test_a_bitmap_of_32_bits_is_opaque_whatever_its_fourth_byte(
    tmp_path: Path, alpha_mask: int
) -> None:
    page = lettered(SIZE).convert("RGBA")
    for opacity in (0, 255):
        page.putalpha(opacity)
        (tmp_path / "a.bmp").write_bytes(_bitmap(page, alpha_mask))
        shown, told = drawn(tmp_path / "a.bmp")
        assert letters_shown(shown) > 0.9
        assert not told["blank"]


def _bitmap(page: Image.Image, alpha_mask: int) -> bytes:
    pixels = page.transpose(Image.Transpose.FLIP_TOP_BOTTOM).tobytes("raw", "BGRA")
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, alpha_mask)
    header = struct.pack("<IiiHHIIiiII", 108, *page.size, 1, 32, 3, len(pixels), 0, 0, 0, 0)
    header += masks + bytes(108 - len(header) - len(masks))
    return struct.pack("<2sIHHI", b"BM", 122 + len(pixels), 0, 0, 122) + header + pixels


def test_nothing_at_all_is_an_empty_page(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encoded("a.png", Image.new("RGBA", SIZE, (0, 0, 0, 0))))
    page, told = drawn(tmp_path / "a.png")
    assert page.getextrema() == (255, 255)
    assert told["blank"]


def test_colours_that_were_multiplied_by_their_opacity_are_divided_again(tmp_path: Path) -> None:
    gray = np.asarray(lettered(SIZE))
    opacity = 255 - gray
    white = np.dstack([opacity, opacity, opacity, opacity])  # white ink, so multiplied
    content = tiff(
        np.ascontiguousarray(white), SIZE, 8, count=4, photometric=2, more={338: (1,)}
    )
    (tmp_path / "a.tif").write_bytes(content)
    assert letters_shown(draw(tmp_path / "a.tif")) > 0.8


def test_a_further_sample_that_is_no_opacity_hides_nothing(tmp_path: Path) -> None:
    gray = np.asarray(lettered(SIZE))
    pixels = np.dstack([gray, gray, gray, np.zeros_like(gray)])
    content = tiff(
        np.ascontiguousarray(pixels), SIZE, 8, count=4, photometric=2, more={338: (0,)}
    )
    (tmp_path / "a.tif").write_bytes(content)
    shown = draw(tmp_path / "a.tif")
    assert letters_shown(shown) > 0.95
    assert shown.getpixel((2, 2)) == 255


def test_a_window_with_clear_corners_stays_on_white() -> None:
    page = lettered(SIZE).convert("RGBA")
    clear = Image.new("L", SIZE, 255)
    ImageDraw.Draw(clear).rectangle((0, 0, 9, SIZE[1]), fill=0)
    page.putalpha(clear)
    ground = ground_of(page)
    assert ground is not None
    assert letters_shown(laid_on(page, ground)) > 0.7


@pytest.mark.parametrize(
    ("image", "ground"),
    [
        (Image.new("RGBA", (20, 20), (9, 9, 9, 255)), None),
        (Image.new("LA", (20, 20), (9, 100)), 255),
    ],
)
def test_what_is_as_opaque_everywhere_has_no_ground_of_its_own(
    image: Image.Image, ground: Any
) -> None:
    assert ground_of(image) == ground
