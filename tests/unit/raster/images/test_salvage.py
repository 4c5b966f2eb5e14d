"""What ends early is drawn as far as it goes, and says how much of it is missing."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ocrd.errors import CorruptError
from tests.unit.raster.picturing import (
    directory_first,
    drawn,
    encoded,
    inspect,
    lettered,
    letters_shown,
    tiff,
)

SIZE = (400, 600)
KINDS: list[tuple[str, dict[str, Any]]] = [
    ("a.png", {}), ("a.jpg", {"quality": 90}), ("a.webp", {"quality": 95}),
    ("a.gif", {"interlace": 0}),
    ("a.bmp", {}), ("a.ppm", {}),
]  # fmt: skip


def page() -> Image.Image:
    """Return letters above, and nothing but noise below: so each row takes its bytes."""
    made = Image.effect_noise(SIZE, 60)
    made.paste(lettered((400, 300)), (0, 0))
    return made.convert("RGB")


@pytest.mark.parametrize(("name", "save"), KINDS)
@pytest.mark.parametrize("zeros", [False, True])
def test_the_half_that_is_there_is_drawn_and_the_other_is_told_of(
    tmp_path: Path, name: str, save: dict[str, Any], zeros: bool
) -> None:
    upside_down = name == "a.bmp"  # its last row stands first
    source = page().transpose(Image.Transpose.FLIP_TOP_BOTTOM) if upside_down else page()
    content = encoded(name, source, **save)
    cut = int(len(content) * 0.75)
    (tmp_path / name).write_bytes(content[:cut] + bytes(len(content) - cut) * zeros)
    assert inspect(tmp_path / name)["repaired"]
    shown, told = drawn(tmp_path / name)
    if upside_down:
        shown = shown.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    assert letters_shown(shown.crop((0, 0, 400, 300))) > 0.9
    (doubt,) = told["doubts"]
    assert doubt["code"] == "not-drawn"
    assert 0.1 < doubt["share"] < 0.45
    assert "of the page is not there" in doubt["message"]
    gone = shown.convert("L").crop((0, int(600 * (1 - doubt["share"])) + 35, 400, 600))
    assert gone.getextrema() == (255, 255), "what is missing is paper"


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "packbits", "tiff_adobe_deflate"])
def test_a_tiff_is_drawn_as_far_as_its_strips_go(tmp_path: Path, compression: str) -> None:
    """Its directory stands first here: one at the end is gone with it."""
    content = directory_first(page().convert("L"), compression)
    (tmp_path / "a.tif").write_bytes(content[: int(len(content) * 0.75)])
    assert inspect(tmp_path / "a.tif")["repaired"]
    shown, told = drawn(tmp_path / "a.tif")
    assert letters_shown(shown.crop((0, 0, 400, 300))) > 0.9
    (doubt,) = told["doubts"]
    assert 0.05 < doubt["share"] < 0.5


@pytest.mark.parametrize(
    ("name", "save"),
    [*KINDS, ("a.jpg", {"progressive": True}), ("a.tif", {"compression": "tiff_lzw"})],
)
def test_a_file_that_lacks_its_last_byte_is_whole_but_for_a_note(
    tmp_path: Path, name: str, save: dict[str, Any]
) -> None:
    content = encoded(name, lettered((400, 300)).convert("RGB"), **save)
    (tmp_path / name).write_bytes(content[:-1])
    shown, told = drawn(tmp_path / name)
    assert letters_shown(shown) > 0.9
    assert told["doubts"] == ()
    if inspect(tmp_path / name)["repaired"]:
        assert told["warnings"] == ("The file ends early. The picture is there.",)
    else:
        assert name == "a.gif", "whose last byte says only that nothing follows"


def test_a_jpeg_without_its_end_mark_is_whole_but_for_a_note(tmp_path: Path) -> None:
    content = encoded("a.jpg", lettered((400, 300)), quality=90)
    assert content.endswith(b"\xff\xd9")
    (tmp_path / "a.jpg").write_bytes(content[:-2])
    shown, told = drawn(tmp_path / "a.jpg", side=200)
    assert shown.size == (200, 150)
    assert letters_shown(shown.resize((400, 300))) > 0.8
    assert told["warnings"] == ("The file ends early. The picture is there.",)


def test_a_progressive_jpeg_that_lacks_its_last_scans_is_doubtful(tmp_path: Path) -> None:
    content = encoded("a.jpg", page(), progressive=True)
    (tmp_path / "a.jpg").write_bytes(content[: len(content) // 2])
    _, told = drawn(tmp_path / "a.jpg")
    assert [doubt["code"] for doubt in told["doubts"]] == ["not-drawn"]


def test_the_page_of_a_tiff_that_is_cut_off_is_told_of_and_the_others_are_read(
    tmp_path: Path,
) -> None:
    pages = [lettered((400, 300)), page().convert("L")]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    content = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(content[: -100_000])
    assert inspect(tmp_path / "a.tif") == {"format": "TIFF", "pages": 2, "repaired": True}
    first, told = drawn(tmp_path / "a.tif", 1)
    assert letters_shown(first) > 0.9
    assert told["doubts"] == ()
    second, told = drawn(tmp_path / "a.tif", 2)
    assert letters_shown(second.crop((0, 0, 400, 300))) > 0.9
    assert 0.3 < told["doubts"][0]["share"] < 0.5


@pytest.mark.parametrize("bits", [8, 64])
def test_a_page_that_is_there_is_drawn_though_the_next_ones_place_is_not(
    tmp_path: Path, bits: int
) -> None:
    pixels = np.asarray(lettered((400, 300))).astype({8: "<u1", 64: "<u8"}[bits])
    content = bytearray(tiff(pixels, (400, 300), bits))
    (place,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, place)
    struct.pack_into("<I", content, place + 2 + 12 * count, len(content) + 5000)
    (tmp_path / "a.tif").write_bytes(content)
    assert inspect(tmp_path / "a.tif") == {"format": "TIFF", "pages": 1, "repaired": True}
    shown, told = drawn(tmp_path / "a.tif")
    assert letters_shown(shown) > 0.9
    assert told["doubts"] == ()


def test_a_file_that_has_nothing_but_its_header_is_corrupt(tmp_path: Path) -> None:
    for name in ("a.png", "a.bmp"):
        (tmp_path / name).write_bytes(encoded(name, page())[:60])
        with pytest.raises(CorruptError, match=name):
            drawn(tmp_path / name)


def test_zeros_that_may_be_missing_pixels_are_told_of(tmp_path: Path) -> None:
    pixels = np.asarray(page().convert("L")).copy()
    pixels.reshape(-1)[200_003:] = 0
    content = directory_first(Image.fromarray(pixels), "raw")
    (tmp_path / "a.tif").write_bytes(content)
    assert inspect(tmp_path / "a.tif")["repaired"]
    _, told = drawn(tmp_path / "a.tif")
    assert told["doubts"][0]["share"] == pytest.approx(1 - 200_003 / 240_000, abs=0.01)
