"""The directories of a TIFF file: what its pages are, and where their bytes lie.

Pillow knows only what it can decode. This knows what a page is called that it cannot, and whether
all bytes of a page are there (TIFF 6.0, BigTIFF).
"""

from __future__ import annotations

import struct
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
STRIPS, SAMPLES, ROWS, STRIP_BYTES, PLANAR, PREDICTOR = 273, 277, 278, 279, 284, 317
TILE_WIDTH, TILE_HEIGHT, TILES, TILE_BYTES = 322, 323, 324, 325
COLOURS, EXTRA, FORMAT, FILL_ORDER, SUBSAMPLING = 320, 338, 339, 266, 530
ORIENTATION, T4, T6, INKS, JPEG_TABLES, COEFFICIENTS, REFERENCES = 274, 292, 293, 332, 347, 529, 532
LEAST, MOST, REAL_LEAST, REAL_MOST, DNG = 280, 281, 340, 341, 50706

_WANTED = frozenset({
    SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, STRIPS, SAMPLES, ROWS, STRIP_BYTES,
    PLANAR, PREDICTOR, TILE_WIDTH, TILE_HEIGHT, TILES, TILE_BYTES, COLOURS, EXTRA, FORMAT,
    FILL_ORDER, SUBSAMPLING, LEAST, MOST, REAL_LEAST, REAL_MOST, DNG, ORIENTATION,
})  # fmt: skip
_TYPES = {
    1: "B", 2: "B", 3: "H", 4: "I", 6: "b", 7: "B", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I",
    16: "Q", 17: "q", 18: "Q",
}  # fmt: skip
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}  # bytes
_MOST_VALUES = 1 << 22  # of one entry
_MOST_ENTRIES = 4096
_MOST_FRAMES = 1 << 16

RAW, DEFLATE, OLD_DEFLATE, PACKBITS = 1, 8, 32946, 32773
# What no library here decodes, by the number that the page gives.
_COMPRESSIONS = {
    9: "JBIG", 10: "JBIG", 32766: "NeXT", 32809: "ThunderScan", 32895: "CT", 32896: "LW",
    32897: "MP", 32898: "BL", 32908: "Pixar film", 33003: "JPEG 2000", 33004: "JPEG 2000",
    33005: "JPEG 2000", 34661: "JBIG", 34676: "SGI LogLuv", 34677: "SGI LogLuv",
    34712: "JPEG 2000", 34718: "Microsoft Document Imaging", 34719: "Microsoft Document Imaging",
    34720: "Microsoft Document Imaging", 34887: "LERC", 34892: "lossy JPEG of a raw picture",
    34933: "PNG", 34934: "JPEG XR", 22610: "JPEG XR", 34715: "JBIG2", 50002: "JPEG XL",
    52546: "JPEG XL", 65000: "Kodak's raw", 65535: "Pentax's raw", 34713: "Nikon's raw",
    262: "Kodak's raw", 32767: "Sony's raw", 32769: "packed raw", 32770: "Samsung's raw",
}  # fmt: skip
_DECODED = frozenset({RAW, 2, 3, 4, 5, 6, 7, DEFLATE, 32771, PACKBITS, OLD_DEFLATE, 34925,
                      50000, 50001})  # fmt: skip
OLD_JPEG, JPEG = 6, 7
_JPEGS = frozenset({OLD_JPEG, JPEG})
_RARE = {
    OLD_JPEG: "a TIFF in the old way of JPEG", JPEG: "a TIFF that holds a rare kind of JPEG",
    34925: "a TIFF compressed by LZMA", 50000: "a TIFF compressed by Zstandard",
    50001: "a TIFF compressed by WEBP",
}  # fmt: skip
_YCBCR = 6
_UNSIGNED, _SIGNED, _FLOAT, _COMPLEX_INTEGER, _COMPLEX = 1, 2, 3, 5, 6
_COLOUR_FILTERS, _LINEAR_RAW = 32803, 34892


@dataclass(frozen=True, slots=True)
class Page:
    """One directory: its tags with their values, as far as they are wanted here."""

    order: str  # of bytes, as struct has it
    tags: dict[int, tuple[float, ...]] = field(default_factory=dict)
    place: int = 0  # in the file
    big: bool = False  # is it a BigTIFF's
    is_cut: bool = False  # does the file end within one of its values

    def number(self, tag: int, default: int = 0) -> int:
        """Return a tag's first value."""
        return int(self.tags.get(tag, (default,))[0])

    @property
    def pieces(self) -> list[tuple[int, int]]:
        """Where its strips or tiles lie: offsets and lengths in bytes."""
        for places, lengths in ((STRIPS, STRIP_BYTES), (TILES, TILE_BYTES)):
            if places in self.tags:
                found = zip(self.tags[places], self.tags.get(lengths, ()), strict=False)
                return [(int(at), int(length)) for at, length in found]
        return []

    @property
    def bits(self) -> tuple[int, ...]:
        """How many bits each sample has."""
        bits = tuple(int(value) for value in self.tags.get(BITS, (1,)))
        samples = self.number(SAMPLES, len(bits))
        return bits * samples if len(bits) == 1 and samples < 64 else bits

    @property
    def row_bytes(self) -> int:
        """How long a row of a strip is, where it is not compressed."""
        width = self.number(TILE_WIDTH, self.number(WIDTH))
        bits = self.bits[:1] if self.number(PLANAR, 1) == 2 else self.bits
        return (width * sum(bits) + 7) // 8

    @property
    def sample_format(self) -> int:
        """What the samples are: 1 unsigned, 2 signed, 3 float, 5 and 6 complex."""
        return self.number(FORMAT, _UNSIGNED)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a directory, with its value's bytes."""

    tag: int
    kind: int  # of the values
    number: int  # of values
    content: bytes


