"""The chunks of a WEBP file: what of its pixels has not come, and an end for one that has none."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from ocrd.raster.images import endings

MORE_BYTES = 1 << 16  # of a made-up end, than are announced: a lossless decoder looks ahead
_PIXELS = (b"VP8 ", b"VP8L")


def hole(file: BinaryIO) -> int:
    """Return where the coded pixels are nothing but zeros, which they never are; 0 if nowhere."""
    return next(filter(None, (endings.hole(file, at, at + size) for at, size in _coded(file))), 0)


def filled(content: bytes, place: int, fills: Iterable[int]) -> Iterator[bytes]:
    """Yield files of which the block of zeros at ``place`` is filled with each of these bytes."""
    end = place + endings.HOLE_BYTES
    for byte in fills:
        yield content[:place] + bytes([byte]) * endings.HOLE_BYTES + content[end:]


def _coded(file: BinaryIO) -> Iterator[tuple[int, int]]:
    size = file.seek(0, 2)
    at = 12
    while at + 8 <= size:
        file.seek(at)
        name, length = struct.unpack("<4sI", file.read(8))
        if name in _PIXELS:
            yield at + 8, length
        at += 8 + length + length % 2


def with_end(content: bytes, byte: int) -> bytes:
    """Return a file that is cut off with an end of such bytes."""
    announced = 8 + int.from_bytes(content[4:8], "little")
    made = bytearray(content) + bytes([byte]) * (max(0, announced - len(content)) + MORE_BYTES)
    made[4:8] = (len(made) - 8).to_bytes(4, "little")
    at = 12
    while at + 8 <= len(content):
        length = int.from_bytes(content[at + 4 : at + 8], "little")
        if at + 8 + length >= len(content):
            made[at + 4 : at + 8] = (len(made) - at - 8).to_bytes(4, "little")
            break
        at += 8 + length + length % 2
    return bytes(made)
