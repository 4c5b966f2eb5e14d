"""A book's index: column by column, an entry a line; and what looks like one."""

from __future__ import annotations

import pytest

from ocrd.job import Line
from tests.unit.printed import labelled, line, lines

LEFT = [
    "abatement, 239, 428", "anchorage 230, 239", "arbitration 199–204", "ballast, 432",
    "bills 191ff.", "canals, 341", "cargo xii, 414", "charts 12n.", "coal 3, 8, 77",
    "customs duty 90", "docks 55", "dredging, 5–9",
]  # fmt: skip
RIGHT = [
    "éclair 61", "ferries 14, 20", "freight rates 311", "gales of 1881, 66", "Harbour dues 7",
    "ice, 81", "“insurance” 9, 10", "jetties 402", "lighters 33", "mooring 71", "pilots 8",
    "quays 2",
]  # fmt: skip


def column(entries: list[str], x: float, y: float = 300) -> list[Line]:
    return lines("\n".join(entries), x, y)


def test_columns_are_read_one_after_the_other_an_entry_a_line() -> None:
    for x in (200, 740):  # it stands above one of the columns
        found = labelled(line("Index", x, 220), column(LEFT, 200), column(RIGHT, 700))
        assert found == [
            ("text", "Index"), ("text", "\n".join(LEFT)), ("text", "\n".join(RIGHT)),
        ]  # fmt: skip


def test_a_number_that_stands_apart_belongs_to_its_entry() -> None:
    words = [entry.split(" ", 1) for entry in LEFT if entry != "customs duty 90"] + [["ebb", "1"]]
    apart = [line(one, 200, 300 + 40 * at) for at, (one, _) in enumerate(words)]
    apart += [line(pages, 520, 300 + 40 * at) for at, (_, pages) in enumerate(words)]
    right = [line(one, 800, 300 + 40 * at) for at, one in enumerate(RIGHT)]
    found = labelled(apart, right)
    assert found[0] == ("text", "\n".join(map(" ".join, words)))


def test_entries_below_others_and_pages_in_a_second_line_stay_where_they_are() -> None:
    left = [*LEFT[:5], "  of salt, 4", "  of wool, 8", *LEFT[5:], "  120"]
    found = labelled(column(left, 200), column(RIGHT, 700))
    assert found[0] == ("text", "\n".join(one.strip() for one in left))


@pytest.mark.parametrize("kind", ["one column", "no order", "no pages", "a table", "few"])
def test_what_looks_like_an_index_is_left_to_others(kind: str) -> None:
    left, right = LEFT, RIGHT
    match kind:
        case "no order":
            left, right = LEFT[::-1], RIGHT[::-1]
        case "no pages":
            left, right = ([one.rsplit(" ", 1)[0] for one in some] for some in (LEFT, RIGHT))
        case "a table":
            right = [f"{3 + at},50" for at in range(len(RIGHT))]
        case "few":
            left, right = LEFT[:5], RIGHT[:5]
    some = [column(left, 200)] if kind == "one column" else [column(left, 200), column(right, 700)]
    found = labelled(*some)
    assert ("text", "\n".join(left)) not in found
