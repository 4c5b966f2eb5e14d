"""Windows bitmaps that Pillow does not decode: samples of any bits, runs that end early."""

from __future__ import annotations

import struct
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocrd.errors import UnsupportedError

_RLE8, _RLE4, _FIELDS, _ALPHA_FIELDS = 1, 2, 3, 6  # wingdi.h
_HEADERS = frozenset({12, 40, 52, 56, 64, 108, 124})
_NAMES = {4: "a bitmap that holds a JPEG", 5: "a bitmap that holds a PNG"}
_HINT = "Convert it to PNG."


def decoded(file: BinaryIO, page_pixels: int) -> Image.Image | None:
    """Return the picture of a bitmap that Pillow cannot decode; None for what it can.

    Raises UnsupportedError for what is sound and not decoded here either, EOFError for what is cut
    off. Missing pixels of a cut run are white.
    """
    file.seek(0)
    head = file.read(14 + 124)
    (offset,) = struct.unpack_from("<I", head, 10)
    (header,) = struct.unpack_from("<I", head, 14)
    if header not in _HEADERS and head[:2] == b"BM" and len(head) >= 18:
        raise UnsupportedError(
            f"The picture is a bitmap with a header of {header} bytes.", hint=_HINT
        )
    if header < 40 or len(head) < 54:
        return None
    fields = struct.unpack_from("<iiHHIIiiI", head, 18)
    width, height, _, bits, compression, _, x, y, colours = fields
    if compression in _NAMES:
        raise UnsupportedError(f"The picture is {_NAMES[compression]}.", hint=_HINT)
    size = width, abs(height)
    if width <= 0 or not height or size[0] * size[1] > page_pixels:
        return None  # refused by its header elsewhere
    if compression in (_FIELDS, _ALPHA_FIELDS) and bits in (16, 24, 32):
        file.seek(offset)
        image = _of_fields(file, size, bits, _masks(head, header))
    elif compression in (_RLE8, _RLE4) and bits == (8 if compression == _RLE8 else 4):
        file.seek(14 + header)
        palette = file.read(4 * min(colours or 1 << bits, 256))
        file.seek(offset)
        image = _of_runs(file.read(), size, palette, four=compression == _RLE4)
    elif colours > 256 and bits in (1, 4, 8) and compression == 0:
        file.seek(14 + header)
        palette = file.read(4 * 256)
        file.seek(offset)
        image = _of_indices(file, size, palette, bits)
    elif bits not in (1, 4, 8, 16, 24, 32) or compression not in (0, _RLE8, _RLE4, _FIELDS):
        raise UnsupportedError(
            f"The picture is a bitmap of {bits} bits a pixel, in a way that is not known here.",
            hint=_HINT,
        )
    else:
        return None
    if height > 0:
        image = image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    if x > 0 and y > 0:
        image.info["dpi"] = x / 39.3701, y / 39.3701  # pixels a metre
    image.format = "BMP"
    return image


def _masks(head: bytes, header: int) -> tuple[int, int, int, int]:
    red, green, blue = struct.unpack_from("<III", head, 54)
    alpha = struct.unpack_from("<I", head, 66)[0] if header >= 56 and len(head) >= 70 else 0
    return red, green, blue, alpha


def _rows(file: BinaryIO, size: tuple[int, int], bits: int) -> NDArray[np.uint8]:
    """Return the rows' bytes, each row filled up to whole words; raise EOFError if some lack."""
    width, height = size
    row = (width * bits + 31) // 32 * 4
    content = file.read(row * height)
    if len(content) < row * height:
        raise EOFError("the bitmap is cut off")
    return np.frombuffer(content, np.uint8).reshape(height, row)


def _of_fields(
    file: BinaryIO, size: tuple[int, int], bits: int, masks: tuple[int, int, int, int]
) -> Image.Image:
    width, height = size
    rows = _rows(file, size, bits)[:, : width * bits // 8]
    bytes_each = bits // 8
    pixels = np.zeros((height, width), np.uint32)
    for index in range(bytes_each):
        pixels |= rows[:, index::bytes_each].astype(np.uint32) << np.uint32(8 * index)
    bands = [_band(pixels, mask) for mask in masks if mask or mask is not masks[3]]
    if not masks[3] or not bands[-1].any():
        bands = bands[:3]
    return Image.fromarray(np.dstack(bands))


def _band(pixels: NDArray[np.uint32], mask: int) -> NDArray[np.uint8]:
    """Return one sample of each pixel, stretched to eight bits."""
    if not mask:
        return np.zeros(pixels.shape, np.uint8)
    shift = (mask & -mask).bit_length() - 1
    most = mask >> shift
    values = ((pixels & np.uint32(mask)) >> np.uint32(shift)).astype(np.float64)
    return np.asarray(values * (255.0 / most) + 0.5).astype(np.uint8)


def _of_indices(
    file: BinaryIO, size: tuple[int, int], palette: bytes, bits: int
) -> Image.Image:
    """Return a picture whose palette is longer than any that Pillow takes."""
    width, height = size
    rows = _rows(file, size, bits)
    if bits < 8:
        each = np.unpackbits(rows, axis=1).reshape(height, -1, bits)
        rows = (each * (1 << np.arange(bits - 1, -1, -1))).sum(axis=2).astype(np.uint8)
    return Image.fromarray(_table(palette)[rows[:, :width]])


def _table(palette: bytes) -> NDArray[np.uint8]:
    """Return red, green and blue of 256 indices, and white at last."""
    colours = np.frombuffer(palette[: len(palette) // 4 * 4], np.uint8).reshape(-1, 4)[:, 2::-1]
    table = np.full((257, 3), 255, np.uint8)
    table[: min(256, len(colours))] = colours[:256]
    return table


def _of_runs(
    content: bytes, size: tuple[int, int], palette: bytes, *, four: bool
) -> Image.Image:
    """Return a run-length coded picture, as far as its runs go; what they skip is white."""
    width, height = size
    indices = np.full((height, width), -1, np.int16)
    x = y = at = 0
    while y < height and at + 1 < len(content):
        count, value = content[at], content[at + 1]
        at += 2
        if count:
            run = _nibbles(bytes([value]) * ((count + 1) // 2 if four else count), count, four=four)
        elif value == 0:
            x, y = 0, y + 1
            continue
        elif value == 1:
            break
        elif value == 2:
            if at + 1 >= len(content):
                break
            x, y = x + content[at], y + content[at + 1]
            at += 2
            continue
        else:
            length = (value + 1) // 2 if four else value
            run = _nibbles(content[at : at + length], value, four=four)
            at += length + length % 2
        run = run[: max(0, width - x)]
        indices[y, x : x + len(run)] = run
        x += len(run)
    return Image.fromarray(_table(palette)[indices])  # -1 is the last: white


def _nibbles(content: bytes, count: int, *, four: bool) -> NDArray[np.int16]:
    values = np.frombuffer(content, np.uint8)
    if four:
        values = np.stack([values >> 4, values & 15], axis=1).ravel()
    return values[:count].astype(np.int16)
