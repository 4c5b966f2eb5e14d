"""The chunks of a PNG file, by their sums: what of it is sound, and a file of nothing but that."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_NAMES = (b"IDAT", b"IEND")  # what may be found again behind a damaged chunk
_CHUNK = 1 << 20
_BITS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # samples of a pixel, by the kind of colours
_INTERLACED_AT = 12  # in the header chunk


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of the file: where its content lies, and whether it agrees with its sum."""

    name: bytes
    at: int
    length: int
    is_sound: bool

    @property
    def is_critical(self) -> bool:
        """Say whether the picture cannot be shown without it."""
        return not self.name[0] & 0x20


def is_sound(file: BinaryIO) -> bool:
    """Say whether all pixels agree with their sums."""
    return all(chunk.is_sound for chunk in _chunks(file) if chunk.name == b"IDAT")


def sound_rows(file: BinaryIO) -> tuple[int, bool]:
    """Return how many rows come of what stands before the first wrong sum, and whether all do.

    All do where the pixels agree with the sum over all of them. Of an interlaced picture no row is
    sure before the last one.
    """
    header, row_bytes = b"", 0
    inflate = zlib.decompressobj()
    made = sure = 0
    is_sure = True
    for chunk in _chunks(file):
        content = _content(file, chunk)
        if chunk.name == b"IHDR":
            header, row_bytes = content, _row_bytes(content)
        if chunk.name != b"IDAT":
            continue
        is_sure &= chunk.is_sound
        for at in range(0, len(content), 1 << 16):
            try:
                made += inflated(inflate, content[at : at + (1 << 16)])
            except zlib.error:
                return _rows(sure, row_bytes, header), False
        if is_sure:
            sure = made
    return _rows(sure, row_bytes, header), inflate.eof


def mended(content: bytes) -> bytes:
    """Return a file that can be opened: with right sums, without what is damaged and no pixels."""
    file = io.BytesIO(content)
    made, pixels = [_SIGNATURE], bytearray()
    for chunk in _chunks(file):
        if chunk.name == b"IDAT":
            pixels += _content(file, chunk)
        elif chunk.name != b"IEND" and (chunk.is_sound or chunk.is_critical) and not pixels:
            made.append(_framed(chunk.name, _content(file, chunk)))
    made += [_framed(b"IDAT", bytes(pixels)), _framed(b"IEND", b"")]
    return b"".join(made)


def inflated(inflate: zlib._Decompress, content: bytes) -> int:
    """Return how many bytes come of it; they are not kept."""
    count = 0
    while content and not inflate.eof:
        count += len(inflate.decompress(content, _CHUNK))
        content = inflate.unconsumed_tail
    return count


def _rows(made: int, row_bytes: int, header: bytes) -> int:
    is_interlaced = len(header) > _INTERLACED_AT and header[_INTERLACED_AT]
    return 0 if is_interlaced or not row_bytes else made // row_bytes


def _row_bytes(header: bytes) -> int:
    """Return how long a row is with the byte that says how it is filtered."""
    width, _, bits, colours = map(int, struct.unpack_from(">IIBB", header))
    return 1 + (width * bits * _BITS.get(colours, 1) + 7) // 8


def _framed(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(
        ">I", zlib.crc32(name + content)
    )  # fmt: skip


def _content(file: BinaryIO, chunk: Chunk) -> bytes:
    file.seek(chunk.at)
    return file.read(chunk.length)


def _chunks(file: BinaryIO) -> Iterator[Chunk]:
    """Yield the chunks up to the end; behind a damaged length the next one is looked for."""
    size = file.seek(0, io.SEEK_END)
    at = len(_SIGNATURE)
    while at + 12 <= size:
        file.seek(at)
        length, name = struct.unpack(">I4s", file.read(8))
        if not name.isalpha() or at + 12 + length > size:
            begin, at = at, _found_again(file, at + 8)
            if name == b"IDAT":  # its length alone is wrong, or its end is missing
                there = at - begin - 12 if at else min(length, size - begin - 8)
                yield Chunk(name, begin + 8, there, is_sound=False)
            if not at:
                return
            continue
        summed = zlib.crc32(name)
        for begin in range(0, length, _CHUNK):
            summed = zlib.crc32(file.read(min(_CHUNK, length - begin)), summed)
        yield Chunk(name, at + 8, length, file.read(4) == struct.pack(">I", summed))
        if name == b"IEND":
            return
        at += 12 + length


def _found_again(file: BinaryIO, at: int) -> int:
    """Return where the next chunk begins that may follow pixels, 0 if there is none."""
    before = b""
    file.seek(at)
    while chunk := file.read(_CHUNK):
        places = [(before + chunk).find(name) for name in _NAMES]
        found = min((place for place in places if place >= 0), default=-1)
        if found >= 0:
            return file.tell() - len(before + chunk) + found - 4
        before = chunk[-3:]
    return 0
