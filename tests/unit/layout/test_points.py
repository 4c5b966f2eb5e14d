"""Points of questions at the right margin are read behind their questions."""

import pytest

from ocrd.job import Line
from tests.unit.printed import PITCH, labelled, line, lines, paragraph

EDGE = 1400  # where points end
QUESTIONS = (
    "1. Which of the two bridges was built first?",
    "2. Why did the old ferry stay in service\nafter the bridge had been opened to carts?",
    "3. Name three kinds of locks.",
    "4. What did the toll of 1894 pay for\nand who was free of it?",
)


def points(text: str, y: float) -> Line:
    return line(text, EDGE - 15 * len(text), y)


def exam(marks: list[str], *, at_end: bool = False) -> list[Line]:
    """Return questions with their points level with the first row, or with the last one."""
    found: list[Line] = []
    for number, (question, mark) in enumerate(zip(QUESTIONS, marks, strict=True)):
        y = 300 + 200 * number
        found += lines(question, 200, y, full=900)
        found.append(points(mark, y + PITCH * question.count("\n") * at_end))
    return found


def said(marks: list[str]) -> list[str]:
    """Return the questions with their points behind them."""
    return [
        f"{question} {mark}".replace("\n", " ")
        for question, mark in zip(QUESTIONS, marks, strict=True)
    ]


@pytest.mark.parametrize("at_end", [False, True])
@pytest.mark.parametrize(
    "marks",
    [
        ["[5 points]", "[3 points]", "[1 point]", "[8 points]"],
        ["[PUNTI 5]", "[PUNTI 2]", "[PUNTI 2 PER OGNUNA]", "[PUNTI 8]"],
        ["(3)", "(10)", "(2)", "(2)"],
        ["/10", "/5", "/5", "/20"],
        ["___ / 10", "___ / 5", "___ / 5", "___ / 8"],
        ["4 P.", "2 P.", "12 P.", "1 P."],
    ],
)
def test_they_stand_behind_their_question(marks: list[str], at_end: bool) -> None:
    assert [text for _, text in labelled(exam(marks, at_end=at_end))] == said(marks)


@pytest.mark.parametrize(
    "marks", [["(3 P.)", "(10 P.)", "(2 P.)", "(2 P.)"], ["3 P.", "10 P.", "2 P.", "2 P."]]
)
def test_those_that_were_read_with_their_line_stand_behind_the_last_one(marks: list[str]) -> None:
    rows = exam(marks)
    text = f"2. Why did the old ferry stay in service {marks[1]}"
    fused = line(text, 200, 500, width=EDGE - 200)
    rest = [row for row in rows if row.quad[0][1] != 500]
    assert [text for _, text in labelled(rest, fused)] == said(marks)


def test_questions_side_by_side_keep_theirs() -> None:
    rows: list[Line] = []
    for number, name in enumerate(("first", "second", "third", "fourth", "fifth", "sixth")):
        x, y = 120 + 760 * (number > 2), 300 + 160 * (number % 3)
        text = f"{number + 1}. What does the {name}\nof the seven old laws say?"
        rows += lines(text, x, y, full=480)
        rows.append(line(f"/{9 - number}", x + 640, y))
    assert [text for _, text in labelled(rows)] == [
        f"{number + 1}. What does the {name} of the seven old laws say? /{9 - number}"
        for number, name in enumerate(("first", "second", "third", "fourth", "fifth", "sixth"))
    ]


def test_numbers_of_equations_are_none() -> None:
    rows = paragraph(200)
    for number in range(1, 5):
        y = 300 + 200 * number
        rows += [line("a + b = c", 600, y), line(f"({number})", EDGE - 45, y)]
        rows += paragraph(y + 60)
    texts = [text for _, text in labelled(rows)]
    assert not any(text.endswith(")") and text.startswith("Running") for text in texts)


def test_prices_stay_cells() -> None:
    goods = ("Apple juice", "Garden hose", "Oak shelf", "Watering can")
    rows = [line(name, 200, 300 + 60 * at) for at, name in enumerate(goods)]
    rows += [line(f"({at}.50)", 1000, 300 + 60 * at) for at in range(4)]
    rows += [line(f"{at} pieces", 1300, 300 + 60 * at) for at in range(4)]
    assert [label for label, _ in labelled(rows)] == ["table"]


def test_no_text_is_lost_where_a_table_holds_the_line() -> None:
    marks = ["(3 P.)", "(10 P.)", "(2 P.)", "(2 P.)"]
    found = " ".join(text for _, text in labelled(exam(marks), exam(marks)))
    assert all(found.count(mark) >= 2 for mark in ("(3 P.)", "(10 P.)"))
