"""Documents that are made to harm whoever opens them, each built when a test asks for it."""

from __future__ import annotations

from collections.abc import Callable

from tests.faults.hostile import pdfs, pictures

Builder = Callable[[], bytes]


def documents() -> dict[str, Builder]:
    """Return every document's builder by its file name."""
    return {**pdfs.BUILDERS, **pictures.BUILDERS}
