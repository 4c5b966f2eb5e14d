"""The typefaces that sheets are set in, in two halves: fetched from Debian and npm, not installed.

The packages and their files stand in ``typefaces.toml``.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from PIL import ImageFont

from benchmarks.quality.documents import CACHE
from benchmarks.quality.documents import _fetch as fetch

_FILES = {".otf", ".ttf", ".ttc", ".woff"}
HALVES = ("a", "b")  # looked at while limits were set, and only counted


@cache
def paths(kind: str, half: str) -> tuple[Path, ...]:
    """Return the font files of a kind, "print", "odd" or "hand", fetching what is not there."""
    named = _named()[kind][half]
    return tuple(path(package, name) for package, names in named.items() for name in names)


@cache
def path(package: str, name: str) -> Path:
    """Return one font file of a package, fetching it if it is not there."""
    fetch(package, _named()["packages"][package])
    files = sorted((CACHE / "packages" / package).rglob(f"{name}.*"))
    return next(file for file in files if file.suffix in _FILES)


@cache
def _named() -> dict[str, Any]:
    body: dict[str, Any] = tomllib.loads(Path(__file__).with_name("typefaces.toml").read_text())
    return body


@cache
def font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    """Return a typeface in a size, in pixels."""
    return ImageFont.truetype(str(path), size)
