"""Pages to Markdown and text."""

import io
import re
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ocrd.job import Block, Box, Cell, DocumentResult, Doubt, PageRead, PageStatus
from ocrd.sidecar import json
from ocrd.sidecar import text as sidecar

DOCUMENT = DocumentResult(
    source_name="scan.pdf",
    sha256="12e45",
    format="PDF",
    pages=3,
    engine="rapidocr",
    model="PP-OCRv6 small",
    mode="markdown",
    seconds=12.345,
)
PAGES = (
    PageRead(
        1,
        PageStatus.READ,
        (
            Block("title", "The Harbour"),
            Block("text", "A word\nand 2 * 3 = 6."),
            Block("heading", "Lists"),
            Block("list", "• one"),
            Block("list", "2. two"),
            Block("list", "☒ three"),
            Block("list", "☐ [four]"),
            Block("code", "a = ```b"),
        ),
    ),
    PageRead(2, PageStatus.FAILED, warnings=("The engine <gave> up.",), code="page"),
    PageRead(3, PageStatus.BLANK),
)
MARKDOWN = """\
<!-- page 1 -->

# The Harbour

A word\x20\x20
and 2 \\* 3 = 6.

## Lists

- one
2. two
- [x] three
- [ ] [four]

````
a = ```b
````

<!-- page 2 -->

> **Page 2 could not be read.** The engine &lt;gave> up.

<!-- page 3 -->

<!-- blank -->
"""
TEXT = """\
<!-- page 1 -->

The Harbour

A word
and 2 * 3 = 6.

Lists

• one

2. two

☒ three

☐ [four]

a = ```b

<!-- page 2 -->

[Page 2 could not be read. The engine <gave> up.]

<!-- page 3 -->
"""
FRONT_MATTER = """\
---
source: "scan.pdf"
sha256: "12e45"
pages: 3
engine: "rapidocr"
model: "PP-OCRv6 small"
mode: "markdown"
seconds: 12.3
state: "done"
doubtful: []
failed: []
warnings: []
---

"""

gfm = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# Text as engines give it, rich in what Markdown takes for markup.
markup = st.text(st.sampled_from("#>-+*=_`~|[](){}<>!&;:\\/.01 aB\tx\n\"'$^"), max_size=60)
texts = markup | st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def markdown_of(*pages: PageRead, **options: Any) -> str:
    out = io.BytesIO()
    sidecar.write_markdown(out, DOCUMENT, pages, sidecar.Style(**options))
    return out.getvalue().decode()


def test_markdown_of_a_document() -> None:
    assert markdown_of(*PAGES) == MARKDOWN


def test_text_of_a_document() -> None:
    out = io.BytesIO()
    sidecar.write_text(out, DOCUMENT, PAGES)
    assert out.getvalue().decode() == TEXT


def test_front_matter_comes_first_when_asked_for() -> None:
    assert markdown_of(*PAGES, front_matter=True) == FRONT_MATTER + MARKDOWN


def test_without_page_marks_there_is_text_only() -> None:
    read = MARKDOWN.partition("\n<!-- page 2")[0].removeprefix("<!-- page 1 -->\n\n")
    assert markdown_of(PAGES[0], PAGES[2], page_marks=False) == read


def test_a_page_without_text_says_so() -> None:
    page = PageRead(1, PageStatus.READ)
    assert markdown_of(page) == "<!-- page 1 -->\n\n<!-- no text -->\n"


@given(st.lists(texts, min_size=1, max_size=4), st.sampled_from(["list", "heading", "title"]))
@example(["• [ ] a", "3) b", "- - c", "# d #"], "list")
@example(["# d #", "a ##", "#"], "heading")
@example(["0", " 0"], "list")  # the layout's spaces nest lists
def test_model_text_makes_no_markup_in_lists_and_headings(items: list[str], label: str) -> None:
    blocks = tuple(Block(label, text) for text in items)
    markdown = markdown_of(PageRead(1, PageStatus.READ, blocks), page_marks=False)
    kinds = {token.type.split("_")[0] for token in gfm.parse(markdown)}
    assert kinds <= {"bullet", "ordered", "list", "paragraph", "inline", "heading"}, markdown
    inner = [child for token in gfm.parse(markdown) for child in token.children or ()]
    assert {child.type for child in inner} <= {"text", "text_special"}, markdown
    nested = label == "list" and any(item.startswith(" ") for item in items)
    deepest = 1 + 2 * (len(items) if nested else 1)
    assert all(token.level <= deepest for token in gfm.parse(markdown)), markdown


