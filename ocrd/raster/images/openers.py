"""Image files opened by the library that knows them, by what they are and not by their name.

Nothing is decoded before the size that the header announces was judged. All libraries are loaded
with this module: a confined child finds none of the system's own any more. Those of HEIC and
JPEG XL take 8 ms and 1.5 MB.
"""

# mypy: allow-untyped-calls
# (pillow-heif's classes have no annotations.)

from __future__ import annotations

from typing import BinaryIO

import pillow_heif

# Named one by one: these are all that Pillow knows here, whatever it could load.
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)
from pillow_heif.as_plugin import HeifImageFile
from pillow_jxl import JpegXLImagePlugin

from ocrd.errors import CorruptError, TooLargeError, UnsupportedError
from ocrd.raster.images import bitmaps, jpegs, kinds

_PLUGINS = (
    AvifImagePlugin, BmpImagePlugin, GifImagePlugin, Jpeg2KImagePlugin, JpegImagePlugin,
    MpoImagePlugin, PngImagePlugin, PpmImagePlugin, TiffImagePlugin, WebPImagePlugin,
)  # fmt: skip
# A child works on one page, and others work beside it.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
JpegXLImagePlugin.DECODE_THREADS = 0  # none but its own
pillow_heif.options.DECODE_THREADS = 1
pillow_heif.options.THUMBNAILS = False
pillow_heif.options.DEPTH_IMAGES = False
pillow_heif.options.AUX_IMAGES = False
Image.MAX_IMAGE_PIXELS = None  # our own limit is judged before any decoding

_HEAD_BYTES = 4096
# JPEG XL's header of sizes (ISO/IEC 18181-1, annex C): how many bits a side may have.
_SIDE_BITS = (9, 13, 18, 30)
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))


def opened(file: BinaryIO, kind: str, page_pixels: int) -> Image.Image:
    """Return the image, not decoded yet.

    Raises UnsupportedError for a sound one that no library here decodes, TooLargeError for one that
    is decoded at once and over the limit, and whatever the libraries raise for what is damaged.
    """
    file.seek(0)
    if kind == kinds.HEIF:
        image: Image.Image = HeifImageFile(file)
        return image
    if kind == kinds.JXL:
        return _jpeg_xl(file, page_pixels)
    if kind == kinds.BMP and (bitmap := bitmaps.decoded(file, page_pixels)) is not None:
        return bitmap
    if kind == kinds.JPEG:
        _refuse_unusual(file, page_pixels)
    file.seek(0)
    return Image.open(file, formats=(kind,))


def refuse_oversize(width: int, height: int, page_pixels: int, size: tuple[int, int]) -> None:
    """Raise TooLargeError if a page of ``size`` as it is decoded has more pixels than allowed."""
    if size[0] * size[1] > page_pixels:
        raise TooLargeError(
            f"A page of {width} × {height} pixels is over the limit of {page_pixels} pixels.",
            hint="Scan it at a lower resolution, or raise limits.page_pixels and "
            "rasterize.memory.",
        )


def _refuse_unusual(file: BinaryIO, page_pixels: int) -> None:
    """Raise UnsupportedError for a JPEG of a kind that the decoder does not know.

    What it knows depends on how it was built: a rare one is decoded to see.
    """
    name = jpegs.unusual(file)
    if not name:
        return
    try:
        file.seek(0)
        with Image.open(file, formats=(kinds.JPEG,)) as image:
            refuse_oversize(*image.size, page_pixels, image.size)
            image.load()
    except (OSError, SyntaxError, UnidentifiedImageError) as error:
        raise UnsupportedError(f"The content is {name}.", hint="Convert it to PNG.") from error


def _jpeg_xl(file: BinaryIO, page_pixels: int) -> Image.Image:
    """Return the image, decoded: the library does not do it by halves."""
    size = jpeg_xl_size(file.read(_HEAD_BYTES))
    if size is not None:
        refuse_oversize(*size, page_pixels, size)
    file.seek(0)
    try:
        image: Image.Image = JpegXLImagePlugin.JXLImageFile(file)
    except MemoryError:
        raise
    except BaseException as error:  # what Rust calls a panic is no Exception
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise CorruptError("The JPEG XL picture cannot be decoded.") from error
    if not getattr(image, "jpeg", False):
        image.info.pop("exif", None)  # the decoder has turned the picture
    return image


def jpeg_xl_size(head: bytes) -> tuple[int, int] | None:
    """Return the sides that a file of this head announces, None where they are not found."""
    at = _codestream(head)
    if at < 0:
        return None
    bits = _Bits(head[at + 2 : at + 18])
    if bits.take(1):  # in units of eight
        height = 8 * (bits.take(5) + 1)
        ratio = bits.take(3)
        width = 8 * (bits.take(5) + 1) if not ratio else 0
    else:
        height = bits.take(_SIDE_BITS[bits.take(2)]) + 1
        ratio = bits.take(3)
        width = bits.take(_SIDE_BITS[bits.take(2)]) + 1 if not ratio else 0
    if ratio:
        above, below = _RATIOS[ratio - 1]
        width = height * above // below
    return width, height


def _codestream(head: bytes) -> int:
    """Return where the coded picture begins, within the boxes of a file or bare."""
    if head.startswith(b"\xff\x0a"):
        return 0
    at = 0
    while at + 8 <= len(head):
        length, name = int.from_bytes(head[at : at + 4], "big"), head[at + 4 : at + 8]
        begin = at + (16 if length == 1 else 8)
        if name in (b"jxlc", b"jxlp"):
            begin += 4 if name == b"jxlp" else 0
            return begin if head[begin : begin + 2] == b"\xff\x0a" else -1
        if length < 8:
            return -1
        at += length
    return -1


class _Bits:
    """Numbers packed from the lowest bit on."""

    def __init__(self, content: bytes) -> None:
        self._number = int.from_bytes(content, "little")

    def take(self, count: int) -> int:
        value = self._number & ((1 << count) - 1)
        self._number >>= count
        return value
