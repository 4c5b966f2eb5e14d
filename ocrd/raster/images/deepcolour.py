"""Coloured pictures of sixteen bits a sample, of which only the lower ones are used.

Pillow keeps the upper eight bits. Where they hold next to nothing the picture is decoded once more
for the lower ones, and both together are brought to eight bits.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from ocrd.raster.images.tones import range_of

# How Pillow is told to take samples of two bytes, and how to take the other byte of each.
_OTHER_BYTE = {"RGB;16B": "RGB;16L", "RGB;16L": "RGB;16B", "RGB;16N": "RGB;16B"}
_DARK = 64  # of 255: fourteen bits of sixteen


def deep_colour(image: Image.Image, again: Callable[[], Image.Image]) -> Image.Image:
    """Return a decoded image with all that its samples hold; ``again`` opens it anew."""
    if image.mode != "RGB" or image.format not in ("PNG", "TIFF"):
        return image
    if max(high for _, high in image.getextrema()) >= _DARK:  # type: ignore[misc]
        return image
    low = again()
    if not _takes_other_byte(low):
        return image
    low.load()
    upper, lower = (np.asarray(part, np.float32) for part in (image, low))
    numbers = upper * 256 + lower
    seen = range_of(numbers.reshape(numbers.shape[0], -1), None, whole=True)
    deep = Image.fromarray(seen.shallow(numbers))
    deep.info, deep.format = image.info, image.format
    return deep


def _takes_other_byte(image: Image.Image) -> bool:
    """Have the other byte of each sample decoded, if they have two."""
    tiles = getattr(image, "tile", [])
    turned = []
    for tile in tiles:
        arguments = tile.args if isinstance(tile.args, tuple) else (tile.args,)
        other = _OTHER_BYTE.get(str(arguments[0]))
        if other is None:
            return False
        new = (other, *arguments[1:])
        turned.append(tile._replace(args=new if isinstance(tile.args, tuple) else other))
    image.tile = turned  # type: ignore[attr-defined]
    return bool(turned)
