"""A page with pictures in the making, and what is drawn on it, in Typst.

A picture is kept with its place, in points; strokes, labels, bars and rings stand in it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from benchmarks.quality.documents import CACHE
from benchmarks.quality.office_words import SENTENCES, TOWNS

PHOTOGRAPHS = (
    ("astronaut.png", "coffee.png", "camera.png", "brick.png", "moon.png", "ihc.png"),
    ("chelsea.png", "rocket.jpg", "motorcycle_left.png", "gravel.png", "coins.png", "retina.jpg"),
)  # of the tuned half, and of the one held back
_FOLDER = "python3-skimage/usr/lib/python3/dist-packages/skimage/data"
COLOURS = ("navy", "maroon", "olive", 'rgb("#d2691e")', "teal", "gray", "black")


class PicturedPage:
    """A page in the making."""

    def __init__(self, kind: str, number: int, folder: Path) -> None:
        self.chance = random.Random(f"pictured-{kind}-{number}")
        self.number, self.folder = number, folder
        self.parts: list[str] = []
        self.size = self.chance.choice((9.5, 10, 11, 12))
        self.held = number % 2

    def prose(self, paragraphs: int) -> None:
        """Set running text."""
        for _ in range(paragraphs):
            said = " ".join(self.chance.sample(SENTENCES, min(5, len(SENTENCES))))
            self.parts.append(f"#par[#{json.dumps(said)}]")

    def add(self, width: float, height: float, body: str, at: str = "center") -> None:
        """Set a picture of so many points."""
        self.parts.append(f"#align({at}, kept({width:.1f}, {height:.1f}, [{body}]))")

    def caption(self, kind: str = "Figure") -> None:
        """Set what explains the picture above."""
        place = self.chance.choice(TOWNS)
        said = f"{kind} {self.chance.randint(1, 9)}: The harbour of {place} in spring"
        self.parts.append(f"#align(center, text(size: {self.size - 1}pt)[#{json.dumps(said)}])")

    def photograph(self) -> tuple[str, float]:
        """Put a photograph, or a part of one, beside the source; return its name and its form."""
        name = self.chance.choice(PHOTOGRAPHS[self.held])
        with Image.open(CACHE / "packages" / _FOLDER / name) as image:
            whole = image.convert("RGB")
        wide, high = (round(side * self.chance.uniform(0.6, 1)) for side in whole.size)
        left = self.chance.randint(0, whole.width - wide)
        top = self.chance.randint(0, whole.height - high)
        part = whole.crop((left, top, left + wide, top + high))
        if self.chance.random() < 0.4:
            part = part.convert("L")
        if self.chance.random() < 0.2:
            part = part.convert("1")  # dots, as a newspaper prints it
        said = f"pictured-{name.partition('.')[0]}-{self.chance.randint(0, 10**9)}.png"
        part.save(self.folder / said)
        return said, wide / high


def stroke(x0: float, y0: float, x1: float, y1: float, pen: str = "0.7pt") -> str:
    """Return a straight stroke, from one point to another."""
    ends = f"start: ({x0:.1f}pt, {y0:.1f}pt), end: ({x1:.1f}pt, {y1:.1f}pt)"
    return f"#place(top + left, line({ends}, stroke: {pen}))"


def label(x: float, y: float, said: str, size: float = 7) -> str:
    """Return words that begin at a point."""
    text = f"text(size: {size}pt, {json.dumps(said)})"
    return f"#place(top + left, dx: {x:.1f}pt, dy: {y:.1f}pt, {text})"


def bar(x: float, y: float, wide: float, high: float, fill: str, pen: str = "none") -> str:
    """Return a rectangle by its upper left corner and its size."""
    form = f"rect(width: {wide:.1f}pt, height: {high:.1f}pt, fill: {fill}, stroke: {pen})"
    return f"#place(top + left, dx: {x:.1f}pt, dy: {y:.1f}pt, {form})"


def ring(x: float, y: float, radius: float, pen: str, fill: str = "none") -> str:
    """Return a circle by its middle."""
    form = f"circle(radius: {radius:.1f}pt, stroke: {pen}, fill: {fill})"
    return f"#place(top + left, dx: {x - radius:.1f}pt, dy: {y - radius:.1f}pt, {form})"


def line(points: Sequence[tuple[float, float]], pen: str, fill: str = "none") -> str:
    """Return a stroke through points, or what it surrounds."""
    first, *others = (f"({x:.1f}pt, {y:.1f}pt)" for x, y in points)
    steps = ", ".join(f"curve.line({place})" for place in others)
    close = ", curve.close()" if fill != "none" else ""
    curve = f"curve(fill: {fill}, stroke: {pen}, curve.move({first}), {steps}{close})"
    return f"#place(top + left, {curve})"
