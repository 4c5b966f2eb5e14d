"""Pages that were read, as the text that an answer holds (pure)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from ocrd.job import DocumentResult, PageRead
from ocrd.layout import document as documents
from ocrd.sidecar import text

BARE = text.Style(page_marks=False)
PURE = text.Style(page_marks=False, remarks=False)  # beside which the pages' doubts are told


def markdown(
    pages: Iterable[PageRead], mode: str = "markdown", style: text.Style = BARE
) -> str:
    """Return the pages as one text: Markdown, or plain text where that was the mode."""
    out = io.BytesIO()
    text.write(out, "md", _result(mode), documents.whole(pages), style)
    return out.getvalue().decode()


def each(
    pages: Sequence[PageRead], mode: str = "markdown", style: text.Style = BARE
) -> list[str]:
    """Return each page's text; what goes on over a page's end is where it begins."""
    return [markdown([page], mode, style) for page in documents.whole(pages)]


def _result(mode: str) -> DocumentResult:
    """Return what the text wants to know of the document, which is its mode alone."""
    return DocumentResult("", "", "", 0, "", "", mode, 0.0)
