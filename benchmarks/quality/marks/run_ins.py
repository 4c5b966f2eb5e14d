"""Paragraphs that begin with words in bold, and such that only look so.

A paragraph's first row has its words in bold in ``mark``, "" where none are: plain ones, such as
begin in capitals or with a number, have a bold word in their middle, or stand below a bold row.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.quality.marks.measures import turned
from benchmarks.quality.marks.paper import SCANNERS, Row, Sheet, scanned, words
from benchmarks.quality.marks.typefaces import font, paths
from ocrd.job import Block

KINDS = ("bold", "bold", "numbered", "plain", "capitals", "middle", "below")
LEFT, RIGHT = 60.0, 530.0  # points


def sheet(half: str, number: int) -> Sheet:
    """Set a page of paragraphs, one in two of them with a bold beginning."""
    chance = np.random.default_rng(90_000 * (1 + (half == "b")) + number)
    pairs = list(zip(paths("plain", half), paths("bold", half), strict=True))
    plain, bold = pairs[number % len(pairs)]
    page = Sheet((150, 200, 300)[number % 3])
    size = float(chance.choice([8.5, 9, 10, 11, 12]))
    pitch = size * float(chance.uniform(1.2, 1.45))
    y = 50.0
    while y < 740:
        kind = str(chance.choice(KINDS))
        head = words(chance, 1, 4).capitalize() + str(chance.choice([".", ".", ":", ""]))
        rest = words(chance, 25, 50).split()
        middle: set[int] = set()
        if kind == "numbered":
            head = f"{chance.integers(1, 9)}.{chance.integers(1, 9)} {head}"
        elif kind == "capitals":
            head = head.upper()
        elif kind == "middle":
            middle = {int(chance.integers(3, 8))}
        elif kind == "below":
            page.put(LEFT, y, words(chance, 2, 5).capitalize(), bold, size)
            page.rows.pop()
            y += 1.5 * pitch
        is_bold = kind in {"bold", "numbered"}
        faces = [(word, bold if is_bold else plain) for word in head.split()]
        faces += [(word, bold if at in middle else plain) for at, word in enumerate(rest)]
        y = _paragraph(page, y, faces, size, pitch, head if is_bold else "")
        y += float(chance.choice([0.8, 1.1])) * pitch
    angle = (0.0, 0.0, 0.4, -0.3)[number % 4]
    if angle:
        turned(page, angle)
    page.image = scanned(page.image, SCANNERS[number % len(SCANNERS)], chance)
    return page


def _paragraph(
    page: Sheet, y: float, faces: Sequence[tuple[str, Path]], size: float, pitch: float, mark: str
) -> float:
    """Set words, each in its typeface, in rows to full width; note the first row."""
    rows: list[list[tuple[str, Path, float]]] = [[]]
    space = page.length("n n", faces[-1][1], size) - page.length("nn", faces[-1][1], size)
    x = LEFT
    for word, face in faces:
        wide = page.length(word, face, size)
        if x + wide > RIGHT and rows[-1]:
            rows.append([])
            x = LEFT
        rows[-1].append((word, face, wide))
        x += wide + space
    pen = page.pen
    for number, row in enumerate(rows):
        gap = space
        if number + 1 < len(rows) and len(row) > 1:
            gap = (RIGHT - LEFT - sum(wide for *_, wide in row)) / (len(row) - 1)
        x, base = LEFT, page.pixels(y + size)
        for word, face, wide in row:
            place = page.pixels(x), base
            pen.text(place, word, fill=0, font=font(face, page.pixels(size)), anchor="ls")
            x += wide + gap
        if number == 0:
            box = page.pixels(LEFT), page.pixels(y), page.pixels(x - gap), base
            page.rows.append(Row(" ".join(word for word, *_ in row), box, mark))
        y += pitch
    return y


def told(row: Row, blocks: Sequence[Block]) -> str:
    """Return the words in bold that the block at a row begins with, "" where none are told."""
    left, top, right, bottom = row.box
    x, y = (left + right) / 2, (top + bottom) / 2
    for block in blocks:
        if any(box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1 for box in block.boxes):
            return block.lead
    return ""
