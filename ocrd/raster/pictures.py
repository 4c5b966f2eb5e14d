"""Image files as pages: opened, brought upright, on white, in eight bits, shrunk to size.

Runs only in the rasterizer's limited children. Decoding never starts before the size that the
header announces was judged. Raises whatever Pillow raises; ``drawing`` translates.
"""

from __future__ import annotations

import io
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

# Named one by one: these are all that Pillow knows here, whatever it could load.
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageCms,
    ImageOps,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from ocrd.errors import CorruptError, TooLargeError, UnsupportedError
from ocrd.job import Doubt

_PLUGINS = (
    BmpImagePlugin, GifImagePlugin, JpegImagePlugin, MpoImagePlugin, PngImagePlugin,
    TiffImagePlugin, WebPImagePlugin,
)  # fmt: skip
Image.MAX_IMAGE_PIXELS = None  # our own limit is judged before any decoding

_ORIENTATION = 0x0112  # EXIF and TIFF tag
_NEW_SUBFILE_TYPE, _REDUCED_IMAGE, _MASK = 254, 1, 4  # TIFF 6.0, section 8
_OFFSETS_AND_COUNTS = ((273, 279), (324, 325))  # of strips, of tiles
_UNSIZED_DPI = 72.0  # no resolution given: a pixel is a point, as in most viewers
_PLAUSIBLE_DPI = (40.0, 4800.0)
_BAND_PIXELS = 16_000_000  # converted at a time, of a huge image
_SHORT_SHARE = 0.25  # of the longest side: 80 mm of receipt at 2339 pixels is 185 dpi
_MAX_STRETCH = 4.0  # of the longest side, to keep the short one legible
_TAIL_BYTES = 65536
_ZEROS = 4096  # bytes at a file's end that make it doubtful
_JPEG_SHRINK = 8  # in each direction, done by the decoder itself
_BLANK_SIDE = 1000  # pixels: blankness is judged at this size
_BLANK_LEVELS = 24  # of 255: paler than this is paper, shadow or noise
_BLANK_SHARE = 5e-6  # of the pixels may be darker: a speck of dust

