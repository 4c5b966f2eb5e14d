"""What can still be drawn of an image file that ends early or is damaged, and what is missing.

An image is decoded twice into memory that was filled differently: where the two differ, nothing
was decoded. What JPEG's decoder makes of nothing is an even gray.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from ocrd.job import Doubt
from ocrd.raster.images import endings, jpegs, kinds, madeup, pngs, strips, tiffs
from ocrd.raster.images.window import Window

_FILLS = (0, 255)
_NOTHING = range(126, 131)  # the gray that JPEG's decoder makes of nothing
_BLOCK = 32  # pixels: a row of JPEG's blocks that is there in part is no higher
# Scans of a progressive JPEG, as the usual program writes them, in gray and in colour.
_SCANS = {1: 6, 3: 10}
_MORE, _MORE_BYTES = (0x00, 0x55), 4096  # made-up ends of a scan
_FEW_ROWS = 3  # of pixels are nothing
_INTERLACED = 4  # changes from rows that are there to rows that are not
_TOLD_SHARE = 0.005
_STEP = 8  # pixels between those that an interlaced picture gives first

Missing = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rest:
    """What came of a picture that is not whole."""

    image: Image.Image
    missing: Missing | None = None  # where nothing was decoded
    is_coarse: bool = False
    is_unsure: bool = False  # what was decoded may be wrong

    @property
    def share(self) -> float:
        """Return how much of the page is missing, 0..1; two or three rows of pixels are nothing."""
        if self.missing is None:
            return 0.0
        gone = float(self.missing.mean())
        return 0.0 if gone * len(self.missing) <= _FEW_ROWS else gone

    def painted(self, page: Image.Image) -> Image.Image:
        """Return the page, drawn at its size, with what is missing white."""
        if self.missing is not None:
            mask = Image.fromarray(self.missing).convert("L")
            mask = mask.resize(page.size, Image.Resampling.NEAREST)
            page.paste(255 if page.mode == "L" else (255, 255, 255), mask=mask)
        return page

    def told(self, cause: str) -> tuple[tuple[Doubt, ...], tuple[str, ...]]:
        """Return what is to be said of it: doubts, and remarks that cost no content."""
        share = f"{self.share:.0%}" if self.share >= _TOLD_SHARE else "Less than 1%"
        said = [f"{share} of the page is not there."] if self.share else []
        if self.is_coarse:
            said.append("The page is coarser than it was.")
        if self.is_unsure:
            said.append("A part of the page may be wrong.")
        if said:
            return (Doubt("not-drawn", " ".join([cause, *said]), round(self.share, 4)),), ()
        return (), (f"{cause} The picture is there.",)


def completed(descriptor: int, kind: kinds.Kind) -> io.BufferedReader:
    """Return a file that is cut off as one that can be opened: without zeros, with an end."""
    size = os.fstat(descriptor).st_size
    whole = io.BufferedReader(Window(descriptor))
    end = endings.zeros_from(whole, size) if endings.ends_in_zeros(whole, size) else size
    behind = endings.EOI if kind.format == kinds.JPEG else b""
    return io.BufferedReader(Window(descriptor, kind.junk, end, behind), 1 << 16)


def directories_completed(descriptor: int, kind: kinds.Kind) -> io.BufferedReader:
    """Return a TIFF whose last values are cut off, with zeros in their place."""
    return io.BufferedReader(Window(descriptor, kind.junk, None, bytes(1 << 16)), 1 << 16)


def openable(file: io.BufferedReader, kind: str) -> io.BufferedReader | io.BytesIO:
    """Return a damaged file as one that its library opens, as far as that is known."""
    if kind != kinds.PNG and kind not in madeup.FORMATS:
        return file
    file.seek(0)
    content = file.read()
    mended = pngs.mended(content) if kind == kinds.PNG else madeup.with_end(content, kind)
    return io.BytesIO(mended)


def rest(
    file: BinaryIO, kind: str, directory: tiffs.Page | None,
    opened: Callable[[BinaryIO], Image.Image], *, is_cut: bool,
) -> Rest:  # fmt: skip
    """Return a page, decoded as far as it goes.

    ``file`` is the source as it is, ``is_cut`` if it merely ends early; ``opened`` returns the page
    of such a file, not decoded yet. Raises what the library raises where nothing comes of it.
    """
    match kind:
        case kinds.TIFF if directory is not None and strips.can_part(directory):
            return _of_strips(file, directory, opened, is_cut=is_cut)
        case kinds.PNG:
            return _of_png(file, opened, is_cut=is_cut)
        case kinds.JPEG:
            return _of_jpeg(file, opened, is_cut=is_cut)
        case _ if kind in madeup.FORMATS:
            image, missing = madeup.decoded(file, kind, opened)
            if missing is not None:
                missing = _judged(missing)
            return Rest(image, missing, is_coarse=kind == kinds.JPEG2000)
        case kinds.JXL:
            image = opened(file)
            image.load()
            return Rest(image)
        case _:
            return _spread(_as_far_as_it_goes(lambda: opened(file)))


def _of_strips(
    file: BinaryIO, directory: tiffs.Page, opened: Callable[[BinaryIO], Image.Image], *,
    is_cut: bool,
) -> Rest:  # fmt: skip
    try:
        image, missing = strips.decoded(file, directory)
    except (OSError, EOFError):  # of a kind that is decoded here, or not at all
        return _as_far_as_it_goes(lambda: opened(file))
    with contextlib.suppress(OSError, SyntaxError, KeyError):  # what it says of its colours
        image.info = {**opened(file).info, **image.info}
    return Rest(image, _judged(missing), is_unsure=not is_cut)


def _of_png(
    file: BinaryIO, opened: Callable[[BinaryIO], Image.Image], *, is_cut: bool
) -> Rest:
    file.seek(0)
    content = file.read()
    mended = pngs.mended(content)
    found = _spread(_as_far_as_it_goes(lambda: opened(io.BytesIO(mended))))
    rows, are_all_sure = pngs.sound_rows(file)
    there = found.image.height
    if found.missing is not None:
        there = int(np.count_nonzero(~found.missing.all(axis=1)))
    is_damaged = not is_cut and not pngs.is_sound(file)
    is_unsure = is_damaged and not are_all_sure and rows < there - _FEW_ROWS
    return Rest(found.image, found.missing, found.is_coarse, is_unsure)


def _of_jpeg(
    file: BinaryIO, opened: Callable[[BinaryIO], Image.Image], *, is_cut: bool
) -> Rest:
    file.seek(0)
    content = file.read()
    if not is_cut:
        content = jpegs.without_strays(content)
    image = _filled(opened(io.BytesIO(content)), _FILLS[1])
    missing = _judged(_even_rows(image))
    is_coarse = is_cut and missing is None and _lacks_scans(content, opened)
    return Rest(image, missing, is_coarse, is_unsure=not is_cut)


def _as_far_as_it_goes(opened: Callable[[], Image.Image]) -> Rest:
    image = opened()
    if not getattr(image, "tile", ()):  # decoded by us: nothing of it was missing
        image.load()
        return Rest(image)
    second = _filled(image, _FILLS[1])
    return Rest(second, _judged(_differing(_filled(opened(), _FILLS[0]), second)))


def _lacks_scans(content: bytes, opened: Callable[[BinaryIO], Image.Image]) -> bool:
    """Say whether a progressive JPEG lacks some of its scans: all of it is there, less sharp.

    One of which the last scan is not whole takes what stands behind for a part of it.
    """
    image = opened(io.BytesIO(content))
    if not image.info.get("progressive"):
        return False
    if content.count(b"\xff\xda") < _SCANS.get(len(image.getbands()), 1):
        return True
    body = content.removesuffix(endings.EOI).rstrip(b"\xff")
    made = [body + bytes([byte]) * _MORE_BYTES + endings.EOI for byte in _MORE]
    seen = [_filled(opened(io.BytesIO(each)), _FILLS[1]).tobytes() for each in made]
    return seen[0] != seen[1]


def _spread(found: Rest) -> Rest:
    """Fill what an interlaced picture lacks with what stands above it and before it."""
    if found.missing is None:
        return found
    gone = found.missing.mean(axis=1) > 0.5
    if np.count_nonzero(gone[1:] != gone[:-1]) <= _INTERLACED:
        return found
    image = found.image if found.image.mode == "L" else found.image.convert("RGB")
    pixels, missing = np.array(image), found.missing.copy()
    for axis in (1, 0):
        there = ~missing
        for step in range(1, _STEP):
            near, far = [slice(None)] * 2, [slice(None)] * 2
            near[axis], far[axis] = slice(step, None), slice(None, -step)
            fill = missing[tuple(near)] & there[tuple(far)]
            pixels[tuple(near)][fill] = pixels[tuple(far)][fill]
            missing[tuple(near)][fill] = False
    spread = Image.fromarray(pixels)
    spread.info, spread.format = found.image.info, found.image.format
    return Rest(spread, missing if missing.any() else None, is_coarse=True)


def _judged(missing: Missing) -> Missing | None:
    if missing.all():
        raise OSError("nothing of the picture can be decoded")
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
