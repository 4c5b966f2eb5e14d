"""A model's Markdown -> blocks: headings, lists, code, tables, equations, paragraphs (pure).

Every visible character of the text is in exactly one block, apart from the marks that say what a
block is: fences, hashes of headings, delimiters of equations, tags of tables, a rule of dashes.
Linear in the length of the text, and no text raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ocrd.job import Block
from ocrd.markdown import entries, tables

_FENCE = re.compile(r"(?P<fence>`{3,}|~{3,})(?P<language>[\w+#.-]{0,20})")
# Fences that models put around Markdown, which is no code.
_WRAPPERS = frozenset({"markdown", "md", "html"})
_HEADING = re.compile(r"(?P<hashes>#{1,6})\s+(?=\S)")
_ENTRY = re.compile(r"(?:[-*+•●◦○▪■□◆►▶‣⁃∙]|\d{1,3}[.)])\s+(?=\S)")
_RULE = re.compile(r"-{3,}")
_CENTER = re.compile(r"</?center\s{0,3}/?>", re.IGNORECASE)
_DISPLAY = (("\\[", "\\]"), ("$$", "$$"))
_AFTER_EQUATION = re.compile(r"[ \t]{0,8}([.,;:]?)[ \t]{0,8}(?=\n|\Z)")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")


def split(text: str, *, headings: bool = True) -> list[Block]:
    """Return the blocks of Markdown that says nothing of places on the page.

    Without ``headings``, hashes at the start of a line are signs as any others.
    """
    return _Splitter(text, headings=headings).run()


def tex_of(text: str) -> str:
    r"""Return TeX without the delimiters around all of it: ``\[ \]``, ``\( \)``, dollars."""
    text = text.strip()
    for opening, closing in (*_DISPLAY, ("\\(", "\\)"), ("$", "$")):
        inner = text[len(opening) : -len(closing)]
        if len(text) < len(opening) + len(closing) or opening in inner or closing in inner:
            continue
        if text.startswith(opening) and text.endswith(closing):
            return inner.strip()
    return text


def without_centering(text: str) -> str:
    """Return the text without tags that center it."""
    return _CENTER.sub("", text)


@dataclass(slots=True)
class _Splitter:
    """A text on its way into blocks, and where it stands."""

    text: str
    headings: bool = True
    position: int = 0
    found: list[Block] = field(default_factory=list)
    label: str = "text"  # of the lines that are gathered
    gathered: list[str] = field(default_factory=list)
    table: tables.Table | None = None  # the next one
    wrapped: str = ""  # the fence around Markdown that is open
    blank: int = -1  # where the next empty line is, once looked for

    def run(self) -> list[Block]:
        """Take the text apart, line by line."""
        self.table = tables.find(self.text)
        while self.position < len(self.text):
            if self.table and self.table.start < self.position:
                self.table = tables.find(self.text, self.position)
            if self.table and self.table.start == self.position:
                self._take_table(self.table)
            else:
                self._take_line()
        self._flush()
        return self.found

    def _take_line(self) -> None:
        end = self.text.find("\n", self.position)
        end = len(self.text) if end < 0 else end
        if self.table and self.table.start < end:
            end = self.table.start
        whole = self.text[self.position : end]
        line = whole.strip()
        if not line:
            self._flush()
        elif fence := _FENCE.fullmatch(line):
            if self._take_fence(fence, end):
                return
        elif self._take_equation(line):
            return
        elif self.headings and (heading := _HEADING.match(line)):
            self._flush()
            label = "title" if len(heading["hashes"]) == 1 else "heading"
            self._add(label, line[heading.end() :])
        elif _ENTRY.match(line):
            self._flush()
            self.label = "list"
            self.gathered.append(whole.expandtabs(4).rstrip())
        elif _RULE.fullmatch(line):
            self._flush()
        else:
            self.gathered.append(line)
        self._move_to(end)

    def _move_to(self, end: int) -> None:
        """Go behind the end of a line."""
        self.position = end + self.text.startswith("\n", end)

    def _take_fence(self, fence: re.Match[str], end: int) -> bool:
        """Take the code behind a fence; say whether the text was advanced."""
        self._flush()
        if fence["fence"] == self.wrapped and not fence["language"]:
            self.wrapped = ""
            return False
        if fence["language"].lower() in _WRAPPERS and not self.wrapped:
            self.wrapped = fence["fence"]
            return False
        self._move_to(end)
        lines: list[str] = []
        while self.position < len(self.text):
            end = self.text.find("\n", self.position)
            end = len(self.text) if end < 0 else end
            line = self.text[self.position : end]
            self._move_to(end)
            mark = line.strip()
            if mark.startswith(fence["fence"]) and not mark.strip(fence["fence"][0]):
                break
            lines.append(line)
        code = "\n".join(lines).strip("\n")
        if code.strip():
            self.found.append(Block("code", code))
        return True

    def _take_equation(self, line: str) -> bool:
        """Take a display equation that begins at this line; say whether there was one."""
        for opening, closing in _DISPLAY:
            if not line.startswith(opening):
                continue
            start = self.text.index(opening, self.position) + len(opening)
            limit = self._paragraph_end(start)
            if self.table and start <= self.table.start < limit:
                limit = self.table.start
            end = self.text.find(closing, start, limit)
            if end < 0 and opening == closing:
                return False
            self._flush()
            tex = self.text[start : limit if end < 0 else end].strip()
            self.position = limit if end < 0 else end + len(closing)
            if after := _AFTER_EQUATION.match(self.text, self.position):
                tex += after[1]
                self._move_to(after.end())
            if tex:
                self.found.append(Block("equation", tex, rich=True))
            return True
        return False

    def _paragraph_end(self, start: int) -> int:
        if self.blank < start:
            blank = _BLANK_LINE.search(self.text, start)
            self.blank = blank.start() if blank else len(self.text)
        return self.blank

    def _take_table(self, table: tables.Table) -> None:
        self._flush()
        self._add("caption", table.above)
        text = tables.raw(table.rows)
        if text.strip():
            self.found.append(Block("table", text, table=table.rows, rich=True))
        self._add("text", table.below)
        self.position = table.end
        self.table = tables.find(self.text, table.end)

    def _flush(self) -> None:
        """End the block whose lines are gathered."""
        lines, label = self.gathered, self.label
        self.gathered, self.label = [], "text"
        self._add(label, "\n".join(lines))

    def _add(self, label: str, text: str) -> None:
        text = without_centering(text).rstrip()
        text = text if label == "list" else text.lstrip()
        if text.strip():
            pieces = entries.parted(text) if label == "list" else [text]
            self.found += [Block(label, piece, rich=True) for piece in pieces]
