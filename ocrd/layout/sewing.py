"""The ends of a document's pages sewn together: what goes on over them says so (pure).

:mod:`ocrd.layout.seams` tells what goes on; here pages are held until it is known, and blocks get
their joints. A page whose columns were parted by what runs over the pages is sewn within itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from ocrd.job import Block, Cell, Joint, PageRead, PageStatus, Place
from ocrd.layout import seams
from ocrd.layout.seams import HEAD_ROWS, MARGINAL, Habits, Seam

MOST_JOINED = 50  # pages over which one block goes on at most: so many are in memory
WAITING = 3  # pages without text, over which a paragraph may go on


class Sewing:
    """The ends of pages, as they come: a page is handed on once it is known what goes on."""

    def __init__(self, habits: Habits) -> None:
        self._habits = habits
        self._held: list[PageRead] = []  # a page with text, and those without behind it
        self._lengths: dict[Place, int] = {}  # pages that what ends at a block goes on over
        self._heads: dict[Place, tuple[tuple[Cell, ...], ...]] = {}  # of tables that go on

    def take(self, page: PageRead, *, goes_on: bool = False) -> Iterator[PageRead]:
        """Take a page and yield those before it; ``goes_on``: so does the table of contents."""
        page = _within(page, self._habits)
        before = self._held[0] if self._held else None
        is_open = page.status is not PageStatus.FAILED
        if before is not None and is_open and _has_body(page):
            found = seams.seams(before, page, self._habits, self._head(before))
            if goes_on and not found:
                found = _contents_seam(before, page)
            for seam in found:
                before, page = self._sewn(before, page, seam)
            self._held[0] = before
        elif before is not None and is_open and len(self._held) <= WAITING:
            self._held.append(page)
            return
        yield from self._held
        self._held = [page] if is_open else []
        self._forget(page)
        if not is_open:
            yield page

    def rest(self) -> Iterator[PageRead]:
        """Yield what is held."""
        yield from self._held
        self._held = []

    def _head(self, page: PageRead) -> tuple[tuple[Cell, ...], ...]:
        return next(
            (head for place, head in self._heads.items() if place.page == page.number), ()
        )

    def _sewn(
        self, before: PageRead, page: PageRead, seam: Seam
    ) -> tuple[PageRead, PageRead]:
        place, joint = seam.joint.place, seam.joint
        later = replace(page.blocks[seam.index], continued=joint)
        if joint.kind == "list":
            return before, with_block(page, seam.index, later)
        length = self._lengths.get(place, 1) + 1
        if length > MOST_JOINED:
            return before, page
        own = Place(page.number, seam.index)
        self._lengths[own] = length
        earlier = replace(before.blocks[place.block], continues=own)
        if joint.kind == "table":
            self._heads[own] = self._heads.get(place, earlier.table[:HEAD_ROWS])
        else:
            earlier = replace(earlier, text=seam.before)
            later = replace(later, text=seam.after)
        return with_block(before, place.block, earlier), with_block(page, seam.index, later)

    def _forget(self, page: PageRead) -> None:
        """Drop what is known of earlier pages' ends."""
        for known in (self._lengths, self._heads):
            for place in [place for place in known if place.page != page.number]:
                del known[place]


def _within(page: PageRead, habits: Habits) -> PageRead:
    """Return a page whose columns were parted by what runs over the pages, sewn there."""
    body = [index for index, block in enumerate(page.blocks) if block.label not in MARGINAL]
    for a, b in pairwise(body):
        first, second = page.blocks[a], page.blocks[b]
        if b == a + 1 or first.label not in {"text", "list"} or second.label != "text":
            continue
        seam = seams.text((page, a), (page, b), habits)
        if seam and page.blocks[a].boxes and second.boxes and _is_beside(first, second):
            earlier = replace(first, text=seam.before, continues=Place(page.number, b))
            later = replace(second, text=seam.after, continued=seam.joint)
            page = with_block(with_block(page, a, earlier), b, later)
    return page


def _is_beside(first: Block, second: Block) -> bool:
    """Say whether a block begins above the end of the one before: in the next column."""
    return second.boxes[0].y0 < first.boxes[-1].y1


def _contents_seam(before: PageRead, page: PageRead) -> list[Seam]:
    """Return the seam of a table of contents that goes on."""
    last = [index for index, block in enumerate(before.blocks) if block.label == "list"]
    first = next((index for index, one in enumerate(page.blocks) if one.label == "list"), None)
    if not last or first is None:
        return []
    return [Seam(first, Joint(Place(before.number, last[-1]), "list", "\n"))]


def _has_body(page: PageRead) -> bool:
    return any(
        block.label not in MARGINAL and block.label not in {"figure", "caption"}
        for block in page.blocks
    )


def with_block(page: PageRead, index: int, block: Block) -> PageRead:
    """Return the page with another block at a place."""
    blocks = list(page.blocks)
    blocks[index] = block
    return replace(page, blocks=tuple(blocks))
