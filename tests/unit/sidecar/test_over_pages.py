"""What goes on over the end of a page, in Markdown: where the page's mark stands."""

import io
import re

import pytest
from markdown_it import MarkdownIt

from ocrd.job import Block, Doubt, Joint, PageRead, PageStatus, Place
from ocrd.layout.whole import whole
from ocrd.sidecar import text as sidecar
from ocrd.sidecar.document import DocumentResult
from ocrd.sidecar.style import Style

DOCUMENT = DocumentResult("scan.pdf", "", "PDF", 2, "rapidocr", "", "markdown", 1.0)
NEXT = Joint(Place(1, 0), "list", "\n")


def markdown_of(*pages: PageRead, page_marks: bool = True) -> str:
    out = io.BytesIO()
    style = Style(page_marks=page_marks)
    sidecar.write_markdown(out, DOCUMENT, whole(pages), style)
    return out.getvalue().decode()


def pages_of(
    first: tuple[Block, ...], second: tuple[Block, ...], status: PageStatus = PageStatus.READ
) -> tuple[PageRead, PageRead]:
    doubts = (Doubt("unread-lines", "1 line is gone"),) if status is PageStatus.DOUBTFUL else ()
    return PageRead(1, PageStatus.READ, first), PageRead(2, status, second, doubts=doubts)


def test_a_pages_mark_stands_before_the_first_block_that_begins_on_it() -> None:
    pages = pages_of(
        (Block("text", "It goes on", continues=Place(2, 0)), Block("footnote", "1 A note")),
        (Block("text", "over.", continued=Joint(Place(1, 0), "text")), Block("text", "Next.")),
    )
    assert markdown_of(*pages) == (
        "<!-- page 1 -->\n\nIt goes on over.\n\n1 A note\n\n<!-- page 2 -->\n\nNext.\n"
    )


@pytest.mark.parametrize(
    ("last", "first", "written"),
    [
        ("• a", "• b", "- a\n  <!-- page 2 -->\n- b\n"),
        ("9. a", "10. b", "9. a\n   <!-- page 2 -->\n10. b\n"),
    ],
)
def test_a_list_goes_on_as_one(last: str, first: str, written: str) -> None:
    pages = pages_of((Block("list", last),), (Block("list", first, continued=NEXT),))
    assert markdown_of(*pages) == f"<!-- page 1 -->\n\n{written}"
    html = MarkdownIt("commonmark").render(markdown_of(*pages))
    assert len(re.findall("<[uo]l", html)) == 1
    assert "<p>" not in html  # a list with no white between its entries
    assert "<!--" not in markdown_of(*pages, page_marks=False)
    assert "\n\n" not in markdown_of(*pages, page_marks=False)


def test_so_does_one_within_another() -> None:
    pages = pages_of(
        (Block("list", "1. a"), Block("list", "  • b")),
        (Block("list", "  • c", continued=NEXT), Block("list", "2. d")),
    )
    markdown = markdown_of(*pages)
    assert markdown == "<!-- page 1 -->\n\n1. a\n    - b\n      <!-- page 2 -->\n    - c\n2. d\n"
    assert MarkdownIt("commonmark").render(markdown).count("<ul>") == 1


def test_a_list_that_does_not_go_on_begins_anew() -> None:
    pages = pages_of((Block("list", "1. a"),), (Block("list", "1. b"),))
    assert markdown_of(*pages).endswith("1. a\n\n<!-- page 2 -->\n\n1. b\n")


def test_what_is_not_sure_of_a_page_is_said_with_its_mark_and_tears_no_list() -> None:
    pages = pages_of(
        (Block("list", "• a"),), (Block("list", "• b", continued=NEXT),), PageStatus.DOUBTFUL
    )
    assert markdown_of(*pages).endswith(
        "- a\n  <!-- page 2 -->\n  <!-- page 2 is doubtful: 1 line is gone -->\n- b\n"
    )


def test_a_figure_before_the_entry_ends_the_list() -> None:
    pages = pages_of(
        (Block("list", "• a"),), (Block("figure", ""), Block("list", "• b", continued=NEXT))
    )
    assert "- a\n\n<!-- page 2 -->\n\n" in markdown_of(*pages)


def test_a_part_whose_beginning_is_not_there_keeps_its_text() -> None:
    part = Block("text", "over.", continued=Joint(Place(1, 0), "text"))
    assert "over." in markdown_of(PageRead(2, PageStatus.READ, (part,)))
