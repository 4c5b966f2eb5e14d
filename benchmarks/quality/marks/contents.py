"""Tables of contents and forms with leaders, set in the typefaces of a half."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.quality.marks.paper import SCANNERS, Sheet, scanned, words
from benchmarks.quality.marks.typefaces import paths

# What a leader repeats, or how it is drawn. Half B has others.
LEADERS = {
    "a": (".", ". ", " .", "_", "- ", "·", "rule", "dotted", "...  "),
    "b": ("..", "  . ", "…", "-", "– ", "—", "dashed", "· ", "_ ", "dotted"),
}
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
_FIELDS = (
    "Name", "First name", "Date of birth", "Street", "Town", "Telephone", "Account", "Signature",
    "Amount", "Place, date", "Reference", "Ihr Zeichen", "Adresse",
)  # fmt: skip


def leader(sheet: Sheet, kind: str, face: Path, size: float, x: float, end: float, y: float) -> str:
    """Draw a leader from x to its end, in points, on the line at y; return it as text."""
    pen = sheet.pen
    foot = y + 0.92 * size
    if kind in {"rule", "dotted", "dashed"}:
        wide = max(1, sheet.pixels(size / 16))
        left, right, row = sheet.pixels(x + 2), sheet.pixels(end - 2), sheet.pixels(foot)
        step, part = {
            "rule": (right, right), "dotted": (4 * wide, wide), "dashed": (8 * wide, 5 * wide)
        }[kind]  # fmt: skip
        for place in range(left, right, step):
            pen.rectangle((place, row, min(place + part, right), row + wide - 1), fill=0)
        return " ____ " if kind == "rule" else " .... "
    one = sheet.length(kind * 10, face, size) / 10
    count = int((end - x - 4) / one)
    text = kind * count
    start = end - 2 - sheet.length(text, face, size)
    if count > 0:
        sheet.put(start, y, text, face, size)
        sheet.rows.pop()
    return f" {text.strip()} "


def contents(half: str, number: int) -> Sheet:
    """Set a page of contents; its rows are the entries, a tab between words and number."""
    chance = np.random.default_rng(1000 * HALVES[half] + number)
    faces = paths("print", half)
    face = faces[number % len(faces)]
    sheet = Sheet((150, 200, 300)[number % 3])
    size = float(chance.choice([8, 9, 10, 11, 12, 14]))
    kind = LEADERS[half][number % len(LEADERS[half])]
    pitch = size * float(chance.uniform(1.3, 1.9))
    right = float(chance.choice([500, 530, 545]))
    name = str(chance.choice(["Contents", "Inhalt", "Table des matières"]))
    sheet.put(70, 50, name, face, size + 6)
    y, page, chapter, below = 90.0, 1, 0, 0
    while y < 770:
        if chance.random() < 0.3 or not chapter:
            chapter, below = chapter + 1, 0
            name, x = f"{chapter} {words(chance, 1, 5)}", 70.0
        else:
            below += 1
            name, x = f"{chapter}.{below} {words(chance, 1, 6)}", 70 + 1.6 * size
        page += int(chance.integers(0, 9))
        label = _ROMAN[page % 12] if number % 7 == 3 else str(page)
        end = right - sheet.length(label, face, size)
        if x + sheet.length(name, face, size) > end - 3 * size:
            name = " ".join(name.split()[:3])
        sheet.put(x, y, name, face, size)
        sheet.put(end, y, label, face, size)
        first, last = sheet.rows[-2:]
        del sheet.rows[-2:]
        leader(sheet, kind, face, size, x + sheet.length(name, face, size), end, y)
        (left, top, _, bottom), (_, other, edge, lowest) = first.box, last.box
        first.text = f"{name}\t{label}"
        first.box = left, min(top, other), edge, max(bottom, lowest)
        sheet.rows.append(first)
        y += pitch
    return _finished(sheet, number, chance)


def fields(half: str, number: int) -> Sheet:
    """Set a form of names with lines to fill in; its rows are the names, a tab between them."""
    chance = np.random.default_rng(5000 + 1000 * HALVES[half] + number)
    faces = paths("print", half)
    face = faces[number % len(faces)]
    sheet = Sheet((150, 200, 300)[number % 3])
    size = float(chance.choice([8, 9, 10, 11, 12]))
    kind = ("_", "rule", ".", "dotted", "_ ", "dashed")[number % 6]
    sheet.put(70, 50, "Application form", face, size + 5)
    y = 100.0
    while y < 770:
        columns = int(chance.choice([1, 2, 3]))
        names = []
        for column in range(columns):
            x = 70 + column * 460 / columns
            name = f"{chance.choice(_FIELDS)}:"
            sheet.put(x, y, name, face, size)
            first = sheet.rows.pop()
            end = 70 + (column + 1) * 460 / columns - 12
            leader(sheet, kind, face, size, x + sheet.length(name, face, size), end, y)
            names.append(first)
        names[0].text = "\t".join(one.text for one in names)
        names[0].box = (names[0].box[0], names[0].box[1], names[-1].box[2], names[0].box[3])
        sheet.rows.append(names[0])
        y += 2.2 * size
    return _finished(sheet, number, chance)


HALVES = {"a": 1, "b": 2}


def _finished(sheet: Sheet, number: int, chance: np.random.Generator) -> Sheet:
    sheet.image = scanned(sheet.image, SCANNERS[number % len(SCANNERS)], chance)
    return sheet


def sheets(half: str, count: int) -> Iterator[tuple[str, Sheet]]:
    """Yield pages of contents and forms."""
    for number in range(count):
        yield "contents", contents(half, number)
    for number in range(count // 2):
        yield "fields", fields(half, number)
