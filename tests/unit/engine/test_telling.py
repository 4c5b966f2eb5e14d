"""What a page tells of itself, and that nothing of its text is lost or told twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocrd.engine.protocol import Partial, Progress, Recognise
from ocrd.engine.telling import MAX_PIECE, PARTIAL_SECONDS, Cancelled, Telling, teller


class Heard:
    """What a telling sends, and the time that it goes by."""

    def __init__(self, *, stream: bool = True) -> None:
        self.now = 0.0
        self.messages: list[Progress | Partial] = []
        self.telling = Telling(
            Recognise(1, "", stream=stream), self.messages.append, lambda: self.now
        )

    @property
    def partials(self) -> list[Partial]:
        return [message for message in self.messages if isinstance(message, Partial)]

    @property
    def text(self) -> str:
        """Return what a receiver has, who drops what is taken back."""
        text = ""
        for partial in self.partials:
            text = partial.text if partial.restart else text + partial.text
        return text


def test_text_is_told_at_once_and_then_in_turns() -> None:
    heard = Heard()
    heard.telling.text("a")
    heard.telling.text("b")
    assert heard.text == "a"
    heard.now = PARTIAL_SECONDS
    heard.telling.text("c")
    assert [partial.text for partial in heard.partials] == ["a", "bc"]


def test_what_is_held_goes_along_with_progress() -> None:
    heard = Heard()
    heard.telling.text("a")
    heard.telling.text("b")
    heard.now = PARTIAL_SECONDS
    heard.telling(2)
    assert heard.text == "ab"


def test_what_was_never_told_need_not_be_taken_back() -> None:
    heard = Heard()
    heard.telling.restart()
    heard.telling.text("a")
    heard.telling.text("dropped")
    heard.telling.restart()
    heard.telling.restart()
    assert heard.partials == [Partial(1, "a"), Partial(1, "", restart=True)]


def test_a_text_that_goes_on_is_completed_and_another_one_told_anew() -> None:
    heard = Heard()
    heard.telling.text("one ")
    heard.telling.settle("one two")
    assert heard.partials == [Partial(1, "one "), Partial(1, "two")]
    heard.telling.settle("other")
    assert heard.partials[2:] == [Partial(1, "", restart=True), Partial(1, "other")]


@given(st.lists(st.one_of(st.text(max_size=3), st.none())), st.text(max_size=9), st.data())
def test_whatever_came_before_the_settled_text_is_what_the_receiver_has(
    pieces: list[str | None], end: str, data: st.DataObject
) -> None:
    heard = Heard()
    for piece in pieces:
        heard.now += data.draw(st.sampled_from([0.0, PARTIAL_SECONDS]))
        if piece is None:
            heard.telling.restart()
        else:
            heard.telling.text(piece)
    heard.telling.settle()
    last = max((place for place, piece in enumerate(pieces) if piece is None), default=-1)
    assert heard.text == "".join(piece or "" for piece in pieces[last + 1 :])
    heard.telling.settle(end)
    assert heard.text == end


def test_a_huge_text_is_told_in_pieces_that_fit_a_message() -> None:
    heard = Heard()
    text = "x" * (2 * MAX_PIECE + 1)
    heard.telling.settle(text)
    assert [len(partial.text) for partial in heard.partials] == [MAX_PIECE, MAX_PIECE, 1]


def test_text_that_nobody_wants_is_not_told() -> None:
    heard = Heard(stream=False)
    heard.telling.text("a")
    heard.telling.restart()
    heard.telling.settle("a")
    assert not heard.messages


def test_a_cancelled_page_is_told_so_at_the_next_count() -> None:
    heard = Heard()
    heard.telling(1)
    heard.telling.cancel()
    with pytest.raises(Cancelled):
        heard.telling(2)


@pytest.mark.parametrize("is_late", [False, True])
def test_what_is_to_be_done_when_a_page_is_cancelled_is_done_once(is_late: bool) -> None:
    done: list[int] = []
    telling = Heard().telling
    if is_late:
        telling.cancel()
    with telling.when_cancelled(lambda: done.append(1)):
        if not is_late:
            telling.cancel()
        assert done == [1]
    telling.cancel()
    assert done == [1]


def test_counts_go_on_where_earlier_work_ended_and_never_go_back() -> None:
    heard = Heard()
    for count in (5, 0, 7):
        heard.now += 1
        heard.telling(count)
    heard.telling.count_on()
    for count in (0, 2):
        heard.now += 1
        heard.telling(count)
    assert [message.count for message in heard.messages if isinstance(message, Progress)] == [
        5, 5, 7, 7, 9,
    ]  # fmt: skip


def test_a_function_that_counts_is_a_teller_without_listeners() -> None:
    counts: list[int] = []
    count: Callable[[int], None] = counts.append
    telling = teller(count)
    telling(3)
    telling.text("for nobody")
    telling.settle("neither")
    assert counts == [3]
    assert not telling.wants_text
    assert teller(telling) is telling
