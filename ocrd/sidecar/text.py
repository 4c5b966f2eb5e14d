"""A document's pages to its sidecar: Markdown or plain text; :mod:`ocrd.sidecar.json` for JSON.

Pages are written as they come, one in memory at a time, so that a book of any length takes
constant memory. What goes on over the end of a page comes whole, with the page on which it begins
(:func:`ocrd.layout.document.whole`): a page's mark stands before the first block that begins on it.
Only a list is written on as it comes; the mark stands in its last entry before the page.

Model text is text: plain text makes no Markdown of its own, a model's Markdown only what
:mod:`ocrd.markdown.richtext` lets pass, and neither makes a page mark. What is not sure of a page
is said at its start, unless it is told elsewhere. The caller publishes; nothing here knows of file
names but those of figures beside the sidecar.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from ocrd import doubts
from ocrd.figures import figures_of
from ocrd.job import Block, DocumentResult, PageRead, PageStatus
from ocrd.layout import headings
from ocrd.markdown import commonmark, richtext, tables
from ocrd.sidecar import json

MAX_ALT = 200  # characters of a caption that stand for a figure
NO_FIGURE = "*[Figure]*"  # where a figure was seen and not cropped

# Characters that a printed line may use as a bullet.
BULLETS = "•●◦○▪■□◆◇►▶‣⁃∙·*+-–—"

# Marks that begin a list entry: a bullet, or a number with its point or bracket.
_BULLET = re.compile(rf"[{re.escape(BULLETS)}]\s+(?=\S)")
_NUMBER = re.compile(r"(\d{1,9}[.)])\s+(?=\S)")
_TICK = re.compile(r"([☐☒])\s+(?=\S)")
_TICKED = {"☐": "- [ ]", "☒": "- [x]"}
_FIRST = re.compile(r"0*1[.)]")  # the only number that begins a list right below text
_IN_ALT = re.compile(r"[\\`*_\[\]<>&|~$]")
_INDENT = re.compile(r" *")

_Piece = tuple[str, str]  # what parts it from the one before, and its text
_PARAGRAPH = "\n\n"

# Labels of what is on every page and no part of the text.
_MARGINAL = frozenset({"header", "footer", "page-number"})


@dataclass(frozen=True, slots=True)
class Style:
    """How a folder's sidecars look."""

    front_matter: bool = False
    page_marks: bool = True
    remarks: bool = True  # why a page is doubtful, at its start; False where that is told beside it
    running_heads: bool = False  # what is on every page is written too, and not in the JSON only
    math: str = "dollar"  # $…$ and $$…$$; or "tex": \(…\) and \[…\]
    tables: str = "pipe"  # GFM's where no cell spans, HTML elsewhere; or "html" everywhere
    assets: str = ""  # the folder of the cropped figures beside the sidecar; "" if there is none


def write(
    out: BinaryIO,
    kind: str,
    document: DocumentResult,
    pages: Iterable[PageRead],
    style: Style = Style(),
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
    style: Style = Style(),
) -> None:
    """Write the document as CommonMark with GFM's tables."""
    _write(out, document, _markdown_pages(pages, style), style)


def write_text(
    out: BinaryIO,
    document: DocumentResult,
    pages: Iterable[PageRead],
    style: Style = Style(),
) -> None:
    """Write the document's text in reading order, as it is."""
    _write(out, document, _text_pages(pages, style), style)


def yaml_header(document: DocumentResult) -> str:
    """Return the document's facts as a YAML block, every text in quotes."""
    facts: dict[str, str | int | float | list[int] | None] = {
        "source": document.source_name,
        "sha256": document.sha256,
        "pages": document.pages,
        "engine": document.engine,
        "model": document.model,
        "mode": document.mode,
        "seconds": round(document.seconds, 1),
        "state": document.state,
        "confidence": document.confidence,
        "least": document.least,
        "doubtful": list(document.doubtful),
        "failed": list(document.failed),
    }
    rows = [
        f"{name}: {_yaml(value) if isinstance(value, str) else 'null' if value is None else value}"
        for name, value in facts.items()
    ]
    if document.warnings:
        rows += ["warnings:", *(f"  - {_yaml(warning)}" for warning in document.warnings)]
    else:
        rows.append("warnings: []")
    return "\n".join(["---", *rows, "---"])


