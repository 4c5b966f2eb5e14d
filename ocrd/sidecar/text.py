"""A document's pages to its sidecar: Markdown or plain text; :mod:`ocrd.sidecar.json` for JSON.

Pages are written as they come, one in memory at a time, so that a book of any length takes
constant memory. What goes on over the end of a page comes whole, with the page on which it begins
(:mod:`ocrd.layout.whole`): a page's mark stands before the first block that begins on it.
Only a list is written on as it comes; the mark stands in its last entry before the page.

Model text is text: plain text makes no Markdown of its own, a model's Markdown only what
:mod:`ocrd.markdown.richtext` lets pass, and neither makes a page mark. What is not sure of a page
is said at its start, unless it is told elsewhere. The caller publishes; nothing here knows of file
names but those of figures beside the sidecar.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from ocrd import doubts
from ocrd.job import PageRead, PageStatus
from ocrd.layout.seams import MARGINAL
from ocrd.markdown import commonmark
from ocrd.sidecar import blocks, json
from ocrd.sidecar.blocks import PARAGRAPH, Lists, Piece
from ocrd.sidecar.document import DocumentResult
from ocrd.sidecar.header import yaml_header
from ocrd.sidecar.style import USUAL, Style


def write(
    out: BinaryIO,
    kind: str,
    document: DocumentResult,
    pages: Iterable[PageRead],
    style: Style = USUAL,
) -> None:
    """Write the sidecar of a kind, "md" or "json", as the document's mode asks for it."""
    if kind == "json":
        json.write(out, document, pages, style.assets)
    elif document.mode == "text":
        write_text(out, document, pages, style)
    else:
        write_markdown(out, document, pages, style)


def write_markdown(
    out: BinaryIO,
    document: DocumentResult,
    pages: Iterable[PageRead],
    style: Style = USUAL,
) -> None:
    """Write the document as CommonMark with GFM's tables."""
    _write(out, document, _markdown_pages(pages, style), style)


def write_text(
    out: BinaryIO,
    document: DocumentResult,
    pages: Iterable[PageRead],
    style: Style = USUAL,
) -> None:
    """Write the document's text in reading order, as it is."""
    _write(out, document, _text_pages(pages, style), style)


def _write(
    out: BinaryIO, document: DocumentResult, pieces: Iterator[Piece], style: Style
) -> None:
    """Write the pieces, each behind what parts it from the one before, and a newline at the end."""
    is_first = True
    if style.front_matter:
        out.write(_utf8(yaml_header(document)))
        is_first = False
    for separator, piece in pieces:
        out.write(_utf8(piece if is_first else separator + piece))
        is_first = False
    if not is_first:
        out.write(b"\n")


def _markdown_pages(pages: Iterable[PageRead], style: Style) -> Iterator[Piece]:
    lists = Lists()
    for page in pages:
        separator = PARAGRAPH
        if lists.indents and _begins_with_entry(page, style):
            separator = "\n" + " " * lists.hang
        else:
            lists.close()
        if style.page_marks:
            yield separator, f"<!-- page {page.number} -->"
        if page.status is PageStatus.FAILED:
            yield PARAGRAPH, f"> **{_failure(page)}** {commonmark.escape(_cause(page))}".rstrip()
        elif page.status is PageStatus.DOUBTFUL and style.remarks:
            said = f"page {page.number} is doubtful: {doubts.told(page.doubts)}"
            yield separator, commonmark.comment(said)
        elif style.page_marks and not page.blocks:
            nothing = "blank" if page.status is PageStatus.BLANK else "no text"
            yield PARAGRAPH, f"<!-- {nothing} -->"
        yield from blocks.markdown(page, style, lists)


def _begins_with_entry(page: PageRead, style: Style) -> bool:
    """Say whether the first that is shown of a page is an entry of the list before."""
    if page.status is PageStatus.FAILED:
        return False
    shown = (
        block
        for block in page.blocks
        if (style.running_heads or block.label not in MARGINAL)
        and (block.text.strip() or block.label == "figure")
    )
    first = next(shown, None)
    return bool(
        first and first.label == "list" and first.continued and first.continued.kind == "list"
    )


def _text_pages(pages: Iterable[PageRead], style: Style) -> Iterator[Piece]:
    for page in pages:
        if style.page_marks:
            yield PARAGRAPH, f"<!-- page {page.number} -->"
        if page.status is PageStatus.FAILED:
            yield PARAGRAPH, f"[{_failure(page)} {_cause(page)}".rstrip() + "]"
        elif page.status is PageStatus.DOUBTFUL and style.remarks:
            said = _line(doubts.told(page.doubts))
            yield PARAGRAPH, f"[Page {page.number} is doubtful: {said}]"
        for block in page.blocks:
            shown = style.running_heads or block.label not in MARGINAL
            if shown and (text := blocks.plain(block, page)):
                yield PARAGRAPH, text


def _failure(page: PageRead) -> str:
    """Return what is wrong with a page that failed; one with blocks was read, but not usably."""
    how = "was not read reliably" if page.blocks else "could not be read"
    return f"Page {page.number} {how}."


def _cause(page: PageRead) -> str:
    return _line("; ".join(page.warnings))


def _line(text: str) -> str:
    return " ".join(commonmark.clean(text).split())


def _utf8(text: str) -> bytes:
    """Return the text in UTF-8; lone surrogates, which no file can hold, are replaced."""
    return text.encode("utf-8", "replace")
