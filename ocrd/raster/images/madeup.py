"""Pictures of formats that are decoded whole or not at all, with an end that is made up.

Decoders of WEBP, HEIC and AVIF read on in whatever follows: decoded with two ends, a picture is the
same as far as its own bytes go. JPEG 2000 takes zeros for parts that hold nothing, and is coarser.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator
from itertools import chain
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocrd.errors import OcrdError
from ocrd.raster.images import kinds, webps

Missing = NDArray[np.bool_]

FORMATS = frozenset({kinds.WEBP, kinds.HEIF, kinds.AVIF, kinds.JPEG2000})
FIRST = 0x00  # the end with which a file is opened
# Some ends are no picture to a decoder: others are tried, and then those of a file that is shorter.
_ENDS = (FIRST, 0x55, 0xAA, 0x77, 0x6D, 0x80, 0x20)
_SHARES = (1.0, 31 / 32, 7 / 8, 3 / 4, 1 / 2, 1 / 4)
_BLOCK = 32  # pixels: what differs in a block is at no certain place of it
_MORE_BYTES = 1 << 16  # of an end where nothing says how long it is
_EOC = b"\xff\xd9"
_TILE_PART, _DATA = b"\xff\x90", b"\xff\x93"


def with_end(content: bytes, kind: str, byte: int = FIRST) -> bytes:
    """Return a file that ends early with an end of such bytes, as long as it says to be."""
    if kind == kinds.WEBP:
        return webps.with_end(content, byte)
    if kind == kinds.JPEG2000:
        return _with_empty_packets(content)
    lacking = _announced(content) - len(content)
    return content + bytes([byte]) * (lacking if lacking > 0 else _MORE_BYTES)


def decoded(
    file: BinaryIO, kind: str, opened: Callable[[BinaryIO], Image.Image]
) -> tuple[Image.Image, Missing | None]:
    """Return a picture that ends early, or is damaged, as far as it decodes, and where it does not.

    ``opened`` opens it from a file. Raises what the library raises where nothing comes of it.
    """
    file.seek(0)
    content = file.read()
    hole = webps.hole(file) if kind == kinds.WEBP else 0
    fault: Exception = OSError("nothing of the picture can be decoded")
    for share in _SHARES:
        images: list[Image.Image] = []
        cut = content[: int((hole or len(content)) * share)]
        for made in chain(webps.filled(content, hole, _ENDS) if hole else (), _made(cut, kind)):
            try:
                image = opened(io.BytesIO(made))
                image.load()
            except MemoryError:
                raise
            except Exception as error:
                if isinstance(error, OcrdError):
                    raise
                fault = error
                continue
            images.append(image)
            if kind == kinds.JPEG2000:
                return image, None
            if len(images) == 2:
                return images[0], _differing(*images)
    raise fault


def _made(content: bytes, kind: str) -> Iterator[bytes]:
    if kind == kinds.JPEG2000:
        yield _with_empty_packets(content)
        return
    for byte in _ENDS:
        yield with_end(content, kind, byte)


def _differing(first: Image.Image, second: Image.Image) -> Missing:
    """Return where two pictures differ, and what stands below that: it is made up, too."""
    differing = np.asarray(first) != np.asarray(second)
    flat = differing.any(axis=2) if differing.ndim == 3 else differing
    height, width = flat.shape
    padded = np.pad(flat, ((0, -height % _BLOCK), (0, -width % _BLOCK)))
    blocks = padded.reshape(padded.shape[0] // _BLOCK, _BLOCK, -1, _BLOCK).any(axis=(1, 3))
    below = np.logical_or.accumulate(blocks, axis=0)
    return np.asarray(below.repeat(_BLOCK, axis=0).repeat(_BLOCK, axis=1)[:height, :width])


def _announced(content: bytes) -> int:
    """Return how long the boxes say that the file is (ISO/IEC 14496-12)."""
    at = 0
    while at + 8 <= len(content):
        length, name = struct.unpack_from(">I4s", content, at)
        if length == 1 and at + 16 <= len(content):
            (length,) = struct.unpack_from(">Q", content, at + 8)
        if length < 8 or not name.isascii():
            break
        at += length
    return at


def _with_empty_packets(content: bytes) -> bytes:
    """Return a JPEG 2000 whose last tile part ends in packets that hold nothing, and its end."""
    at = content.rfind(_TILE_PART)
    if at < 0 or content.find(_DATA, at) < 0:
        return content + _EOC
    # Isot, then the length of the part, 0 where it goes on to the end (ISO/IEC 15444-1, A.4.2).
    (length,) = struct.unpack_from(">I", content, at + 6)
    lacking = at + length - len(content) if length else _MORE_BYTES
    return content[: at + length if 0 < length < len(content) - at else None] + bytes(
        max(0, lacking)
    ) + _EOC  # fmt: skip
