"""Tables in whose cells signs stand alone, and sheets with dust, short strokes and drawn boxes.

Half A has other typefaces than half B, which is only counted, and B has other signs among them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.quality.marks.contents import HALVES
from benchmarks.quality.marks.paper import SCANNERS, Row, Sheet, scanned, words
from benchmarks.quality.marks.signs import _alphabet as alphabet
from benchmarks.quality.marks.typefaces import paths
from ocrd.job import Line

COLUMNS = {
    "a": ("0123456789", "–", "-", "x", "*", "•", "–0", "X-", "ABCDE", "1", "—", "✓", "0", "+", "?"),
    "b": ("7421", "-–", "0x", "–", "ijn", "IVX", "•", "*", "3", "—", "§#", "✓", "o", "±=", "5-"),
}
_ALIKE = (("–—−_", "-"), ("Oo°", "0"), ("Il|", "1"), ("●·", "•"), ("×X", "x"), ("√✔", "✓"))


def table(half: str, number: int) -> Sheet:
    """Set a table: names, amounts, and columns of lone signs; its rows are the lone ones."""
    chance = np.random.default_rng(9000 + 1000 * HALVES[half] + number)
    faces = paths("print", half)
    face = faces[number % len(faces)]
    sheet = Sheet((150, 200, 300)[number % 3])
    size = float(chance.choice([9, 10, 11, 12]))
    pitch = size * float(chance.uniform(1.35, 2.2))
    kinds = [COLUMNS[half][(number + 5 * place) % len(COLUMNS[half])] for place in range(3)]
    places = (60.0, 210.0, 290.0, 350.0, 420.0, 480.0)
    sheet.put(60, 50, words(chance, 2, 5), face, size + 4)
    ruled = number % 4 == 1
    top = y = 90.0
    while y < 700:
        if ruled:
            row = sheet.pixels(y - 0.25 * (pitch - size))
            sheet.pen.line((sheet.pixels(52), row, sheet.pixels(530), row), fill=0)
        sheet.put(places[0], y, words(chance, 1, 2), face, size)
        sheet.put(places[2], y, f"{chance.uniform(1, 900):.2f}", face, size)
        sheet.put(places[4], y, f"{chance.integers(10, 99)}.{chance.integers(10, 12)}.", face, size)
        del sheet.rows[-3:]
        for place, kind in zip((places[1], places[3], places[5]), kinds, strict=True):
            if chance.random() < 0.6 and (sign := _in_face(str(chance.choice(list(kind))), face)):
                sheet.put(place, y, sign, face, size)
        y += pitch
    if ruled:
        for x in (52, *(place - 8 for place in places[1:]), 530):
            column = sheet.pixels(x)
            sheet.pen.line((column, sheet.pixels(top - 4), column, sheet.pixels(y - 4)), fill=0)
    sheet.rows = [row for row in sheet.rows if len(row.text) == 1]
    sheet.image = scanned(sheet.image, SCANNERS[number % len(SCANNERS)], chance)
    return sheet


def dusty(half: str, number: int) -> tuple[Sheet, int]:
    """Set lines with dust, scratches and drawn boxes to their right, and return how many of these.

    No sign stands alone on the sheet.
    """
    chance = np.random.default_rng(19000 + 1000 * HALVES[half] + number)
    faces = paths("print", half)
    face = faces[number % len(faces)]
    sheet = Sheet((150, 200, 300)[number % 3])
    size = float(chance.choice([9, 10, 11, 12]))
    y, drawn = 60.0, 0
    while y < 760:
        some = words(chance, 1, 9)
        while sheet.length(some, face, size) > 320:
            some = some.rpartition(" ")[0]
        row = sheet.put(60, y, some, face, size)
        for _ in range(int(chance.integers(0, 3))):
            _smudge(sheet, chance, row, size)
            drawn += 1
        y += size * float(chance.choice([1.3, 1.3, 2.2]))
    sheet.image = scanned(sheet.image, SCANNERS[number % len(SCANNERS)], chance)
    return sheet, drawn


def _smudge(sheet: Sheet, chance: np.random.Generator, row: Row, size: float) -> None:
    """Draw something that is no sign, as large as one, level with a row."""
    pen, unit = sheet.pen, sheet.pixels(size)
    x = sheet.pixels(float(chance.uniform(400, 560)))
    y = round(float(chance.uniform(row.box[1], row.box[3])))
    small = max(1, round(unit * float(chance.uniform(0.05, 0.35))))
    thin = max(1, unit // 14)
    match int(chance.integers(0, 6)):
        case 0:
            pen.ellipse((x, y, x + small, y + round(small * float(chance.uniform(0.5, 1)))), fill=0)
        case 1:
            pen.line(
                (x, y, x + small, y + round(small * float(chance.normal(0, 1)))), fill=0, width=thin
            )
        case 2:
            pen.rectangle((x, row.box[1], x + unit, row.box[1] + unit), outline=0, width=thin)
        case 3:
            pen.line((x, row.box[1], x + thin, row.box[3]), fill=0, width=thin)
        case 4:
            points = [(x + int(a), y + int(b)) for a, b in chance.normal(0, small, (5, 2))]
            pen.polygon(points, fill=0)
        case _:
            pen.arc((x, row.box[1], x + unit, row.box[1] + unit), 10, 160, fill=0, width=thin)


def _in_face(sign: str, face: Path) -> str:
    """Return a sign, "" where the typeface lacks it."""
    return sign if ord(sign) in alphabet(str(face)) else ""


def said(row: Row, lines: Sequence[Line]) -> str:
    """Return what was read where a sign stands alone, "" where nothing was."""
    left, top, right, bottom = row.box
    for line in lines:
        xs, ys = [x for x, _ in line.quad], [y for _, y in line.quad]
        x, y = (left + right) / 2, (top + bottom) / 2
        if min(xs) <= x <= max(xs) and min(ys) <= y <= max(ys):
            return line.text.strip()
    return ""


def is_right(sign: str, text: str) -> bool:
    """Say whether a sign was read right: which dash, or how large an o or x, does not count."""
    return _folded(sign) == _folded(text)


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).replace(" ", "")
    for some, one in _ALIKE:
        for sign in some:
            plain = plain.replace(sign, one)
    return plain.lower()
