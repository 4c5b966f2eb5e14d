"""A page's blocks as pieces of Markdown, or as plain text.

A list goes on over pages: :class:`Lists` knows the ones that its last entry is in.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from ocrd.figures import figures_of
from ocrd.job import Block, PageRead
from ocrd.layout import headings
from ocrd.layout.seams import MARGINAL
from ocrd.markdown import commonmark, richtext, tables
from ocrd.sidecar.style import Style

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

Piece = tuple[str, str]  # what parts it from the one before, and its text
PARAGRAPH = "\n\n"


@dataclass(slots=True)
class Lists:
    """The lists that the last entry is in, on the page before it, too; none behind other blocks."""

    indents: list[int] = field(default_factory=list)  # outermost first
    hang: int = 0  # columns from the margin to the last entry's text

    def close(self) -> None:
        """Take note that what follows is in no list."""
        self.indents = []

    def placed(self, text: str, entry: str) -> Piece:
        """Return an entry as it stands below the one before."""
        outer = len(self.indents)
        level = _level(text, self.indents)
        separator = "\n" if outer else PARAGRAPH
        if 0 < outer <= level and _NUMBER.match(entry) and not _FIRST.match(entry):
            separator = PARAGRAPH  # else the row would go on with the entry around it
        mark = entry.partition(" ")[0]
        self.hang = 4 * level + len(mark) + 1
        return separator, "    " * level + entry


def markdown(page: PageRead, style: Style, lists: Lists) -> Iterator[Piece]:
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
            yield PARAGRAPH, markdown


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
        case label if label in MARGINAL and not style.running_heads:
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
    first, *others = block.text.split("\n")
    if not block.lead or not first.startswith(f"{block.lead} "):
        return commonmark.escape(block.text)
    lead = _strong(block.lead)
    rest = commonmark.escape_inline(commonmark.clean(first[len(block.lead) :]).strip())
    below = commonmark.escape("\n".join(others))
    return "  \n".join(filter(None, [f"{lead} {rest}", below]))


def _strong(text: str) -> str:
    """Return words in bold; they must hold more than spaces."""
    text = commonmark.escape_inline(commonmark.clean(text).strip())
    end = "\\" if text.endswith("\\") else ""  # or the last character would escape the mark
    return f"**{text}{end}**"


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
        caption = plain(page.blocks[number + 1], page)
    elif labels.get(number - 1) == "caption" and labels.get(number - 2) != "figure":
        # A caption between two figures is the first one's.
        caption = plain(page.blocks[number - 1], page)
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


def plain(block: Block, page: PageRead) -> str:
    """Return a block's text without markup."""
    if block.table:
        return tables.lines(block.table, rich=block.rich)
    if block.label == "located":
        return "\n".join(_places(block, page))
    if block.rich and block.label != "equation":
        return richtext.plain(block.text)
    return commonmark.clean(block.text).strip()