@given(texts)
def test_model_text_makes_no_page_mark(text: str) -> None:
    blocks = tuple(Block(label, text) for label in ("text", "list", "heading"))
    markdown = markdown_of(PageRead(1, PageStatus.READ, blocks))
    assert [token.type for token in gfm.parse(markdown)].count("html_block") <= 2
    assert markdown.count("\n<!-- page") == 0


@given(st.text(st.characters()), st.lists(st.text(st.characters()), max_size=2))
@example("a: b # c", ["'", '"', "\\"])
@example("\u0085\u2028\x7f\ud800\U0001f600\ufeff", [])
def test_front_matter_is_yaml_of_the_same_values(name: str, warnings: list[str]) -> None:
    document = replace(DOCUMENT, source_name=name, warnings=tuple(warnings))
    facts = yaml.safe_load(sidecar.yaml_header(document).strip("-"))
    expected = [
        "".join("\ufffd" if "\ud800" <= char < "\ue000" else char for char in text)
        for text in (name, *warnings)
    ]
    assert [facts["source"], *facts["warnings"]] == expected
    assert (facts["sha256"], facts["pages"], facts["seconds"]) == ("12e45", 3, 12.3)


@given(st.text(st.characters()))
def test_any_text_can_be_written(text: str) -> None:
    page = PageRead(1, PageStatus.READ, (Block("text", text), Block("code", text)))
    failed = PageRead(2, PageStatus.FAILED, warnings=(text,))
    for write in (sidecar.write_markdown, sidecar.write_text, json.write):
        out = io.BytesIO()
        write(out, DOCUMENT, [page, failed])
        assert out.getvalue().decode("utf-8").endswith("\n")


class _Nowhere(io.RawIOBase):
    """Takes everything and keeps nothing."""

    def write(self, data: object) -> int:
        return len(data)  # type: ignore[arg-type]


def test_a_book_of_ten_thousand_pages_takes_constant_memory() -> None:
    def book() -> Iterator[PageRead]:
        for number in range(1, 10_001):
            yield PageRead(number, PageStatus.READ, (Block("text", "x" * 2000),))

    for write in (sidecar.write_markdown, sidecar.write_text, json.write):
        tracemalloc.start()
        try:
            write(_Nowhere(), DOCUMENT, book())  # type: ignore[arg-type]
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 1_000_000


def rich(label: str, text: str, *boxes: Box) -> Block:
    return Block(label, text, boxes, rich=True)


def read_page(*blocks: Block, number: int = 1) -> PageRead:
    return PageRead(number, PageStatus.READ, blocks, 1000, 2000)


def shown_of(*blocks: Block, **options: Any) -> str:
    return markdown_of(read_page(*blocks), page_marks=False, **options).removesuffix("\n")


def text_of(*pages: PageRead) -> str:
    out = io.BytesIO()
    sidecar.write_text(out, DOCUMENT, pages, sidecar.Style(page_marks=False))
    return out.getvalue().decode().removesuffix("\n")


TABLE = Block("table", "a|b\tc", table=((Cell("a|b"), Cell("*c*")),), rich=True)
SPANNED = Block("table", "a\tb", table=((Cell("a", rows=2), Cell("b")), (Cell("c"),)), rich=True)


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


def test_a_page_that_cannot_be_trusted_is_noted_and_shown() -> None:
    page = PageRead(
        3, PageStatus.FAILED, (Block("text", "la la"),), warnings=("It repeats itself.",),
        code="doubtful-page",
    )  # fmt: skip
    assert markdown_of(page) == (
        "<!-- page 3 -->\n\n> **Page 3 was not read reliably.** It repeats itself.\n\nla la\n"
    )
    assert text_of(page) == "[Page 3 was not read reliably. It repeats itself.]\n\nla la"


DOUBTFUL = PageRead(
    3, PageStatus.DOUBTFUL, (Block("text", "Dear"),),
    doubts=(Doubt("runaway", "It --> ran\n<!-- on -."), Doubt("no-text", "2 lines are gone")),
)  # fmt: skip


