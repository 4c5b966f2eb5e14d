"""Pages as Mistral's API tells them (pure): Markdown, with pictures and tables of their own.

A picture stands in the Markdown as ``![img-0.jpeg](img-0.jpeg)``, a table that was asked for apart
as ``[tbl-0.html](tbl-0.html)``; both are counted over the document. What a figure or table says is
rendered as everywhere else; where it stands, a token that nobody can have written marks the place.
"""

from __future__ import annotations

import math
import re
import secrets
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ocrd import rendering
from ocrd.doubts import is_read
from ocrd.figures import Figure, figures_of
from ocrd.job import Block, Box, Line, PageRead, PageStatus, Recognition

FORMATS: Mapping[str, tuple[str, str]] = {"markdown": ("pipe", "md"), "html": ("html", "html")}
KINDS = {
    "title": "title", "heading": "title", "text": "text", "list": "list", "code": "code",
    "table": "table", "figure": "image", "caption": "caption", "footnote": "aside_text",
    "equation": "equation", "header": "header", "footer": "footer", "located": "text",
}  # fmt: skip
_STYLE = replace(rendering.BARE, running_heads=True)
_POINTS = 72.0  # an inch
# Not of the page. Of so many characters at most: a page of brackets alone would take seconds.
_NO_WORDS = re.compile(r"<!--.{0,2000}?-->|!?\[[^\[\]]{0,300}\]\([^()\[\]]{0,300}\)", re.DOTALL)
_WORD = re.compile(r"\w(?:[^\s|<>]*\w)?")
_LINK = re.compile(r"https?://[^\s<>()\[\]\"'`|]+")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of the pages."""

    with_images: bool = False
    image_limit: int | None = None  # in the document
    image_min_size: int = 0  # pixels, of both sides
    table_format: str | None = None  # one of FORMATS: tables stand apart
    header: bool = False  # apart, and not in the Markdown
    footer: bool = False
    blocks: bool = True
    scores: str | None = None  # "word", "page" or "block"


@dataclass(slots=True)
class Sheet:
    """One page as it is told, and what is to be cut out of it."""

    body: dict[str, Any]
    page: PageRead
    figures: list[Figure] = field(default_factory=list)  # in the order of body["images"]


@dataclass(slots=True)
class Composer:
    """Tells the pages of one document, in order."""

    wish: Wish
    _images: int = 0
    _tables: int = 0
    _mark: str = field(default_factory=lambda: f"ocrd{secrets.token_hex(8)}n")

    def sheet(self, page: PageRead, said: Recognition | None) -> Sheet:
        """Return a page."""
        draft = _Draft(page)
        by_block: dict[int, list[Figure]] = defaultdict(list)
        for figure in figures_of(page):
            by_block[figure.block].append(figure)
        for number, block in enumerate(page.blocks):
            self._take(draft, block, by_block.get(number, ()))
        markdown = _whole(page, draft.blocks)
        for mark, reference in draft.references.items():
            markdown = markdown.replace(mark, reference)
        body: dict[str, Any] = {
            "index": page.number - 1,
            "markdown": markdown,
            "images": draft.images,
            "tables": draft.tables,
            "hyperlinks": list(dict.fromkeys(_LINK.findall(markdown))),
            "header": draft.joined(draft.header) if self.wish.header else None,
            "footer": draft.joined(draft.footer) if self.wish.footer else None,
            "dimensions": _dimensions(page),
        }
        if self.wish.blocks:
            body["blocks"] = draft.told
        if self.wish.scores:
            words = _words(page, markdown, said) if self.wish.scores == "word" else None
            body["confidence_scores"] = _scores(page, words)
        return Sheet(body, page, draft.figures)

    def _take(self, draft: _Draft, block: Block, figures: Sequence[Figure]) -> None:
        """Put a block where it belongs."""
        edge = _edge(block, draft.page)
        if edge == "header" and self.wish.header:
            draft.header.append(block)
        elif edge == "footer" and self.wish.footer:
            draft.footer.append(block)
        elif block.label == "figure":
            self._take_figure(draft, block, figures)
            return
        elif block.table and self.wish.table_format:
            self._take_table(draft, block)
            return
        else:
            draft.blocks.append(block)
        self._tell(draft, block, edge or KINDS.get(block.label, "text"))

    def _take_figure(self, draft: _Draft, block: Block, figures: Sequence[Figure]) -> None:
        for figure in figures:
            sides = figure.box.width, figure.box.height
            is_full = self.wish.image_limit is not None and self._images >= self.wish.image_limit
            if is_full or min(sides) < self.wish.image_min_size:
                continue
            name = f"img-{self._images}.jpeg"
            self._images += 1
            reference = draft.refer(self._mark, f"![{name}]({name})")
            draft.figures.append(figure)
            draft.images.append(
                {"id": name, **_corners([figure.box]), "image_base64": None,
                 "image_annotation": None}
            )  # fmt: skip
            place = replace(block, boxes=(figure.box,))
            self._tell(draft, place, "image", content=reference, image_id=name)
        if block.text.strip():
            text = replace(block, label="text")
            draft.blocks.append(text)
            self._tell(draft, text, "text")

    def _take_table(self, draft: _Draft, block: Block) -> None:
        assert self.wish.table_format is not None
        style, ending = FORMATS[self.wish.table_format]
        name = f"tbl-{self._tables}.{ending}"
        self._tables += 1
        draft.refer(self._mark, f"[{name}]({name})")
        content = _some(draft.page, [block], style)
        table: dict[str, Any] = {
            "id": name, "content": content, "format": self.wish.table_format,
        }  # fmt: skip
        draft.tables.append(table)
        self._tell(draft, block, "table", content=content, table_id=name)

    def _tell(
        self, draft: _Draft, block: Block, kind: str, content: str | None = None, **more: Any
    ) -> None:
        """Add a block to those that are told one by one."""
        draft.boxes = block.boxes or draft.boxes
        if not self.wish.blocks:
            return
        said = _some(draft.page, [block]) if content is None else content
        if not said:
            return
        told = {"type": kind, **_corners(draft.boxes), "content": said, **more}
        if self.wish.scores == "block":
            told["confidence_scores"] = {"average_content_confidence_score": block.confidence}
        draft.told.append(told)


@dataclass(slots=True)
class _Draft:
    """A page on its way."""

    page: PageRead
    blocks: list[Block] = field(default_factory=list)  # of the Markdown
    references: dict[str, str] = field(default_factory=dict)  # by the token in their place
    images: list[dict[str, Any]] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    tables: list[dict[str, Any]] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)
    header: list[Block] = field(default_factory=list)
    footer: list[Block] = field(default_factory=list)
    boxes: Sequence[Box] = ()  # of the last block that has any: of its region the others are too

    def __post_init__(self) -> None:
        self.boxes = (Box(0.0, 0.0, self.page.width, self.page.height),)

    def refer(self, mark: str, reference: str) -> str:
        """Put a reference where the page has come to."""
        token = f"{mark}{len(self.references)}z"
        self.references[token] = reference
        self.blocks.append(Block("text", token))
        return reference

    def joined(self, some: Sequence[Block]) -> str | None:
        """Return what blocks at the page's edge say."""
        return _some(self.page, some) or None


