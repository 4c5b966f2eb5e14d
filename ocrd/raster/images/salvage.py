"""What can still be drawn of an image file that ends early, and what is missing of it.

An image is decoded twice into memory that was filled differently: where the two differ, nothing
was decoded. WEBP is decoded with one and with another end made up: where they differ, it is the
end's. What JPEG's decoder makes of nothing is an even gray.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from ocrd.raster.images import endings, kinds, tiffs
from ocrd.raster.images.window import Window

_FILLS = (0, 255)
_MADE_UP = (0x00, 0x55)  # bytes of an end
_MORE_BYTES = 1 << 16  # of it, than are announced: a lossless decoder looks ahead
_NOTHING = range(126, 131)  # the gray that JPEG's decoder makes of nothing
_BLOCK = 32  # pixels: a row of JPEG's blocks that is there in part is no higher
_ALL_OR_NOTHING = frozenset({"HEIF", "AVIF", "JXL"})
# Scans of a progressive JPEG, as the usual program writes them, in gray and in colour.
_SCANS = {1: 6, 3: 10}
_CHUNK = 1 << 20

Missing = NDArray[np.bool_]


def completed(descriptor: int, kind: kinds.Kind) -> io.BufferedReader:
    """Return a file that is cut off as one that can be opened: without zeros, with an end."""
    size = os.fstat(descriptor).st_size
    whole = io.BufferedReader(Window(descriptor))
    end = endings.zeros_from(whole, size) if endings.ends_in_zeros(whole, size) else size
    behind = b"\xff\xd9" if kind.format in (kinds.JPEG, kinds.JPEG2000) else b""
    return io.BufferedReader(Window(descriptor, kind.junk, end, behind), 1 << 16)


def directories_completed(descriptor: int, kind: kinds.Kind) -> io.BufferedReader:
    """Return a TIFF whose last values are cut off, with zeros in their place."""
    return io.BufferedReader(Window(descriptor, kind.junk, None, bytes(1 << 16)), 1 << 16)


def decoded(opened: Callable[[], Image.Image]) -> tuple[Image.Image, Missing | None]:
    """Return an image, decoded as far as it goes, and where it is not.

    ``opened`` gives a new one each time it is called. Raises what the library raises where nothing
    comes of it at all.
    """
    image = opened()
    is_decoded = not getattr(image, "tile", ())  # by us: nothing of it was missing
    if image.format in _ALL_OR_NOTHING or is_decoded:
        image.load()
        return image, None
    second = _filled(image, _FILLS[1])
    if second.format in ("JPEG", "MPO"):
        missing = _even_rows(second)
    else:
        missing = _differing(_filled(opened(), _FILLS[0]), second)
    return second, _judged(missing)


def with_end(file: io.BufferedReader) -> io.BytesIO:
    """Return a WEBP file that is cut off with an end that is made up."""
    file.seek(0)
    return io.BytesIO(_with_end(file.read(), _MADE_UP[0]))


def webp(file: io.BufferedReader) -> tuple[Image.Image, Missing | None]:
    """Return a WEBP picture, decoded as far as it goes, and where it is not."""
    file.seek(0)
    content = file.read()
    images = []
    for byte in _MADE_UP:
        image = Image.open(io.BytesIO(_with_end(content, byte)), formats=(kinds.WEBP,))
        image.load()
        images.append(image)
    missing = _differing(images[0], images[1])
    rows = np.flatnonzero(missing.any(axis=1))
    if len(rows):
        missing[rows[0] :] = True  # what stands behind is made up, too
    return images[1], _judged(missing)


def without_strips(missing: Missing | None, page: tiffs.Page, shape: tuple[int, int]) -> Missing:
    """Add to what is missing the strips of a TIFF whose places are not known."""
    all_missing = np.zeros(shape, np.bool_) if missing is None else missing
    rows = page.number(tiffs.ROWS, shape[0]) or shape[0]
    for index, (at, length) in enumerate(page.pieces):
        if not at or not length:
            all_missing[index * rows : (index + 1) * rows] = True
    return all_missing


def is_coarse(file: io.BufferedReader, image: Image.Image) -> bool:
    """Say whether a progressive JPEG lacks some of its scans: all of it is there, less sharp."""
    if not image.info.get("progressive"):
        return False
    file.seek(0)
    scans, before = 0, b""
    while chunk := file.read(_CHUNK):
        scans += (before + chunk).count(b"\xff\xda")
        before = chunk[-1:]
    return scans < _SCANS.get(len(image.getbands()), 1)


def missing_share(missing: Missing | None) -> float:
    """Return how much of the rows is missing, 0..1; two or three rows of pixels are nothing."""
    if missing is None:
        return 0.0
    gone = missing.mean(axis=1) > 0.5
    return 0.0 if gone.sum() <= 3 else float(gone.mean())


def painted(page: Image.Image, missing: Missing) -> Image.Image:
    """Return the page, drawn at its size, with what is missing white."""
    mask = Image.fromarray(missing).convert("L").resize(page.size, Image.Resampling.NEAREST)
    page.paste(255 if page.mode == "L" else (255, 255, 255), mask=mask)
    return page


def _judged(missing: Missing) -> Missing | None:
    if missing.all():
        raise OSError("image file is truncated: nothing of it can be decoded")
    return missing if missing.any() else None


def _differing(first: Image.Image, second: Image.Image) -> Missing:
    differing = np.asarray(first) != np.asarray(second)
    return np.asarray(differing.any(axis=2) if differing.ndim == 3 else differing)


def _filled(image: Image.Image, fill: int) -> Image.Image:
    """Decode an image into memory that is filled before."""
    size = getattr(image, "_tile_size", image.size)  # a TIFF's, before it is turned
    image.im = Image.new(image.mode, size, _colour(image.mode, fill)).im
    with _tolerance(), contextlib.suppress(OSError):  # the memory has what was decoded before
        image.load()
    image.tile = []  # type: ignore[attr-defined]
    return image


def _with_end(content: bytes, byte: int) -> bytes:
    announced = 8 + int.from_bytes(content[4:8], "little")
    made = bytearray(content) + bytes([byte]) * (max(0, announced - len(content)) + _MORE_BYTES)
    made[4:8] = (len(made) - 8).to_bytes(4, "little")
    at = 12
    while at + 8 <= len(content):
        length = int.from_bytes(content[at + 4 : at + 8], "little")
        if at + 8 + length >= len(content):
            made[at + 4 : at + 8] = (len(made) - at - 8).to_bytes(4, "little")
            break
        at += 8 + length + length % 2
    return bytes(made)


def _colour(mode: str, fill: int) -> int | tuple[int, ...]:
    bands = len(Image.new(mode, (1, 1)).getbands())
    return fill if bands == 1 else (fill,) * bands


def _even_rows(image: Image.Image) -> Missing:
    """Return what is of one gray alone at the foot, and beside it in the row of blocks above."""
    pixels = np.asarray(image)
    missing = np.zeros(pixels.shape[:2], np.bool_)
    last = pixels[-1, -1]
    if np.all((last >= _NOTHING.start) & (last < _NOTHING.stop)):
        same = pixels == last
        same = same.all(axis=2) if same.ndim == 3 else same
        even = same.all(axis=1)
        rows = int(np.argmin(even[::-1])) if not even.all() else len(even)
        foot = len(even) - rows
        missing[foot:] = True
        above = slice(max(0, foot - _BLOCK), foot)
        missing[above] = same[above]
    return missing


@contextlib.contextmanager
def _tolerance() -> Iterator[None]:
    """Let Pillow stop where a file does. One thread works here."""
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