def test_a_doubtful_page_says_so_at_its_start_whatever_the_style() -> None:
    said = "<!-- page 3 is doubtful: It –> ran <!– on -; 2 lines are gone -->\n\nDear\n"
    assert markdown_of(DOUBTFUL) == f"<!-- page 3 -->\n\n{said}"
    assert markdown_of(DOUBTFUL, page_marks=False) == said
    assert text_of(DOUBTFUL) == (
        "[Page 3 is doubtful: It --> ran <!-- on -; 2 lines are gone]\n\nDear"
    )


def test_a_doubtful_page_without_text_has_one_note() -> None:
    page = PageRead(3, PageStatus.DOUBTFUL, doubts=(Doubt("no-text", "no text came of it"),))
    assert markdown_of(page) == (
        "<!-- page 3 -->\n\n<!-- page 3 is doubtful: no text came of it -->\n"
    )


@given(texts)
@example("-->")
@example("--!>")
@example("a--")
@example("-")
def test_no_doubt_ends_its_comment(message: str) -> None:
    page = replace(DOUBTFUL, doubts=(Doubt("runaway", message),))
    markdown = markdown_of(page, page_marks=False)
    comment, dear = markdown.rsplit("\n\n", 1)
    assert dear == "Dear\n"
    inside = comment.removeprefix("<!--").removesuffix("-->")
    assert "--" not in inside and "\n" not in inside and not inside.endswith("-")
    assert gfm.render(markdown).endswith("-->\n<p>Dear</p>\n")


def test_front_matter_tells_the_state_and_the_pages() -> None:
    document = replace(DOCUMENT, state="partial", doubtful=(2, 3), failed=(3,))
    facts = yaml.safe_load(sidecar.yaml_header(document).strip("-"))
    assert (facts["state"], facts["doubtful"], facts["failed"]) == ("partial", [2, 3], [3])


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


RICH_LABELS = ["title", "heading", "text", "list", "caption", "footnote", "figure", "equation",
               "code", "table"]  # fmt: skip
nasty = st.lists(
    st.sampled_from(
        ["<script>", "<!-- page 9 -->", "<!-- ", "[a](javascript:x)", "![a](x)", "[a]: /x", "`",
         "```", "\\(", "\\)", "\\[", "\\]", "*", "**", "<b>", "<br>", "<sup>", "</sup>", "\n", "\\",
         "|", "$", "# ", "- ", "  - ", "1. ", "> ", "&#10;", "&lt;", "a", " ", "---", "==="]
    ),
    max_size=12,
).map("".join)  # fmt: skip


@given(
    st.lists(st.tuples(st.sampled_from(RICH_LABELS), nasty, st.booleans()), max_size=4),
    st.sampled_from(["dollar", "tex"]),
    st.sampled_from(["pipe", "html"]),
    st.sampled_from(["", "x.assets"]),
)
@example([("text", "a\n<!-- page 9 -->", True)], "dollar", "pipe", "")
def test_no_block_of_a_model_reaches_past_text(
    blocks: list[tuple[str, str, bool]], math: str, tables: str, assets: str
) -> None:
    page = read_page(
        *(
            Block(
                label, text, (Box(0, 0, 9, 9),), rich=is_rich,
                table=((Cell(text), Cell(text, columns=len(text) % 2 + 1)),)
                if label == "table" else (),
            )
            for label, text, is_rich in blocks
        )
    )  # fmt: skip
    markdown = markdown_of(page, math=math, tables=tables, assets=assets)
    html = gfm.render(markdown)
    tags = set(re.findall(r"<(?!!)/?([a-z0-9]+)", html))
    assert tags <= {
        "p", "em", "strong", "s", "code", "pre", "br", "sup", "sub", "h1", "h2", "ul", "ol", "li",
        "table", "thead", "tbody", "tr", "th", "td", "img",
    }, markdown  # fmt: skip
    assert html.count("<!--") == html.count("<!-- page 1 -->") + html.count("<!-- no text -->")
    assert html.count("<!-- page 1 -->") == 1
    sources = re.findall(r"<img ([^>]*)>", html)
    assert all(source.startswith('src="x.assets/page-001-figure-') for source in sources)
    assert len(sources) == (sum(label == "figure" for label, _, _ in blocks) if assets else 0)
