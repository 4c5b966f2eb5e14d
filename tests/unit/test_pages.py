"""The JSON form of a page's result."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocrd import pages
from ocrd.errors import LedgerError
from ocrd.job import Block, Box, Cell, Doubt, PageRead, PageStatus, Shape

numbers = st.floats(allow_nan=False, allow_infinity=False)
anything = st.text(st.characters())  # lone surrogates included
boxes = st.builds(Box, numbers, numbers, numbers, numbers)
cells = st.builds(Cell, anything, st.integers(1, 9), st.integers(1, 9), st.booleans())
rows = st.lists(cells, max_size=3).map(tuple)
counts = st.integers(0, 10**6)
shapes = st.builds(
    Shape, counts, numbers, numbers, numbers, numbers,
    st.lists(counts, max_size=3).map(tuple), numbers,
)  # fmt: skip
blocks = st.builds(
    Block, anything, anything, st.lists(boxes, max_size=3).map(tuple), st.none() | numbers,
    st.lists(rows, max_size=3).map(tuple), st.booleans(), st.lists(anything, max_size=2).map(tuple),
    st.none() | shapes, anything,
)  # fmt: skip
doubts = st.builds(Doubt, anything, anything, numbers)
reads = st.builds(
    PageRead,
    number=st.integers(1, 10**6),
    status=st.sampled_from(PageStatus),
    blocks=st.lists(blocks, max_size=4).map(tuple),
    width=st.integers(0, 10**5),
    height=st.integers(0, 10**5),
    points_per_pixel=numbers,
    rotation=st.sampled_from([0, 90, 180, 270]),
    seconds=numbers,
    warnings=st.lists(anything, max_size=3).map(tuple),
    doubts=st.lists(doubts, max_size=3).map(tuple),
    unread=st.lists(boxes, max_size=3).map(tuple),
    code=anything,
    confidence=st.none() | numbers,
    least=st.none() | numbers,
    tokens=counts,
    prompt_tokens=counts,
    estimated=st.booleans(),
    finish=st.sampled_from(["stop", "length"]),
)


@given(reads)
def test_what_is_written_is_read_back_equal(page: PageRead) -> None:
    text = pages.to_json(page)
    assert text.isascii()
    assert "\n" not in text
    assert pages.from_json(text) == page


def test_status_and_code_stand_where_the_ledger_asks_for_them() -> None:
    body = json.loads(pages.to_json(PageRead(7, PageStatus.FAILED, code="poisonous-page")))
    assert (body["number"], body["status"], body["code"]) == (7, "failed", "poisonous-page")


def test_a_page_of_before_engines_told_their_confidence_is_read() -> None:
    page = pages.from_json('{"number": 3, "status": "read", "blocks": [], "seconds": 1.5}')
    assert (page.confidence, page.least, page.tokens, page.finish) == (None, None, 0, "stop")


def test_a_number_that_json_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        pages.to_json(PageRead(1, PageStatus.READ, seconds=float("nan")))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        '{"number": 1}',
        '{"number": 1, "status": "odd"}',
        '{"number": 1, "status": "read", "blocks": [{"label": "text"}]}',
        '{"number": 1, "status": "read", "blocks": [{"label": "", "text": "", "boxes": [[1]]}]}',
        '{"number": 1, "status": "read", "blocks": [{"label": "", "text": "", "table": [[[1]]]}]}',
        "[" * 100_000,
    ],
)
def test_what_is_no_page_is_a_ledger_error(text: str) -> None:
    with pytest.raises(LedgerError, match="checkpoint"):
        pages.from_json(text)
