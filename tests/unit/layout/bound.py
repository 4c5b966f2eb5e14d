"""Pages made for the document's stage: blocks at places, and what the stage makes of them."""

from dataclasses import replace

from ocrd.job import Block, Box, Cell, PageRead, PageStatus, Shape
from ocrd.layout import document
from ocrd.layout.whole import whole as put_together

WIDTH, HEIGHT = 1000, 1400
MIDDLE = 500.0
FULL = Shape(rows=5, size=10.0, room=0.5, measure=60.0)  # its last row is full
ENDED = Shape(rows=5, size=10.0, room=30.0, measure=60.0)  # there is room on it
BEGINS = Shape(rows=5, size=10.0, indent=1.5, room=0.5, measure=60.0)  # with an indent
ROW = Shape(rows=1, size=10.0, room=30.0, measure=60.0)


def block(
    text: str,
    y: float = MIDDLE,
    shape: Shape | None = ENDED,
    label: str = "text",
    *,
    x: float = 100.0,
    width: float = 800.0,
    height: float = 30.0,
) -> Block:
    return Block(label, text, (Box(x, y, x + width, y + height),), 0.9, shape=shape)


def head(text: str, *, x: float = 100.0, size: float = 10.0, y: float = 60.0) -> Block:
    return block(text, y, replace(ROW, size=size), x=x, width=200.0, height=20.0)


def foot(text: str, *, x: float = 480.0, label: str = "text") -> Block:
    return block(text, 1330.0, ROW, label, x=x, width=40.0, height=20.0)


def heading(text: str, size: float = 14.0, label: str = "heading", y: float = 300.0) -> Block:
    return block(text, y, replace(ROW, size=size), label)


def entry(text: str) -> Block:
    return block(text, label="list")


def table(*rows: str, header: bool = False, y: float = 900.0, height: float = 400.0) -> Block:
    cells = tuple(
        tuple(Cell(text.strip(), header=header and not at) for text in row.split("|"))
        for at, row in enumerate(rows)
    )
    return replace(block("table", y, None, "table", height=height), table=cells)


def said(number: int) -> Block:
    """Return a paragraph that no other page has."""
    words = ("tide", "quay", "mast", "rope", "sail", "crew", "dock", "hull", "helm", "deck")
    first, second = words[number % 10], words[(number // 10 + 3) % 10]
    return block(f"What is told of the {first} and the {second} stands here and is over.")


def page(number: int, *blocks: Block, status: PageStatus = PageStatus.READ) -> PageRead:
    return PageRead(number, status, blocks, WIDTH, HEIGHT)


def book(*pages: tuple[Block, ...]) -> list[PageRead]:
    return [page(number, *blocks) for number, blocks in enumerate(pages, 1)]


def settled(pages: list[PageRead]) -> list[PageRead]:
    survey = document.Survey()
    for one in pages:
        survey.add(one)
    return list(survey.document().pages(pages))


def labels(pages: list[PageRead]) -> list[list[str]]:
    return [[one.label for one in page.blocks] for page in settled(pages)]


def whole(pages: list[PageRead]) -> list[list[str]]:
    """Return the texts of each page, what goes on over its end with where it begins."""
    return [
        [one.text for one in page.blocks if one.text]
        for page in put_together(settled(pages))
    ]
