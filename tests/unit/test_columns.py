"""The order in which the rows of a page are read."""

from ocrd import columns
from ocrd.job import Line
from tests.unit.printed import (
    HEIGHT,
    LARGE,
    TYPED,
    WIDTH,
    blocks,
    cells,
    labelled,
    line,
    lines,
    lying,
    standing,
)


def order(*groups: list[Line] | Line) -> list[str]:
    some = [one for group in groups for one in (group if isinstance(group, list) else [group])]
    sheet = columns.sheet(some, WIDTH, HEIGHT)
    return [piece.line.text for row in columns.rows(sheet.pieces) for piece in row.pieces]


def entries(name: str, x: float, y: float = 300) -> list[list[Line]]:
    """Return a heading over four terms, each with what it means beside it, then the same again."""
    parts = []
    for part in range(2):
        top = y + part * 260
        parts.append([line(f"Part {name}{part}", x, top, LARGE, height=38)])
        for number in range(5):
            at = top + 50 + number * 38
            parts.append([line(f"{name}{part}{number} --now", x, at, TYPED)])
            parts.append([line(f"says what {name}{part}{number} does", x + 250, at)])
    return parts


def test_entries_side_by_side_in_columns_are_read_column_by_column() -> None:
    left, right = entries("a", 100), entries("b", 850)
    expected = [one.text for group in left + right for one in group]
    assert order(*right, *left) == expected


def test_a_line_that_was_read_across_the_gutter_is_cut_there() -> None:
    left = [
        line(f"left row {number} that fills it up", 100, 300 + 38 * number, width=600)
        for number in range(20)
    ]
    right = [
        line(f"right row {number} that fills it", 720, 310 + 38 * number, width=600)
        for number in range(20)
    ]
    fused = line(
        "left row 9 that fills it up right row 9 that fills it", 100, 300 + 38 * 9, width=1220
    )
    texts = order(left[:9], left[10:], right[:9], right[10:], fused)
    assert texts == [one.text for one in left] + [one.text for one in right]


def test_a_line_that_sticks_out_into_the_gutter_stays_in_its_column() -> None:
    left = [
        line(f"left row {number} that fills it up", 100, 300 + 38 * number, width=600)
        for number in range(12)
    ]
    left[5] = line("left row 5 that fills it up and more", 100, 300 + 38 * 5, width=635)
    right = [
        line(f"right row {number} that fills it", 730, 310 + 38 * number, width=600)
        for number in range(12)
    ]
    assert order(left, right) == [one.text for one in left + right]


def test_an_address_and_a_date_beside_it_are_read_from_the_top() -> None:
    sender = lines("Ostermann Ltd\nHarbour Road 12\nBremen\nTelephone 550177", 1100, 200)
    address = lines("Dr. H. Vollmer\nLange Reihe 4\nVerden", 200, 500)
    date = line("Bremen, 14 March 2024", 1100, 740)
    texts = order(address, date, sender)
    assert texts[:4] == [one.text for one in sender]
    assert texts[-1] == date.text


def test_a_few_bold_terms_beside_what_they_mean_are_no_columns() -> None:
    names = [f"VERSION_NUMBER_OF_IT[{number}]" for number in range(6)]
    terms = lines("\n".join(names), 300, 300, LARGE)
    meaning = lines("\n".join(f"The number of part {name[-2]} of it" for name in names), 800, 300)
    texts = order(terms, meaning)
    assert texts == [
        text for pair in zip(terms, meaning, strict=True) for text in (pair[0].text, pair[1].text)
    ]


def test_program_text_with_gaps_is_not_read_in_columns() -> None:
    rows = [
        [
            line(text, x, 300 + 38 * number, TYPED)
            for x, text in ((100, f"iron{number}"), (400, "7.32;"), (700, f"coil_of = {number};"))
        ]
        for number in range(12)
    ]
    ((label, text),) = labelled(*rows)
    assert label == "code"
    assert text.splitlines()[3].split() == ["iron3", "7.32;", "coil_of", "=", "3;"]


def test_a_table_over_the_page_parts_the_rows_above_it_from_those_below() -> None:
    times = [
        [
            line(text, x, 300 + 40 * row)
            for x, text in ((200, f"{row}01"), (600, "06:10"), (1000, "06:22"))
        ]
        for row in range(6)
    ]
    rules = [lying(y, 200, 1150) for y in (600, 700, 800)]
    rules += [standing(x, 600, 800) for x in (200, 500, 1150)]
    table = [line(text, x, y) for y in (630, 730) for x, text in ((220, f"a{y}"), (520, f"b{y}"))]
    found = blocks(*times, table, rules=rules)
    assert [block.label for block in found] == ["table", "table"]
    assert cells(found[0])[5] == ["501", "06:10", "06:22"]
