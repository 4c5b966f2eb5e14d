"""Which of two readings of a page is kept."""

from __future__ import annotations

import pytest

from ocrd import pages
from ocrd.job import Block, Doubt, Opinion, PageRead, PageStatus
from ocrd.opinions import better, is_wanted
from ocrd.tasks import Task

FEW = Doubt("less-than-page", "Far less text came.", 0.3)
MANY = Doubt("runaway", "It ran away.", 0.8)
SMALL = Doubt("uncertain-lines", "One line.", 0.0)


def page(engine: str, status: PageStatus, *doubts: Doubt) -> PageRead:
    return PageRead(
        1, status, blocks=(Block("text", f"By {engine}."), Block("figure", "")), doubts=doubts,
        engine=engine, model=f"{engine}-1",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        ((PageStatus.DOUBTFUL, MANY), (PageStatus.READ,), "b"),
        ((PageStatus.DOUBTFUL, MANY), (PageStatus.DOUBTFUL, FEW), "b"),
        ((PageStatus.DOUBTFUL, FEW), (PageStatus.DOUBTFUL, MANY), "a"),
        ((PageStatus.DOUBTFUL, FEW), (PageStatus.DOUBTFUL, FEW), "a"),
        ((PageStatus.DOUBTFUL, FEW, SMALL), (PageStatus.DOUBTFUL, FEW), "b"),
        ((PageStatus.FAILED,), (PageStatus.DOUBTFUL, MANY), "b"),
        ((PageStatus.DOUBTFUL, MANY), (PageStatus.FAILED,), "a"),
    ],
)
def test_the_better_is_kept_and_the_other_stands_beside_it(
    first: tuple[PageStatus, Doubt], second: tuple[PageStatus, Doubt], kept: str
) -> None:
    found = better(page("a", *first), page("b", *second))
    other, (status, *doubts) = ("b", second) if kept == "a" else ("a", first)
    assert found.engine == kept
    assert found.second == Opinion(
        other, f"{other}-1", status, f"By {other}.", tuple(doubts)
    )
    assert pages.from_json(pages.to_json(found)) == found


def test_a_second_reading_is_wanted_of_doubtful_pages_whose_text_is_the_pages_own() -> None:
    doubtful = page("a", PageStatus.DOUBTFUL, FEW)
    assert is_wanted(doubtful, Task("text"))
    assert is_wanted(page("a", PageStatus.FAILED), Task())
    assert not is_wanted(page("a", PageStatus.READ), Task())
    assert not is_wanted(page("a", PageStatus.BLANK), Task())
    assert not is_wanted(doubtful, Task("describe"))
