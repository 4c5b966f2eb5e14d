"""Print of the back that shines through: how many words are right, and how many are rubbish.

``python -m benchmarks.quality.shining`` draws thin sheets printed on both sides, half of them with
settings that no limit was set on, and reads each as the embedded engine did before and does now;
then pages that have pale print of their own, which is to stay. ``--show DIR`` says where the
pictures go.
"""

from __future__ import annotations

import argparse
import os
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from benchmarks.machine import heading
from benchmarks.quality.documents import CACHE, FONTS, MORE_FONTS, pages
from ocrd.engine.protocol import Recognise
from ocrd.engine.rapidocr import engine

WORDS = (
    "the harbour office writes every boat that comes in with name and length nobody leaves without"
    " receipt timber is stacked behind the old scales when tide goes out again this morning invoice"
    " within thirty days without deduction general conditions delivery appendix safety overview"
    " chapter introduction committee agreed minutes reading room council budget figures estimate"
).split()
DPI, WIDE, HIGH = 200, 1654, 2339
SHEETS = 10  # of each half
TUNED = (FONTS, "LiberationSerif-Regular.ttf", "LiberationSans-Regular.ttf")
HELD = (MORE_FONTS, "DejaVuSerif.ttf", "DejaVuSans.ttf")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A scanned page and its own words."""

    image: Image.Image
    words: tuple[str, ...]


def sheets(fonts: tuple[str, ...], seed: int, *, back: bool) -> Iterable[Sheet]:
    """Yield thin sheets, with print on the back or with pale print of their own."""
    package, *files = fonts
    folder = CACHE / "packages" / package
    for number in range(SHEETS):
        chance = np.random.default_rng((seed, number, back))
        path = next(folder.rglob(files[number % len(files)]))
        own = _printed(path, chance)
        image = np.asarray(own.image, np.float32)
        share = float(chance.uniform(0.1, 0.35))
        if back:
            other = _printed(path, chance).image
            if chance.random() < 0.3:
                other = other.transpose(Image.Transpose.ROTATE_180)
            other = other.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            other = other.filter(ImageFilter.GaussianBlur(float(chance.uniform(0.8, 2.2))))
            image -= share * (255 - np.asarray(other, np.float32)) * (image / 255)
        else:
            pale = Image.new("L", (WIDE, HIGH), 255)
            text = " ".join(chance.choice(WORDS, 8))
            place = (200, HIGH - 160)
            ImageDraw.Draw(pale).text(place, text, 0, ImageFont.truetype(str(path), 28))
            image = np.minimum(image, 255 - 0.4 * (255 - np.asarray(pale, np.float32)))
            own = Sheet(own.image, (*own.words, *text.split()))
        paper = chance.uniform(225, 250) / 255
        grey = np.clip(paper * image + chance.normal(0, 2.5, image.shape), 0, 255)
        yield Sheet(Image.fromarray(grey.astype(np.uint8)), own.words)


def _printed(path: Path, chance: np.random.Generator) -> Sheet:
    """Return a page of paragraphs."""
    size = int(chance.integers(26, 36))
    font = ImageFont.truetype(str(path), size)
    image = Image.new("L", (WIDE, HIGH), 255)
    pen = ImageDraw.Draw(image)
    pitch = size * float(chance.uniform(1.25, 1.7))
    left, right = float(chance.uniform(120, 240)), WIDE - float(chance.uniform(120, 240))
    y, words = float(chance.uniform(150, 300)), []
    while y < HIGH * float(chance.uniform(0.8, 0.92)):
        for _ in range(int(chance.integers(2, 8))):
            row: list[str] = []
            while font.getlength(" ".join(row)) < 0.85 * (right - left):
                row.append(str(chance.choice(WORDS)))
            pen.text((left, y), " ".join(row), 0, font)
            words += row
            y += pitch
        y += pitch * float(chance.uniform(0.6, 1.5))
    return Sheet(image, tuple(words))


class Before(engine.RapidOcr):
    """Reads what shines through, too."""

    def _front(self, page: engine.Page, *_: object) -> tuple[engine.Page, tuple[str, ...]]:
        return page, ()


def found(reader: engine.RapidOcr, paths: Iterable[tuple[Path, Sheet]]) -> tuple[int, int, int]:
    """Return how many words stand there, how many are right, and how many are none."""
    there = right = rubbish = 0
    for path, sheet in paths:
        lines = reader.recognise(Recognise(1, str(path)), lambda _: None).lines
        read = Counter(re.findall(r"\S+", " ".join(line.text for line in lines)))
        both = sum((Counter(sheet.words) & read).values())
        there, right = there + len(sheet.words), right + both
        rubbish += read.total() - both
    return there, right, rubbish


def main() -> None:
    """Draw, read, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.quality.shining", description=__doc__)
    parser.add_argument("--show", type=Path, default=CACHE / "shining")
    options = parser.parse_args()
    options.show.mkdir(parents=True, exist_ok=True)
    pages("pages")  # fetches the typefaces
    heading("Print of the back that shines through: words")
    share = engine.Share.of("auto", "auto", len(os.sched_getaffinity(0)))
    readers = Before(share), engine.RapidOcr(share)
    print("| | words | right before | none before | right now | none now |")
    print("|---|---|---|---|---|---|")
    for name, back in (("print on the back", True), ("pale print of its own", False)):
        for half, fonts in (("tuned", TUNED), ("held back", HELD)):
            drawn = []
            for number, sheet in enumerate(sheets(fonts, len(fonts[1]), back=back)):
                path = options.show / f"{name}-{half}-{number}.png".replace(" ", "-")
                sheet.image.save(path)
                drawn.append((path, sheet))
            (there, *before), (_, *now) = (found(reader, drawn) for reader in readers)
            print(f"| {name}, {half} | {there} | " + " | ".join(map(str, [*before, *now])) + " |")


if __name__ == "__main__":
    main()
