"""Pages of print with lines struck out, and with stamps in the colour of the print over them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from benchmarks.quality.marks.paper import SCANNERS, Row, Sheet, scanned, words
from benchmarks.quality.marks.typefaces import font, paths

# Ways to strike out, and what is stamped. Half B has others.
STROKES = {
    "a": ("level", "double", "slanted", "wavy", "hand"),
    "b": ("rising", "falling", "bowed", "triple", "trembling"),
}
STAMPS = {
    "a": ("ring", "frame", "letters"), "b": ("double ring", "oval", "dated", "bare letters")
}  # fmt: skip
_INKS = {"black": (0, 0, 0), "red": (205, 30, 40), "blue": (30, 50, 170), "grey": (60, 60, 66)}
_STAMPED = {
    "a": ("PAID", "RECEIVED", "COPY", "Eingang"), "b": ("VOID", "BEZAHLT", "ANNULÉ", "Kopie")
}  # fmt: skip
TOUCHED, COVERED = 0.02, 0.1  # share of a row's columns with a stamp's ink: less is free of it
HALVES = {"a": 1, "b": 2}


def prose(
    half: str, number: int, chance: np.random.Generator, least: int = 3, kind: str = "print"
) -> Sheet:
    """Set a page of lines, in one of the half's typefaces of a kind."""
    faces = paths(kind, half)
    face = faces[number % len(faces)]
    sheet = Sheet((150, 200, 300)[number % 3])
    size = float(chance.choice([9, 10, 11, 12]))
    pitch, y = size * float(chance.uniform(1.25, 1.8)), 60.0
    while y < 770:
        text = words(chance, least, 12)
        while 70 + sheet.length(text, face, size) > 540:
            text = text.rpartition(" ")[0]
        sheet.put(70, y, text, face, size)
        y += pitch
    return sheet


def struck(half: str, number: int) -> Sheet:
    """Set a page on which a third of the lines, or a word of them, is struck out."""
    chance = np.random.default_rng(20_000 * HALVES[half] + number)
    sheet = prose(half, number, chance)
    for row in sheet.rows:
        if chance.random() > 0.35:
            continue
        kind = str(chance.choice(STROKES[half]))
        left, top, right, bottom = row.box
        if chance.random() < 0.4:  # one word, or two
            share = sorted(chance.uniform(0, 1, 2))
            long = max(2.0 * (bottom - top), (share[1] - share[0]) * (right - left))
            left += round(share[0] * max(0.0, right - left - long))
            right = round(left + long)
        pen = max(1, round((bottom - top) * float(chance.uniform(0.05, 0.16))))
        ink = _INKS[str(chance.choice(list(_INKS)))]
        for points in _strokes(kind, (left, top, right, bottom), chance):
            sheet.pen.line(points, fill=ink, width=pen, joint="curve")
        row.mark = "struck-out"
    sheet.image = scanned(sheet.image, SCANNERS[number % len(SCANNERS)], chance)
    return sheet


