"""HTML tables of a model to rows, and rows to what is shown."""

import re
import time
from collections.abc import Sequence
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ocrd.job import Cell
from ocrd.markdown import tables

gfm = MarkdownIt("commonmark").enable("table")
TAGS = [
    "<table>", "</table>", "<tr>", "</tr>", "<td>", "</td>", "<th>", "</th>", "<thead>", "</thead>",
    "<tbody>", "</tbody>", "<caption>", "</caption>", '<td colspan="2">', "<td rowspan=3>",
    "<TD ROWSPAN='99999' colspan=\"99999\">", '<td colspan="0" onclick="x">', "<td rowspan=-1>",
    "<colgroup><col/>", "<td", "</t", "<table ", "<script>", "<b>", "<br>", "|", "\n", "\\(a<b\\)",
    "&lt;td&gt;", "<!-- page 1 -->", "<img src=x onerror=y>",
]  # fmt: skip
words = st.integers(100, 999).map("w{}".format)
markups = st.lists(st.sampled_from(TAGS) | words, max_size=25).map(" ".join)
shapes = st.lists(
    st.lists(
        st.builds(Cell, st.sampled_from(["a", "", "b|c", "<b>", "x\ny"]),
                  st.integers(1, 4), st.integers(1, 4), st.booleans()),
        max_size=4,
    ).map(tuple),
    max_size=5,
)  # fmt: skip


def rows_of(html: str) -> list[list[str]]:
    table = tables.find(html)
    assert table is not None
    return [[cell.text for cell in row] for row in table.rows]


class Seen(HTMLParser):
    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.words = ""
        self.comments = 0
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_comment(self, data: str) -> None:
        self.comments += 1


@pytest.mark.parametrize(
    "html",
    [
        "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>",
        "<table><tbody><tr><td>a<td>b<tr><td>c<td>d</tbody></table>",
        "<table><td>a</td><td>b</td></tr><td>c</td><td>d</td>",
        "<TABLE border='1'><TR ><TD class=x> a </TD><TD>b</TD></TR>\n<TR><TD>c</TD><TD>d",
        "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr><tr></tr></tab",
    ],
)
def test_cells_are_found_whatever_is_left_open(html: str) -> None:
    assert rows_of(html) == [["a", "b"], ["c", "d"]]


def test_the_place_and_what_stands_outside_the_cells_are_told() -> None:
    text = "x <table>T1<caption>T2</caption><tr><td>a</td></tr>note</table> y"
    table = tables.find(text)
    assert table is not None
    assert text[: table.start] == "x "
    assert text[table.end :] == " y"
    assert (table.above, table.below) == ("T1\nT2", "note")
    assert tables.find("no table, <tablet>") is None


@pytest.mark.parametrize(
    ("inside", "above", "below"),
    [
        ("T<tr><td>a</td></tr>", "T", ""),
        ("<tr><td>a</td></tr>T", "", "T"),
        ("<tr><td>a</td></tr><caption>T</caption>note", "T", "note"),
        ("<tr><td>a</td></tr></caption>note", "", "note"),
        ("<tr><td>a</td></tr><caption>T<tr>note", "T", "note"),
        ("<tr><td>a</td>b</tr>c", "", "b\nc"),
        (" <tr>\n<td>a</td> </tr> ", "", ""),
    ],
)
def test_a_caption_stands_above_and_what_follows_a_cell_below(
    inside: str, above: str, below: str
) -> None:
    table = tables.find(f"<table>{inside}</table>")
    assert table is not None
    assert table.rows == ((Cell("a"),),)
    assert (table.above, table.below) == (above, below)


