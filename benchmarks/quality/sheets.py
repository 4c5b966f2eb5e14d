"""A recognised page as the daemon writes it."""

from __future__ import annotations

import io

from ocrd.job import PageRead, PageStatus, Recognition
from ocrd.layout import layout
from ocrd.sidecar import text
from ocrd.sidecar.blocks import NO_FIGURE
from ocrd.sidecar.document import DocumentResult
from ocrd.sidecar.style import Style

_STYLE = Style(page_marks=False)


def markdown(recognition: Recognition) -> str:
    """Return the page's sidecar."""
    return written(page_read(recognition))


def page_read(recognition: Recognition, number: int = 1) -> PageRead:
    """Return what was recognised as page ``number`` of a document."""
    size = recognition.width, recognition.height
    blocks = layout.blocks(recognition.lines, *size, recognition.rules, recognition.pictures)
    return PageRead(
        number, PageStatus.READ, tuple(blocks), recognition.width, recognition.height,
        rotation=recognition.rotation,
    )  # fmt: skip


def written(page: PageRead) -> str:
    """Return a page as a sidecar of its own has it."""
    out = io.BytesIO()
    document = DocumentResult("page.png", "", "PNG", 1, "rapidocr", "", "markdown", 0.0)
    text.write_markdown(out, document, [page], _STYLE)
    # That a picture stands there is no text of the page.
    return out.getvalue().decode().replace(NO_FIGURE, "")
