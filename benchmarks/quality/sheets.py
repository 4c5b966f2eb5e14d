"""A recognised page as the daemon writes it."""

from __future__ import annotations

import io

from ocrd.job import DocumentResult, PageRead, PageStatus, Recognition
from ocrd.layout import layout
from ocrd.sidecar import text

_STYLE = text.Style(page_marks=False)


def markdown(recognition: Recognition) -> str:
    """Return the page's sidecar."""
    size = recognition.width, recognition.height
    blocks = layout.blocks(recognition.lines, *size, recognition.rules)
    page = PageRead(
        1, PageStatus.READ, tuple(blocks), recognition.width, recognition.height,
        rotation=recognition.rotation,
    )  # fmt: skip
    out = io.BytesIO()
    document = DocumentResult("page.png", "", "PNG", 1, "rapidocr", "", "markdown", 0.0)
    text.write_markdown(out, document, [page], _STYLE)
    return out.getvalue().decode()