@pytest.mark.parametrize(
    ("text", "position", "start", "end"),
    [
        ("<table><td>a</table>", 0, 0, 20),
        ("</table><td><table><td>a</table></table>", 0, 12, 32),
        ("<table><td>a</table><table><td>b</table>", 1, 20, 40),
        ("<table><td>a</table><table><td>b</table>", 20, 20, 40),
        ("<table><td>a<table><td>b</table></table> c", 0, 0, 40),
        ("<table><td>a<table><td>b</table> c", 0, 0, 34),
    ],
)
def test_a_table_ends_with_its_own_end_or_the_text(
    text: str, position: int, start: int, end: int
) -> None:
    table = tables.find(text, position)
    assert table is not None
    assert (table.start, table.end) == (start, end)
    assert tables.find(text, len(text)) is None


@pytest.mark.parametrize(
    ("html", "rows"),
    [
        ("<tr><td>a<td>b</tr><td>c", [["a", "b"], ["c"]]),
        ("<thead><td>a</thead><tbody><td>b", [["a"], ["b"]]),
        ("<tr><td>a</td><col><td>b", [["a", "b"]]),
        ("<tr></tr><tr><td>a</tr><tr>", [["a"]]),
        ("<tr><td>a<table><tr><td>b<td>c</table>d<td>e", [["a\n\n b c\nd", "e"]]),
    ],
)
def test_a_row_ends_where_it_is_closed_or_a_part_of_the_table_begins(
    html: str, rows: list[list[str]]
) -> None:
    assert rows_of(f"<table>{html}") == rows


@pytest.mark.parametrize(
    ("attributes", "cell"),
    [
        ("<td", Cell("a")),
        ("<th", Cell("a", header=True)),
        ("<td colspan=2", Cell("a", 1, 2)),
        ("<td rowspan=2", Cell("a", 2, 1)),
        ("<TH ROWSPAN='2' COLSPAN=\"3\"", Cell("a", 2, 3, header=True)),
        ("<td rowspan=3", Cell("a", 3)),
        ("<td rowspan=4", Cell("a", 3)),  # there are three rows
        ("<td rowspan=0 colspan=0", Cell("a")),
        ("<td rowspan=-1 colspan='two'", Cell("a")),
        ('<td rowspan="" colspan=""', Cell("a")),
        ('<td rowspan=" 2 " colspan="2.7"', Cell("a", 2, 2)),
        ('<td rowspan="2" rowspan="3"', Cell("a", 2)),
        ('<td data-rowspan="2"', Cell("a")),
        ('<td style="x" rowspan', Cell("a")),
        ("<td colspan=200", Cell("a", 1, 200)),
        ("<td colspan=201", Cell("a", 1, 200)),
    ],
)
def test_a_cell_spans_what_it_says_within_three_rows_and_200_columns(
    attributes: str, cell: Cell
) -> None:
    table = tables.find(f"<table><tr>{attributes}>a<tr><td>b<tr><td>c")
    assert table is not None
    assert table.rows == ((cell,), (Cell("b"),), (Cell("c"),))


@pytest.mark.parametrize(
    ("rows", "spans"),
    [
        ("<tr><td colspan=198><td colspan=9>", [[(1, 198), (1, 2)]]),
        ("<tr><td colspan=200><td colspan=9>", [[(1, 200), (1, 1)]]),
        ("<tr><td colspan=199><td rowspan=2><tr><td>", [[(1, 199), (2, 1)], [(1, 1)]]),
        ("<tr><td colspan=200><td rowspan=2><tr><td>", [[(1, 200), (1, 1)], [(1, 1)]]),
        ("<tr><td><tr><td rowspan=9><tr><td>", [[(1, 1)], [(2, 1)], [(1, 1)]]),
        ("<tr><td rowspan=2 colspan=150><tr><td colspan=99><tr><td colspan=99>",
         [[(2, 150)], [(1, 50)], [(1, 99)]]),
        ("<tr><td rowspan=3 colspan=149><tr><td colspan=99><tr><td colspan=99><tr><td colspan=99>",
         [[(3, 149)], [(1, 51)], [(1, 51)], [(1, 99)]]),
        ("<tr><td><td rowspan=2 colspan=150><tr><td colspan=9><td colspan=99>",
         [[(1, 1), (2, 150)], [(1, 9), (1, 49)]]),
        ("<tr><td><td rowspan=2 colspan=150><tr><td><td colspan=99>",
         [[(1, 1), (2, 150)], [(1, 1), (1, 49)]]),
    ],
)  # fmt: skip
def test_no_cell_reaches_beyond_column_200_wherever_it_stands(
    rows: str, spans: list[list[tuple[int, int]]]
) -> None:
    table = tables.find("<table>" + rows)
    assert table is not None
    assert [[(cell.rows, cell.columns) for cell in row] for row in table.rows] == spans


