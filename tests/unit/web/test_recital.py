"""Several pages as one text: in order, whatever comes first, and nothing of it taken back."""

from __future__ import annotations

import pytest

from ocrd.errors import RequestError
from ocrd.spoken import Cut
from ocrd.web.routes.recital import Recital


class Reader:
    """Who is told."""

    def __init__(self) -> None:
        self.pieces: list[str] = []

    @property
    def text(self) -> str:
        return "".join(self.pieces)


def test_pages_are_told_in_order_however_they_come() -> None:
    reader = Reader()
    recital = Recital(2, reader.pieces.append)
    recital.open(1, [1])
    recital.hear(1, 1, "third")
    recital.end(1, 1)
    recital.open(0, [1, 2])
    recital.hear(0, 2, "second")
    assert reader.text == ""
    recital.hear(0, 1, "fir")
    assert reader.text == "fir", "the first is told while it is read"
    recital.hear(0, 1, "st\n\n")
    recital.end(0, 1)
    assert reader.text == "first\n\nsecond"
    recital.end(0, 2)
    assert reader.text == "first\n\nsecond\n\nthird"
    assert recital.close() == "stop"


def test_pages_without_text_leave_no_gap() -> None:
    reader = Reader()
    recital = Recital(1, reader.pieces.append)
    recital.open(0, [1, 2, 3])
    recital.end(0, 1)
    recital.hear(0, 2, "text")
    for page in (2, 3):
        recital.end(0, page)
    assert reader.text == "text"


def test_nothing_is_told_of_a_page_before_its_end_unless_it_is_live() -> None:
    reader = Reader()
    recital = Recital(1, reader.pieces.append, live=False)
    recital.open(0, [1])
    recital.hear(0, 1, "round and round")
    recital.hear(0, 1, "sound", restart=True)
    assert reader.text == ""
    recital.end(0, 1)
    assert reader.text == "sound"


def test_a_page_that_is_read_again_and_says_the_same_goes_on() -> None:
    reader = Reader()
    recital = Recital(1, reader.pieces.append)
    recital.open(0, [1])
    recital.hear(0, 1, "one two")
    recital.hear(0, 1, "", restart=True)
    recital.hear(0, 1, "one")
    recital.hear(0, 1, " two three")
    recital.end(0, 1)
    assert reader.pieces == ["one two", " three"]


@pytest.mark.parametrize("again", ["one tea", "else", "one two"])
def test_a_page_that_is_read_again_and_says_something_else_ends_the_telling(again: str) -> None:
    reader = Reader()
    recital = Recital(1, reader.pieces.append)
    recital.open(0, [1])
    recital.hear(0, 1, "one two three")
    with pytest.raises(RequestError) as caught:
        recital.hear(0, 1, again, restart=True)
        recital.end(0, 1)
    assert caught.value.told_code == "read-again"
    assert reader.text == "one two three"


def test_what_was_not_told_yet_may_be_read_again() -> None:
    reader = Reader()
    recital = Recital(1, reader.pieces.append)
    recital.open(0, [1, 2])
    recital.hear(0, 2, "round and round")
    recital.hear(0, 2, "sound", restart=True)
    recital.end(0, 2)
    recital.hear(0, 1, "first")
    recital.end(0, 1)
    assert reader.text == "first\n\nsound"


def test_a_text_that_is_given_at_once_is_told_line_by_line() -> None:
    reader = Reader()
    recital = Recital(1, reader.pieces.append)
    recital.open(0, [0])
    recital.end(0, 0, "# A\n\nb\nc")
    assert reader.pieces == ["# A\n", "\n", "b\n", "c"]


def test_a_text_is_cut_over_its_pages() -> None:
    reader = Reader()
    recital = Recital(1, reader.pieces.append, cut=Cut(8, ()))
    recital.open(0, [1, 2])
    for page in (1, 2):
        recital.hear(0, page, "five!")
        recital.end(0, page)
    assert (reader.text, recital.close()) == ("five!\n\nf", "length")


def test_what_may_be_the_beginning_of_a_stop_is_told_at_the_end() -> None:
    reader = Reader()
    recital = Recital(1, reader.pieces.append, cut=Cut(None, ("STOP",)))
    recital.open(0, [1])
    recital.hear(0, 1, "no ST")
    recital.end(0, 1)
    assert reader.text == "no "
    assert recital.close() == "stop"
    assert reader.text == "no ST"
