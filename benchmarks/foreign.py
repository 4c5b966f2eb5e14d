"""Files of other people, through ``ocrd convert``: what is lost without a word, and called damaged.

Over a folder of PDFs and images (the test suites of libraries are good ones: they hold what once
broke something) it counts pages with ink that end without text and without a word, and sound files
that are called damaged. Judges of ink and soundness are others than those of ocrd: pdfium draws
PDFs, Pillow alone decodes images, and ink is what differs from the commonest level of the page.

    python -m benchmarks.foreign FOLDER [--python PYTHON] [--pages 4] [--list FILE]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
from PIL import Image

_BATCH = 20  # files of one call
_BATCH_SECONDS = 1800
_FAR = 24  # levels of 255 from paper
_INK_SHARE = 2e-4  # of the pixels that are so far: a line of text on a page has more
_SIDE = 1200  # pixels: the longest side that is looked at
_SILENT = {"read", "blank"}  # what a page says that makes nothing of it known


@dataclass
class Foreign:
    """One file: what the judges see, and what came of it."""

    name: str
    sound: bool
    ink: list[bool]  # by page
    code: str = ""  # of the error; "" where it was read
    message: str = ""
    silent: list[int] = field(default_factory=list)  # pages with ink, neither text nor word
    told: list[int] = field(default_factory=list)  # pages with ink and no text that say so
    text: int = 0  # pages with text


def _has_ink(image: Image.Image) -> bool:
    image.thumbnail((_SIDE, _SIDE))
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        image = image.convert("RGBA")
        under = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(under, image)
    levels = np.asarray(image.convert("L"), dtype=np.int16)
    paper = int(np.bincount(levels.ravel(), minlength=256).argmax())
    return float(np.mean(np.abs(levels - paper) > _FAR)) > _INK_SHARE


def _pdf(path: Path, most: int) -> Foreign | None:
    try:
        document = pypdfium2.PdfDocument(path)
        count = len(document)
        if count > most:
            return None
        ink = [_has_ink(page.render(scale=1).to_pil()) for page in document]
    except (pypdfium2.PdfiumError, ValueError, MemoryError):
        return Foreign(path.name, sound=False, ink=[])
    return Foreign(path.name, sound=count > 0, ink=ink)


def _image(path: Path, most: int) -> Foreign | None:
    try:
        with Image.open(path) as image:
            moves = image.format in {"GIF", "PNG", "WEBP", "AVIF"}  # an animation is one page
            count = 1 if moves else getattr(image, "n_frames", 1)
            if count > most:
                return None
            ink = []
            for number in range(count):
                image.seek(number)
                image.load()
                ink.append(_has_ink(image.copy()))
    except Exception:  # noqa: BLE001 - whatever a decoder says of what is not sound
        return Foreign(path.name, sound=False, ink=[])
    return Foreign(path.name, sound=True, ink=ink)


def judged(folder: Path, most: int) -> Iterator[tuple[Path, Foreign]]:
    """Yield the files of at most ``most`` pages, with what the judges see on them."""
    for path in sorted(folder.iterdir()):
        seen = _pdf(path, most) if path.suffix.lower() == ".pdf" else _image(path, most)
        if seen is not None:
            yield path, seen


def _converted(python: str, files: Sequence[Path], out: Path) -> list[dict[str, Any]]:
    command = [python, "-m", "ocrd", "convert", "--json", "-f", "json", "--force"]
    run = subprocess.run(
        [*command, "--no-figures", "-o", str(out), *map(str, files)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=_BATCH_SECONDS,
    )  # fmt: skip
    return list(json.loads(run.stdout))


def _take_in(seen: Foreign, outcome: dict[str, Any]) -> None:
    error = outcome["error"] or {}
    seen.code, seen.message = error.get("code", ""), error.get("message", "")
    for output in outcome["outputs"]:
        for page in json.loads(Path(output).read_text())["pages"]:
            number = page["page"]
            if any(_texts(block) for block in page["blocks"]):
                seen.text += 1
            elif number <= len(seen.ink) and seen.ink[number - 1]:
                is_silent = page["status"] in _SILENT and not page["warnings"]
                (seen.silent if is_silent else seen.told).append(number)


def _texts(block: dict[str, Any]) -> bool:
    return bool(str(block.get("text") or "").strip() or block.get("rows") or block.get("table"))


def main() -> None:
    """Convert the folder's files and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--python", default=sys.executable, help="that has the ocrd to measure")
    parser.add_argument("--pages", type=int, default=4, help="files with more are left out")
    parser.add_argument("--list", type=Path, help="where each file's result goes, as JSON lines")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    known = list(judged(arguments.folder, arguments.pages))
    print(f"{len(known)} files, {sum(len(seen.ink) for _, seen in known)} pages", flush=True)
    results: list[Foreign] = []
    for start in range(0, len(known), _BATCH):
        batch = known[start : start + _BATCH]
        with tempfile.TemporaryDirectory() as out:
            # One by one where two have the same stem: their sidecars would have the same name.
            outcomes = _converted(arguments.python, [path for path, _ in batch], Path(out))
            for (_, seen), outcome in zip(batch, outcomes, strict=True):
                _take_in(seen, outcome)
        results += [seen for _, seen in batch]
        if arguments.list:
            arguments.list.write_text("".join(json.dumps(asdict(seen)) + "\n" for seen in results))
    _report(results)


def _report(results: list[Foreign]) -> None:
    sound = [seen for seen in results if seen.sound]
    rows = {
        "files": len(results),
        "sound files": len(sound),
        "pages with ink on them": sum(sum(seen.ink) for seen in sound),
        "pages with text": sum(seen.text for seen in sound),
        "pages with ink, without text, said so": sum(len(seen.told) for seen in sound),
        "pages with ink, without text, without a word": sum(len(seen.silent) for seen in sound),
        "sound files called damaged": sum(seen.code == "corrupt" for seen in sound),
    }
    for name, count in rows.items():
        print(f"{name:<48}{count:>6}")
    print("errors of sound files:", dict(Counter(seen.code for seen in sound if seen.code)))


if __name__ == "__main__":
    main()