def test_a_table_in_a_cell_is_text_of_the_cell() -> None:
    html = "<table><tr><td>a<table><tr><td>b</td><td>c</td></tr></table>d</td><td>e</td></tr>"
    ((first, second),) = rows_of(html)
    assert (first.split(), second) == (["a", "b", "c", "d"], "e")


def test_other_html_and_tex_are_left_to_the_cell() -> None:
    html = "<table><tr><td>a<br>b</td><td>\\(a<b\\)</td><td>&lt;td&gt;</td></tr></table>"
    assert rows_of(html) == [["a<br>b", "\\(a<b\\)", "&lt;td&gt;"]]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("t &amp;gt; 0", "t &gt; 0"),
        ("0 &amp;lt; z&amp;lt;L", "0 &lt; z&lt;L"),
        ("&amp;lt;", "&amp;lt;"),  # a table of such names
        ("write &amp;lt; there", "write &amp;lt; there"),
        ("a &amp;amp; b", "a &amp;amp; b"),
        ("a &lt; b", "a &lt; b"),
    ],
)
def test_a_comparison_that_was_encoded_twice_is_decoded_once_more(cell: str, text: str) -> None:
    assert rows_of(f"<table><td>{cell}</table>") == [[text]]


def test_spans_stay_within_the_table_and_within_reason() -> None:
    html = (
        '<table><tr><th rowspan="9999" colspan="2">a</th><td colspan=99999>b</td></tr>'
        "<tr><td rowspan='0'>c</td></tr></table>"
    )
    table = tables.find(html)
    assert table is not None
    ((a, b), (c,)) = table.rows
    assert a == Cell("a", 2, 2, header=True)
    assert (b.columns, c) == (tables.MAX_COLUMNS - 2, Cell("c"))


def test_many_wide_cells_make_no_giant() -> None:
    row = "<tr>" + "<td rowspan=500 colspan=500>a</td>" * 50
    table = tables.find("<table>" + row * 100)
    assert table is not None
    assert sum(len(row) for row in tables.grid(table.rows)) < 100_000


def test_cells_stand_where_html_puts_them() -> None:
    rows = ((Cell("a", rows=2), Cell("b", columns=2)), (Cell("c"),), (Cell("d"),))
    places = [[cell.text if cell else None for cell in row] for row in tables.grid(rows)]
    assert places == [["a", "b", None], [None, "c", ""], ["d", "", ""]]


