"""Is an image file there to its end? Told by its structure, without decoding it.

"Not complete yet" is for what can still become complete: a file that ends in zeros because its
pixels are is whole. A file that is cut off can be read as far as it goes, but not before whoever
writes it had time to go on.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from typing import BinaryIO

from ocrd.raster.images import kinds, tiffs

ZEROS = 4096  # bytes at a file's end: its size may have been set before its content came
_CHUNK = 1 << 20
_TAIL = 1 << 16
_SECTOR = 512  # writers and networks cut at multiples of it, rows of pixels hardly ever end there
_ROWS_ABOVE, _GROUND_SHARE = 16, 0.3  # of the bytes of rows are their ground's
HOLE_BYTES = 4096  # of zeros at a multiple of it: a part that did not come, of one that is there
EOI, _SOS = b"\xff\xd9", 0xDA
_IEND = b"IEND\xaeB`\x82"
_GIF_END = b"\x00\x3b"
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # JPEG's markers without a length
_BOXES = frozenset({
    b"ftyp", b"meta", b"mdat", b"moov", b"moof", b"free", b"skip", b"uuid", b"idat", b"jP  ",
    b"jp2h", b"jp2c", b"rreq", b"xml ", b"JXL ", b"jxlc", b"jxlp", b"jxll", b"jxli", b"jbrd",
    b"Exif", b"brob", b"jumb",
})  # fmt: skip
_CONTENT = frozenset({b"mdat", b"jp2c", b"jxlc", b"jxlp"})  # boxes that hold coded pixels
_HOLDERS = _CONTENT | {b"meta", b"moov"}  # that may hold them
_PNM = re.compile(
    rb"P([456])(\s+|#[^\n]*\n)+(\d+)\s+(?:#[^\n]*\n\s*)*(\d+)((?<=\d)\s+(?:#[^\n]*\n\s*)*(\d+))?\s"
)


def is_whole(file: BinaryIO, kind: str) -> bool:
    """Say whether nothing is missing, as far as can be seen; the file is of that kind."""
    size = file.seek(0, 2)
    try:
        match kind:
            case kinds.JPEG | kinds.PNG | kinds.GIF:
                return end_of(file, kind) > 0
            case kinds.WEBP:
                return _webp(file, size) and not ends_in_zeros(file, size)
            case kinds.BMP:
                return _bmp(file, size)
            case kinds.TIFF:
                return are_whole(file, tiffs.pages(file))
            case kinds.PPM:
                return _pnm(file, size)
            case _:
                return _boxes(file, size) and not ends_in_zeros(file, size)
    except (EOFError, struct.error, IndexError):
        return False


def may_still_grow(file: BinaryIO, kind: str) -> bool:
    """Say whether a damaged file may yet become a whole one.

    It may if it lacks its end, or says nothing of where that is, or if a part of it is nothing but
    zeros: copies that are made from several ends have holes.
    """
    file.seek(0)
    is_bare_stream = kind == kinds.JXL and file.read(2) == b"\xff\x0a"
    return is_bare_stream or not is_whole(file, kind) or hole(file) > 0


def hole(file: BinaryIO, begin: int = 1, end: int | None = None) -> int:
    """Return where a whole block of zeros lies in the file, or in a part of it; 0 if nowhere."""
    at = -(-begin // HOLE_BYTES) * HOLE_BYTES
    file.seek(at)
    while chunk := file.read(_CHUNK if end is None else max(0, min(_CHUNK, end - at))):
        for place in range(0, len(chunk) - HOLE_BYTES + 1, HOLE_BYTES):
            if not any(chunk[place : place + HOLE_BYTES : 61]) and not any(
                chunk[place : place + HOLE_BYTES]
            ):
                return at + place
        at += len(chunk)
    return 0


def end_of(file: BinaryIO, kind: str) -> int:
    """Return where a JPEG, PNG or GIF ends, 0 where it does not; a GIF's first picture counts."""
    size = file.seek(0, 2)
    try:
        if kind == kinds.JPEG:
            return _jpeg(file)
        return _png(file, size) if kind == kinds.PNG else _gif(file, size)
    except IndexError:
        return 0


