"""Lines of print with one sign each that readers of lines may not know."""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import pymupdf
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from benchmarks.quality.marks.paper import SCANNERS, scanned
from benchmarks.quality.marks.typefaces import font, paths

# A sign, and where it stands: "{}" is its place.
AMOUNT, NUMBER, WORD, PART = "Total 1 250 {} for timber", "Invoice {} 4711 of March", (
    "The harbour {} office is open"
), "Add {} of a litre, and stir"
SIGNS = {
    "№": NUMBER, "§": NUMBER, "¶": NUMBER, "#": NUMBER,
    "€": AMOUNT, "£": AMOUNT, "¥": AMOUNT, "₽": AMOUNT, "₹": AMOUNT, "₺": AMOUNT, "₴": AMOUNT,
    "₩": AMOUNT, "₪": AMOUNT, "₫": AMOUNT, "₦": AMOUNT, "₱": AMOUNT, "¢": AMOUNT, "ƒ": AMOUNT,
    "½": PART, "¼": PART, "¾": PART, "⅓": PART, "⅔": PART, "⅕": PART, "⅖": PART, "⅛": PART,
    "⅜": PART, "⅝": PART, "⅞": PART, "‰": AMOUNT, "%": AMOUNT,
    "™": WORD, "©": WORD, "®": WORD, "†": WORD, "‡": WORD, "•": WORD, "…": WORD, "—": WORD,
    "→": WORD, "≈": WORD, "≠": WORD, "≤": WORD, "∞": WORD, "√": WORD, "∑": WORD, "µ": WORD,
    "Ω": WORD, "°": AMOUNT, "±": AMOUNT, "×": AMOUNT, "÷": AMOUNT, "²": AMOUNT, "³": AMOUNT,
    "ª": WORD, "º": WORD, "¿": WORD, "¡": WORD, "ž": WORD, "ł": WORD, "ő": WORD, "ğ": WORD,
    "ş": WORD, "ș": WORD, "đ": WORD, "þ": WORD, "ð": WORD, "ħ": WORD, "ŵ": WORD, "ř": WORD,
    "ů": WORD, "ė": WORD, "ų": WORD, "ą": WORD, "ę": WORD, "ī": WORD, "ņ": WORD, "ď": WORD,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """One line, and the sign that stands in it."""

    sign: str
    text: str
    strip: NDArray[np.uint8]


def shown(half: str, each: int = 3) -> Iterator[Shown]:
    """Yield lines with each sign in some of a half's typefaces that have it."""
    for number, (sign, frame) in enumerate(SIGNS.items()):
        some = [path for path in paths("print", half) if ord(sign) in _alphabet(str(path))]
        for place in range(min(each, len(some))):
            face = some[(number + place) % len(some)]
            chance = np.random.default_rng(number * 10 + place)
            word = f"b{sign}ta" if sign.isalpha() and frame is WORD and sign not in "ªº" else sign
            text = frame.format(word)
            typeface = font(face, int(chance.integers(26, 44)))
            left, top, right, bottom = (round(side) for side in typeface.getbbox(text))
            margin = round(0.16 * (bottom - top))
            size = right - left + 4 * margin, bottom - top + 2 * margin
            image = Image.new("RGB", size, "white")
            ImageDraw.Draw(image).text((2 * margin - left, margin - top), text, 0, typeface)
            way = SCANNERS[(number + place) % len(SCANNERS)]
            strip = np.asarray(scanned(image, way, chance).convert("RGB"))[:, :, ::-1]
            yield Shown(sign, text, np.ascontiguousarray(strip))


@cache
def _alphabet(path: str) -> frozenset[int]:
    return frozenset(pymupdf.Font(fontfile=path).valid_codepoints())
