"""TIFFs of every number of bits are read or refused by name, never called damaged."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ocrd.errors import OcrdError, PageError, UnsupportedError
from ocrd.raster.images import tiffs
from tests.unit.raster.picturing import draw, drawn, encoded, inspect, lettered, letters_shown, tiff

SIZE = (400, 300)


def levels(bits: int) -> NDArray[np.float64]:
    return np.asarray(lettered(SIZE)) / 255.0 * (2.0**bits - 1)


def packed(values: NDArray[Any], bits: int) -> bytes:
    """Return whole numbers packed from the highest bit on, each row to a whole byte."""
    rows = []
    for row in values.reshape(values.shape[0], -1).astype(object):
        made = 0
        for value in row:
            made = made << bits | int(value)
        length = -(-len(row) * bits // 8)
        rows.append((made << (length * 8 - len(row) * bits)).to_bytes(length, "big"))
    return b"".join(rows)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", [2, 4, 6, 10, 12, 14, 20, 24])
def test_samples_of_odd_sizes_are_read(tmp_path: Path, bits: int, order: str) -> None:
    content = packed(levels(bits).astype(np.int64), bits)
    (tmp_path / "a.tif").write_bytes(tiff(content, SIZE, bits, order=order))
    page, told = drawn(tmp_path / "a.tif")
    assert letters_shown(page) > 0.9
    assert not told["blank"]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("kind", "bits", "code"),
    [(1, 32, "u4"), (1, 64, "u8"), (2, 64, "i8"), (3, 16, "f2"), (3, 32, "f4"), (3, 64, "f8"),
     (2, 8, "i1"), (2, 16, "i2"), (2, 32, "i4")],
)  # fmt: skip
def test_samples_of_whole_bytes_are_read(
    tmp_path: Path, kind: int, bits: int, code: str, order: str
) -> None:
    most = 100.0 if kind == 3 else 2.0 ** (bits - (kind == 2)) * 0.99
    values = (np.asarray(lettered(SIZE)) / 255.0 * most).astype(f"{order}{code}")
    (tmp_path / "a.tif").write_bytes(tiff(values, SIZE, bits, kind=kind, order=order))
    page, told = drawn(tmp_path / "a.tif")
    assert letters_shown(page) > 0.9
    assert not told["blank"]
    assert page.getpixel((3, 3)) > 120, "paper is light"  # type: ignore[operator]


@pytest.mark.parametrize("bits", [10, 14])
def test_colours_of_odd_sizes_are_read(tmp_path: Path, bits: int) -> None:
    gray = levels(bits)
    pixels = np.dstack([gray, gray * 0.5 + 2.0 ** (bits - 1), gray]).astype(np.int64)
    content = packed(pixels, bits)
    (tmp_path / "a.tif").write_bytes(tiff(content, SIZE, bits, count=3, photometric=2))
    page = draw(tmp_path / "a.tif")
    assert page.mode == "RGB"
    assert letters_shown(page) > 0.9


@pytest.mark.parametrize("bits", [10, 64])
def test_white_may_be_zero(tmp_path: Path, bits: int) -> None:
    values = (levels(bits).max() - levels(bits)) * 0.9
    content = values.astype("<u8") if bits == 64 else packed(values.astype(np.int64), bits)
    (tmp_path / "a.tif").write_bytes(tiff(content, SIZE, bits, photometric=0))
    page = draw(tmp_path / "a.tif")
    assert page.getpixel((3, 3)) == 255
    assert letters_shown(page) > 0.9


@pytest.mark.parametrize("predictor", [1, 2])
def test_deflated_samples_are_read(tmp_path: Path, predictor: int) -> None:
    values = (levels(32) * 0.9).astype("<u4")
    stored = values if predictor == 1 else np.diff(values, axis=1, prepend=np.uint32(0))
    content = zlib.compress(stored.astype("<u4").tobytes())
    made = bytearray(tiff(content, SIZE, 32, kind=1, more={317: (predictor,)}))
    made = bytearray(bytes(made).replace(struct.pack("<HHIHH", 259, 3, 1, 1, 0),
                                         struct.pack("<HHIHH", 259, 3, 1, 8, 0)))  # fmt: skip
    (tmp_path / "a.tif").write_bytes(made)
    assert letters_shown(draw(tmp_path / "a.tif")) > 0.9


@pytest.mark.parametrize(
    ("compression", "name"),
    [(34661, "JBIG"), (34712, "JPEG 2000"), (34887, "LERC"), (34934, "JPEG XR"), (50002, "JPEG XL"),
     (32809, "ThunderScan"), (12345, "12345")],
)  # fmt: skip
def test_a_compression_that_nothing_here_knows_is_named_at_once(
    tmp_path: Path, compression: int, name: str
) -> None:
    content = tiff(b"\1\2\3" * 40_000, SIZE, 8)
    content = content.replace(struct.pack("<HHIHH", 259, 3, 1, 1, 0),
                              struct.pack("<HHIHH", 259, 3, 1, compression, 0))  # fmt: skip
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(UnsupportedError, match=name) as caught:
        inspect(tmp_path / "a.tif")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (tiff(bytes(400 * 300 * 8), SIZE, 64, kind=6), "complex"),
        (tiff(bytes(400 * 300 * 3), SIZE, 24, kind=3), "24 floating-point bits"),
        (tiff(bytes(400 * 300 * 2), SIZE, 16, photometric=32803), "raw picture"),
        (tiff(bytes(400 * 300), SIZE, 8, more={50706: (1,)}), "DNG"),
        (tiff(bytes(400 * 300 * 9), SIZE, 72), "72"),
    ],
)
def test_samples_that_nothing_here_knows_are_named_at_once(
    tmp_path: Path, content: bytes, name: str
) -> None:
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(UnsupportedError, match=name):
        inspect(tmp_path / "a.tif")


def test_brightness_and_colour_apart_are_named_where_nothing_here_joins_them(
    tmp_path: Path,
) -> None:
    cases: list[dict[int, tuple[int, ...]]] = [{530: (2, 2)}, {284: (2,), 530: (1, 1)}]
    for more in cases:
        content = tiff(bytes(400 * 300 * 3), SIZE, 8, count=3, photometric=6, more=more)
        (tmp_path / "a.tif").write_bytes(content)
        with pytest.raises(UnsupportedError, match="YCbCr"):
            inspect(tmp_path / "a.tif")


@pytest.mark.parametrize(("compression", "name"), [(6, "old way of JPEG"), (50001, "WEBP")])
def test_what_the_decoder_does_not_know_as_it_was_built_is_named(
    tmp_path: Path, compression: int, name: str
) -> None:
    content = tiff(b"\1\2\3" * 40_000, SIZE, 8)
    content = content.replace(struct.pack("<HHIHH", 259, 3, 1, 1, 0),
                              struct.pack("<HHIHH", 259, 3, 1, compression, 0))  # fmt: skip
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(UnsupportedError, match=name):
        inspect(tmp_path / "a.tif")


def test_a_lossless_jpeg_within_a_tiff_is_named(tmp_path: Path) -> None:
    lossless = bytearray(encoded("a.jpg", lettered(SIZE)))
    lossless[lossless.find(b"\xff\xc0") + 1] = 0xC3
    content = tiff(bytes(lossless), SIZE, 8)
    content = content.replace(struct.pack("<HHIHH", 259, 3, 1, 1, 0),
                              struct.pack("<HHIHH", 259, 3, 1, 7, 0))  # fmt: skip
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(UnsupportedError, match="rare kind of JPEG"):
        inspect(tmp_path / "a.tif")


def test_pixels_of_two_bits_keep_their_range(tmp_path: Path) -> None:
    values = np.zeros((300, 400, 3), np.int64)
    values[:, :200] = (3, 2, 1)
    (tmp_path / "a.tif").write_bytes(tiff(packed(values, 2), SIZE, 2, count=3, photometric=2))
    assert draw(tmp_path / "a.tif").getpixel((100, 150)) == (255, 170, 85)


def test_a_page_of_a_rare_kind_fails_alone(tmp_path: Path) -> None:
    pages = [lettered(SIZE), lettered(SIZE, ink=50)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    content = bytearray((tmp_path / "a.tif").read_bytes())
    at = content.rindex(struct.pack("<HHIHH", 259, 3, 1, 1, 0))
    content[at : at + 12] = struct.pack("<HHIHH", 259, 3, 1, 34661, 0)
    (tmp_path / "a.tif").write_bytes(content)
    assert inspect(tmp_path / "a.tif")["pages"] == 2
    assert letters_shown(draw(tmp_path / "a.tif", 1)) > 0.9
    with pytest.raises(PageError, match="JBIG"):
        draw(tmp_path / "a.tif", 2)


def test_previews_and_masks_are_no_pages(tmp_path: Path) -> None:
    lettered(SIZE).save(
        tmp_path / "a.tif", save_all=True,
        append_images=[Image.new("L", (40, 30)), lettered(SIZE, ink=50)],
    )  # fmt: skip
    content = (tmp_path / "a.tif").read_bytes()
    assert [page.number(tiffs.SUBFILE) for page in tiffs.pages(io.BytesIO(content))] == [0, 0, 0]
    assert inspect(tmp_path / "a.tif")["pages"] == 3


@pytest.mark.parametrize("cut", [3, 7, 9, 200])
def test_a_directory_that_is_not_there_is_an_end_that_is_missing(cut: int) -> None:
    content = encoded("a.tif", lettered(SIZE), compression="tiff_lzw")
    with pytest.raises(EOFError):
        list(tiffs.pages(io.BytesIO(content[:cut])))


def test_directories_that_go_round_in_a_circle_end(tmp_path: Path) -> None:
    content = bytearray(tiff(np.asarray(lettered(SIZE)), SIZE, 8))
    (place,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, place)
    struct.pack_into("<I", content, place + 2 + 12 * count, place)
    assert len(list(tiffs.pages(io.BytesIO(bytes(content))))) == 1
    (tmp_path / "a.tif").write_bytes(content)
    assert inspect(tmp_path / "a.tif")["pages"] == 1


def test_a_page_over_the_limit_is_refused_before_its_numbers_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(tiff(bytes(400 * 300 * 8), SIZE, 64, kind=3))
    with pytest.raises(OcrdError, match="400 × 300"):
        inspect(tmp_path / "a.tif", page_pixels=10_000)
