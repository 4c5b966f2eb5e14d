"""A line as it is drawn, and where a network that reads it names its characters."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocrd.engine.rapidocr.line_pieces import COLUMN, HEIGHT
from ocrd.engine.rapidocr.signs import Seen

FONT = ImageFont.load_default(36)


def line(
    text: str, *, scores: Mapping[int, float] | None = None, to_a_column: bool = False
) -> tuple[NDArray[np.uint8], int, list[Seen]]:
    """Draw a line; return it, its columns and where each of its characters stands.

    ``scores`` are by index, 1 else; ``to_a_column`` has the places as coarse as the network's.
    """
    width = round(FONT.getlength(text)) + 24
    image = Image.new("RGB", (width, 52), "white")
    ImageDraw.Draw(image).text((12, 4), text, fill="black", font=FONT)
    columns = round(HEIGHT * width / 52 * 0.9 / COLUMN)
    scale = columns * COLUMN / width
    seen = []
    for index, character in enumerate(text):
        left, right = (12 + FONT.getlength(text[: index + more]) for more in (0, 1))
        place = (left + right) / 2 * scale
        if to_a_column:
            place = (round(place / COLUMN - 0.5) + 0.5) * COLUMN
        seen.append(Seen(character, place, (scores or {}).get(index, 1.0)))
    return np.ascontiguousarray(np.asarray(image)), columns, seen
