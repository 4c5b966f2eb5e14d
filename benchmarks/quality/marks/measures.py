"""Rows of print with an amount, a quotation or an ornament in them, as recipes and letters have.

What a row is about stands in its ``mark``, without spaces: it is read right if the row's text has
it. The halves have other words, typefaces and numbers; "controls" are rows that look alike and hold
no such sign.
"""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pymupdf
from PIL import Image

from benchmarks.quality.marks.paper import SCANNERS, Row, Sheet, scanned
from benchmarks.quality.marks.typefaces import font, paths

KINDS = ("units", "fractions", "quotes", "ornaments", "controls")
DPI = (150, 200, 300)
TURNED = (0.0, 0.0, 0.5, -0.4)  # degrees, from sheet to sheet

UNITS = ("l", "ml", "cl", "dl", "g", "kg", "mg", "m", "cm", "mm", "km", "h", "min", "s", "lb", "oz",
         "°C", "%", "€", "kWh", "ha", "t", "W", "V", "A", "hl")  # fmt: skip
FRACTIONS = "½¼¾⅓⅔⅛⅜⅝⅞"
QUOTES = (("„", "“"), ("“", "”"), ("«", "»"), ("»", "«"), ("‚", "‘"), ("‘", "’"), ("‹", "›"))
ORNAMENTS = "✂☎✓✔✗✘☐☑☒•→←⇒★☆■□▪●○♥✉☞➔▶◆◇♦►–—…†‡§©®"

_ALIKE = str.maketrans("“”‘’–−✔●▪➔", "\"\"''——✓••→")

_WORDS = {
    "a": {
        "units": ("Bring {} of water to the boil", "{} Wasser, lauwarm", "mit {} aufgießen",
                  "{} de lait entier", "about {} in all", "Dazu {} geben.", "Total: {}",
                  "Nach {} wenden", "{}"),
        "fractions": ("{} cups of flour", "add {} tsp salt", "{} Teelöffel Zimt", "{} l Milch",
                      "bake for {} hours", "about {} inches wide", "{} tasse de sucre"),
        "quotes": ("Er sagte: {}.", "{}, rief sie.", "The sign said {} in red", "Das Wort {} fehlt",
                   "un mot comme {} suffit", "{} is all it says", "({})"),
        "words": ("Guten Morgen", "ja", "Alles fertig", "never again", "Komm", "la mer", "1984"),
        "ornaments": ("{} Cut along this line", "Call us {} 555 0134", "done {} not done",
                      "{} Bitte hier abtrennen", "see page {} below", "a {} b",
                      "{} Flour and eggs"),
        "controls": ("Room 51 is closed", "see page 21 and 31", "Seite 151", "in 1971 and 1981",
                     "Nr. 11 und 12", "a ratio of 5:1", "item 41, 51 and 61", "Platz 5, Reihe 1",
                     "5 1 3 4 1", "over 11 to 1", "Tel. 030 51 51", "Figure 4.1 shows it"),
    },
    "b": {
        "units": ("Pour in {} of stock", "{} Sahne, kalt", "Mit {} füllen und rühren",
                  "{} d'huile d'olive", "Contents {} net", "Zusammen {}.", "Weight: {}",
                  "every {} or so", "{}"),
        "fractions": ("{} pints of cream", "stir in {} oz butter", "{} Löffel Honig", "{} kg Mehl",
                      "leave it {} days", "a board {} feet long", "{} verre d'eau"),
        "quotes": ("Sie fragte: {}?", "{}, schrieb er.", "They called it {} for years",
                   "Der Titel {} bleibt", "le mot {} revient", "{} was his answer", "[{}]"),
        "words": ("Auf Wiedersehen", "nein", "Noch nicht", "come back", "Halt", "bon voyage", "42"),
        "ornaments": ("{} Please tear off here", "Phone {} 0171 2203", "open {} closed",
                      "{} Hier falten", "turn to {} overleaf", "x {} y", "{} Sugar and milk"),
        "controls": ("House 71 was sold", "chapters 11 and 41", "Zimmer 251", "from 1811 to 1911",
                     "Art. 21 und 51", "won by 3:1", "rows 31, 71 and 81", "Gleis 2, Wagen 1",
                     "7 1 2 1 6", "up to 21 or 1", "Fax 040 71 11", "Table 2.1 has more"),
    },
}  # fmt: skip