def _write(
    out: BinaryIO, document: DocumentResult, pieces: Iterator[_Piece], style: Style
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


def _markdown_pages(pages: Iterable[PageRead], style: Style) -> Iterator[_Piece]:
    lists = _Lists()
    for page in pages:
        separator = _PARAGRAPH
        if lists.indents and _begins_with_entry(page, style):
            separator = "\n" + " " * lists.hang
        else:
            lists.close()
        if style.page_marks:
            yield separator, f"<!-- page {page.number} -->"
        if page.status is PageStatus.FAILED:
            yield _PARAGRAPH, f"> **{_failure(page)}** {commonmark.escape(_cause(page))}".rstrip()
        elif page.status is PageStatus.DOUBTFUL and style.remarks:
            said = f"page {page.number} is doubtful: {doubts.told(page.doubts)}"
            yield separator, commonmark.comment(said)
        elif style.page_marks and not page.blocks:
            nothing = "blank" if page.status is PageStatus.BLANK else "no text"
            yield _PARAGRAPH, f"<!-- {nothing} -->"
        yield from _blocks(page, style, lists)


def _begins_with_entry(page: PageRead, style: Style) -> bool:
    """Say whether the first that is shown of a page is an entry of the list before."""
    if page.status is PageStatus.FAILED:
        return False
    shown = (
        block
        for block in page.blocks
        if (style.running_heads or block.label not in _MARGINAL)
        and (block.text.strip() or block.label == "figure")
    )
    first = next(shown, None)
    return bool(
        first and first.label == "list" and first.continued and first.continued.kind == "list"
    )


def _text_pages(pages: Iterable[PageRead], style: Style) -> Iterator[_Piece]:
    for page in pages:
        if style.page_marks:
            yield _PARAGRAPH, f"<!-- page {page.number} -->"
        if page.status is PageStatus.FAILED:
            yield _PARAGRAPH, f"[{_failure(page)} {_cause(page)}".rstrip() + "]"
        elif page.status is PageStatus.DOUBTFUL and style.remarks:
            said = _line(doubts.told(page.doubts))
            yield _PARAGRAPH, f"[Page {page.number} is doubtful: {said}]"
        for block in page.blocks:
            shown = style.running_heads or block.label not in _MARGINAL
            if shown and (text := _plain(block, page)):
                yield _PARAGRAPH, text


def _failure(page: PageRead) -> str:
    """Return what is wrong with a page that failed; one with blocks was read, but not usably."""
    how = "was not read reliably" if page.blocks else "could not be read"
    return f"Page {page.number} {how}."


def _cause(page: PageRead) -> str:
    return _line("; ".join(page.warnings))


def _line(text: str) -> str:
    return " ".join(commonmark.clean(text).split())


def _plain(block: Block, page: PageRead) -> str:
    """Return a block's text without markup."""
    if block.table:
        return tables.lines(block.table, rich=block.rich)
    if block.label == "located":
        return "\n".join(_places(block, page))
    if block.rich and block.label != "equation":
        return richtext.plain(block.text)
    return commonmark.clean(block.text).strip()


@dataclass(slots=True)
class _Lists:
    """The lists that the last entry is in, on the page before it, too; none behind other blocks."""

    indents: list[int] = field(default_factory=list)  # outermost first
    hang: int = 0  # columns from the margin to the last entry's text

    def close(self) -> None:
        """Take note that what follows is in no list."""
        self.indents = []

    def placed(self, text: str, entry: str) -> _Piece:
        """Return an entry as it stands below the one before."""
        outer = len(self.indents)
        level = _level(text, self.indents)
        separator = "\n" if outer else _PARAGRAPH
        if 0 < outer <= level and _NUMBER.match(entry) and not _FIRST.match(entry):
            separator = _PARAGRAPH  # else the row would go on with the entry around it
        mark = entry.partition(" ")[0]
        self.hang = 4 * level + len(mark) + 1
        return separator, "    " * level + entry


def _blocks(page: PageRead, style: Style, lists: _Lists) -> Iterator[_Piece]:
    """Yield the page's blocks as Markdown, entries of one list on consecutive lines."""
    names: dict[int, list[str]] = defaultdict(list)  # of figures, by their block
    for figure in figures_of(page) if style.assets else ():
        names[figure.block].append(figure.name)
    for number, block in enumerate(page.blocks):
        if block.label == "located":
            for line in _places(block, page):
                yield lists.placed("", f"- {commonmark.escape_line(line)}")
            continue
        if block.label == "list":
            if entry := _list_entry(block, style):
                yield lists.placed(block.text, entry)
            continue
        markdown = _block(block, style)
        if block.label == "figure":
            shown = _figure(page, number, names.get(number, []), style)
            markdown = "\n\n".join(filter(None, [shown, markdown]))
        if markdown:
            lists.close()
            yield _PARAGRAPH, markdown


def _block(block: Block, style: Style) -> str:
    match block.label:
        case "heading" | "title":
            return commonmark.heading(_heading_line(block, style), _heading_level(block))
        case "code":
            return commonmark.code_block(block.text)
        case "table" if block.table:
            return _table(block, style)
        case "equation" if block.rich:
            return richtext.equation(block.text, style.math)
        case "caption":
            return _caption(block, style)
        case label if label in _MARGINAL and not style.running_heads:
            return ""
        case _:
            return _paragraph(block, style)


def _heading_level(block: Block) -> int:
    """Return 1 for a title, 2 for a heading, 3 for one that is numbered "2.1", and so on.

    The document's level counts; on a page alone a number says more than the size of its type.
    """
    if block.level:
        return block.level
    if parts := headings.parts(block.text):
        return min(1 + parts, 6)
    return 1 if block.label == "title" else 2


def _paragraph(block: Block, style: Style) -> str:
    if block.rich:
        return richtext.markdown(block.text, style.math)
    return commonmark.escape(block.text)


def _caption(block: Block, style: Style) -> str:
    if block.rich:
        return richtext.emphasised(block.text, style.math)
    text = commonmark.escape(block.text)
    end = "\\" if text.endswith("\\") else ""  # or the last character would escape the mark
    return f"*{text}{end}*" if text else ""


def _heading_line(block: Block, style: Style) -> str:
    """Return a block's text on one line, escaped as it must be behind a heading's mark."""
    if block.rich:
        return richtext.line(block.text, style.math, start="#")
    return commonmark.escape_inline(" ".join(commonmark.clean(block.text).split()))


def _list_entry(block: Block, style: Style) -> str:
    text = " ".join(commonmark.clean(block.text).split())
    mark = "-"
    if tick := _TICK.match(text):
        mark, text = _TICKED[tick[1]], text[tick.end() :]
    elif number := _NUMBER.match(text):
        mark, text = number[1], text[number.end() :]
    elif bullet := _BULLET.match(text):
        text = text[bullet.end() :]
    if not text:
        return ""
    text = richtext.line(text, style.math) if block.rich else commonmark.escape_line(text)
    return f"{mark} {text}" if text else ""


def _level(text: str, indents: list[int]) -> int:
    """Return how many lists an entry's list is in, keeping ``indents``."""
    indent = len(_INDENT.match(text)[0])  # type: ignore[index]  # it matches everything
    while indents and indents[-1] > indent:
        indents.pop()
    if not indents or indents[-1] < indent:
        indents.append(indent)
    return len(indents) - 1


def _table(block: Block, style: Style) -> str:
    drawn = None
    if style.tables == "pipe":
        drawn = tables.pipe(block.table, rich=block.rich, math=style.math)
    return drawn or tables.as_html(block.table, rich=block.rich, math=style.math)


def _figure(page: PageRead, number: int, names: list[str], style: Style) -> str:
    """Return a figure's images, or a note that one was seen."""
    if not names:
        return NO_FIGURE
    folder, alt = commonmark.destination(style.assets), _alternative(page, number)
    return "\n\n".join(f"![{alt}]({folder}/{name})" for name in names)


def _alternative(page: PageRead, number: int) -> str:
    """Return the caption below or above a figure as the text that stands for it."""
    labels = {
        place: page.blocks[place].label
        for place in range(max(number - 2, 0), min(number + 2, len(page.blocks)))
    }
    caption = ""
    if labels.get(number + 1) == "caption":
        caption = _plain(page.blocks[number + 1], page)
    elif labels.get(number - 1) == "caption" and labels.get(number - 2) != "figure":
        # A caption between two figures is the first one's.
        caption = _plain(page.blocks[number - 1], page)
    text = " ".join(caption.split())[:MAX_ALT] or "Figure"
    return _IN_ALT.sub(r"\\\g<0>", text)


def _places(block: Block, page: PageRead) -> Iterator[str]:
    """Yield where on the page a target was found."""
    target = " ".join(commonmark.clean(block.text).split())
    for box in block.boxes:
        yield (
            f"{target}: {box.x0:.0f}, {box.y0:.0f} – {box.x1:.0f}, {box.y1:.0f}"
            f" (pixels of {page.width} × {page.height})"
        )


def _yaml(text: str) -> str:
    """Return the text as a YAML double-quoted scalar (YAML 1.2, section 7.3.1)."""
    return '"' + "".join(map(_yaml_character, text)) + '"'


def _yaml_character(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    code = ord(character)
    if 0xD800 <= code < 0xE000:
        return "\N{REPLACEMENT CHARACTER}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else (
        f"\\U{code:08x}"
    )


def _utf8(text: str) -> bytes:
    """Return the text in UTF-8; lone surrogates, which no file can hold, are replaced."""
    return text.encode("utf-8", "replace")
