"""Layout JSON read back: the pages are those that were written."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from ocrd.job import (
    Block,
    Box,
    Cell,
    Doubt,
    Joint,
    PageRead,
    PageStatus,
    Place,
)
from ocrd.sidecar import json, layout
from ocrd.sidecar.document import DocumentResult

RESULT = DocumentResult("a.pdf", "0" * 64, "PDF", 2, "echo", "m", "markdown", 1.0)
BOX = Box(1.0, 2.0, 3.5, 4.0)
PAGES = [
    PageRead(
        1, PageStatus.DOUBTFUL, width=100, height=200, points_per_pixel=0.5, rotation=90,
        seconds=1.5, warnings=("w",), doubts=(Doubt("runaway", "It ran.", 0.25),), unread=(BOX,),
        confidence=0.5, least=0.25, tokens=7, prompt_tokens=9, estimated=True,
        blocks=(
            Block("heading", "Ü\n]}", (BOX,), 0.75, level=2, continues=Place(2, 0)),
            Block("table", "", table=((Cell("a", 1, 2, True), Cell("b")),), rich=True,
                  doubts=("struck-out",)),
        ),
    ),
    PageRead(
        2, PageStatus.READ,
        (Block("text", "x y", lead="x", continued=Joint(Place(1, 0), "text", "-")),),
    ),
    PageRead(3, PageStatus.FAILED, code="page", warnings=("It failed.",)),
]  # fmt: skip


def written(pages: list[PageRead]) -> io.BytesIO:
    out = io.BytesIO()
    json.write(out, RESULT, pages)
    out.seek(0)
    return out


def test_what_was_written_comes_back() -> None:
    assert list(layout.pages(written(PAGES))) == PAGES
    assert list(layout.pages(written([]))) == []


@pytest.mark.parametrize("change", ["cut", "alien", "torn"])
def test_what_somebody_made_of_it_is_refused(change: str) -> None:
    text = written(PAGES).getvalue()
    changed = {
        "cut": text[: len(text) // 2], "alien": b"{}\n",
        "torn": text.replace(b'"status"', b'"state"'),
    }[change]  # fmt: skip
    with pytest.raises(ValueError, match=r"it|page|delimiter|Expecting|Unterminated"):
        list(layout.pages(io.BytesIO(changed)))


def test_what_is_not_written_is_left_as_nothing() -> None:
    page = replace(PAGES[1], engine="echo", model="m", finish="length")
    [found] = layout.pages(written([page]))
    assert (found.engine, found.model, found.finish) == ("", "", "stop")
