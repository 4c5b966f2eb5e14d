"""Forms and letters with handwriting between, beside and under the print, set in script typefaces.

Each letter stands a little higher or lower, larger or smaller, than the last, words lean and climb:
no two are alike, as those of a pen.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.quality.marks.overlays import HALVES, prose
from benchmarks.quality.marks.paper import SCANNERS, Row, Sheet, scanned, words
from benchmarks.quality.marks.typefaces import font, paths

_INKS = ((20, 20, 30), (30, 50, 150), (60, 60, 66))


def written(half: str, number: int) -> Sheet:
    """Set a page of print, each third line or so followed by one of a pen."""
    chance = np.random.default_rng(80_000 * HALVES[half] + number)
    sheet = prose(half, number, chance)
    hands = paths("hand", half)
    rows, sheet.rows = sheet.rows, []
    for index, row in enumerate(rows):
        if index % 3 != 2:
            sheet.rows.append(row)
            continue
        left, top, right, bottom = row.box
        sheet.pen.rectangle((left - 4, top - 2, right + 4, bottom + 2), fill="white")
        face = hands[(number + index) % len(hands)]
        ink = _INKS[number % len(_INKS)]
        text = words(chance, 2, 5)
        box = _pen(sheet.image, text, (left, top, bottom), face, ink, chance)
        sheet.rows.append(Row(text, box, "handwritten"))
    sheet.image = scanned(sheet.image, SCANNERS[number % len(SCANNERS)], chance)
    return sheet


def _pen(
    page: Image.Image,
    text: str,
    place: tuple[int, int, int],
    face: Path,
    ink: tuple[int, int, int],
    chance: np.random.Generator,
) -> tuple[int, int, int, int]:
    """Write a line, letter by letter; return the box of its ink."""
    left, top, bottom = place
    high = bottom - top
    size = max(10, round(1.15 * high))
    mask = Image.new("L", (page.width, 3 * high), 0)
    x, y = float(left), float(high)
    slope = float(chance.normal(0, 0.01))
    for letter in text:
        typeface = font(face, max(8, round(size * float(chance.uniform(0.92, 1.08)))))
        tile = Image.new("L", (3 * size, 3 * size), 0)
        ImageDraw.Draw(tile).text((size, size), letter, 255, typeface)
        tile = tile.rotate(float(chance.normal(0, 3)), Image.Resampling.BICUBIC)
        down = round(y + slope * (x - left) + float(chance.normal(0, 0.03)) * high - size)
        mask.paste(255, (round(x) - size, down), tile)
        x += typeface.getlength(letter) * float(chance.uniform(0.95, 1.05))
        if x > page.width - 2 * size:
            break
    box = mask.getbbox() or (0, 0, 1, 1)
    page.paste(ink, (0, top - high), mask)
    return box[0], box[1] + top - high, box[2], box[3] + top - high