def sheet(half: str, number: int) -> Sheet:
    """Set a page whose rows have one sign or amount each."""
    chance = np.random.default_rng(70_000 * (1 + (half == "b")) + number)
    faces = paths("print", half)
    face = faces[number % len(faces)]
    page = Sheet(DPI[number % len(DPI)])
    size = float(chance.choice([8.5, 9, 10, 11, 12, 14]))
    y = 50.0
    while y < 770:
        x = 60.0
        while x < 400:
            text, kind, token = _row(half, chance)
            row = _put(page, x, y, text, face, size, half)
            row.mark = f"{kind}\t{token}"
            wide = (row.box[2] - row.box[0]) * 72 / page.dpi
            x += max(250.0, wide + 40)
        y += 1.6 * size
    angle = TURNED[number % len(TURNED)]
    if angle:
        turned(page, angle)
    page.image = scanned(page.image, SCANNERS[number % len(SCANNERS)], chance)
    return page


def _row(half: str, chance: np.random.Generator) -> tuple[str, str, str]:
    """Return a row's text, its kind, and what has to be read of it, without spaces."""
    words = _WORDS[half]
    kind = str(chance.choice(KINDS, p=(0.28, 0.2, 0.2, 0.2, 0.12)))
    frame = str(chance.choice(words[kind]))
    if kind == "units":
        unit = str(chance.choice(UNITS)) if chance.random() < 0.75 else "l"
        amount = str(chance.choice(["1", "2", "5", "10", "1,5", "0.75", "250", "500", "21", "12",
                                    "3", "1.1", "100", "11"]))  # fmt: skip
        token = f"{amount}{' ' if chance.random() < 0.8 else ''}{unit}"
    elif kind == "fractions":
        whole = str(chance.choice(["", "1", "2", "3", "1 ", "2 ", "10", "4"]))
        token = whole + str(chance.choice(list(FRACTIONS), p=(0.3, 0.15, 0.15, *[0.4 / 6] * 6)))
    elif kind == "quotes":
        left, right = QUOTES[int(chance.choice(len(QUOTES), p=(0.4, *[0.1] * 6)))]
        token = f"{left}{chance.choice(words['words'])}{right}"
    elif kind == "ornaments":
        token = str(chance.choice(list(ORNAMENTS)))
    else:
        return frame, kind, frame.replace(" ", "")
    return frame.format(token), kind, token.replace(" ", "")


def _put(page: Sheet, x: float, y: float, text: str, face: Path, size: float, half: str) -> Row:
    """Set a row; a sign that its typeface does not have is taken from one that has it."""
    place = page.pixels(x)
    parts: list[tuple[str, Path]] = []
    for sign in text:
        one = face if ord(sign) in _alphabet(str(face)) else paths("ornaments", half)[0]
        if parts and parts[-1][1] == one:
            parts[-1] = parts[-1][0] + sign, one
        else:
            parts.append((sign, one))
    pen, base = page.pen, page.pixels(y + size)
    box: tuple[float, ...] = ()
    for part, one in parts:
        typeface = font(one, page.pixels(size))
        pen.text((place, base), part, fill=0, font=typeface, anchor="ls")
        left, top, right, bottom = pen.textbbox((place, base), part, typeface, anchor="ls")
        place += round(typeface.getlength(part))
        box = (left, top, right, bottom) if not box else (
            min(box[0], left), min(box[1], top), max(box[2], right), max(box[3], bottom)
        )  # fmt: skip
    left, top, right, bottom = map(round, box)
    row = Row(text, (left, top, right, bottom))
    page.rows.append(row)
    return row


def turned(page: Sheet, angle: float) -> None:
    """Turn a sheet about its middle, counter-clockwise, and its rows' boxes with it."""
    wide, high = page.image.size
    page.image = page.image.rotate(angle, Image.Resampling.BICUBIC, fillcolor="white")
    slant = np.radians(angle)
    for row in page.rows:
        left, top, right, bottom = row.box
        x, y = (left + right) / 2 - wide / 2, (top + bottom) / 2 - high / 2
        across = round(x * np.cos(slant) + y * np.sin(slant) - x)
        down = round(y * np.cos(slant) - x * np.sin(slant) - y)
        row.box = left + across, top + down, right + across, bottom + down


def alike(text: str) -> str:
    """Return a text without spaces, and with one sign for those that say the same."""
    return text.replace(" ", "").replace("...", "…").translate(_ALIKE)


@cache
def _alphabet(path: str) -> frozenset[int]:
    return frozenset(pymupdf.Font(fontfile=path).valid_codepoints())