def _jpeg(file: BinaryIO) -> int:
    """Look for the end mark behind the last header: coded pixels hold none."""
    at = 2
    while True:
        file.seek(at)
        mark = file.read(4)
        if len(mark) < 4:
            return at + 2 if mark == EOI else 0
        if mark[0] != 0xFF:
            break  # no marker where one belongs: what follows may still have its end
        if mark[1] in (0xFF, *_ALONE):
            at += 1 if mark[1] == 0xFF else 2
            continue
        if mark[1] == 0xD9:
            return at + 2
        at += 2 + int.from_bytes(mark[2:], "big")
        if mark[1] == _SOS:
            break
    file.seek(at)
    before = b""
    while chunk := file.read(_CHUNK):
        found = (before + chunk).find(EOI)
        if found >= 0:
            return file.tell() - len(before + chunk) + found + 2
        before = chunk[-1:]
    return 0


def _png(file: BinaryIO, size: int) -> int:
    at = 8
    while at + 12 <= size:
        file.seek(at)
        length, name = struct.unpack(">I4s", file.read(8))
        if name == b"IEND":
            return at + 12
        if not name.isalpha():
            break  # damaged: what follows may still have its end
        at += 12 + length
    return _behind_last(file, size, _IEND)


def _behind_last(file: BinaryIO, size: int, mark: bytes) -> int:
    """Return where the last such mark ends, 0 if none stands near the file's end."""
    begin = max(0, size - _TAIL)
    file.seek(begin)
    found = file.read().rfind(mark)
    return begin + found + len(mark) if found >= 0 else 0


def _gif(file: BinaryIO, size: int) -> int:
    """Look for the end of the first picture: the others are an animation's."""
    file.seek(0)
    head = file.read(13)
    at = 13 + (3 << ((head[10] & 7) + 1) if head[10] & 0x80 else 0)
    while True:
        file.seek(at)
        mark = file.read(10)
        if mark[0] == 0x21:  # an extension
            at = _behind_blocks(file, at + 2)
        elif mark[0] == 0x2C:
            table = 3 << ((mark[9] & 7) + 1) if mark[9] & 0x80 else 0
            end = _behind_blocks(file, at + 10 + table + 1)
            cut = ends_in_zeros(file, size) and end > zeros_from(file, size)
            return 0 if cut else end
        elif mark[0] == 0x3B:
            return at + 1
        else:  # damaged: what follows may still have its end
            file.seek(max(0, size - len(_GIF_END)))
            return size if file.read() == _GIF_END else 0


def _behind_blocks(file: BinaryIO, at: int) -> int:
    while True:
        file.seek(at)
        length = file.read(1)[0]
        at += 1 + length
        if not length:
            return at


def _webp(file: BinaryIO, size: int) -> bool:
    file.seek(4)
    (length,) = struct.unpack("<I", file.read(4))
    return bool(8 + length <= size)


def _bmp(file: BinaryIO, size: int) -> bool:
    file.seek(10)
    offset, header = struct.unpack("<II", file.read(8))
    if header == 12:
        width, height, _, bits = struct.unpack("<HHHH", file.read(8))
        compression = length = 0
    else:
        width, height, _, bits, compression, length = struct.unpack("<iiHHII", file.read(20))
    row = (width * bits + 31) // 32 * 4
    if compression in (0, 3, 6):
        return _rows(file, size, [(offset, row * abs(height))], row)
    return bool(offset + length <= size)


def _pnm(file: BinaryIO, size: int) -> bool:
    file.seek(0)
    head = file.read(_CHUNK)
    found = _PNM.match(head)
    if found is None:  # in words, or of fractions: that is counted when it is read
        return True
    kind, width, height = int(found[1]), int(found[3]), int(found[4])
    if kind == 4:
        row = (width + 7) // 8
    else:
        row = width * (3 if kind == 6 else 1) * (2 if int(found[6] or 255) > 255 else 1)
    return _rows(file, size, [(found.end(), row * height)], 0 if kind == 4 else row)


