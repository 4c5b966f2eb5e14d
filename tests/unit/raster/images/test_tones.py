"""Deep pixels: what stands out of them is seen, the noise of an empty page is not."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ocrd.raster.images.tones import Range, range_of
from tests.unit.raster.picturing import draw, drawn, encoded, lettered, letters_shown, tiff

SIZE = (400, 300)


def shares(noise: float = 0.0, *, blank: bool = False) -> NDArray[np.float64]:
    """Return how bright each pixel is, 0..1."""
    page = np.full((SIZE[1], SIZE[0]), 1.0) if blank else np.asarray(lettered(SIZE)) / 255.0
    return page + np.random.default_rng(5).normal(0, noise, page.shape)


def between(low: float, high: float, page: NDArray[np.float64]) -> NDArray[np.float64]:
    return low + (high - low) * page


WHOLE = [(0, 255), (0, 1023), (0, 4095), (7301, 8206), (60000, 65535), (0, 65535), (100, 140)]
FRACTIONS = [(0.0, 4.0), (-3.0, 3.0), (0.0, 1.0), (0.0, 255.0), (0.2, 0.21), (-1e6, 2e6)]


@pytest.mark.parametrize("noise", [0.0, 0.02])
@pytest.mark.parametrize(("low", "high"), WHOLE)
def test_letters_in_sixteen_bits_are_seen_whatever_part_of_them_is_used(
    tmp_path: Path, low: int, high: int, noise: float
) -> None:
    pixels = between(low, high, shares(noise)).round().clip(0, 65535).astype("<u2")
    (tmp_path / "a.tif").write_bytes(tiff(pixels, SIZE, 16))
    Image.fromarray(pixels).save(tmp_path / "a.png")
    for name in ("a.tif", "a.png"):
        page, told = drawn(tmp_path / name)
        assert letters_shown(page) > 0.8
        assert not told["blank"]


@pytest.mark.parametrize(("low", "high"), FRACTIONS)
def test_letters_in_fractions_are_seen(tmp_path: Path, low: float, high: float) -> None:
    pixels = between(low, high, shares(0.01)).astype("<f4")
    pixels[3, 5:9] = [np.nan, np.inf, -np.inf, 3e38]
    (tmp_path / "a.tif").write_bytes(tiff(pixels, SIZE, 32, kind=3))
    page, told = drawn(tmp_path / "a.tif")
    assert letters_shown(page) > 0.8
    assert not told["blank"]


@pytest.mark.parametrize(("low", "high"), [(-2_000_000_000, 2_000_000_000), (0, 9), (-500, 70)])
def test_letters_in_thirty_two_signed_bits_are_seen(tmp_path: Path, low: int, high: int) -> None:
    pixels = between(low, high, shares()).round().astype("<i4")
    (tmp_path / "a.tif").write_bytes(tiff(pixels, SIZE, 32, kind=2))
    page, told = drawn(tmp_path / "a.tif")
    assert letters_shown(page) > 0.8
    assert not told["blank"]


@pytest.mark.parametrize(
    ("kind", "bits", "shape", "low", "high", "noise"),
    [
        (1, 16, "<u2", 7301, 8206, 0.01),
        (1, 16, "<u2", 0, 1023, 0.004),
        (1, 16, "<u2", 0, 65535, 0.003),
        (1, 16, "<u2", 500, 500, 0.0),
        (3, 32, "<f4", 0.0, 4.0, 0.01),
        (3, 32, "<f4", -3.0, 3.0, 0.02),
        (3, 32, "<f4", 0.0, 1.0, 0.01),
        (2, 32, "<i4", -500, 70_000, 0.002),
    ],
)
def test_the_noise_of_an_empty_page_is_not_made_into_ink(
    tmp_path: Path, kind: int, bits: int, shape: str, low: float, high: float, noise: float
) -> None:
    pixels: NDArray[Any] = between(low, high, shares(noise, blank=True) * 0.9)
    if kind != 3:
        pixels = pixels.round()
    (tmp_path / "a.tif").write_bytes(tiff(pixels.astype(shape), SIZE, bits, kind=kind))
    page, told = drawn(tmp_path / "a.tif")
    assert told["blank"], page.getextrema()


def test_a_few_broken_pixels_do_not_make_the_range(tmp_path: Path) -> None:
    pixels = between(7301, 8206, shares()).round().astype("<u2")
    pixels[7, 3:5] = 0, 65535
    (tmp_path / "a.tif").write_bytes(tiff(pixels, SIZE, 16))
    assert letters_shown(draw(tmp_path / "a.tif")) > 0.8


def test_a_deep_picture_that_counts_from_white_is_turned_over(tmp_path: Path) -> None:
    pixels = between(65535, 0, shares()).round().astype("<u2")
    (tmp_path / "a.tif").write_bytes(tiff(pixels, SIZE, 16, photometric=0))
    page = draw(tmp_path / "a.tif")
    assert page.getpixel((2, 2)) == 255
    assert letters_shown(page) > 0.9


def test_the_range_that_a_file_announces_is_followed(tmp_path: Path) -> None:
    pixels = np.full((SIZE[1], SIZE[0]), 500, "<u2")
    pixels[:, 200:] = 1000
    (tmp_path / "a.tif").write_bytes(tiff(pixels, SIZE, 16, more={280: (0,), 281: (2000,)}))
    page = draw(tmp_path / "a.tif")
    assert [page.getpixel((x, 100)) for x in (50, 350)] == [64, 128]


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
@pytest.mark.parametrize("most", [255, 1023, 4095])
def test_coloured_letters_in_the_lower_bits_of_sixteen_are_seen(
    tmp_path: Path, name: str, most: int
) -> None:
    gray = between(0, most, shares()).round().astype("<u2")
    pixels = np.dstack([gray, gray // 2 + most // 2, gray])
    if name == "a.tif":
        content = tiff(np.ascontiguousarray(pixels), SIZE, 16, count=3, photometric=2)
    else:
        content = _png_of_48_bits(pixels)
    (tmp_path / name).write_bytes(content)
    page, told = drawn(tmp_path / name)
    assert page.mode == "RGB"
    assert letters_shown(page) > 0.8
    assert not told["blank"]


def _png_of_48_bits(pixels: NDArray[Any]) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + check

    rows = pixels.astype(">u2").reshape(SIZE[1], -1)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", *SIZE, 16, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(raw)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_a_range_keeps_its_ends() -> None:
    levels = Range(10.0, 20.0).shallow(np.array([[5, 10, 15, 20, 25, np.nan]], np.float32))
    assert levels.tolist() == [[0, 0, 128, 255, 255, 255]]
    assert Range(3.0, 3.0).shallow(np.array([[3.0]], np.float32)).tolist() == [[0]]


def test_no_numbers_at_all_are_no_error() -> None:
    assert range_of(np.full((4, 4), np.nan, np.float32), None, whole=False) == Range(0.0, 1.0)


@pytest.mark.parametrize(("ink", "paper"), [(0, 17), (17, 0), (235, 255), (120, 128), (249, 255)])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_ink_and_paper_that_are_hardly_apart_are_put_apart(
    tmp_path: Path, ink: int, paper: int, mode: str
) -> None:
    page = lettered(SIZE, ink=ink, paper=paper).convert(mode)
    (tmp_path / "a.png").write_bytes(encoded("a.png", page))
    shown, told = drawn(tmp_path / "a.png")
    assert not told["blank"]
    assert letters_shown(shown, least=200) > 0.9


def test_the_grain_of_empty_paper_is_not_put_apart(tmp_path: Path) -> None:
    grain = np.random.default_rng(3).normal(240, 2.5, (1200, 900)).round().astype(np.uint8)
    Image.fromarray(grain).save(tmp_path / "a.png")
    shown, told = drawn(tmp_path / "a.png")
    assert told["blank"]
    low, high = shown.getextrema()
    assert high - low < 40  # type: ignore[operator]


def test_a_gray_picture_of_eight_bits_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encoded("a.png", lettered(SIZE, ink=100, paper=140)))
    assert draw(tmp_path / "a.png").getextrema() == (100, 140)