def _whole(page: PageRead, blocks: Sequence[Block]) -> str:
    """Return a page as Markdown, with what there is to say of it."""
    own = tuple(replace(block, continued=None, continues=None) for block in blocks)
    return rendering.markdown([replace(page, blocks=own)], style=_STYLE).strip()


def _some(page: PageRead, blocks: Sequence[Block], tables: str = "pipe") -> str:
    """Return some blocks of a page as Markdown."""
    own = tuple(replace(block, continued=None, continues=None) for block in blocks)
    alone = replace(page, blocks=own, status=PageStatus.READ)
    return rendering.markdown([alone], style=replace(_STYLE, tables=tables)).strip()


def _edge(block: Block, page: PageRead) -> str:
    """Return which edge of the page a block belongs to: "header", "footer", or "" for none."""
    if block.label in {"header", "footer"}:
        return block.label
    if block.label != "page-number":
        return ""
    middle = block.boxes[0].y0 + block.boxes[0].y1 if block.boxes else 2.0 * page.height
    return "header" if middle < page.height else "footer"


def _corners(boxes: Iterable[Box]) -> dict[str, int]:
    """Return the rectangle around boxes, in whole pixels."""
    some = [*boxes]
    return {
        "top_left_x": math.floor(min(box.x0 for box in some)),
        "top_left_y": math.floor(min(box.y0 for box in some)),
        "bottom_right_x": math.ceil(max(box.x1 for box in some)),
        "bottom_right_y": math.ceil(max(box.y1 for box in some)),
    }


def _dimensions(page: PageRead) -> dict[str, int] | None:
    if not page.width or not page.height:
        return None
    dpi = round(_POINTS / page.points_per_pixel) if page.points_per_pixel > 0 else 0
    return {"dpi": dpi, "height": page.height, "width": page.width}


def _scores(page: PageRead, words: list[dict[str, Any]] | None) -> dict[str, Any] | None:
    if page.confidence is None:
        return None
    told: dict[str, Any] = {
        "average_page_confidence_score": page.confidence,
        "minimum_page_confidence_score": page.confidence if page.least is None else page.least,
    }
    return told if words is None else {**told, "word_confidence_scores": words}


def _words(page: PageRead, markdown: str, said: Recognition | None) -> list[dict[str, Any]]:
    """Return the words of the page with what an engine that reads lines says of their lines.

    A model says nothing of words.
    """
    of_lines: dict[str, deque[float]] = defaultdict(deque)
    for word, score in _read_words(said.lines if said else ()):
        of_lines[word].append(score)
    if not of_lines:
        return []
    assert page.confidence is not None
    others = [found.span() for found in _NO_WORDS.finditer(markdown)]
    return [
        {
            "text": found[0],
            "confidence": own.popleft() if (own := of_lines.get(found[0])) else page.confidence,
            "start_index": found.start(),
        }
        for found in _WORD.finditer(markdown)
        if not any(start <= found.start() < end for start, end in others)
    ]


def _read_words(lines: Iterable[Line]) -> Iterator[tuple[str, float]]:
    for line in lines:
        if is_read(line):
            yield from ((word, round(line.confidence, 4)) for word in _WORD.findall(line.text))
