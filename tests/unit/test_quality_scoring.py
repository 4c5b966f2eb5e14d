"""The scorer of the page set, on pages whose scores can be worked out by hand."""

import pytest

from benchmarks.quality.scoring import TrueCell, Truth, normalised, score


def cell(text: str, row: int, column: int, rows: int = 1, columns: int = 1) -> TrueCell:
    return TrueCell(text, row, row + rows - 1, column, column + columns - 1)


SQUARE = (cell("a", 0, 0), cell("b", 0, 1), cell("c", 1, 0), cell("d", 1, 1))


def test_a_page_read_without_a_fault_is_perfect() -> None:
    truth = Truth("Head\n\nSome words, and a hy-\nphen – “quoted”.", (SQUARE,), ("Head",))
    table = "| a | b |\n| --- | --- |\n| c | d |\n"
    markdown = f'# Head\n\nSome words, and a hyphen - "quoted".\n\n{table}'
    found = score(Truth(truth.text + " a b c d", truth.tables, truth.headings), markdown)
    assert (found.order, found.characters, found.recall) == (0, 0, 1)
    assert found.f1 == found.table == pytest.approx(1)
    assert found.headings == (1, 1, 1, 1)


def test_words_in_another_order_cost_order_only() -> None:
    found = score(Truth("one two three four"), "three four one two")
    assert found.order > 0.5
    assert (found.characters, found.recall) == (0, 1)


def test_a_wrong_letter_costs_its_share_of_the_characters() -> None:
    found = score(Truth("abcde fghij"), "abcdx fghij")
    assert found.characters == pytest.approx(1 / 10)
    assert found.recall == pytest.approx(1 / 2)


def test_words_that_are_too_many_cost_characters() -> None:
    assert score(Truth("abcde"), "abcde fghij").characters == pytest.approx(1)


def test_neighbours_in_a_table_are_counted() -> None:
    three = "| a | b |\n| --- | --- |\n| c | x |\n"  # of a-b, a-c, b-d, c-d two are there
    assert score(Truth("", (SQUARE,)), three).table == pytest.approx(0.5)
    assert score(Truth("", (SQUARE,)), "a b c d").table == 0


def test_a_cell_that_spans_is_no_neighbour_of_itself() -> None:
    true = (cell("head", 0, 0, columns=2), cell("a", 1, 0), cell("b", 1, 1))
    html = '<table><tr><th colspan="2">head</th></tr><tr><td>a</td><td>b</td></tr></table>'
    assert score(Truth("", (true,)), html).table == pytest.approx(1)


def test_headings_are_found_with_or_without_their_numbers() -> None:
    found = score(Truth("x", headings=("Second part", "Third")), "## 2.1 Second part\n\n## Note\n")
    assert found.headings == (1, 2, 1, 2)


def test_marks_of_markdown_are_no_text() -> None:
    assert normalised("- *a* `b` | c\n<!-- page 3 -->\n![alt](x.png) &amp; d") == "a 'b' c & d"


def test_a_dash_alone_on_its_line_is_a_cell_and_no_mark_of_a_list() -> None:
    assert normalised("06:22\n\u2013\n06:48") == normalised("| 06:22 | \u2013 | 06:48 |")
    assert normalised("- one\n- two") == "one two"
