"""Pictures with transparent parts laid on what their ink stands out from.

White letters on nothing are as usual as black ones: on white paper they would be gone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MODES = frozenset({"RGBA", "LA", "PA", "La", "RGBa"})

_GROUNDS = (255, 0, 128)  # white if it does, black, or what differs from both
_NEAR = 56  # levels: ink that differs less from its ground is lost, or nearly
_LOST_SHARE = 0.01  # of the ink's edge: white paper is kept for so little
_SEEN, _UNSEEN = 96, 32  # of 255: opaque enough to be ink, transparent
_LOOKED_AT = 2_000_000  # pixels


def ground_of(image: Image.Image) -> int | None:
    """Return the level to lay the image on; None where its transparency means nothing.

    What is opaque everywhere has none. What is transparent everywhere, and holds something, was
    written by a program that did not know of it.
    """
    every = int(np.ceil((image.width * image.height / _LOOKED_AT) ** 0.5))
    opacity = np.asarray(image.getchannel("A"))
    if opacity.min() == 255:
        return None
    if opacity.max() == 0:
        opaque = image.convert("RGBA").convert("RGB")
        is_empty = len(opaque.getcolors(1) or ()) == 1
        return 255 if is_empty else None
    seen = opacity[::every, ::every]
    edge = _edge(seen)
    if not edge.any():
        return 255
    small = image.resize(
        (seen.shape[1], seen.shape[0]), Image.Resampling.NEAREST
    ) if every > 1 else image  # fmt: skip
    levels = np.asarray(small.convert("RGBA").convert("RGB").convert("L"), np.int16)[edge]
    lost = [float((np.abs(levels - ground) < _NEAR).mean()) for ground in _GROUNDS]
    return 255 if lost[0] <= _LOST_SHARE else _GROUNDS[int(np.argmin(lost))]


def laid_on(image: Image.Image, ground: int) -> Image.Image:
    """Return the image (mode RGBA or LA) without transparency, in gray if it is."""
    mode = "L" if image.mode == "LA" else "RGB"
    seen = image.convert("RGBA")
    paper = Image.new("RGB", image.size, (ground, ground, ground))
    paper.paste(seen, mask=seen.getchannel("A"))
    return paper.convert(mode)


def _edge(opacity: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return where something opaque borders on something transparent: nearly all of letters."""
    clear = np.pad(opacity < _UNSEEN, 2)
    rows, columns = opacity.shape
    near = np.zeros(opacity.shape, np.bool_)
    for down, across in ((0, 2), (4, 2), (2, 0), (2, 4), (1, 2), (3, 2), (2, 1), (2, 3)):
        near |= clear[down : down + rows, across : across + columns]
    return near & (opacity >= _SEEN)
