"""Pages as they are written, for the tests to look at."""

import io
from typing import Any

from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ocrd.job import Block, Box, Cell, PageRead, PageStatus
from ocrd.sidecar import text as sidecar
from ocrd.sidecar.document import DocumentResult
from ocrd.sidecar.style import Style

DOCUMENT = DocumentResult(
    source_name="scan.pdf",
    sha256="12e45",
    format="PDF",
    pages=3,
    engine="rapidocr",
    model="PP-OCRv6 small",
    mode="markdown",
    seconds=12.345,
)

gfm = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# Text as engines give it, rich in what Markdown takes for markup.
markup = st.text(st.sampled_from("#>-+*=_`~|[](){}<>!&;:\\/.01 aB\tx\n\"'$^"), max_size=60)
texts = markup | st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def markdown_of(*pages: PageRead, **options: Any) -> str:
    """Return the Markdown of a document of these pages, in a style of these options."""
    out = io.BytesIO()
    sidecar.write_markdown(out, DOCUMENT, pages, Style(**options))
    return out.getvalue().decode()


def rich(label: str, text: str, *boxes: Box) -> Block:
    """Return a block that a model wrote, which may hold Markdown and TeX."""
    return Block(label, text, boxes, rich=True)


def read_page(*blocks: Block, number: int = 1) -> PageRead:
    """Return a page of 1000 by 2000 pixels that was read."""
    return PageRead(number, PageStatus.READ, blocks, 1000, 2000)


def shown_of(*blocks: Block, **options: Any) -> str:
    """Return the Markdown of blocks on one page, without its mark."""
    return markdown_of(read_page(*blocks), page_marks=False, **options).removesuffix("\n")


def text_of(*pages: PageRead, remarks: bool = True) -> str:
    """Return the plain text of a document of these pages, without marks."""
    out = io.BytesIO()
    sidecar.write_text(out, DOCUMENT, pages, Style(page_marks=False, remarks=remarks))
    return out.getvalue().decode().removesuffix("\n")


SPANNED = Block("table", "a\tb", table=((Cell("a", rows=2), Cell("b")), (Cell("c"),)), rich=True)
