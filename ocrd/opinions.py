"""A page that is doubtful is read by a second engine where there is one; the better is kept (pure).

Which is better, the page itself decides: what is read is better than what is doubtful, and of two
doubtful readings the one of which less is missing, then the one with fewer doubts. The other one is
kept beside it.
"""

from __future__ import annotations

from dataclasses import replace

from ocrd import doubts
from ocrd.job import Opinion, PageRead, PageStatus
from ocrd.tasks import Task

MODES = frozenset({"markdown", "text"})  # in which the page itself says how much was read
_RANK = {
    PageStatus.READ: 0, PageStatus.BLANK: 0, PageStatus.DOUBTFUL: 1, PageStatus.FAILED: 2
}  # fmt: skip


def is_wanted(page: PageRead, task: Task) -> bool:
    """Say whether a second reading of a page may be better."""
    return task.mode in MODES and page.status in {PageStatus.DOUBTFUL, PageStatus.FAILED}


def better(first: PageRead, second: PageRead) -> PageRead:
    """Return the better of two readings, with the other as its second opinion."""
    kept, other = (second, first) if _badness(second) < _badness(first) else (first, second)
    text = "\n\n".join(block.text for block in other.blocks if block.text)
    return replace(
        kept, second=Opinion(other.engine, other.model, other.status, text, other.doubts)
    )


def _badness(page: PageRead) -> tuple[int, float, int]:
    return _RANK[page.status], doubts.lost(page.doubts), len(page.doubts)
