"""How a block is written, by its label."""

import pytest

from ocrd.job import Block, Box, Cell, PageRead, PageStatus
from tests.unit.sidecar.written import SPANNED, gfm, markdown_of, read_page, rich, shown_of, text_of

TABLE = Block("table", "a|b\tc", table=((Cell("a|b"), Cell("*c*")),), rich=True)


def test_rich_blocks_by_their_labels() -> None:
    assert shown_of(
        rich("title", "A *fine*\ntitle #"),
        rich("heading", "\\(x\\) & y"),
        rich("text", "It **is** $5\nor \\(x\\)."),
        rich("equation", "a = b"),
        rich("caption", "Figure *1*"),
        rich("footnote", "a note"),
        rich("code", "not *rich*"),
    ) == (
        "# A *fine* title \\#\n\n## $x$ & y\n\nIt **is** \\$5  \nor $x$.\n\n$$\na = b\n$$\n\n"
        "*Figure 1*\n\na note\n\n```\nnot *rich*\n```"
    )


@pytest.mark.parametrize(
    ("lead", "text", "expected"),
    [
        ("Scope.", "Scope. This part", "**Scope.** This part"),
        ("2.1 *Scope*", "2.1 *Scope* of 1* all", "**2.1 \\*Scope\\*** of 1\\* all"),
        ("1.", "1. One", "**1.** One"),
        ("# Note", "# Note > that", "**# Note** > that"),
        ("To:", "To: me\n- and you", "**To:** me  \n\\- and you"),
        ("a\\", "a\\ b", "**a\\\\** b"),
        ("Scope.", "Scope.", "Scope."),
        ("Other", "Scope. This", "Scope. This"),
        ("", "Scope. This", "Scope. This"),
    ],
)
def test_words_in_bold_that_run_into_a_paragraph_are_bold(
    lead: str, text: str, expected: str
) -> None:
    assert shown_of(Block("text", text, lead=lead)) == expected
    shown = gfm.render(expected)
    assert shown.startswith("<p><strong>") is expected.startswith("**")
    assert text_of(read_page(Block("text", text, lead=lead))).rstrip("\n").endswith(text)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Results", 2), ("2 Results", 2), ("2. Results", 2), ("2.1 Results", 3),
        ("2.1. Results", 3), ("A.3 Results", 3), ("2.1.4 Results", 4), ("1.2.3.4.5 Results", 6),
        ("1.2.3.4.5.6 Results", 6), ("21.11.2026 Results", 2), ("2.1", 2), ("3.5cm wide", 2),
    ],
)  # fmt: skip
def test_the_level_of_a_numbered_heading_is_that_of_its_number(text: str, level: int) -> None:
    for block in (Block("heading", text), rich("heading", text)):
        line = shown_of(block)
        assert line.startswith("#" * level + " ")
        assert f"<h{level}>" in gfm.render(line)
    assert shown_of(Block("title", text)).startswith("#" * (level if level > 2 else 1) + " ")


@pytest.mark.parametrize("text", ["1. Scope", "- none", "> 5", "# of pages", "[1]: notes"])
def test_the_start_of_a_heading_needs_no_escape(text: str) -> None:
    for block in (Block("title", text), rich("title", text)):
        markdown = markdown_of(PageRead(1, PageStatus.READ, (block,)), page_marks=False)
        assert "\\" not in markdown
        (content,) = (token.content for token in gfm.parse(markdown) if token.type == "inline")
        assert content == text


def test_tex_can_have_its_own_delimiters() -> None:
    blocks = (rich("text", "\\(x\\) $5"), rich("equation", "y"))
    assert shown_of(*blocks, math="tex") == "\\(x\\) $5\n\n\\[\ny\n\\]"


def test_lists_within_lists() -> None:
    entries = ["- a", "  - b *c*", "    1. d", "  - e", "- f", "10. g"]
    assert shown_of(*(rich("list", entry) for entry in entries)) == (
        "- a\n    - b *c*\n        1. d\n    - e\n- f\n10. g"
    )
    html = gfm.render(shown_of(*(rich("list", entry) for entry in entries)))
    assert "<li>b <em>c</em>\n<ol>\n<li>d</li>\n</ol>\n</li>\n<li>e</li>\n</ul>" in html