def pages(file: BinaryIO) -> Iterator[Page]:
    """Yield the directories, one after the other; raise EOFError where one is not there whole."""
    file.seek(0)
    head = file.read(16)
    order = "<" if head[:1] == b"I" else ">"
    big = head[2:4] in (b"+\0", b"\0+")
    (place,) = _unpacked(f"{order}Q" if big else f"{order}I", head[8:16] if big else head[4:8])
    seen: set[int] = set()
    while place and place not in seen and len(seen) < _MOST_FRAMES:
        seen.add(place)
        page, place = _page(file, place, order, big=big)
        yield page


def _page(file: BinaryIO, place: int, order: str, *, big: bool) -> tuple[Page, int]:
    entries = _entries(file, place, order, big=big)
    (following,) = _read(file, order + ("Q" if big else "I"))
    tags: dict[int, tuple[float, ...]] = {}
    size, is_cut = file.seek(0, 2), False
    for tag, kind, number, value in entries:
        is_cut |= _is_cut(value, _SIZES.get(kind, 0) * number, order, size)
        if tag in _WANTED and kind in _TYPES and 0 < number <= _MOST_VALUES:
            shape = f"{order}{number}{_TYPES[kind]}"
            content = _value(file, value, struct.calcsize(shape), order)
            tags[tag] = _unpacked(shape, content)
    return Page(order, tags, place, big, is_cut), following


def _is_cut(value: bytes, length: int, order: str, size: int) -> bool:
    """Say whether a file of that size ends within a value."""
    if length <= len(value):
        return False
    (at,) = struct.unpack(order + ("Q" if len(value) == 8 else "I"), value)
    return bool(at < size < at + length)


def entries(file: BinaryIO, page: Page, wanted: Container[int]) -> Iterator[Entry]:
    """Yield those of a page's entries that are wanted and there, as they stand in the file."""
    for tag, kind, number, value in _entries(file, page.place, page.order, big=page.big):
        size = _SIZES.get(kind, 0) * number
        if tag in wanted and 0 < size <= _MOST_VALUES:
            content = _value(file, value, size, page.order).ljust(size, b"\0")
            yield Entry(tag, kind, number, content)


def _entries(
    file: BinaryIO, place: int, order: str, *, big: bool
) -> list[tuple[int, int, int, bytes]]:
    """Return a directory's entries: tags, types, numbers of values, and these or their place."""
    count_format, entry_format = ("Q", "HHQ8s") if big else ("H", "HHI4s")
    file.seek(place)
    (count,) = _read(file, order + count_format)
    if not 0 < count <= _MOST_ENTRIES:
        raise EOFError("no directory where one is announced")
    return [cast("Any", _read(file, order + entry_format)) for _ in range(int(count))]


def _value(file: BinaryIO, value: bytes, size: int, order: str) -> bytes:
    """Return a value of that size, which stands in its entry or elsewhere."""
    if size > len(value):
        (at,) = struct.unpack(order + ("Q" if len(value) == 8 else "I"), value)
        file.seek(at)
        return file.read(size)
    return value[:size]


def _read(file: BinaryIO, shape: str) -> tuple[Any, ...]:
    return _unpacked(shape, file.read(struct.calcsize(shape)))


def _unpacked(shape: str, content: bytes) -> tuple[Any, ...]:
    if len(content) != struct.calcsize(shape):
        raise EOFError("a directory is not there to its end")
    return struct.unpack(shape, content)


def unsupported(page: Page) -> str:
    """Return what a page is that no library here decodes, "" for the others."""
    if DNG in page.tags:
        return "a camera's raw picture (DNG)"
    if page.number(PHOTOMETRIC) in (_COLOUR_FILTERS, _LINEAR_RAW):
        return "a camera's raw picture"
    compression = page.number(COMPRESSION, RAW)
    if compression not in _DECODED:
        name = _COMPRESSIONS.get(compression, f"a way that is not known here ({compression})")
        return f"a TIFF compressed by {name}"
    if page.sample_format in (_COMPLEX_INTEGER, _COMPLEX):
        return "a TIFF of complex numbers"
    if page.number(PHOTOMETRIC) == _YCBCR and compression not in _JPEGS:
        parted = page.number(PLANAR, 1) == 2
        if parted or any(step != 1 for step in page.tags.get(SUBSAMPLING, (2, 2))):
            return "a TIFF of brightness and colour apart (YCbCr) that is not JPEG"
    return ""


def rarely_decoded(page: Page) -> str:
    """Return what a page is that this build of the decoder may not know, "" for the others."""
    return _RARE.get(page.number(COMPRESSION, RAW), "")


def samples_in_words(page: Page) -> str:
    """Return what the samples of a page are, for a person."""
    bits = sorted(set(page.bits))
    kind = "floating-point " if page.sample_format == _FLOAT else ""
    count = f"{len(page.bits)} samples of " if len(page.bits) > 1 else ""
    return f"a TIFF with {count}{'/'.join(map(str, bits))} {kind}bits a pixel"
