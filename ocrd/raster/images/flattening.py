"""Images of every colour model brought to eight bits, in gray or colour, on an opaque ground."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageCms, TiffImagePlugin

from ocrd.errors import UnsupportedError
from ocrd.raster.images import tiffs, tones, transparency

_DEEP_MODES = frozenset({"I", "I;16", "I;16L", "I;16B", "I;16N", "F"})
_KEYED_MODES = ("1", "L", "RGB", "P")  # may have a colour that stands for transparent
_LOOKED_AT = 4_000_000  # pixels, for what holds for all of them
_GRAY_MODES = frozenset({"1", "L", "LA", "La"}) | _DEEP_MODES


class Flatten:
    """Turns an image, or bands of it, to L or RGB; CMYK stays where ``keep_ink`` says so."""

    def __init__(self, whole: Image.Image, *, keep_ink: bool = False) -> None:
        self._transparency = whole.info.get("transparency")
        self._keep_ink = keep_ink
        self._ground: int | None = None
        self._range: tones.Range | None = None
        self._is_unsigned = _is_unsigned(whole)
        if whole.mode in _DEEP_MODES:
            self._range = self._range_of(whole)
        elif self._may_be_transparent(whole):
            self._ground = transparency.ground_of(self._with_opacity(_fewer(whole)))

    def __call__(self, image: Image.Image) -> Image.Image:
        """Return the image, or the band of it."""
        mode = image.mode
        if self._range is not None:
            return Image.fromarray(self._range.shallow(self._numbers(image)))
        if self._may_be_transparent(image):
            seen = self._with_opacity(image)
            if self._ground is not None:
                return transparency.laid_on(seen, self._ground)
            return seen.convert("RGBA").convert("RGB").convert(drawn_mode(image))
        if mode in ("L", "RGB") or (mode == "CMYK" and self._keep_ink):
            return image
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

    def _may_be_transparent(self, image: Image.Image) -> bool:
        keyed = self._transparency is not None and image.mode in _KEYED_MODES
        return image.mode in transparency.MODES or keyed

    def _with_opacity(self, image: Image.Image) -> Image.Image:
        if self._transparency is not None:
            image.info["transparency"] = self._transparency
        if image.mode in ("La", "RGBa"):  # its colours were multiplied by its opacity
            return image.convert("LA" if image.mode == "La" else "RGBA")
        return image if image.mode in ("LA", "RGBA") else image.convert("RGBA")

    def _numbers(self, image: Image.Image) -> tones.Numbers:
        numbers = tones.numbers_of(image)
        if self._is_unsigned:  # Pillow has no numbers of that size without a sign
            numbers = np.where(numbers < 0, numbers + np.float32(2**32), numbers)
        if isinstance(self._transparency, int):
            numbers[numbers == self._transparency] = np.nan
        return numbers

    def _range_of(self, whole: Image.Image) -> tones.Range:
        seen = tones.range_of(
            self._numbers(_fewer(whole)), _announced(whole), whole=whole.mode != "F"
        )
        if _is_white_zero(whole):
            return tones.Range(seen.white, seen.black)
        return seen


def drawn_mode(image: Image.Image) -> str:
    """Return the mode in which an image comes out of here, before what needs no colour is gray."""
    return "L" if image.mode in _GRAY_MODES else "RGB"


def _fewer(image: Image.Image) -> Image.Image:
    """Return some of a huge image's pixels, as they are."""
    every = int(np.ceil((image.width * image.height / _LOOKED_AT) ** 0.5))
    if every == 1:
        return image
    size = max(1, image.width // every), max(1, image.height // every)
    return image.resize(size, Image.Resampling.NEAREST)


def _announced(image: Image.Image) -> tuple[float, float] | None:
    """Return the least and the greatest level that a TIFF says to have."""
    if image.info.get("range"):
        low, high = image.info["range"]
        return float(low), float(high)
    tags = getattr(image, "tag_v2", {})
    for least, most in ((tiffs.REAL_LEAST, tiffs.REAL_MOST), (tiffs.LEAST, tiffs.MOST)):
        try:
            return float(_first(tags[least])), float(_first(tags[most]))
        except (KeyError, TypeError, ValueError, IndexError):
            continue
    return None


def _first(value: object) -> float:
    return float(value[0] if isinstance(value, tuple) else value)  # type: ignore[arg-type]


def _is_white_zero(image: Image.Image) -> bool:
    """Say whether a deep TIFF counts from white to black: Pillow leaves that to us."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return bool(image.info.get("white_is_zero"))
    return int(image.tag_v2.get(tiffs.PHOTOMETRIC, 1)) == 0


def _is_unsigned(image: Image.Image) -> bool:
    """Say whether a TIFF of 32 bits counts from zero to four thousand millions."""
    if image.mode != "I" or not isinstance(image, TiffImagePlugin.TiffImageFile):
        return False
    kind, bits = (_first(image.tag_v2.get(tag, 1)) for tag in (tiffs.FORMAT, tiffs.BITS))
    return int(kind) == 1 and int(bits) == 32


def _is_gray(image: Image.Image) -> bool:
    """Say whether a palette holds nothing but grays."""
    palette = bytes(image.getpalette() or b"")
    return palette[0::3] == palette[1::3] == palette[2::3]


def _from_lab(image: Image.Image) -> Image.Image:
    lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    turned = ImageCms.profileToProfile(image, lab, rgb, outputMode="RGB")
    assert turned is not None
    return turned