def placed(rows: Sequence[Sequence[Cell]]) -> list[str]:
    """Return the grid: a letter for a cell, a dot where another spans, a blank for padding."""
    grid = tables.grid([tuple(row) for row in rows])
    return ["".join("." if cell is None else cell.text or " " for cell in row) for row in grid]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], []),
        ([[]], [""]),
        ([[], [Cell("a")]], [" ", "a"]),
        ([[Cell("a"), Cell("b")], [Cell("c")]], ["ab", "c "]),
        ([[Cell("a", 1, 3)], [Cell("b"), Cell("c")]], ["a..", "bc "]),
        ([[Cell("a", 3), Cell("b")], [Cell("c")], [Cell("d")], [Cell("e"), Cell("f")]],
         ["ab", ".c", ".d", "ef"]),
        ([[Cell("a", 2, 2), Cell("b")], [Cell("c")], [Cell("d")]], ["a.b", "..c", "d  "]),
        ([[Cell("a"), Cell("b", 2)], [Cell("c")], [Cell("d"), Cell("e")]], ["ab", "c.", "de"]),
        ([[Cell("a"), Cell("b", 2, 2)], [], [Cell("c")]], ["ab.", " ..", "c  "]),
        ([[Cell("a", 2)], [Cell("b", 2)], [Cell("c")]], ["a ", ".b", "c."]),
        ([[Cell("a", 4)], [Cell("b", 2)], [Cell("c")], [Cell("d")]],
         ["a  ", ".b ", "..c", ".d "]),
    ],
)  # fmt: skip
def test_a_cell_stands_in_the_first_column_that_no_cell_above_spans(
    rows: list[list[Cell]], expected: list[str]
) -> None:
    assert placed(rows) == expected


@pytest.mark.parametrize(
    ("row", "header"),
    [
        ([Cell("a", header=True)], True),
        ([Cell("a")], False),
        ([Cell("a"), Cell("b", header=True)], True),
        ([Cell("a", header=True), Cell("b")], False),
        ([Cell("a", header=True), Cell("b", 1, 2, header=True)], False),
        ([], False),
    ],
)
def test_padding_is_a_heading_behind_a_heading(row: list[Cell], header: bool) -> None:
    first, _ = tables.grid([tuple(row), tuple([Cell("c")] * 5)])
    assert first[-1] == Cell("", header=header)


@given(shapes)
def test_the_grid_is_a_rectangle_with_every_cell_once(rows: list[tuple[Cell, ...]]) -> None:
    placed = tables.grid(rows)
    assert len({len(row) for row in placed}) <= 1
    for row, line in zip(rows, placed, strict=True):
        assert [cell for cell in line if cell][: len(row)] == list(row)


def test_a_pipe_table_where_nothing_spans() -> None:
    rows = ((Cell("a"), Cell("**b**")), (Cell("c|d"),), (Cell("\\(|x|\\)"), Cell("1\n2")))
    assert tables.pipe(rows, rich=True) == (
        "| a | **b** |\n| --- | --- |\n| c\\|d |  |\n| $\\|x\\|$ | 1<br>2 |"
    )
    plain = ((Cell("**a**"), Cell("x\ny")),)
    assert tables.pipe(plain, rich=False) == "| \\*\\*a\\*\\* | x y |\n| --- | --- |"
    assert tables.pipe(((Cell("a", rows=2),), (Cell("b"),)), rich=True) is None
    assert tables.pipe(((Cell("a", columns=2),),), rich=True) is None
    assert tables.pipe((), rich=True) is None


def test_html_is_our_own() -> None:
    rows = (
        (Cell("A & B", header=True, columns=2),),
        (Cell("<i>x</i> \\(a<b\\)"), Cell("<script>alert(1)</script>", rows=2)),
        (Cell("1<br>2"),),
    )
    assert tables.as_html(rows, rich=True) == (
        "<table>\n<thead>\n"
        '<tr><th colspan="2">A &amp; B</th></tr>\n'
        "</thead>\n<tbody>\n"
        "<tr><td>x $a&lt;b$</td>"
        '<td rowspan="2">&lt;script&gt;alert(1)&lt;/script&gt;</td></tr>\n'
        "<tr><td>1<br>2</td></tr>\n"
        "</tbody>\n</table>"
    )
    assert "<td>&lt;i&gt;x&lt;/i&gt; \\(a&lt;b\\)</td>" in tables.as_html(rows, rich=False)


HEAD, BODY = (Cell("h", header=True),), (Cell("b"),)
THEAD = "<thead>\n<tr><th>h</th></tr>\n</thead>\n"
TBODY = "<tbody>\n<tr><td>b</td></tr>\n</tbody>\n"


