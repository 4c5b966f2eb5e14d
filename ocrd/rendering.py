"""Pages that were read, as the text that an answer holds (pure)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from ocrd.job import PageRead
from ocrd.layout.whole import whole
from ocrd.sidecar import text
from ocrd.sidecar.document import DocumentResult
from ocrd.sidecar.style import Style

BARE = Style(page_marks=False)
PURE = Style(page_marks=False, remarks=False)  # beside which the pages' doubts are told


def markdown(
    pages: Iterable[PageRead], mode: str = "markdown", style: Style = BARE
) -> str:
    """Return the pages as one text: Markdown, or plain text where that was the mode."""
    out = io.BytesIO()
    text.write(out, "md", _result(mode), whole(pages), style)
    return out.getvalue().decode()


def each(
    pages: Sequence[PageRead], mode: str = "markdown", style: Style = BARE
) -> list[str]:
    """Return each page's text; what goes on over a page's end is where it begins."""
    return [markdown([page], mode, style) for page in whole(pages)]


def _result(mode: str) -> DocumentResult:
    """Return what the text wants to know of the document, which is its mode alone."""
    return DocumentResult("", "", "", 0, "", "", mode, 0.0)