def _boxes(file: BinaryIO, size: int) -> bool:
    file.seek(0)
    head = file.read(12)
    if head[:2] == b"\xff\x0a":  # a bare stream of JPEG XL says nothing of its length
        return True
    if head[:2] == b"\xff\x4f":
        file.seek(max(0, size - _TAIL))
        return EOI in file.read()
    at, seen = 0, set[bytes]()
    while at + 8 <= size:
        file.seek(at)
        length, name = struct.unpack(">I4s", file.read(8))
        if length == 1:
            (length,) = struct.unpack(">Q", file.read(8))
        if name not in _BOXES and (seen & _CONTENT or name == bytes(4)):
            return bool(name != bytes(4))  # something behind the picture
        if length == 0:  # to the end of the file
            return True
        if length < 8:
            return False
        seen.add(name)
        at += length
    return bool(at <= size and seen & _HOLDERS)


def are_whole(file: BinaryIO, pages: Iterable[tiffs.Page]) -> bool:
    """Say whether nothing is missing of these pages of a TIFF, as far as can be seen."""
    size = file.seek(0, 2)
    for page in pages:
        pieces = page.pieces
        if page.is_cut:
            return False
        if not pieces and page.number(tiffs.WIDTH):
            continue  # without lengths nothing can be said
        if page.number(tiffs.COMPRESSION, tiffs.RAW) == tiffs.RAW:
            row = 0 if _zero_is_white(page) else page.row_bytes
            whole = _rows(file, size, pieces, row)
        else:
            end = max((at + length for at, length in pieces), default=0)
            whole = end <= size and not _has_zeros(file, size, pieces)
        if not whole:
            return False
    return True


def _zero_is_white(page: tiffs.Page) -> bool:
    photometric = page.number(tiffs.PHOTOMETRIC)
    colours = page.tags.get(tiffs.COLOURS, ())
    if photometric == 3 and colours:
        third = len(colours) // 3
        return min(colours[0], colours[third], colours[2 * third]) >= 0xF000
    return photometric in (0, 5)  # white is zero; ink is what is counted


def _rows(file: BinaryIO, size: int, pieces: list[tuple[int, int]], row: int) -> bool:
    """Say whether pixels that are not compressed are all there.

    Zeros at the end are pixels where they are white (``row`` is 0), where they begin with a row,
    and where they are what the rows above are made of.
    """
    if max((at + length for at, length in pieces), default=0) > size:
        return False
    zero = zeros_from(file, size)
    last = max(pieces, default=(0, 0))
    if not row or size - zero < ZEROS or zero >= last[0] + last[1]:
        return True
    at = next((at for at, length in pieces if at <= zero < at + length), last[0])
    if (zero - at) % row == 0 and (zero % _SECTOR != 0 or zero == at):
        return True
    file.seek(max(0, zero - _ROWS_ABOVE * row))
    above = file.read(zero - file.tell())
    return above.count(0) >= _GROUND_SHARE * len(above)


def _has_zeros(file: BinaryIO, size: int, pieces: list[tuple[int, int]]) -> bool:
    """Say whether coded pixels end in zeros, which they never do."""
    zero = zeros_from(file, size)
    return any(min(at + length, size) - max(at, zero) >= ZEROS for at, length in pieces)


def ends_in_zeros(file: BinaryIO, size: int) -> bool:
    """Say whether a file of so many bytes ends in more zeros than content has."""
    return size - zeros_from(file, size) >= ZEROS


def zeros_from(file: BinaryIO, size: int) -> int:
    """Return where the zeros begin in which the file ends."""
    end = size
    while end:
        begin = max(0, end - _CHUNK)
        file.seek(begin)
        content = file.read(end - begin).rstrip(b"\0")
        if content:
            return begin + len(content)
        end = begin
    return 0
