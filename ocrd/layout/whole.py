"""What goes on over the ends of pages put together, for whoever writes text (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ocrd.job import Block, Joint, PageRead
from ocrd.layout.sewing import with_block
from ocrd.markdown import tables


def whole(pages: Iterable[PageRead]) -> Iterator[PageRead]:
    """Yield the pages with what goes on over their ends at the place where it begins.

    What is left of it on the later pages has no text. No more pages are held than one block goes
    on over.
    """
    held: list[PageRead] = []
    waited = 0  # the last page on which something goes on
    for page in pages:
        held.append(page)
        for index, block in enumerate(page.blocks):
            joint = block.continued
            if joint and joint.kind != "list" and _give(held, block, joint):
                left = replace(held[-1].blocks[index], text="", table=(), boxes=())
                held[-1] = with_block(held[-1], index, left)
            if block.continues:
                waited = max(waited, block.continues.page)
        if waited <= page.number:
            yield from held
            held = []
    yield from held


def _give(held: list[PageRead], part: Block, joint: Joint) -> bool:
    """Add a part to the block that it goes on from, where that one's text is, if that is held."""
    place = joint.place
    while True:
        at = next((at for at, page in enumerate(held) if page.number == place.page), None)
        if at is None:
            return False
        page = held[at]
        block = page.blocks[place.block]
        if not block.continued or block.continued.kind == "list":
            break
        place = block.continued.place
    held[at] = with_block(page, place.block, _joined(block, part, joint))
    return True


def _joined(block: Block, part: Block, joint: Joint) -> Block:
    doubts = tuple(dict.fromkeys((*block.doubts, *part.doubts)))
    if joint.kind == "table":
        rows = list(block.table)
        added = list(part.table[joint.repeated :])
        if joint.is_split and rows and added:
            rows[-1] = tuple(
                replace(cell, text=f"{cell.text} {more.text}".strip())
                for cell, more in zip(rows[-1], added.pop(0), strict=True)
            )
        table = (*rows, *(tuple(replace(cell, header=False) for cell in row) for row in added))
        return replace(block, table=table, text=tables.raw(table), doubts=doubts)
    return replace(block, text=f"{block.text}{joint.by}{part.text}", doubts=doubts)