def test_lists_within_lists_of_lines() -> None:
    entries = ["• a", "  • b", "    1. c", "  a) d", "2. e"]
    assert shown_of(*(Block("list", entry) for entry in entries)) == (
        "- a\n    - b\n        1. c\n    - a) d\n2. e"
    )
    assert text_of(read_page(Block("list", "  • b"))) == "• b"


@pytest.mark.parametrize("first", [4, 10])
def test_a_list_in_an_entry_that_does_not_begin_with_one_is_a_list_too(first: int) -> None:
    entries = ["• a", f"  {first}. b", f"  {first + 1}. c", "• d"]
    html = gfm.render(shown_of(*(Block("list", entry) for entry in entries)))
    assert f'<ol start="{first}">' in html
    assert html.count("<ol") == 1


def test_running_heads_and_page_numbers_are_no_text() -> None:
    blocks = [Block(label, "x") for label in ("header", "footer", "page-number")]
    assert shown_of(*blocks, Block("text", "y")) == "y"
    assert text_of(read_page(*blocks, Block("text", "y"))) == "y"


def test_running_heads_are_written_where_they_are_asked_for() -> None:
    blocks = [Block("header", "The # house"), Block("text", "y"), Block("page-number", "12")]
    assert shown_of(*blocks, running_heads=True) == "The # house\n\ny\n\n12"


def test_tables_are_pipes_where_nothing_spans_and_html_where_asked_for() -> None:
    assert shown_of(TABLE) == "| a\\|b | *c* |\n| --- | --- |"
    assert shown_of(SPANNED).startswith('<table>\n<tbody>\n<tr><td rowspan="2">a</td>')
    assert shown_of(TABLE, tables="html") == (
        "<table>\n<tbody>\n<tr><td>a|b</td><td>c</td></tr>\n</tbody>\n</table>"
    )
    assert shown_of(rich("table", "a | b")) == "a \\| b"


def test_figures_are_linked_with_their_captions() -> None:
    figure = rich("figure", "Axis", Box(0, 0, 500, 500), Box(500, 500, 900, 900))
    caption = rich("caption", "Figure 1: [a] *b*")
    folder = "a (b)%.assets"
    link = "a%20%28b%29%25.assets/page-001-figure"
    assert shown_of(figure, caption, assets=folder) == (
        f"![Figure 1: \\[a\\] b]({link}-1.jpg)\n\n![Figure 1: \\[a\\] b]({link}-2.jpg)\n\n"
        "Axis\n\n*Figure 1: [a] b*"
    )
    above = shown_of(caption, rich("figure", "", Box(0, 0, 500, 500)), assets="x")
    assert above.endswith("![Figure 1: \\[a\\] b](x/page-001-figure-1.jpg)")


def test_a_caption_between_two_figures_is_the_first_ones() -> None:
    box = Box(0, 0, 500, 500)
    blocks = (rich("figure", "", box), rich("caption", "One"), rich("figure", "", box))
    images = [line for line in shown_of(*blocks, assets="x").split("\n") if line.startswith("!")]
    assert images == ["![One](x/page-001-figure-1.jpg)", "![Figure](x/page-001-figure-2.jpg)"]


def test_figures_that_are_not_cropped_are_noted() -> None:
    assert shown_of(rich("figure", "", Box(0, 0, 5, 5))) == "*[Figure]*"
    assert shown_of(rich("figure", "Axis"), assets="x") == "*[Figure]*\n\nAxis"


def test_located_targets_have_their_places() -> None:
    block = Block("located", "a *cat*", (Box(10.4, 20, 30, 40), Box(1, 2, 3, 4)))
    assert shown_of(block) == (
        "- a \\*cat\\*: 10, 20 – 30, 40 (pixels of 1000 × 2000)\n"
        "- a \\*cat\\*: 1, 2 – 3, 4 (pixels of 1000 × 2000)"
    )
    assert text_of(read_page(block)).startswith("a *cat*: 10, 20 – 30, 40 (")


def test_text_of_rich_blocks_has_no_markup() -> None:
    assert (
        text_of(
            read_page(
                rich("title", "A *fine* title"),
                rich("text", "H<sub>2</sub>O &amp; \\(x^2\\)"),
                rich("figure", "", Box(0, 0, 5, 5)),
                rich("equation", "a = b"),
                SPANNED,
            )
        )
        == "A fine title\n\nH₂O & x^2\n\na = b\n\na\tb\n\tc"
    )
