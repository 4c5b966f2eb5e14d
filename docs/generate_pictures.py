"""Make docs/pictures: `ocrd status --watch` at work; a page with its overlay and its Markdown.

Both come from the real program: a daemon on the sample scans, whose status is drawn as the terminal
shows it, and ``ocrd convert`` of a page. Usage: python docs/generate_pictures.py
"""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymupdf
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console

from ocrd.cli.steer import picture
from ocrd.errors import UnreachableError
from ocrd.web.client import Client

ROOT = Path(__file__).parent.parent
PICTURES = Path(__file__).parent / "pictures"
SAMPLES = ROOT / "ocrd" / "samples"
OCRD = [sys.executable, "-m", "ocrd"]
COLUMNS, WAIT_SECONDS = 92, 600.0
COPIES, DONE = 6, 5  # documents of each kind; how many are done when it is drawn
HEIGHT, GAP, MARGIN = 620, 24, 36  # pixels; the margin is cut off the scan's edges
LINES, LETTERS = 34, 68  # of the Markdown

CONFIG = """\
state_dir = "{folder}/state"
[[inbox]]
path = "{folder}/scans"
settle = "200ms"
"""


def main() -> None:
    """Write both pictures."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="o") as folder:
        (PICTURES / "status.svg").write_text(status(Path(folder)))
    with tempfile.TemporaryDirectory(prefix="o") as folder:
        page(Path(folder)).save(PICTURES / "page.png", optimize=True)


# The status


def status(folder: Path) -> str:
    """Return a drawing of the terminal while documents are read."""
    config = folder / "config.toml"
    config.write_text(CONFIG.format(folder=folder))
    inbox = folder / "scans"
    inbox.mkdir()
    for number in range(1, COPIES + 1):
        shutil.copy(SAMPLES / "letter.pdf", inbox / f"letter-{number}.pdf")
        shutil.copy(SAMPLES / "newsletter.jpg", inbox / f"gazette-{number}.jpg")
    with daemon(config) as client:
        body = at_work(client)
    console = Console(
        record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="standard"
    )
    console.print("[bold]$[/bold] ocrd status --watch")
    console.print(picture(told(body, folder)))
    drawing = console.export_svg(title="ocrd status --watch", unique_id="status")
    # No font is fetched from anywhere by whoever looks at it.
    return re.sub(r"@font-face \{.*?\}\s*", "", drawing, flags=re.DOTALL)


def at_work(client: Client) -> dict[str, Any]:
    """Return the status once some documents are done."""
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        try:
            body = client.status()
        except UnreachableError:
            body = {}
        if body.get("working") and body["jobs"].get("done", 0) >= DONE:
            return body
        time.sleep(0.05)
    raise SystemExit("The daemon did not come to work in time.")


def told(body: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the status with a person's folder in the place of the temporary one."""
    text = repr(body).replace(str(folder), "/home/anna")
    named: dict[str, Any] = eval(text, {"__builtins__": {}})  # noqa: S307 - our own repr
    return named


@contextmanager
def daemon(config: Path) -> Iterator[Client]:
    """Run the real daemon for the block."""
    log = config.with_suffix(".log").open("wb")
    process = subprocess.Popen([*OCRD, "run", "-c", str(config)], stdout=log, stderr=log)
    try:
        yield Client(config.parent / "state" / "run" / "ocrd.sock")
    finally:
        process.terminate()
        process.wait()
        log.close()


# The page


def page(folder: Path) -> Image.Image:
    """Return a page with the boxes that were found, and what was read of it, side by side."""
    command = [*OCRD, "convert", str(SAMPLES / "newsletter.jpg"), "-o", str(folder)]
    subprocess.run([*command, "-f", "md", "-f", "overlay"], check=True)
    framed = drawn(folder / "newsletter.overlay.pdf")
    words = written((folder / "newsletter.md").read_text())
    whole = Image.new("RGB", (framed.width + GAP + words.width, HEIGHT), "white")
    whole.paste(framed, (0, 0))
    whole.paste(words, (framed.width + GAP, 0))
    return whole.quantize(48, dither=Image.Dither.NONE)


def drawn(overlay: Path) -> Image.Image:
    """Return the first page of the overlay."""
    with pymupdf.open(overlay) as book:
        scale = HEIGHT / book[0].rect.height
        pixels = book[0].get_pixmap(matrix=pymupdf.Matrix(scale, scale))
        return Image.frombytes("RGB", (pixels.width, pixels.height), pixels.samples)


def written(markdown: str) -> Image.Image:
    """Return the first lines as an editor shows them."""
    font = ImageFont.load_default(size=12)
    lines = [
        part for line in markdown.splitlines() for part in (textwrap.wrap(line, LETTERS) or [""])
    ]
    image = Image.new("RGB", (470, HEIGHT), "#f6f8fa")
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines[:LINES]):
        colour = "#0b57a4" if line.startswith("#") else "#7a7a7a" if "<!--" in line else "#222222"
        draw.text((14, 12 + 17.6 * number), line, fill=colour, font=font)
    return image


if __name__ == "__main__":
    main()
