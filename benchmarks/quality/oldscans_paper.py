"""Pages from typewriters and line printers, and what copiers, faxes and years make of them.

All is drawn at 300 dots per inch and reduced to the copy's resolution last, as a scanner would.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from benchmarks.quality.marks import typefaces
from benchmarks.quality.oldscans_kinds import LINES, WIDE, Run, Typed

DPI = 300
_A4 = round(8.27 * DPI), round(11.69 * DPI)
_LINE = DPI / 6
_CELL = 8, 16  # pins of a printer's letter
_PRINTED = 190, 72  # pixels left of a printer's line, and its columns
_FAX = 204, 98  # dots per inch along and across
Grey = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Copy:
    """What a page went through. Lengths are in pixels of 300 dots per inch, greys 0 to 255."""

    way: str = "grey"  # "grey", "bilevel" or "fax"
    dpi: int = 200
    broaden: int = 0  # strokes get so much wider, or narrower below 0
    blur: float = 0.8
    ink: int = 45  # the darkest grey
    paper: int = 240
    level: int = 150  # of a bilevel copy: what is darker gets black
    uneven: float = 0.1  # share of the ink, or of the light, that comes and goes over the page
    degrees: float = 0.5
    warp: float = 4.0
    edge: bool = False  # a dark one at the left
    holes: bool = False  # punched at the left
    specks: int = 40  # of dust
    grain: float = 6.0


def typewritten(
    page: Typed, face: Path, head: Path, pitch: int, chance: random.Random
) -> Image.Image:
    """Return a page typed letter by letter at ``pitch`` letters an inch, its head printed.

    Each letter of the machine stands a little off the line, always in the same way, and each
    stroke is of another strength.
    """
    image = Image.new("L", _A4, 255)
    pen = ImageDraw.Draw(image)
    step = DPI / pitch
    size = round(step / typefaces.font(face, 1000).getlength("n") * 1000)
    font = typefaces.font(face, size)
    left = (_A4[0] - WIDE * step) / 2
    rise = {letter: chance.gauss(0, 1.1) for letter in map(chr, range(33, 383))}
    slide = {letter: chance.gauss(0, 0.7) for letter in map(chr, range(33, 383))}
    for run in page.runs:
        if run.style in {"large", "small"}:
            _printed(pen, run, head)
            continue
        y = run.line * _LINE
        for number, letter in enumerate(run.text):
            middle = left + (run.column + number + 0.5) * step
            place = (
                middle - font.getlength(letter) / 2 + slide.get(letter, 0) + chance.gauss(0, 0.5),
                y + rise.get(letter, 0) + chance.gauss(0, 0.5),
            )
            strength = min(255, max(0, round(chance.gauss(35, 22))))
            pen.text(place, letter, strength, font, anchor="ls")
        if run.style == "underlined":
            start = left + run.column * step
            pen.line((start, y + 9, start + len(run.text) * step, y + 9), fill=40, width=4)
    if page.signed:
        _signed(pen, left + page.signed[1] * step, page.signed[0] * _LINE, chance)
    return image


def _printed(pen: ImageDraw.ImageDraw, run: Run, head: Path) -> None:
    font = typefaces.font(head, round((17 if run.style == "large" else 9) / 72 * DPI))
    pen.text((_A4[0] / 2, run.line * _LINE), run.text, 0, font, anchor="ms")


def _signed(pen: ImageDraw.ImageDraw, x: float, y: float, chance: random.Random) -> None:
    """Draw loops of a pen, which are no letters."""
    steps = np.linspace(0, 1, 160)
    wide, loops = chance.uniform(350, 520), chance.uniform(4, 6)
    high = 38 * np.interp(steps, (0, 0.1, 0.4, 1), (0.5, 1, 0.7, 0.3))
    xs = x + wide * steps + 22 * np.sin(6.3 * loops * steps)
    ys = y + 50 - 14 * steps + high * np.sin(6.3 * loops * steps + 1.2)
    pen.line(list(zip(xs.tolist(), ys.tolist(), strict=True)), fill=20, width=5, joint="curve")


def printed_by_pins(page: Typed, face: Path) -> Image.Image:
    """Return a page as a line printer sets it on paper with bars and holes along its sides."""
    (wide, high), (left, columns) = _CELL, _PRINTED
    pins = Image.new("1", (columns * wide, (LINES + 1) * high), 0)
    pen = ImageDraw.Draw(pins)
    pen.fontmode = "1"
    step = typefaces.font(face, 1000).getlength("n") / 1000
    font = typefaces.font(face, min(high, int(wide / step)))
    for run in page.runs:
        for number, letter in enumerate(run.text):
            place = (run.column + number) * wide, run.line * high
            pen.text(place, letter, 1, font, anchor="ls")
    ys, xs = np.nonzero(np.asarray(pins))
    sheet = np.full((_A4[1], _A4[0]), 255, np.uint8)
    step = DPI / 10 / wide
    sheet[(ys * _LINE / high).astype(int), (left + xs * step).astype(int)] = 0
    dot = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    image = Image.fromarray(cv2.erode(sheet, dot))
    bars = Image.new("L", _A4, 255)
    pen = ImageDraw.Draw(bars)
    for top in range(3, LINES, 6):
        pen.rectangle((150, top * _LINE + 14, _A4[0] - 150, (top + 3) * _LINE + 14), fill=222)
    for y in range(75, _A4[1], DPI // 2):
        for x in (70, _A4[0] - 70):
            pen.ellipse((x - 23, y - 23, x + 23, y + 23), fill=110)
    return Image.fromarray(np.minimum(np.asarray(image), np.asarray(bars)))


def copied(image: Image.Image, copy: Copy, chance: np.random.Generator) -> Image.Image:
    """Return a drawn page as the copy of it was scanned."""
    pixels = np.asarray(image.convert("L"))
    if copy.broaden:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (abs(copy.broaden) + 1,) * 2)
        pixels = (cv2.erode if copy.broaden > 0 else cv2.dilate)(pixels, kernel)
    shade = cv2.GaussianBlur(pixels, (0, 0), copy.blur).astype(np.float32) / 255
    strength = 1 - copy.uneven * _clouds(shade.shape, chance)
    grey = copy.paper - (copy.paper - copy.ink) * (1 - shade) * strength
    grey *= 1 - copy.uneven * _clouds(shade.shape, chance)[::-1]
    grey = _bent(grey, copy, chance)
    _soiled(grey, copy, chance)
    grey += chance.normal(0, copy.grain, grey.shape).astype(np.float32)
    out = Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))
    along, across = _FAX if copy.way == "fax" else (copy.dpi, copy.dpi)
    size = round(out.width * along / DPI), round(out.height * across / DPI)
    out = out.resize(size, Image.Resampling.BOX)
    if copy.way == "grey":
        return out
    out = out.point(lambda value: 255 * (value >= copy.level)).convert("1")
    # A fax's dots are twice as high as wide; the daemon makes them square.
    return out.resize((out.width, 2 * out.height)) if copy.way == "fax" else out


def _clouds(shape: tuple[int, ...], chance: np.random.Generator) -> Grey:
    """Return what changes slowly over the page, 0 to 1."""
    few = chance.random((7, 5)).astype(np.float32)
    smooth = cv2.resize(few, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(smooth, 0, 1), np.float32)


def _bent(grey: Grey, copy: Copy, chance: np.random.Generator) -> Grey:
    """Turn the page, and let its lines bow."""
    high, wide = grey.shape
    turn = cv2.getRotationMatrix2D((wide / 2, high / 2), copy.degrees, 1).astype(np.float32)
    xs, ys = np.meshgrid(np.arange(wide, dtype=np.float32), np.arange(high, dtype=np.float32))
    across = turn[0, 0] * xs + turn[0, 1] * ys + turn[0, 2]
    down = turn[1, 0] * xs + turn[1, 1] * ys + turn[1, 2]
    waves = np.float32(chance.uniform(0.5, 1.0) * np.pi)
    down += np.float32(copy.warp) * np.sin(waves * xs / wide + np.float32(chance.uniform(0, 3)))
    bent = cv2.remap(
        grey, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT,
        borderValue=float(copy.paper),
    )  # fmt: skip
    return np.asarray(bent, np.float32)


def _soiled(grey: Grey, copy: Copy, chance: np.random.Generator) -> None:
    """Put the shadow of an edge, punched holes and dust on the page."""
    high, wide = grey.shape
    if copy.edge:
        shadow = np.arange(wide, dtype=np.float32) - chance.uniform(10, 40)
        grey *= np.clip(0.15 + shadow / 90, 0.15, 1)[None, :]
    if copy.holes:
        x = round(0.45 * DPI)
        for y in (high // 2 - round(1.57 * DPI), high // 2 + round(1.57 * DPI)):
            cv2.circle(grey, (x, y), 34, float(chance.uniform(15, 60)), -1, cv2.LINE_AA)
    for _ in range(copy.specks):
        place = int(chance.integers(0, wide)), int(chance.integers(0, high))
        axes = int(chance.integers(1, 5)), int(chance.integers(1, 4))
        shade = copy.paper if chance.random() < 0.3 else float(chance.uniform(20, 120))
        cv2.ellipse(grey, place, axes, float(chance.uniform(0, 180)), 0, 360, shade, -1)