@pytest.mark.parametrize(
    ("rows", "html"),
    [
        ((), ""),
        ((HEAD,), THEAD),
        ((BODY,), TBODY),
        ((HEAD, BODY), THEAD + TBODY),
        ((HEAD, HEAD, BODY), THEAD.replace("</tr>\n", "</tr>\n<tr><th>h</th></tr>\n") + TBODY),
        ((BODY, HEAD), TBODY.replace("</tr>\n", "</tr>\n<tr><th>h</th></tr>\n")),
        (((Cell("h", header=True), Cell("b")),),
         TBODY.replace("<td>b</td>", "<th>h</th><td>b</td>")),
        (((), BODY), TBODY.replace("<tr>", "<tr><td></td></tr>\n<tr>", 1)),
        (((Cell("b", 2, 3),), (Cell("c"),)),
         TBODY.replace("<td>b</td></tr>", '<td rowspan="2" colspan="3">b</td><td></td></tr>\n'
                                          "<tr><td>c</td></tr>")),
        (((Cell('"a" & \'b\''),),), TBODY.replace("b</td>", "\"a\" &amp; 'b'</td>")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("rich", [True, False])
def test_the_rows_of_headings_before_any_other_are_the_head(
    rows: tuple[tuple[Cell, ...], ...], html: str, rich: bool
) -> None:
    assert tables.as_html(rows, rich=rich) == f"<table>\n{html}</table>"


def test_the_cells_text_is_given_as_it_is() -> None:
    assert tables.raw(((Cell("a\n b"), Cell("<i>")), (), (Cell("c", 2),))) == "a\n b\t<i>\n\nc"


def test_lines_have_a_tab_between_columns() -> None:
    rows = ((Cell("a\nb", rows=2), Cell("**c**")), (Cell("d"),))
    assert tables.lines(rows, rich=True) == "a b\tc\n\td"
    assert tables.lines(rows, rich=False) == "a b\t**c**\n\td"


@given(markups)
@example("<table><tr><td>a</td></tr></table></table>")
@example("<table><tr><td rowspan=3>a")
def test_any_markup_becomes_a_harmless_table(markup: str) -> None:
    table = tables.find(markup)
    if table is None:
        return
    for rich in (True, False):
        shown = tables.as_html(table.rows, rich=rich)
        for html in (shown, gfm.render(shown)):
            seen = Seen(html)
            assert not seen.comments
            assert {tag for tag, _ in seen.tags} <= {
                "table", "thead", "tbody", "tr", "th", "td", "br",
            }  # fmt: skip
            attributes = [pair for _, attrs in seen.tags for pair in attrs]
            assert all(name in {"rowspan", "colspan"} for name, _ in attributes)
            assert all((value or "").isdigit() for _, value in attributes)
        pipe = tables.pipe(table.rows, rich=rich)
        if pipe is not None:
            assert gfm.render(pipe).count("<tr>") == len(table.rows)


@given(markups)
def test_no_words_of_a_table_are_lost(markup: str) -> None:
    table = tables.find(markup)
    if table is None:
        return
    kept = "\n".join([table.above, tables.raw(table.rows), table.below, markup[table.end :]])
    expected = re.findall(r"w\d+", markup[table.start :])
    assert sorted(re.findall(r"w\d+", kept)) == sorted(expected)


@pytest.mark.parametrize(
    "piece", ["<table>", "<td>", "<td rowspan=9>", "<td ", "<", "<tr><td>a", "<table></table>", " "]
)
def test_time_grows_with_the_length_only(piece: str) -> None:
    """A quadratic step would take minutes for this many."""
    text = "<table>" + piece * (60_000 // len(piece))
    started = time.process_time()
    table = tables.find(text)
    assert table is not None
    tables.as_html(table.rows, rich=True)
    assert time.process_time() - started < 10
