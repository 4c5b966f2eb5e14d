"""A decoded picture as a page of the size that is wanted, in gray or in a screen's colours."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PIL import Image

from ocrd.job import Doubt
from ocrd.raster.images.flattening import Flatten, drawn_mode
from ocrd.raster.images.profiles import Profile

_BAND_PIXELS = 16_000_000  # converted at a time, of a huge image
_SHORT_SHARE = 0.25  # of the longest side: 80 mm of receipt at 2339 pixels is 185 dpi
_MAX_STRETCH = 4.0  # of the longest side, to keep the short one legible


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page in memory: mode L or RGB."""

    image: Image.Image
    points_per_pixel: float
    doubts: tuple[Doubt, ...] = ()  # what may not stand on it
    warnings: tuple[str, ...] = ()  # of the source, that cost no content
    inked: bool = False  # is it known not to be blank?


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


def drawn(source: Image.Image, target: tuple[int, int]) -> Drawn:
    """Return the image as L or RGB at the target size, in a screen's colours."""
    image = _unpolluted(source)
    ink = Profile(image.info, "CMYK") if image.mode == "CMYK" else None
    profile = ink if ink is not None and ink.turns_ink else None
    if profile is None:
        profile = Profile({} if ink is not None else image.info, drawn_mode(image))
    page = _shrunk(image, target, Flatten(image, keep_ink=profile.turns_ink), profile)
    warnings = ink.warnings if ink is not None else profile.warnings
    return Drawn(page, 1.0, warnings=tuple(f"{words.capitalize()}." for words in warnings))


def _shrunk(
    image: Image.Image, target: tuple[int, int], flatten: Flatten, profile: Profile
) -> Image.Image:
    """Return the image at the target size; huge ones go in bands."""
    factor = min(image.width // target[0], image.height // target[1]) // 2
    if image.width * image.height > _BAND_PIXELS and factor > 1:
        flat = _reduced_in_bands(image, factor, flatten)
    else:
        flat = flatten(image)
    if not profile.turns:
        flat = without_needless_colour(flat)
    if flat.size != target:
        flat = flat.resize(target, Image.Resampling.BICUBIC, reducing_gap=2.0)
    return without_needless_colour(profile(flat)) if profile.turns else flat


def _reduced_in_bands(image: Image.Image, factor: int, flatten: Flatten) -> Image.Image:
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


def without_needless_colour(image: Image.Image) -> Image.Image:
    """Return the image in gray if that loses nothing."""
    if image.mode != "RGB" or _has_colour(image.reduce(8)) or _has_colour(image):
        return image
    return image.getchannel("R")


def _has_colour(image: Image.Image) -> bool:
    red, green, blue = (image.getchannel(name).tobytes() for name in "RGB")
    return not red == green == blue


def _unpolluted(image: Image.Image) -> Image.Image:
    """Return CMYK as it is meant.

    Pillow takes every CMYK JPEG for an inverted one of Adobe's; without Adobe's marker it is not.
    """
    if image.format == "JPEG" and image.mode == "CMYK" and "adobe" not in image.info:
        plain = Image.eval(image, lambda value: 255 - value)
        plain.info = image.info
        return plain
    return image
