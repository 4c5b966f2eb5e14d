"""A page's image as a server's own preprocessing wants it: scaled once, and never up."""

from __future__ import annotations

import base64
import io
import math
from pathlib import Path

from PIL import Image

from ocrd.engine.remote.profiles import Profile

JPEG_QUALITY = 92  # beyond it text gains nothing that a model sees


def prepared(path: Path, profile: Profile) -> tuple[bytes, str, int, int]:
    """Return a page's image, encoded, its media type, width and height in pixels."""
    with Image.open(path) as opened:
        image = opened.convert("RGB") if opened.mode not in {"L", "RGB"} else opened
        scale = min(1.0, profile.longest_side / max(image.size))
        if profile.most_pixels:
            scale = min(scale, math.sqrt(profile.most_pixels / (image.width * image.height)))
        if scale < 1.0:
            size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
            image = image.resize(size, Image.Resampling.LANCZOS)
        out = io.BytesIO()
        if profile.image == "jpeg":
            image.save(out, "JPEG", quality=JPEG_QUALITY)
        else:
            image.save(out, "PNG", compress_level=1)  # the network is faster than the processor
        media_type = "image/jpeg" if profile.image == "jpeg" else "image/png"
        return out.getvalue(), media_type, image.width, image.height


def data_url(body: bytes, media_type: str) -> str:
    """Return bytes as a data URL."""
    return f"data:{media_type};base64,{base64.b64encode(body).decode('ascii')}"
