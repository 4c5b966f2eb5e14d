"""TIFF pages whose samples Pillow does not decode: of ten, fourteen or sixty-four bits.

As numbers, where they are not compressed, or by a way that Python has. What is gray becomes an
image of fractions, what is coloured one of eight bits.
"""

from __future__ import annotations

import zlib
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocrd.raster.images import tiffs
from ocrd.raster.images.tones import range_of

Samples = NDArray[np.float64]

_MOST_BITS = 64
_INFLATED = (tiffs.DEFLATE, tiffs.OLD_DEFLATE)
_FLOATS = (16, 32, 64)


def can_decode(page: tiffs.Page) -> bool:
    """Say whether this reads the page."""
    bits = page.bits
    whole = page.sample_format in (1, 2, 4) and 0 < bits[0] <= _MOST_BITS
    fraction = page.sample_format == 3 and bits[0] in _FLOATS
    aligned = bits[0] in (8, 16, 32, 64)
    return (
        page.number(tiffs.COMPRESSION, tiffs.RAW) in (tiffs.RAW, tiffs.PACKBITS, *_INFLATED)
        and len(set(bits)) == 1
        and (whole or fraction)
        and page.number(tiffs.PHOTOMETRIC) in (0, 1, 2)
        and len(bits) >= (3 if page.number(tiffs.PHOTOMETRIC) == 2 else 1)
        and page.number(tiffs.FILL_ORDER, 1) == 1
        and page.number(tiffs.PREDICTOR, 1) in ((1, 2) if aligned else (1,))
        and tiffs.STRIPS in page.tags
    )


def decoded(file: BinaryIO, page: tiffs.Page) -> Image.Image:
    """Return the page; raise EOFError, zlib.error or ValueError where its bytes do not do."""
    samples = _samples(file, page)
    if page.number(tiffs.PHOTOMETRIC) == 2:
        numbers = samples[:, :, :3].astype(np.float32)
        flat = numbers.reshape(numbers.shape[0], -1)
        seen = range_of(flat, meant(page), whole=page.sample_format != 3)
        image = Image.fromarray(seen.shallow(numbers))
    else:
        image = Image.fromarray(samples[:, :, 0].astype(np.float32))
        image.info["range"] = meant(page)
        image.info["white_is_zero"] = page.number(tiffs.PHOTOMETRIC) == 0
    image.format = "TIFF"
    return image


def meant(page: tiffs.Page) -> tuple[float, float] | None:
    """Return the range that whole numbers without a sign have."""
    return (0.0, 2.0 ** page.bits[0] - 1) if page.sample_format in (1, 4) else None


def _samples(file: BinaryIO, page: tiffs.Page) -> Samples:
    width, height = page.number(tiffs.WIDTH), page.number(tiffs.HEIGHT)
    count = len(page.bits)
    layers = count if page.number(tiffs.PLANAR, 1) == 2 else 1
    each = count // layers
    rows = min(height, page.number(tiffs.ROWS, height) or height)
    strips = -(-height // rows)
    pieces = page.pieces
    if len(pieces) < strips * layers:
        raise EOFError("strips are missing")
    made = np.empty((height, width, count))
    for index in range(strips * layers):
        layer, top = index // strips, index % strips * rows
        bottom = min(height, top + rows)
        content = _content(file, page, *pieces[index])
        part = _unpacked(content, page, bottom - top, width * each).reshape(-1, width, each)
        if page.number(tiffs.PREDICTOR, 1) == 2:
            part = _summed(part, page)
        made[top:bottom, :, layer * each : (layer + 1) * each] = part
    return made


def _content(file: BinaryIO, page: tiffs.Page, at: int, length: int) -> bytes:
    file.seek(at)
    content = file.read(length)
    compression = page.number(tiffs.COMPRESSION, tiffs.RAW)
    if compression in _INFLATED:
        most = page.row_bytes * max(1, page.number(tiffs.ROWS, page.number(tiffs.HEIGHT))) + 64
        return zlib.decompressobj().decompress(content, most)
    return _unrolled(content) if compression == tiffs.PACKBITS else content


def _unrolled(content: bytes) -> bytes:
    """Undo PackBits (TIFF 6.0, section 9)."""
    made, at = bytearray(), 0
    while at < len(content):
        count = content[at]
        if count < 128:
            made += content[at + 1 : at + 2 + count]
            at += 2 + count
        else:
            if count > 128:
                made += content[at + 1 : at + 2] * (257 - count)
            at += 2
    return bytes(made)


def _unpacked(content: bytes, page: tiffs.Page, rows: int, columns: int) -> Samples:
    bits = page.bits[0]
    row_bytes = (columns * bits + 7) // 8
    if len(content) < rows * row_bytes:
        raise EOFError("a strip is not there to its end")
    lines = np.frombuffer(content, np.uint8, rows * row_bytes).reshape(rows, row_bytes)
    if bits in (8, 16, 32, 64):
        kind = {1: "u", 2: "i", 3: "f", 4: "u"}[page.sample_format]
        values = np.ascontiguousarray(lines).view(f"{page.order}{kind}{bits // 8}")
        with np.errstate(invalid="ignore", over="ignore"):
            return values.astype(np.float64)
    # Samples of odd sizes are packed from the highest bit on, whatever the file's byte order.
    each = np.unpackbits(lines, axis=1)[:, : columns * bits].reshape(rows, columns, bits)
    values = each.astype(np.float64) @ (2.0 ** np.arange(bits - 1, -1, -1))
    if page.sample_format == 2:
        values -= (values >= 2.0 ** (bits - 1)) * 2.0**bits
    return np.asarray(values)


def _summed(part: Samples, page: tiffs.Page) -> Samples:
    """Undo horizontal differencing (TIFF 6.0, section 14)."""
    bits = page.bits[0]
    summed = np.mod(np.cumsum(part, axis=1), 2.0**bits)
    if page.sample_format == 2:
        summed -= (summed >= 2.0 ** (bits - 1)) * 2.0**bits
    return np.asarray(summed)
