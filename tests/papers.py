"""Sheets of paper as scanners deliver them, empty and with hardly anything on them.

Each is made by a seed: the paper's level, its gradient, texture and grain, the scanner's blur and
JPEG, dust, the lid's shadow and punched holes; and on those with content something pale.
"""

from __future__ import annotations

import io
import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Levels = NDArray[np.float64]

SIZES = ((1654, 2339), (1240, 1754), (2339, 1654), (827, 1169))
WORDS = "Rechnung number total page 12 3 Summe EUR 23,45 Vielen Dank purchase Invoice date".split()
CONTENTS = ("number", "word", "line", "page", "pencil", "frame")


@dataclass(frozen=True)
class Sheet:
    """A page, and what is on it, for a person."""

    image: Image.Image
    told: str


def empty(seed: int) -> Sheet:
    """Return a sheet without content."""
    chance = random.Random(seed)
    levels, told = _paper(chance, chance.choice(SIZES)), ["paper"]
    if chance.random() < 0.35:
        _shade(chance, levels)
        told.append("shadow")
    if chance.random() < 0.35:
        _dust(chance, levels, chance.choice((1, 5, 15)))
        told.append("dust")
    if chance.random() < 0.2:
        _punch(chance, levels)
        told.append("holes")
    return Sheet(_scanned(chance, levels), "+".join(told))


def hardly_printed(seed: int, *, least: int = 16) -> Sheet:
    """Return a sheet with something on it, ``least`` levels or more from its paper."""
    chance = random.Random(seed)
    is_dark = chance.random() < 0.15
    levels = _paper(chance, chance.choice(SIZES), chance.choice((0, 20, 60)) if is_dark else None)
    levels = levels.clip(0, 255)  # else ink would lie below black
    depth = chance.choice([level for level in (16, 20, 22, 26, 32, 48, 90) if level >= least])
    kind = chance.choice(CONTENTS)
    height, width = levels.shape
    mask = Image.new("L", (width, height))
    _print(chance, kind, mask)
    levels += np.asarray(mask, np.float64) / 255 * (depth if is_dark else -depth)
    return Sheet(_scanned(chance, levels), f"{kind}, {depth} levels, {width} × {height}")


def _paper(chance: random.Random, size: tuple[int, int], level: int | None = None) -> Levels:
    grain = np.random.default_rng(chance.randrange(1 << 30))
    width, height = size
    base = chance.choice((255, 250, 244, 235, 225, 200)) if level is None else level
    levels = np.full((height, width), float(base))
    if chance.random() < 0.5:
        y, x = np.mgrid[0:height, 0:width]
        slopes = x / width, y / height, 2 * ((x / width - 0.5) ** 2 + (y / height - 0.5) ** 2)
        levels -= chance.uniform(0, 40) * chance.choice(slopes)
    if chance.random() < 0.4:
        coarse = chance.choice((1, 2, 4, 8))
        shape = height // coarse + 2, width // coarse + 2
        texture = Image.fromarray(grain.normal(0, 1, shape).astype(np.float32))
        texture = texture.resize((width + coarse, height + coarse), Image.Resampling.BICUBIC)
        levels += np.asarray(texture)[:height, :width] * chance.uniform(0.5, 3)
    if chance.random() < 0.75:
        levels += grain.normal(0, chance.choice((0.7, 1.5, 3, 5)), (height, width))
    return levels


def _shade(chance: random.Random, levels: Levels) -> None:
    """Let the scanner's lid throw a shadow along an edge."""
    side = chance.randrange(4)
    length = levels.shape[1 if side < 2 else 0]
    depth, soft = chance.uniform(0.004, 0.03) * length, chance.choice((1, 4, 10))
    falling = 1 / (1 + np.exp(np.clip((np.arange(length) - depth) / soft, -50, 50)))
    falling = falling[::-1] if side % 2 else falling
    levels -= chance.uniform(20, 200) * (falling[None, :] if side < 2 else falling[:, None])


def _dust(chance: random.Random, levels: Levels, count: int) -> None:
    height, width = levels.shape
    for _ in range(count):
        x, y = chance.randrange(8, width - 8), chance.randrange(8, height - 8)
        down, across = np.mgrid[-5:6, -5:6]
        radius = chance.uniform(0.5, 1.7)
        shape = np.clip(radius + 0.5 - np.hypot(across, down), 0, 1)
        levels[y - 5 : y + 6, x - 5 : x + 6] -= chance.uniform(20, 160) * shape


def _punch(chance: random.Random, levels: Levels) -> None:
    height, width = levels.shape
    radius = max(width, height) * chance.uniform(0.008, 0.0125)
    x, depth = chance.uniform(0.05, 0.07) * width, chance.uniform(60, 200)
    for share in chance.choice(((0.36, 0.64), (0.1, 0.36, 0.64, 0.9))):
        down, across = np.mgrid[0:height, 0 : int(2 * x + radius)]
        distance = np.hypot(across - x, down - share * height)
        levels[:, : across.shape[1]] -= depth * np.clip(radius + 0.5 - distance, 0, 1)


def _print(chance: random.Random, kind: str, mask: Image.Image) -> None:
    width, height = mask.size
    size = max(12, int(max(width, height) * chance.choice((0.0095, 0.012, 0.016, 0.03))))
    font, pen = ImageFont.load_default(size), ImageDraw.Draw(mask)
    x, y = chance.uniform(0.1, 0.7) * width, chance.uniform(0.05, 0.92) * height
    if kind == "number":
        pen.text((x, chance.choice((0.03, 0.5, 0.95)) * height), "148", fill=255, font=font)
    elif kind == "word":
        pen.text((x, y), chance.choice(WORDS[:2]), fill=255, font=font)
    elif kind in ("line", "page"):
        rows = 1 if kind == "line" else 60
        for row in range(rows):
            words = " ".join(chance.choice(WORDS) for _ in range(9))
            place = 0.06 * height + row * size * 1.4
            if place < 0.93 * height:
                pen.text((0.1 * width, place), words, fill=255, font=font)
    elif kind == "pencil":
        points = [(x, y)]
        for _ in range(60):
            points.append((points[-1][0] + chance.uniform(0, 8), y + chance.uniform(-20, 20)))
        pen.line(points, fill=chance.randrange(200, 256), width=3)
    else:
        pen.rectangle((x, y * 0.7, x + 0.2 * width, y * 0.7 + 0.1 * height), outline=255, width=3)


def _scanned(chance: random.Random, levels: Levels) -> Image.Image:
    image = Image.fromarray(levels.clip(0, 255).round().astype(np.uint8))
    if chance.random() < 0.5:
        image = image.filter(ImageFilter.GaussianBlur(chance.uniform(0.3, 0.9)))
    quality = chance.choice((None, None, 95, 85, 75, 50))
    if quality is not None:
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=quality)
        image = Image.open(stream).convert("L")
    return image
