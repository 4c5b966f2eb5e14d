"""Letters, forms and notes with handwriting, set in script typefaces as a pen would have it.

A sheet has one writer: a typeface, how it leans, how even it is. Each letter or word stands a
little higher or lower, larger or smaller, than the last; lines climb; then all of it is bent
softly, so that no two letters are alike, and made thicker or thinner. No person wrote any of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from benchmarks.quality.marks.overlays import HALVES, prose
from benchmarks.quality.marks.paper import SCANNERS, Row, Sheet, scanned, words
from benchmarks.quality.marks.typefaces import font, paths

_INKS = ((20, 20, 30), (30, 50, 150), (60, 60, 66), (110, 110, 115))
_FIELDS = ("Name", "First name", "Street", "Town", "Telephone", "Remarks", "Place, date", "Ort")
_FINE = 2  # times finer than the page, that a line is written before it is bent,
_FINE_UNTIL = 250  # dots per inch
_PLAIN = str.maketrans({"ß": "ss", "é": "e", "è": "e"})  # not every typeface has them
_SIDE = 1.15  # size of the typeface, of the height of the print beside it


@dataclass(frozen=True, slots=True)
class Writer:
    """How somebody writes."""

    face: Path
    ink: tuple[int, int, int]
    by_letters: bool  # each letter is set by itself: else each word
    lean: float  # shear: of the height
    bend: float  # of the height, that letters are bent by
    breadth: int  # fine pixels that strokes are wider, or narrower if negative

    @classmethod
    def of(cls, half: str, number: int, chance: np.random.Generator) -> Writer:
        """Return the writer of a sheet."""
        hands = paths("hand", half)
        return cls(
            hands[number % len(hands)],
            _INKS[int(chance.integers(len(_INKS)))],
            bool(chance.random() < 0.4),
            float(chance.normal(0, 0.12)),
            float(chance.uniform(0.02, 0.07)),
            int(chance.integers(-1, 3)),
        )


def written(half: str, number: int) -> Sheet:
    """Set a sheet on which somebody wrote: between lines of print, into a form, or all of it."""
    chance = np.random.default_rng(80_000 * HALVES[half] + number)
    writer = Writer.of(half, number, chance)
    match number % 3:
        case 0:
            sheet = _between(half, number, writer, chance)
        case 1:
            sheet = _form(half, number, writer, chance)
        case _:
            sheet = _letter(number, writer, chance)
    sheet.image = scanned(sheet.image, SCANNERS[number % len(SCANNERS)], chance)
    return sheet


def _between(half: str, number: int, writer: Writer, chance: np.random.Generator) -> Sheet:
    """Set print, and write a line in the place of two of each four."""
    sheet = prose(half, number, chance)
    rows, sheet.rows = sheet.rows, []
    for index, row in enumerate(rows):
        if index % 4 < 2:
            sheet.rows.append(row)
            continue
        left, top, right, bottom = row.box
        sheet.pen.rectangle((left - 4, top - 2, right + 4, bottom + 2), fill="white")
        if index % 4 == 3:
            above = rows[index - 1].box
            middle = (above[1] + top) // 2, (above[3] + bottom) // 2
            _pen(sheet, words(chance, 2, 5), (left, *middle), writer, chance)
    return sheet


def _form(half: str, number: int, writer: Writer, chance: np.random.Generator) -> Sheet:
    """Set a form and fill it in; half of its fields have a line to write on."""
    faces = paths("print", half)
    face = faces[number % len(faces)]
    sheet = Sheet((150, 200, 300)[number % 3])
    size = float(chance.choice([9, 10, 11]))
    y, ruled = 70.0, bool(chance.random() < 0.5)
    while y < 760:
        name = sheet.put(70, y, f"{chance.choice(_FIELDS)}:", face, size)
        if ruled:
            foot = sheet.pixels(y + 1.25 * size)
            sheet.pen.line((sheet.pixels(170), foot, sheet.pixels(520), foot), fill=60)
        _, top, _, bottom = name.box
        _pen(sheet, words(chance, 1, 4), (sheet.pixels(175), top, bottom), writer, chance)
        y += size * 2.6
    return sheet


def _letter(number: int, writer: Writer, chance: np.random.Generator) -> Sheet:
    """Write a whole sheet."""
    sheet = Sheet((150, 200, 300)[number % 3])
    size = float(chance.uniform(10, 16))
    y = 60.0
    while y < 770:
        top, bottom = sheet.pixels(y), sheet.pixels(y + size)
        _pen(sheet, words(chance, 4, 8), (sheet.pixels(60), top, bottom), writer, chance)
        y += size * float(chance.uniform(2.3, 2.6))
    return sheet


def _pen(
    sheet: Sheet,
    text: str,
    place: tuple[int, int, int],
    writer: Writer,
    chance: np.random.Generator,
) -> None:
    """Write a line from its left, between the top and the foot of print; note it as a row."""
    left, top, bottom = place
    fine = _FINE if sheet.dpi < _FINE_UNTIL else 1
    page, high = sheet.image, (bottom - top) * fine
    mask = Image.new("L", ((page.width - left) * fine, 5 * high), 0)
    size = max(10, round(_SIDE * high))
    x, slope, written = float(high), float(chance.normal(0, 0.01)), ""
    text = text.translate(_PLAIN)
    for part in text if writer.by_letters else text.split(" "):
        typeface = font(writer.face, max(8, round(size * float(chance.uniform(0.92, 1.08)))))
        long = typeface.getlength(part if writer.by_letters else f"{part} ")
        if x + long > mask.width - 2 * size:
            break
        tile = Image.new("L", (round(long) + 2 * size, 3 * size), 0)
        ImageDraw.Draw(tile).text((size, size), part, 255, typeface)
        tile = tile.rotate(float(chance.normal(0, 2.0)), Image.Resampling.BICUBIC)
        down = round(2 * high + slope * x + float(chance.normal(0, 0.03)) * high - size)
        mask.paste(255, (round(x) - size, down), tile)
        x += long * float(chance.uniform(0.95, 1.05))
        written += part if writer.by_letters else f" {part}"
    mask = mask.crop((0, 0, min(mask.width, round(x) + 2 * high), mask.height))
    ink = Image.fromarray(_bent(np.asarray(mask), high, writer, chance))
    ink = ink.resize((mask.width // fine, mask.height // fine), Image.Resampling.BOX)
    box = ink.getbbox()
    if not written.strip() or box is None:
        return
    x0, y0 = left - high // fine, top - 2 * (bottom - top)
    page.paste(writer.ink, (x0, y0), ink)
    box = box[0] + x0, box[1] + y0, box[2] + x0, box[3] + y0
    sheet.rows.append(Row(written.strip(), box, "handwritten"))


def _bent(
    mask: NDArray[np.uint8], high: int, writer: Writer, chance: np.random.Generator
) -> NDArray[np.uint8]:
    """Return writing leant, bent softly, thicker or thinner, pressed more here than there."""
    rows, columns = mask.shape
    grid = max(2, 5 * rows // (2 * high)), max(2, 5 * columns // (2 * high))

    def soft(by: float) -> NDArray[np.float32]:
        field = chance.normal(0, by, grid).astype(np.float32)
        return np.asarray(cv2.resize(field, (columns, rows), interpolation=cv2.INTER_CUBIC))

    across, down = np.meshgrid(np.arange(columns), np.arange(rows))
    lean = writer.lean * (down - rows / 2)
    x = (across + lean + soft(writer.bend * high)).astype(np.float32)
    y = (down + soft(writer.bend * high)).astype(np.float32)
    bent = cv2.remap(mask, x, y, cv2.INTER_LINEAR, borderValue=0)
    if writer.breadth:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (abs(writer.breadth) + 1,) * 2)
        change = cv2.dilate if writer.breadth > 0 else cv2.erode
        bent = change(bent, kernel)
    pressure = np.clip(0.92 + soft(0.08), 0.6, 1.0)
    return np.asarray(bent * pressure, np.uint8)
