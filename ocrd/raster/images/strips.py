"""A damaged TIFF page piece by piece: a strip or tile that does not decode costs no other one.

Each piece is given to the decoder as a TIFF of its own. Of a strip that is damaged the rows above
the damage are kept.
"""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ocrd.raster.images import damage, kinds, tiffs

Missing = NDArray[np.bool_]

_LONG = 4  # the type of a value of four bytes
_FAX = (2, 3)  # compressions whose rows stand by themselves
_BAD_LINE = re.compile(r"at (?:line|scanline) (\d+)")
# What a decoder has to know of a page besides where its pieces lie and how large it is.
_COPIED = frozenset({
    tiffs.BITS, tiffs.COMPRESSION, tiffs.PHOTOMETRIC, tiffs.FILL_ORDER, tiffs.SAMPLES,
    tiffs.PREDICTOR, tiffs.COLOURS, tiffs.EXTRA, tiffs.FORMAT, tiffs.SUBSAMPLING, tiffs.LEAST,
    tiffs.MOST, tiffs.REAL_LEAST, tiffs.REAL_MOST, tiffs.T4, tiffs.T6, tiffs.JPEG_TABLES,
    tiffs.COEFFICIENTS, tiffs.REFERENCES, tiffs.INKS,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Piece:
    """A strip or a tile: where it lies in the file, and on the page."""

    at: int
    length: int
    x: int
    y: int
    width: int
    height: int


def can_part(page: tiffs.Page) -> bool:
    """Say whether a page comes in pieces of whole pixels."""
    has_tables = page.number(tiffs.COMPRESSION) != tiffs.OLD_JPEG  # which lie elsewhere
    return bool(page.pieces) and page.number(tiffs.PLANAR, 1) == 1 and has_tables


def decoded(file: BinaryIO, page: tiffs.Page) -> tuple[Image.Image, Missing]:
    """Return a page, upright, and where nothing came of it; raise OSError where nothing did."""
    size = page.number(tiffs.WIDTH), page.number(tiffs.HEIGHT)
    entries = list(tiffs.entries(file, page, _COPIED))
    missing = np.ones((size[1], size[0]), np.bool_)
    whole: Image.Image | None = None
    for piece in _pieces(page):
        file.seek(piece.at)
        content = file.read(piece.length)
        part, rows = _of_piece(entries, page, piece, content)
        if part is None:
            continue
        if whole is None:
            whole = part.resize(size)  # with its palette, and what it says of its colours
        across, down = min(piece.width, size[0] - piece.x), min(len(rows), size[1] - piece.y)
        whole.paste(part.crop((0, 0, across, down)), (piece.x, piece.y))
        missing[piece.y : piece.y + down, piece.x : piece.x + across] = rows[:down, None]
    if whole is None:
        raise OSError("nothing of the picture can be decoded")
    whole.format = "TIFF"
    whole.info["white_is_zero"] = page.number(tiffs.PHOTOMETRIC, 1) == 0
    return _upright(whole, missing, page.number(tiffs.ORIENTATION, 1))


def _pieces(page: tiffs.Page) -> list[_Piece]:
    width, height = page.number(tiffs.WIDTH), page.number(tiffs.HEIGHT)
    across, down = page.number(tiffs.TILE_WIDTH), page.number(tiffs.TILE_HEIGHT)
    is_tiled = tiffs.TILES in page.tags and across > 0 and down > 0
    if not is_tiled:
        across, down = width, min(height, page.number(tiffs.ROWS, height) or height)
    a_row = -(-width // across)
    pieces = []
    for index, (at, length) in enumerate(page.pieces):
        x, y = index % a_row * across, index // a_row * down
        if y < height and at and length:
            rows = down if is_tiled else min(down, height - y)
            pieces.append(_Piece(at, length, x, y, across, rows))
    return pieces


def _of_piece(
    entries: list[tiffs.Entry], page: tiffs.Page, piece: _Piece, content: bytes
) -> tuple[Image.Image | None, Missing]:
    """Return a piece as far as it decodes, and which of its rows are missing."""
    image, said = _tried(entries, page, piece, piece.height, content)
    rows = np.zeros(piece.height, np.bool_)
    if image is not None and not said:
        return image, rows
    if image is not None and page.number(tiffs.COMPRESSION) in _FAX:
        for line in map(int, _BAD_LINE.findall(said)):
            rows[min(line, piece.height - 1)] = True
        return image, rows
    good, sound = 0, None
    if tiffs.TILES not in page.tags:
        bad = piece.height
        while bad - good > 1:
            middle = (good + bad) // 2
            image, said = _tried(entries, page, piece, middle, content)
            if image is not None and not said:
                good, sound = middle, image
            else:
                bad = middle
    rows[good:] = True
    return sound, rows


def _tried(
    entries: list[tiffs.Entry], page: tiffs.Page, piece: _Piece, rows: int, content: bytes
) -> tuple[Image.Image | None, str]:
    """Return so many rows of a piece, None if they do not decode, and what was complained of."""
    file = io.BytesIO(_as_file(entries, page, piece, rows, content))
    with damage.complaints() as said:
        try:
            image = Image.open(file, formats=(kinds.TIFF,))
            image.load()
        except (OSError, SyntaxError, ValueError, KeyError):
            return None, ""
    return image, damage.complained("\n".join(said))


def _as_file(
    entries: list[tiffs.Entry], page: tiffs.Page, piece: _Piece, rows: int, content: bytes
) -> bytes:
    """Return a piece as a TIFF file."""
    order = page.order
    values = {entry.tag: entry for entry in entries}

    def add(tag: int, number: int) -> None:
        values[tag] = tiffs.Entry(tag, _LONG, 1, struct.pack(f"{order}I", number))

    add(tiffs.WIDTH, piece.width)
    add(tiffs.HEIGHT, rows)
    if tiffs.TILES in page.tags:
        names = tiffs.TILES, tiffs.TILE_BYTES
        add(tiffs.TILE_WIDTH, piece.width)
        add(tiffs.TILE_HEIGHT, piece.height)
    else:
        names = tiffs.STRIPS, tiffs.STRIP_BYTES
        add(tiffs.ROWS, rows)
    add(names[0], 0)
    add(names[1], len(content))
    place = 8 + 2 + 12 * len(values) + 4
    behind = b"".join(_even(e.content) for _, e in sorted(values.items()) if len(e.content) > 4)
    add(names[0], place + len(behind))
    directory, at = b"", place
    for tag, entry in sorted(values.items()):
        shown = entry.content.ljust(4, b"\0")
        if len(entry.content) > 4:
            shown = struct.pack(f"{order}I", at)
            at += len(_even(entry.content))
        directory += struct.pack(f"{order}HHI", tag, entry.kind, entry.number) + shown
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    count = struct.pack(f"{order}H", len(values))
    return head + count + directory + bytes(4) + behind + content


def _even(content: bytes) -> bytes:
    return content + b"\0" * (len(content) % 2)


def _upright(
    image: Image.Image, missing: Missing, orientation: int
) -> tuple[Image.Image, Missing]:
    mask = Image.fromarray(missing)
    for each in (image, mask):
        each.getexif()[tiffs.ORIENTATION] = orientation
    turned, turned_mask = ImageOps.exif_transpose(image), ImageOps.exif_transpose(mask)
    turned.info, turned.format = image.info, "TIFF"
    turned.getexif().pop(tiffs.ORIENTATION, None)
    return turned, np.asarray(turned_mask)
