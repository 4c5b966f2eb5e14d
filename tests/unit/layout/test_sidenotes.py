"""What stands in the margin beside a column of text is read before or behind its paragraph."""

import pytest

from ocrd.job import Line, Typeface
from tests.unit.printed import BOLD, PITCH, PLAIN, TYPED, labelled, line, lines

SMALL = Typeface(10, 1.8)
ROWS = 6
TEXT = "\n".join(["Running text that fills its rows beside what is noted"] * ROWS) + "\nand ends."
JOINED = TEXT.replace("\n", " ")
LEFT, FULL, HIGH = 400, 800, 300  # a paragraph's edge and width, and from one to the next


def page(count: int = 4) -> list[Line]:
    """Return paragraphs one below the other."""
    return [one for n in range(count) for one in lines(TEXT, LEFT, 200 + HIGH * n, full=FULL)]


def right(text: str, paragraph: int, row: int = 0, face: Typeface = SMALL) -> list[Line]:
    """Return a note right of a paragraph's row."""
    return lines(text, LEFT + FULL + 60, 200 + HIGH * paragraph + PITCH * row, face)


def test_a_note_stands_behind_the_paragraph_beside_it_in_one_piece() -> None:
    notes = right("see the\nletter of\n1894", 0, 1) + right("not in the\nfirst copy", 2, 3)
    assert labelled(page(), notes) == [
        ("text", JOINED), ("text", "see the letter of 1894"), ("text", JOINED),
        ("text", JOINED), ("text", "not in the first copy"), ("text", JOINED),
    ]  # fmt: skip


def test_two_notes_beside_one_paragraph_keep_their_order() -> None:
    notes = right("see the letter", 1, 0) + right("not in the copy", 1, 4)
    assert [text for _, text in labelled(page(), notes)] == [
        JOINED, JOINED, "see the letter", "not in the copy", JOINED, JOINED
    ]  # fmt: skip


def test_bold_ones_beside_beginnings_are_headings() -> None:
    notes = right("Sources", 0, 0, BOLD) + right("Floods since\n1850", 2, 0, BOLD)
    assert labelled(page(), notes) == [
        ("heading", "Sources"), ("text", JOINED), ("text", JOINED),
        ("heading", "Floods since 1850"), ("text", JOINED), ("text", JOINED),
    ]  # fmt: skip


def test_bold_ones_within_paragraphs_are_none() -> None:
    notes = right("Sources", 0, 2, BOLD) + right("Floods", 2, 3, BOLD)
    assert "heading" not in [label for label, _ in labelled(page(), notes)]


def test_dates_are_no_headings() -> None:
    notes = right("12.03.1894", 0, 0, PLAIN) + right("14.03.1894", 2, 0, PLAIN)
    found = labelled(page(), notes)
    assert found.count(("text", JOINED)) == 4
    assert "heading" not in [label for label, _ in found]


def test_typed_words_left_of_the_text_stand_before_it() -> None:
    names = [line("center-page", 120, 200, TYPED), line("headline", 165, 200 + 2 * HIGH, TYPED)]
    assert [text for _, text in labelled(page(), names)] == [
        "center-page", JOINED, JOINED, "headline", JOINED, JOINED
    ]  # fmt: skip


def test_plain_words_left_of_the_middle_of_paragraphs_stand_before_these() -> None:
    names = [line("Note of the clerk", 100, 200 + HIGH * n + 2 * PITCH) for n in (0, 2)]
    assert labelled(page(), names) == [
        ("text", "Note of the clerk"), ("text", JOINED), ("text", JOINED),
        ("text", "Note of the clerk"), ("text", JOINED), ("text", JOINED),
    ]  # fmt: skip


@pytest.mark.parametrize("every", [1, 5])
def test_numbers_of_lines_stand_together_behind_a_paragraph(every: int) -> None:
    numbers = [
        (at, 200 + HIGH * paragraph + PITCH * row)
        for at, (paragraph, row) in enumerate(((p, r) for p in range(4) for r in range(7)), 1)
        if at % every == 0
    ]
    found = labelled(page(), [line(str(at), 1300, y, SMALL) for at, y in numbers])
    texts = [text for _, text in found]
    assert texts.count(JOINED) == 4
    assert " ".join(text for text in texts if text != JOINED) == " ".join(
        str(at) for at, _ in numbers
    )


def test_a_number_beside_a_running_head_is_no_note() -> None:
    head = [line("The waterways of the valley", LEFT, 100), line("17", 1300, 100)]
    assert labelled(head, page())[-4:] == [("text", JOINED)] * 4
    assert not any(text == "17" and label == "heading" for label, text in labelled(head, page()))


def test_marks_of_a_list_are_none() -> None:
    marks = [line(f"{n + 1}.", 340, 200 + HIGH * n) for n in range(4)]
    assert "heading" not in [label for label, _ in labelled(page(), marks)]


def test_paragraphs_of_a_side_column_stay_together() -> None:
    column = right("one that\nfills rows", 0, 0)
    column += lines("two that\nfills rows", LEFT + FULL + 60, 200 + 3 * PITCH - 18, SMALL)
    texts = [text for _, text in labelled(page(), column)]
    assert texts[:4] == [JOINED] * 4


def test_what_a_price_stands_beside_is_no_text_with_notes() -> None:
    goods = [line(f"Garden hose of {n} metres with a tap", 200, 200 + 60 * n) for n in range(12)]
    prices = [line(f"{n}.50", 1300, 200 + 60 * n) for n in range(12)]
    assert not any(text == "1.50" for _, text in labelled(goods, prices))
