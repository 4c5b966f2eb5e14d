"""How the rows of office sheets are counted."""

import pytest

from benchmarks.quality.office import row_score
from benchmarks.quality.office_kinds import KINDS, sheet
from benchmarks.quality.office_sheet import OfficeSheet

SHEET = OfficeSheet(
    "list", "", (("Iowa", "1.01", "Report 10"), ("Ohio", "2.02", "Report 20")), ("A sentence.",)
)


def counted(markdown: str) -> tuple[int, int]:
    found = row_score(SHEET, markdown)
    return found.rows, found.around


def test_a_row_counts_where_each_cell_stands_by_itself() -> None:
    assert counted("A sentence.\n\n| Iowa | 1.01 | Report 10 |\n| --- | --- | --- |\n"
                   "| Ohio | 2.02 | Report 20 |") == (2, 1)  # fmt: skip
    assert counted("<table><tr><td>Iowa</td><td>1.01</td><td>Report 10</td></tr></table>") == (1, 0)


@pytest.mark.parametrize(
    "row", ["| Iowa 1.01 | Report 10 |", "| 1.01 | Iowa | Report 10 |", "Iowa 1.01 Report 10",
            "| Iowa | 1.01 |", "| Iowa | 1.01 | Report 10 | more |"],
)  # fmt: skip
def test_a_row_in_other_cells_does_not(row: str) -> None:
    assert counted(row)[0] == 0


def test_text_in_a_table_is_no_text_around_it() -> None:
    assert counted("| A sentence. |  |\n| --- | --- |")[1] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_sheet_is_the_same_in_every_run_and_another_for_each_number(kind: str) -> None:
    assert sheet(kind, 3) == sheet(kind, 3)
    assert sheet(kind, 3) != sheet(kind, 4)
    assert len(sheet(kind, 3).rows) >= 6