_TRANSPARENT_MODES = frozenset({"RGBA", "LA", "PA", "La", "RGBa"})
_DEEP_MODES = frozenset({"I", "I;16", "I;16L", "I;16B", "I;16N", "F"})


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page in memory: mode L or RGB."""

    image: Image.Image
    points_per_pixel: float
    doubts: tuple[Doubt, ...] = ()  # what may not stand on it
    warnings: tuple[str, ...] = ()  # of the source, that cost no content


def scale_to_fit(
    width: float, height: float, longest_side: int, *, most: float, legible: bool = True
) -> float:
    """Return the factor that brings a page to ``longest_side``, at most ``most``.

    If ``legible``, a very long page (a receipt, a banner) gets more than that, so that its lines
    stay legible.
    """
    longest, shortest = max(width, height), min(width, height)
    scale = longest_side / longest
    if not legible:
        return min(scale, most)
    wanted = longest_side * _SHORT_SHARE / shortest
    return min(max(scale, min(wanted, scale * _MAX_STRETCH)), most)


def is_blank(image: Image.Image) -> bool:
    """Say whether the page is nothing but paper.

    In doubt it is not: a single pale page number is content.
    """
    small = image.reduce(max(1, round(max(image.size) / _BLANK_SIDE)))
    pixels = small.width * small.height
    histogram = small.histogram()
    for start in range(0, len(histogram), 256):
        levels = histogram[start : start + 256]
        paper = _median(levels, pixels)
        near = sum(levels[max(0, paper - _BLANK_LEVELS) : paper + _BLANK_LEVELS + 1])
        if pixels - near > pixels * _BLANK_SHARE:
            return False
    return True


def _median(levels: list[int], pixels: int) -> int:
    below = 0
    for level, count in enumerate(levels):
        below += count
        if below * 2 >= pixels:
            return level
    return 255


def without_needless_colour(image: Image.Image) -> Image.Image:
    """Return the image in gray if that loses nothing."""
    if image.mode != "RGB" or _has_colour(image.reduce(8)) or _has_colour(image):
        return image
    return image.getchannel("R")


def _has_colour(image: Image.Image) -> bool:
    red, green, blue = (image.getchannel(name).tobytes() for name in "RGB")
    return not red == green == blue


class Picture:
    """An image file, one page or, for TIFF, many."""

    def __init__(
        self, descriptor: int, *, page_pixels: int, most_pages: int | None = None
    ) -> None:
        """Read the headers; the descriptor stays the caller's.

        Raises TooLargeError for a single image that is over ``page_pixels``. No page is looked
        for beyond the first one that is over ``most_pages``.
        """
        self._stream = io.BufferedReader(io.FileIO(descriptor, closefd=False), 1 << 16)
        self._page_pixels = page_pixels
        self.repaired = False
        self._image = self._opened()
        self.format = "JPEG" if self._image.format == "MPO" else str(self._image.format)
        self._frames = [0]
        if isinstance(self._image, TiffImagePlugin.TiffImageFile):
            frames = self._page_frames(os.fstat(descriptor).st_size)
            self._frames = list(islice(frames, most_pages and most_pages + 1)) or [0]
        self._judge_tail()
        if self.pages == 1:
            self._image.seek(self._frames[0])
            shrink = 1
            if self.format == "JPEG" and not self._image.info.get("progressive"):
                shrink = _JPEG_SHRINK
            width, height = self._image.size
            self._refuse_oversize(self._image, (width // shrink, height // shrink))

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return len(self._frames)

    def close(self) -> None:
        """Let go of the decoded image."""
        self._image.close()

    def draw(self, number: int, longest_side: int, *, legible: bool = True) -> Drawn:
        """Return page ``number`` (from 1), upright, at most at its own size."""
        image = self._opened() if len(self._frames) == 1 else self._image
        image.seek(self._frames[number - 1])
        dpi, stretch = _resolution(image)
        width, height = image.width * stretch[0], image.height * stretch[1]
        scale = scale_to_fit(width, height, longest_side, most=1.0, legible=legible)
        target = max(1, round(width * scale)), max(1, round(height * scale))
        if self.format == "JPEG":
            self._draft(image, target)
        self._refuse_oversize(image, image.size)
        image.load()
        flat = _upright(_shrunk(_unpolluted(image), target), image)
        return Drawn(flat, 72.0 / (dpi * scale))

    def _opened(self) -> Image.Image:
        self._stream.seek(0)
        return Image.open(self._stream, formats=("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF"))

    def _page_frames(self, file_bytes: int) -> Iterator[int]:
        """Yield the frames that are pages, not previews or masks of one."""
        image = self._image
        assert isinstance(image, TiffImagePlugin.TiffImageFile)
        frame = 0
        while True:
            try:
                image.seek(frame)
            except EOFError:
                return
            tags = image.tag_v2
            if not int(tags.get(_NEW_SUBFILE_TYPE, 0)) & (_REDUCED_IMAGE | _MASK):
                yield frame
            for offsets, counts in _OFFSETS_AND_COUNTS:
                ends = map(sum, zip(tags.get(offsets, ()), tags.get(counts, ()), strict=False))
                self.repaired |= max(ends, default=0) > file_bytes
            frame += 1

    def _draft(self, image: Image.Image, target: tuple[int, int]) -> None:
        """Have the JPEG decoder shrink by itself, before anything is allocated."""
        if image.info.get("progressive"):  # all coefficients of the whole image are held anyway
            self._refuse_oversize(image, image.size)
        image.draft(None, target)

    def _refuse_oversize(self, image: Image.Image, size: tuple[int, int]) -> None:
        if size[0] * size[1] > self._page_pixels:
            raise TooLargeError(
                f"A page of {image.width} × {image.height} pixels is over the limit of "
                f"{self._page_pixels} pixels.",
                hint="Scan it at a lower resolution, or raise limits.page_pixels and "
                "rasterize.memory.",
            )

    def _judge_tail(self) -> None:
        """Refuse, or at least doubt, a file that ends in zeros.

        Its size was set before its content came, and not all decoders notice: zeros are a
        valid JPEG stream (gray) and valid pixels (black).
        """
        size = self._stream.seek(0, os.SEEK_END)
        self._stream.seek(max(0, size - _TAIL_BYTES))
        tail = self._stream.read()
        if len(tail) < _ZEROS or any(tail[-_ZEROS:]):
            return
        self.repaired = True
        if self.format == "WEBP" or (self.format == "JPEG" and b"\xff\xd9" not in tail):
            raise CorruptError(f"The {self.format} image ends in zeros.")


def _resolution(image: Image.Image) -> tuple[float, tuple[float, float]]:
    """Return the finer resolution, and the factors that make the pixels square.

    Only TIFF is believed about unequal resolutions: faxes have 204 × 98 dpi.
    """
    least, most = _PLAUSIBLE_DPI
    try:
        x, y = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return _UNSIZED_DPI, (1.0, 1.0)
    if not (least <= x <= most and least <= y <= most):
        return _UNSIZED_DPI, (1.0, 1.0)
    if image.format != "TIFF" or max(x, y) / min(x, y) > 4 or math.isclose(x, y, rel_tol=0.05):
        return max(x, y), (1.0, 1.0)
    return max(x, y), (max(1.0, y / x), max(1.0, x / y))


def _unpolluted(image: Image.Image) -> Image.Image:
    """Return CMYK as it is meant.

    Pillow takes every CMYK JPEG for an inverted one of Adobe's; without Adobe's marker it is not.
    """
    if image.format == "JPEG" and image.mode == "CMYK" and "adobe" not in image.info:
        plain = Image.eval(image, lambda value: 255 - value)
        plain.info = image.info
        return plain
    return image


def _upright(flat: Image.Image, source: Image.Image) -> Image.Image:
    """Turn the drawn page as the source's EXIF says."""
    try:
        orientation = int(source.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 -- damaged EXIF raises anything; the page is still readable
        return flat
    if orientation not in range(2, 9):
        return flat
    flat.getexif()[_ORIENTATION] = orientation
    return ImageOps.exif_transpose(flat)


def _shrunk(image: Image.Image, target: tuple[int, int]) -> Image.Image:
    """Return the image as L or RGB at the target size; huge ones go in bands."""
    flatten = _Flatten(image)
    factor = min(image.width // target[0], image.height // target[1]) // 2
    if image.width * image.height > _BAND_PIXELS and factor > 1:
        flat = _reduced_in_bands(image, factor, flatten)
    else:
        flat = flatten(image)
    flat = without_needless_colour(flat)
    if flat.size == target:
        return flat
    return flat.resize(target, Image.Resampling.BICUBIC, reducing_gap=2.0)


def _reduced_in_bands(image: Image.Image, factor: int, flatten: _Flatten) -> Image.Image:
    rows = max(1, _BAND_PIXELS // image.width // factor) * factor
    reduced: Image.Image | None = None
    for top in range(0, image.height, rows):
        bottom = min(image.height, top + rows)
        band = flatten(image.crop((0, top, image.width, bottom))).reduce(factor)
        if reduced is None:
            size = math.ceil(image.width / factor), math.ceil(image.height / factor)
            reduced = Image.new(band.mode, size)
        reduced.paste(band, (0, top // factor))
    assert reduced is not None
    return reduced


class _Flatten:
    """Turns an image, or bands of it, to eight bits, L or RGB, transparency on white."""

    def __init__(self, whole: Image.Image) -> None:
        self._transparency = whole.info.get("transparency")
        self._brightness = _brightness(whole) if whole.mode in _DEEP_MODES else 1.0

    def __call__(self, image: Image.Image) -> Image.Image:
        mode = image.mode
        if mode in ("L", "RGB") and self._transparency is None:
            return image
        if mode in _TRANSPARENT_MODES or (
            self._transparency is not None and mode in ("1", "L", "RGB", "P")
        ):
            return self._on_white(image)
        if mode in _DEEP_MODES:
            return _shallow(image, self._brightness)
        if mode == "1" or (mode == "P" and _is_gray(image)):
            return image.convert("L")
        if mode == "LAB":
            return _from_lab(image)
        try:
            return image.convert("RGB")
        except ValueError as error:
            raise UnsupportedError(
                f"The image's colour model {mode} is not known.", hint="Convert it to RGB."
            ) from error

    def _on_white(self, image: Image.Image) -> Image.Image:
        if self._transparency is not None:
            image.info["transparency"] = self._transparency
        mode = "L" if image.mode in ("1", "L", "LA", "La") else "RGB"
        if image.mode in ("La", "RGBa"):
            image = image.convert("LA" if mode == "L" else "RGBA")
        seen = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(seen, mask=seen.getchannel("A"))
        return white.convert(mode)


def _is_gray(image: Image.Image) -> bool:
    """Say whether a palette holds nothing but grays."""
    palette = bytes(image.getpalette() or b"")
    return palette[0::3] == palette[1::3] == palette[2::3]


def _brightness(image: Image.Image) -> float:
    """Return the factor that brings deep pixels to 0..255."""
    low, high = (float(value) for value in _extrema(image))
    if image.mode == "F" and high <= 1.0:
        return 255.0
    if high <= 255.0 and not image.mode.startswith("I;16"):
        return 1.0
    for bits in (12, 16):  # twelve: what some scanners deliver in sixteen
        if high < 1 << bits:
            return 255.0 / ((1 << bits) - 1)
    return 255.0 / max(high, -low, 1.0)


def _extrema(image: Image.Image) -> tuple[Any, Any]:
    if image.mode in ("I;16L", "I;16B", "I;16N"):
        image = image.convert("I")
    low, high = image.getextrema()
    return low, high


def _shallow(image: Image.Image, brightness: float) -> Image.Image:
    if image.mode.startswith("I;16"):
        image = image.convert("I")
    return image.point(lambda value: value * brightness + 0.5).convert("L")


def _from_lab(image: Image.Image) -> Image.Image:
    lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    turned = ImageCms.profileToProfile(image, lab, rgb, outputMode="RGB")
    assert turned is not None
    return turned
