"""A daemon for the clients of other APIs: asked over TCP with keys, shared by a module's tests."""

from __future__ import annotations

import base64
import copy
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from tests import api
from tests.installation import LETTER, PATIENCE, SAMPLES, Installation, eventually
from tests.recipes.blocks import blocks


class Server(Installation):
    """An installation that programs ask."""

    key = api.KEY

    @property
    def url(self) -> str:
        return api.address(self)

    def serve(
        self, engine: str, table: str = "", more: str = "", env: dict[str, str] | None = None
    ) -> None:
        """Start with these engines and further keys of [api]."""
        api.configured(self, engine, table, more=more)
        self.start(env=env)

    def new_key(self, name: str, *scopes: str) -> str:
        """Let somebody in, and return the key."""
        key = f"a-key-of-{name}-0123456789"
        with api.key_file(self).open("a") as keys:
            keys.write(f"{name}: {' '.join([key, *scopes])}\n")
        return key

    def at_work(self) -> int:
        """Return how many pages are at the engines, or wait for one."""
        return sum(engine["in_flight"] + engine["waiting"] for engine in self.status()["engines"])

    def is_idle(self) -> bool:
        return self.at_work() == 0

    def follow(self, name: str, folder: Path) -> str:
        """Run the block of the documentation of that name, beside two scans; return its output."""
        shutil.copy(LETTER, folder / "scan.png")
        shutil.copy(SAMPLES / "letter.pdf", folder)
        (block,) = blocks(name)
        program = [sys.executable] if block.language == "python" else ["bash", "-e"]
        result = subprocess.run(
            [*program, "-c", block.text], cwd=folder, capture_output=True, text=True,
            env={**os.environ, "OCRD": self.url, "KEY": self.key}, timeout=PATIENCE * 60,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        return result.stdout

    def left_over(self) -> list[str]:
        """Return what requests have left behind."""
        return [str(path) for path in (self.root / "state" / "uploads" / ".incoming").iterdir()]


@contextmanager
def server(root: Path, start: Callable[[Server], None]) -> Iterator[Server]:
    """Have a server for as long as the context is; nothing is left of its requests then."""
    served = Server(root)
    start(served)
    try:
        yield served
        eventually(served.is_idle, 10, "nothing is left at the engines")
        eventually(lambda: served.left_over() == [], 10, "nothing is left on the disk")
    finally:
        served.stop()
    log = served.log.read_text()
    assert "Traceback" not in log, log


LINES = ("The harbour office opens at seven.", "Every boat is written into the book",
         "before the morning tide turns, and", "nobody leaves without a receipt.")  # fmt: skip


def draw(path: Path) -> Path:
    """Draw a page that the embedded engine is quick with."""
    page = Image.new("L", (1000, 120 + 60 * len(LINES)), 255)
    pen = ImageDraw.Draw(page)
    for row, line in enumerate(LINES):
        pen.text((60, 60 + 60 * row), line, fill=0, font=ImageFont.load_default(36))
    page.save(path)
    return path


ODD: tuple[Any, ...] = (
    None, True, -1, 10**30, "", "x", "\0", "\ud800", [], {}, [None], [[]], {"type": []}, "data:,",
    "http://[::1", "../../etc/passwd",
)  # fmt: skip


def odd(body: Any, share: int = 1) -> Iterator[Any]:
    """Yield a body again and again, each time with another value at another place.

    Of the values each place has one in ``share``, and the places together have all of them.
    """
    for number, place in enumerate(_places(body)):
        for value in ODD[number % share :: share]:
            found = copy.deepcopy(body)
            inner = found
            for step in place[:-1]:
                inner = inner[step]
            inner[place[-1]] = value
            yield found


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if place:
        yield place
    steps = value if isinstance(value, dict) else range(len(value)) if type(value) is list else ()
    for step in steps:
        yield from _places(value[step], (*place, step))


def data_url(path: Path, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
