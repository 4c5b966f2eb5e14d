"""What ends is whole, what is cut off is not, and zeros that are pixels are pixels."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ocrd.raster.images import kinds
from ocrd.raster.images.endings import is_whole, zeros_from
from tests.unit.raster.picturing import (
    directory_first,
    draw,
    encoded,
    inspect,
    lettered,
    letters_shown,
    tiff,
)

KINDS: list[tuple[str, dict[str, Any]]] = [
    ("a.png", {}), ("a.jpg", {}), ("a.jpg", {"progressive": True}), ("a.gif", {}), ("a.bmp", {}),
    ("a.webp", {}), ("a.webp", {"lossless": True}), ("a.ppm", {}), ("a.tif", {}),
    ("a.tif", {"compression": "tiff_lzw"}), ("a.tif", {"compression": "jpeg"}),
    ("a.tif", {"compression": "packbits"}), ("a.heic", {}), ("a.avif", {}), ("a.jp2", {}),
    ("a.jxl", {"use_container": True}),
]  # fmt: skip


def whole(content: bytes) -> bool:
    kind = kinds.picture(content[: kinds.HEAD_BYTES])
    assert kind is not None
    return is_whole(io.BytesIO(content), kind.format)


def noisy() -> Image.Image:
    return Image.merge("RGB", [Image.effect_noise((300, 200), 80)] * 3)


@pytest.mark.parametrize(("name", "save"), KINDS)
def test_a_whole_file_is_whole_whatever_stands_behind_it(name: str, save: dict[str, Any]) -> None:
    content = encoded(name, noisy(), **save)
    assert whole(content)
    if name not in ("a.heic", "a.avif", "a.jp2", "a.jxl", "a.webp"):
        assert whole(content + bytes(100_000)), "padded"
    if name not in ("a.webp",):
        assert whole(content + b"\r\nwhatever"), "something behind it"


@pytest.mark.parametrize(("name", "save"), KINDS)
def test_a_file_that_is_cut_off_is_not_whole(name: str, save: dict[str, Any]) -> None:
    content = encoded(name, noisy(), **save)
    for share in (0.3, 0.7, 0.95):
        assert not whole(content[: int(len(content) * share)])


@pytest.mark.parametrize(("name", "save"), KINDS)
def test_a_file_whose_rest_is_zeros_is_not_whole(name: str, save: dict[str, Any]) -> None:
    content = encoded(name, noisy(), **save)
    half = len(content) // 2
    assert not whole(content[:half] + bytes(len(content) - half))


@pytest.mark.parametrize("name", ["a.bmp", "a.tif", "a.pgm", "a.pbm"])
@pytest.mark.parametrize("ink", [0, 255])
def test_a_foot_of_zeros_is_read_at_once_where_it_is_paper(
    tmp_path: Path, name: str, ink: int
) -> None:
    page = Image.new("L", (400, 600), 255 - ink)
    page.paste(lettered(ink=ink, paper=255 - ink), (0, 0))
    if name == "a.pbm":
        page = page.convert("1")
    (tmp_path / name).write_bytes(encoded(name, page))
    assert not inspect(tmp_path / name)["repaired"]
    assert letters_shown(draw(tmp_path / name).crop((0, 0, 400, 300))) > 0.9


@pytest.mark.parametrize("photometric", [0, 1])
def test_a_bilevel_tiff_ends_in_its_white(tmp_path: Path, photometric: int) -> None:
    page = Image.new("L", (1240, 1754), 255)
    page.paste(lettered((1240, 600)), (0, 0))
    bits = np.packbits((np.asarray(page) > 128) ^ (photometric == 0), axis=1)
    (tmp_path / "a.tif").write_bytes(tiff(bits, page.size, 1, photometric=photometric))
    assert not inspect(tmp_path / "a.tif")["repaired"]
    assert letters_shown(draw(tmp_path / "a.tif").crop((0, 0, 1240, 600))) > 0.9


def test_a_black_border_that_fills_whole_rows_is_read_at_once(tmp_path: Path) -> None:
    pixels = np.full((700, 501), 250, np.uint8)
    pixels[640:] = 0
    (tmp_path / "a.tif").write_bytes(directory_first(Image.fromarray(pixels), "raw"))
    assert not inspect(tmp_path / "a.tif")["repaired"]


def test_paper_that_breaks_off_into_zeros_within_a_row_is_waited_for() -> None:
    pixels = np.full((700, 501), 250, np.uint8)
    pixels.reshape(-1)[200_003:] = 0
    assert not whole(directory_first(Image.fromarray(pixels), "raw"))


def test_the_mark_of_a_preview_is_not_taken_for_the_pictures_end() -> None:
    thumbnail = encoded("a.jpg", lettered((60, 40)))
    content = encoded("a.jpg", noisy())
    exif = b"\xff\xe1" + (len(thumbnail) + 8).to_bytes(2, "big") + b"Exif\0\0" + thumbnail
    content = content[:2] + exif + content[2:]
    assert whole(content)
    assert not whole(content[:-2])


@pytest.mark.parametrize(
    ("content", "zero"), [(b"", 0), (bytes(9), 0), (b"ab" + bytes(3_000_000), 2), (b"ab", 2)]
)
def test_zeros_are_found_from_the_end(content: bytes, zero: int) -> None:
    assert zeros_from(io.BytesIO(content), len(content)) == zero
