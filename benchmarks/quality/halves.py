"""What the measures of one kind of paper share: their options, and each page's Markdown."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TypeVar

from benchmarks.quality import printing
from benchmarks.quality.documents import CACHE
from benchmarks.quality.lines import recognitions
from benchmarks.quality.printing import Print
from benchmarks.quality.sheets import markdown

AGAIN = 20  # the same settings with other words, from that number on


class Drawn(Protocol):
    """A page that was drawn."""

    @property
    def id(self) -> str:
        """A name of its own."""

    @property
    def path(self) -> Path:
        """Where its image lies."""


Image = TypeVar("Image", bound=Drawn)


def settings(*, held: bool) -> list[Print]:
    """Return how a half's pages are printed, each way twice, with other words."""
    some = printing.HELD if held else printing.TUNED
    return [*some, *(replace(how, number=how.number + AGAIN) for how in some)]


def parser(name: str, description: str | None) -> argparse.ArgumentParser:
    """Return the parser of a measure: which half, which pages, and where the Markdown goes."""
    made = argparse.ArgumentParser(prog=f"benchmarks.quality.{name}", description=description)
    made.add_argument("--heldout", action="store_true")
    made.add_argument("--pages", action="store_true")
    made.add_argument("--stale", action="store_true")
    made.add_argument("--only", default="")
    made.add_argument("--out", type=Path, default=CACHE / "markdown")
    return made


def texts(pages: Iterable[Image], options: argparse.Namespace) -> Iterator[tuple[Image, str]]:
    """Yield each page with its Markdown, which is kept in ``options.out``."""
    options.out.mkdir(parents=True, exist_ok=True)
    for page, read in recognitions(pages, seconds=1e9, stale=options.stale):
        text = markdown(read)
        (options.out / f"{page.id}.md").write_text(text)
        yield page, text
