"""Colour profiles followed where they matter: linear light, ink, gammas far from a screen's.

A profile that changes no level by more than a reader notices costs nothing: a ramp of levels tells.
"""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, ImageCms

NOTICED = 16  # of 255 levels: less does not matter for reading
BROKEN = "its colour profile cannot be followed; the usual colours are assumed"
_STEPS = 32  # of a ramp
_SRGB_GAMMA = 0.45455  # as PNG writes it
_PNG_GAMMAS = (0.02, 10.0)

_NAMES = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK", "Lab": "LAB"}


class Profile:
    """What an image's own words say of its colours, made to sRGB."""

    def __init__(self, info: dict[Any, Any], mode: str) -> None:
        """Take the profile, or the gamma, for an image that is drawn in ``mode``."""
        self.warnings: tuple[str, ...] = ()
        self._turn: Any = None
        self._table: list[int] | None = None
        self._mode = mode
        content = info.get("icc_profile")
        if content:
            try:
                self._follow(bytes(content))
            except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
                self.warnings = (BROKEN,)
        elif mode in ("L", "RGB") and "srgb" not in info:
            self._table = _gamma_table(info.get("gamma"))

    @property
    def turns(self) -> bool:
        """Say whether anything changes."""
        return self._turn is not None or self._table is not None

    @property
    def turns_ink(self) -> bool:
        """Say whether it is this that makes CMYK to RGB."""
        return self._turn is not None and self._mode == "CMYK"

    def __call__(self, image: Image.Image) -> Image.Image:
        """Return the image in sRGB, in mode L or RGB if it is that, or CMYK, now."""
        if image.mode in ("L", "RGB") and self._table is not None:
            return image.point(self._table * len(image.getbands()))
        if self._turn is None:
            return image
        if image.mode == "L" and self._mode == "RGB":
            image = image.convert("RGB")
        if image.mode != self._mode:
            return image
        turned = ImageCms.applyTransform(image, self._turn)
        assert turned is not None
        return turned

    def _follow(self, content: bytes) -> None:
        profile = ImageCms.getOpenProfile(io.BytesIO(content))
        space = str(profile.profile.xcolor_space).strip()
        known = _NAMES.get(space)
        if known is None or (known in ("CMYK", "LAB")) != (self._mode in ("CMYK", "LAB")):
            raise ValueError(space)  # of another kind of image
        if self._mode == "LAB" or known == "LAB":
            return  # Pillow's own way
        turn = ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), known, "RGB")
        if known == "CMYK":
            self._turn = turn
        elif self._mode == "L" or known == "L":
            self._table = _noticed(_gray_table(turn, known))
        elif self._mode == "RGB" and _matters(turn):
            self._turn = turn


def _gray_table(turn: Any, mode: str) -> list[int]:
    ramp = Image.frombytes("L", (256, 1), bytes(range(256)))
    turned = ImageCms.applyTransform(ramp.convert(mode), turn)
    assert turned is not None
    return list(turned.getchannel("G").tobytes())


def _noticed(table: list[int]) -> list[int] | None:
    far = any(abs(level - made) > NOTICED for level, made in enumerate(table))
    return table if far else None


def _matters(turn: Any) -> bool:
    """Say whether a transformation changes any of some hundred colours noticeably."""
    steps = [index * 255 // (_STEPS - 1) for index in range(_STEPS)]
    colours = [
        colour for step in steps
        for colour in ((step,) * 3, (step, 0, 0), (0, step, 0), (0, 0, step), (step, step, 0))
    ]  # fmt: skip
    ramp = Image.frombytes("RGB", (len(colours), 1), bytes(sum(colours, ())))
    turned = ImageCms.applyTransform(ramp, turn)
    assert turned is not None
    pairs = zip(ramp.convert("L").tobytes(), turned.convert("L").tobytes(), strict=True)
    return any(abs(before - after) > NOTICED for before, after in pairs)


def _gamma_table(gamma: Any) -> list[int] | None:
    """Return what PNG's gamma makes of levels; its reciprocal brings them to light."""
    least, most = _PNG_GAMMAS
    if not isinstance(gamma, float) or not least <= gamma <= most:
        return None
    power = _SRGB_GAMMA / gamma
    return _noticed([round(255 * (level / 255) ** power) for level in range(256)])
