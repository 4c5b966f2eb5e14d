"""Whatever an engine gives, it is text: no markup, no page mark, no tag comes of it."""

import io
import re

from hypothesis import example, given
from hypothesis import strategies as st

from ocrd.job import Block, Box, Cell, PageRead, PageStatus
from ocrd.sidecar import json
from ocrd.sidecar import text as sidecar
from tests.unit.sidecar.written import DOCUMENT, gfm, markdown_of, read_page, texts


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


@given(st.text(st.characters()))
def test_any_text_can_be_written(text: str) -> None:
    page = PageRead(1, PageStatus.READ, (Block("text", text), Block("code", text)))
    failed = PageRead(2, PageStatus.FAILED, warnings=(text,))
    for write in (sidecar.write_markdown, sidecar.write_text, json.write):
        out = io.BytesIO()
        write(out, DOCUMENT, [page, failed])
        assert out.getvalue().decode("utf-8").endswith("\n")


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