def _strokes(
    kind: str, box: tuple[int, int, int, int], chance: np.random.Generator
) -> Iterator[list[tuple[float, float]]]:
    """Yield the points of each stroke through a line whose ink is in the box."""
    left, top, right, bottom = box
    high = bottom - top
    x = np.linspace(left - 0.2 * high, right + 0.2 * high, max(8, (right - left) // 4))
    share = (x - x[0]) / (x[-1] - x[0])
    middle = top + 0.55 * high + float(chance.normal(0, 0.04)) * high
    lift = float(chance.uniform(0.1, 0.22)) * high
    match kind:
        case "level":
            ys = [np.full_like(x, middle)]
        case "double":
            ys = [np.full_like(x, middle - 0.12 * high), np.full_like(x, middle + 0.12 * high)]
        case "triple":
            ys = [np.full_like(x, middle + step * high) for step in (-0.2, 0.0, 0.2)]
        case "slanted" | "rising":
            ys = [middle + lift * (1 - 2 * share)]
        case "falling":
            ys = [middle - lift * (1 - 2 * share)]
        case "wavy":
            ys = [middle + 0.13 * high * np.sin(2 * math.pi * (x - left) / (1.6 * high))]
        case "bowed":
            ys = [middle + lift * (1 - 2 * np.abs(2 * share - 1))]
        case _:
            steps = chance.normal(0, 0.02 if kind == "hand" else 0.04, len(x)).cumsum()
            steps = steps - np.linspace(0, steps[-1], len(x))
            ys = [middle + high * np.clip(steps, -0.2, 0.2)]
    for y in ys:
        yield list(zip(x.tolist(), y.tolist(), strict=True))


def stamped(half: str, number: int) -> Sheet:
    """Set a page with two stamps in the colour of its print; what they touch little is no row."""
    chance = np.random.default_rng(40_000 * HALVES[half] + number)
    sheet = prose(half, number, chance, least=8)
    wide, high = sheet.image.size
    ink = Image.new("L", sheet.image.size, 0)
    for place in range(2):
        kind = STAMPS[half][(number + place) % len(STAMPS[half])]
        stamp = _stamp(kind, half, sheet.pixels(float(chance.uniform(80, 150))), chance)
        degrees = float(chance.uniform(4, 35)) * float(chance.choice([-1, 1]))
        stamp = stamp.rotate(degrees, Image.Resampling.BICUBIC, expand=True)
        x = round(float(chance.uniform(0.08, 0.45)) * wide)
        y = round(float(chance.uniform(0.08, 0.35)) * high + place * 0.45 * high)
        ink.paste(255, (x, y), stamp)
    sheet.image.paste(_INKS[str(chance.choice(["black", "grey"]))], (0, 0), ink)
    sheet.rows = list(_judged(sheet.rows, np.asarray(ink) > 128))
    sheet.image = scanned(sheet.image, SCANNERS[number % len(SCANNERS)], chance)
    return sheet


def _judged(rows: Sequence[Row], ink: NDArray[np.bool_]) -> Iterator[Row]:
    for row in rows:
        left, top, right, bottom = row.box
        share = float(ink[top:bottom, left:right].any(axis=0).mean())
        if share >= COVERED:
            row.mark = "covered"
        if share >= COVERED or share <= TOUCHED:
            yield row


def _stamp(kind: str, half: str, side: int, chance: np.random.Generator) -> Image.Image:
    """Draw a stamp, white on black, lying level."""
    text = str(chance.choice(_STAMPED[half]))
    face = paths("print", half)[3 if half == "a" else 4]
    pen = max(2, side // 40)
    if kind in {"ring", "double ring", "oval"}:
        size = (round(1.5 * side), side) if kind == "oval" else (side, side)
        image = Image.new("L", size, 0)
        draw = ImageDraw.Draw(image)
        box = (pen, pen, size[0] - pen, size[1] - pen)
        draw.ellipse(box, outline=255, width=pen)
        if kind == "double ring":
            inset = side // 6
            draw.ellipse((inset, inset, side - inset, side - inset), outline=255, width=pen)
        _centred(draw, size, text, face, side // 6)
        return image
    size = (round(1.8 * side), round(0.62 * side))
    image = Image.new("L", size, 0)
    draw = ImageDraw.Draw(image)
    if kind in {"frame", "dated"}:
        draw.rectangle((pen, pen, size[0] - pen, size[1] - pen), outline=255, width=pen)
    if kind == "dated":
        _centred(draw, (size[0], round(0.6 * size[1])), text, face, side // 5)
        _centred(draw, (size[0], round(1.45 * size[1])), "12. MRZ. 2024", face, side // 7)
    else:
        _centred(draw, size, text, face, round(size[1] * (0.6 if kind == "frame" else 0.8)))
    return image


def _centred(
    draw: ImageDraw.ImageDraw, size: tuple[int, int], text: str, face: Path, high: int
) -> None:
    typeface = font(face, max(8, high))
    while typeface.getlength(text) > 0.9 * size[0]:
        high = round(0.9 * high)
        typeface = font(face, max(8, high))
    draw.text((size[0] / 2, size[1] / 2), text, fill=255, font=typeface, anchor="mm")


def plain(half: str, number: int) -> Sheet:
    """Set a page on which nothing is struck out or stamped."""
    chance = np.random.default_rng(60_000 * HALVES[half] + number)
    sheet = prose(half, number, chance)
    sheet.image = scanned(sheet.image, SCANNERS[number % len(SCANNERS)], chance)
    return sheet
