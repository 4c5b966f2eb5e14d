"""Windows bitmaps of unusual kinds come out right."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ocrd.errors import CorruptError, UnsupportedError
from tests.unit.raster.picturing import draw, drawn, inspect, lettered, letters_shown

SIZE = (400, 300)


def bitmap(
    pixels: bytes, bits: int, compression: int, *, masks: bytes = b"", palette: bytes = b"",
    top_down: bool = False, size: tuple[int, int] = SIZE,
) -> bytes:  # fmt: skip
    height = -size[1] if top_down else size[1]
    header = struct.pack("<IiiHHIIiiII", 40, size[0], height, 1, bits, compression, len(pixels),
                         11811, 11811, len(palette) // 4, 0)  # fmt: skip
    offset = 14 + 40 + len(masks) + len(palette)
    head = struct.pack("<2sIHHI", b"BM", offset + len(pixels), 0, 0, offset)
    return head + header + masks + palette + pixels


def fields(red: int, green: int, blue: int, bits: int) -> bytes:
    """Return red letters on white in samples at these masks."""
    gray = np.asarray(lettered(SIZE)).astype(np.uint64)[::-1]
    pixels = np.zeros(gray.shape, np.uint64)
    for mask, values in ((red, np.full_like(gray, 255)), (green, gray), (blue, gray)):
        shift = (mask & -mask).bit_length() - 1
        most = mask >> shift
        pixels |= (values * most // 255) << np.uint64(shift)
    return pixels.astype({16: "<u2", 32: "<u4"}[bits]).tobytes()


@pytest.mark.parametrize(
    ("red", "green", "blue", "bits"),
    [
        (0xF00, 0xF0, 0xF, 16), (0xF800, 0x7E0, 0x1F, 16), (0x7C00, 0x3E0, 0x1F, 16),
        (0xE000, 0x1C00, 0x300, 16), (0x3FF00000, 0xFFC00, 0x3FF, 32), (0xFF, 0xFF00, 0xFF0000, 32),
        (0xFF000000, 0xFF0000, 0xFF00, 32), (0xF0000000, 0x0F000000, 0x00F00000, 32),
    ],
)  # fmt: skip
def test_samples_of_any_bits_are_read(
    tmp_path: Path, red: int, green: int, blue: int, bits: int
) -> None:
    masks = struct.pack("<III", red, green, blue)
    (tmp_path / "a.bmp").write_bytes(bitmap(fields(red, green, blue, bits), bits, 3, masks=masks))
    assert not inspect(tmp_path / "a.bmp")["repaired"]
    page, told = drawn(tmp_path / "a.bmp")
    assert letters_shown(page) > 0.9
    assert page.getpixel((3, 3)) == (255, 255, 255)
    assert page.mode == "RGB"
    assert 72 / told["points_per_pixel"] == pytest.approx(300, rel=0.01)


def runs(rows: int, *, four: bool = False, end: bytes = b"\0\1") -> bytes:
    """Return the lower rows of black letters on white, run after run."""
    indices = (np.asarray(lettered(SIZE))[::-1] > 128).astype(int)
    made = bytearray()
    for row in indices[:rows]:
        x = 0
        while x < len(row):
            length = 1
            while length < 255 and x + length < len(row) and row[x + length] == row[x]:
                length += 1
            value = int(row[x])
            made += bytes([length, value * 17 if four else value])
            x += length
        made += b"\0\0"
    return bytes(made) + end


PALETTE = bytes([0, 0, 0, 0, 255, 255, 255, 0])


@pytest.mark.parametrize("four", [False, True])
@pytest.mark.parametrize("end", [b"\0\1", b""])
def test_runs_are_read_to_their_end_mark_or_without_one(
    tmp_path: Path, end: bytes, four: bool
) -> None:
    content = runs(SIZE[1], four=four, end=end)
    made = bitmap(content, 4 if four else 8, 2 if four else 1, palette=PALETTE)
    (tmp_path / "a.bmp").write_bytes(made)
    page, told = drawn(tmp_path / "a.bmp")
    assert letters_shown(page) > 0.9
    assert told["doubts"] == ()


def test_runs_that_end_early_leave_paper(tmp_path: Path) -> None:
    (tmp_path / "a.bmp").write_bytes(bitmap(runs(200), 8, 1, palette=PALETTE))
    page = draw(tmp_path / "a.bmp")
    assert page.crop((0, 0, 400, 99)).getextrema() == (255, 255)
    assert letters_shown(page) > 0.6
    assert not inspect(tmp_path / "a.bmp")["repaired"], "they are what is there"


def test_runs_may_skip_and_be_written_out(tmp_path: Path) -> None:
    content = bytes([0, 4, 0, 1, 0, 1, 0, 2, 3, 2, 2, 0, 0, 1])
    (tmp_path / "a.bmp").write_bytes(bitmap(content, 8, 1, palette=PALETTE, size=(20, 6)))
    rows = np.asarray(draw(tmp_path / "a.bmp"))
    assert rows[5, :4].tolist() == [0, 255, 0, 255]
    assert rows[3, 7:9].tolist() == [0, 0]
    assert int((rows == 0).sum()) == 4


@pytest.mark.parametrize(
    ("bits", "compression", "name"),
    [(0, 4, "JPEG"), (0, 5, "PNG"), (2, 0, "2 bits"), (64, 0, "64 bits")],
)
def test_other_kinds_are_refused_by_name(
    tmp_path: Path, bits: int, compression: int, name: str
) -> None:
    (tmp_path / "a.bmp").write_bytes(bitmap(b"\1" * 50_000, bits, compression))
    with pytest.raises(UnsupportedError, match=name):
        inspect(tmp_path / "a.bmp")


def test_a_bitmap_that_is_cut_off_is_corrupt_or_told_of(tmp_path: Path) -> None:
    masks = struct.pack("<III", 0xF00, 0xF0, 0xF)
    content = bitmap(fields(0xF00, 0xF0, 0xF, 16), 16, 3, masks=masks)
    (tmp_path / "a.bmp").write_bytes(content[: len(content) // 2])
    with pytest.raises(CorruptError):
        inspect(tmp_path / "a.bmp")
        draw(tmp_path / "a.bmp")


def test_rows_may_stand_from_the_top(tmp_path: Path) -> None:
    pixels = np.ascontiguousarray(np.asarray(lettered(SIZE)).astype("<u2") // 16 * 0x111).tobytes()
    masks = struct.pack("<III", 0xF00, 0xF0, 0xF)
    (tmp_path / "a.bmp").write_bytes(bitmap(pixels, 16, 3, masks=masks, top_down=True))
    assert letters_shown(draw(tmp_path / "a.bmp")) > 0.9


@pytest.mark.parametrize("bits", [1, 4, 8])
def test_a_palette_that_is_too_long_is_read_as_far_as_it_counts(tmp_path: Path, bits: int) -> None:
    indices = (np.asarray(lettered(SIZE))[::-1] > 128).astype(np.uint8)
    each = np.unpackbits(indices[:, :, None], axis=2)[:, :, 8 - bits :]
    rows = np.packbits(each.reshape(SIZE[1], -1), axis=1)
    rows = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 4)))
    palette = PALETTE + bytes(300 * 4)
    (tmp_path / "a.bmp").write_bytes(bitmap(rows.tobytes(), bits, 0, palette=palette))
    assert letters_shown(draw(tmp_path / "a.bmp")) > 0.9


def test_a_header_of_another_length_is_refused_by_it(tmp_path: Path) -> None:
    content = bytearray(bitmap(bytes(50_000), 8, 0, palette=PALETTE))
    content[14:18] = struct.pack("<I", 16)
    (tmp_path / "a.bmp").write_bytes(content)
    with pytest.raises(UnsupportedError, match="header of 16 bytes"):
        inspect(tmp_path / "a.bmp")


def test_a_usual_bitmap_is_pillows(tmp_path: Path) -> None:
    for mode in ("1", "L", "P", "RGB"):
        image: Image.Image = lettered(SIZE).convert(mode)
        image.save(tmp_path / "a.bmp")
        assert letters_shown(draw(tmp_path / "a.bmp")) > 0.9
