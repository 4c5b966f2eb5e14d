"""A page's image as a server's own preprocessing wants it: scaled once, and never up."""

from __future__ import annotations

import base64
import io
import math
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from ocrd.engine.remote.profiles import Profile

JPEG_QUALITY = 92  # beyond it text gains nothing that a model sees
LOWER_QUALITIES = (80, 65)  # where the image is larger than the server takes
SMALLER = 0.8
LEAST_SIDE = 200  # pixels


@dataclass(frozen=True, slots=True)
class Prepared:
    """A page as it is sent."""

    body: bytes
    media_type: str
    width: int  # pixels
    height: int  # pixels

    @property
    def url(self) -> str:
        """Return it as a data URL."""
        return data_url(self.body, self.media_type)


def prepared(path: Path, profile: Profile) -> Prepared:
    """Return a page's image as the profile wants it."""
    with Image.open(path) as opened:
        image = opened.convert("RGB") if opened.mode not in {"L", "RGB"} else opened
        size = _fitting(image.width, image.height, profile)
        if size != image.size:
            image = image.resize(size, Image.Resampling.LANCZOS)
        return _encoded(image, profile)


def _fitting(width: int, height: int, profile: Profile) -> tuple[int, int]:
    """Return the size that a page is sent in: its own, or the largest that the profile allows."""
    scale = min(1.0, profile.longest_side / max(width, height))
    if profile.most_pixels:
        scale = min(scale, math.sqrt(profile.most_pixels / (width * height)))
    if scale == 1.0:
        return width, height
    return max(1, int(scale * width + 1e-6)), max(1, int(scale * height + 1e-6))


def _encoded(image: Image.Image, profile: Profile) -> Prepared:
    """Return the image encoded: as the profile says, where that is not too large for a server."""
    body = _png(image) if profile.image == "png" else _jpeg(image, JPEG_QUALITY)
    if profile.image == "png" and len(body) <= profile.most_bytes:
        return Prepared(body, "image/png", *image.size)
    if profile.image == "png":
        body = _jpeg(image, JPEG_QUALITY)
    for quality in LOWER_QUALITIES:
        if len(body) <= profile.most_bytes:
            break
        body = _jpeg(image, quality)
    while len(body) > profile.most_bytes and min(image.size) > LEAST_SIDE:
        image = image.resize(
            (round(image.width * SMALLER), round(image.height * SMALLER)), Image.Resampling.LANCZOS
        )
        body = _jpeg(image, LOWER_QUALITIES[-1])
    return Prepared(body, "image/jpeg", *image.size)


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=1)  # the network is faster than the processor
    return out.getvalue()


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def data_url(body: bytes, media_type: str) -> str:
    """Return bytes as a data URL."""
    return f"data:{media_type};base64,{base64.b64encode(body).decode('ascii')}"
