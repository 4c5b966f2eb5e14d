"""How much of damaged pictures is noticed, and how much of them is still read; what noticing costs.

    python -m benchmarks.damaged [FOLDER…]

Pages of letters in a little noise are made from seeds, written in each format, and damaged: cut
off in their middle, with 1, 8 and 100 wrong bytes somewhere, with a hole of 8 KiB. A line for each
format and damage: of how many the page says so, and how well the letters above and below agree with
what was written there (0 to 1, means). JPEGs and PNGs in the folders, which are taken to be sound,
are looked at for false alarms, and so are 400 that are made here.
"""

from __future__ import annotations

import io
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from PIL import Image

from ocrd.errors import OcrdError
from ocrd.raster.images import damage, kinds, pngs
from tests.unit.raster.picturing import drawn, encoded, lettered, letters_shown

PAGES = 10  # of each kind
SIZE = (800, 1000)
FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    "PNG": ("a.png", {}),
    "JPEG": ("a.jpg", {"quality": 85}),
    "progressive JPEG": ("a.jpg", {"quality": 85, "progressive": True}),
    "GIF": ("a.gif", {"interlace": 0}),
    "TIFF, LZW, strips": ("a.tif", {"compression": "tiff_lzw"}),
    "TIFF, deflate, one strip": (
        "a.tif", {"compression": "tiff_adobe_deflate", "strip_size": 1 << 24},
    ),
    "TIFF, Group 4": ("a.tif", {"compression": "group4"}),
    "WEBP": ("a.webp", {"quality": 85}),
    "WEBP, lossless": ("a.webp", {"lossless": True}),
    "HEIC": ("a.heic", {"quality": 80}),
    "AVIF": ("a.avif", {}),
    "JPEG 2000": ("a.jp2", {"irreversible": True, "quality_layers": [10]}),
    "JPEG XL": ("a.jxl", {"use_container": True}),
}  # fmt: skip


def page(seed: int) -> Image.Image:
    """Return letters at the head and at the foot of a page, in a little noise."""
    made = Image.new("L", SIZE, 235)
    for top in (0, SIZE[1] - 300):
        made.paste(lettered((SIZE[0], 300), ink=30, paper=235), (0, top))
    noise = np.random.default_rng(seed).normal(0, 5, SIZE[::-1])
    return Image.fromarray(np.clip(np.asarray(made) + noise, 0, 255).astype(np.uint8))


def cut(content: bytes, _: random.Random) -> bytes:
    """Return the first half."""
    return content[: len(content) // 2]


def wrong(count: int) -> Callable[[bytes, random.Random], bytes]:
    """Return what makes so many bytes wrong, somewhere in the middle half."""

    def make(content: bytes, chance: random.Random) -> bytes:
        place = chance.randrange(len(content) // 4, len(content) * 3 // 4)
        return content[:place] + chance.randbytes(count) + content[place + count :]

    return make


def holed(content: bytes, _: random.Random) -> bytes:
    """Return the file without a part of its middle."""
    place = len(content) // 2 // 4096 * 4096
    return content[:place] + bytes(8192) + content[place + 8192 :]


DAMAGES = {"cut": cut, "1 byte": wrong(1), "8": wrong(8), "100": wrong(100), "hole": holed}


def measure(folder: Path, kind: str) -> None:
    """Print what damaged files of one format come to."""
    name, save = FORMATS[kind]
    for words, make in DAMAGES.items():
        said, above, below = [], [], []
        for seed in range(PAGES):
            made = page(seed)
            image = made.point(lambda level: 255 * (level > 128)).convert("1")
            image = image if "Group" in kind else made
            image = image.convert("RGB") if name in {"a.heic", "a.avif", "a.jxl"} else image
            content = encoded(name, image, **save)
            if len(content) < 30_000 and words == "hole":
                continue
            (folder / name).write_bytes(make(content, random.Random(seed)))
            try:
                shown, told = drawn(folder / name)
            except OcrdError:
                said.append(True)
                above.append(0.0)
                below.append(0.0)
                continue
            said.append(bool(told["doubts"] or told["warnings"]))
            above.append(letters_shown(shown.crop((0, 0, SIZE[0], 300))))
            below.append(letters_shown(shown.crop((0, SIZE[1] - 300, *SIZE))))
        if said:
            print(
                f"| {kind} | {words} | {sum(said)} of {len(said)} |"
                f" {mean(above):.2f} | {mean(below):.2f} |", flush=True,
            )  # fmt: skip


def sound() -> Iterator[bytes]:
    """Yield 400 JPEGs of all sizes and ways of writing them."""
    chance = random.Random(1)
    for number in range(400):
        size = chance.randrange(16, 900), chance.randrange(16, 900)
        noise = np.random.default_rng(number).integers(0, 255, size[::-1], np.uint8)
        image = (lettered(size), Image.new("L", size, 250), Image.fromarray(noise))[number % 3]
        save: dict[str, Any] = {
            "quality": chance.randrange(20, 98), "optimize": chance.random() < 0.5,
            "restart_marker_blocks": chance.choice((0, 0, 1, 7, 20)),
        }  # fmt: skip
        if number % 2:
            image, save["subsampling"] = image.convert("RGB"), chance.randrange(3)
        yield encoded("a.jpg", image, **save)


def suspected(content: bytes, kind: str) -> bool:
    """Say whether a file is taken for a damaged one."""
    file = io.BytesIO(content)
    try:
        return damage.load(Image.open(file, formats=(kind,)), file, kind)
    except (OSError, SyntaxError, ValueError):
        return False  # it is damaged, or of a kind that is not decoded


def main(folders: list[Path]) -> None:
    """Measure."""
    print(f"false alarms: {sum(suspected(each, kinds.JPEG) for each in sound())} of 400 made here")
    for kind, endings in ((kinds.JPEG, (".jpg", ".jpeg")), (kinds.PNG, (".png",))):
        paths = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        found = [path for path in paths if path.suffix.lower() in endings]
        alarms = [path for path in found if suspected(path.read_bytes(), kind)]
        print(f"false alarms: {len(alarms)} of {len(found)} files ({kind})", *alarms)
    content = encoded("a.png", Image.fromarray(
        np.random.default_rng(0).integers(0, 255, (4000, 4000), np.uint8)
    ))  # fmt: skip
    began = time.perf_counter()
    pngs.is_sound(io.BytesIO(content))
    taken = 1e3 * (time.perf_counter() - began) / (len(content) / 1e6)
    print(f"sums of a PNG: {taken:.2f} ms a megabyte")
    print("| format | damage | said | above | below |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for kind in FORMATS:
            measure(Path(folder), kind)


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
