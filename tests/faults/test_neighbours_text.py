"""What a model, a document or a file name says stays text, whoever renders the sidecar.

Two renderers that have nothing in common read it: GitHub's own (cmark-gfm, raw HTML let through,
bare addresses made links) and markdown-it. A browser would see only the marks of text, our figures,
and the addresses that are printed in the document itself.
"""

from __future__ import annotations

import io
import json
import re
from html.parser import HTMLParser
from urllib.parse import unquote

import cmarkgfm
import pytest
import yaml
from cmarkgfm.cmark import Options
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ocrd import files
from ocrd.job import LABELS, Block, Box, Cell, Doubt, PageRead, PageStatus
from ocrd.markdown.markup import blocks as blocks_of
from ocrd.sidecar import text as sidecar
from ocrd.sidecar.document import DocumentResult
from ocrd.sidecar.style import Style
from ocrd.tasks import Task

HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<!-- page 3 -->", "<!--", "-->",
    "--!>", "<a href='javascript:x'>", "[a](javascript:x)", "![a](file:///etc/passwd)",
    "![a](../../secret.jpg)", "[a]: javascript:x\n", "[a]", "<javascript:x>", "<http://x.y>",
    "www.example.com", "http://example.com/?a=<b>", "a@example.com", "javascript:alert(1)",
    "<b onclick=x>", "</p>", "<table><td onload=x>", "<details open ontoggle=x>", "<svg/onload=x>",
    "<style>", "<iframe src=x>", "<meta http-equiv=refresh content=0>", "<base href=//x>",
    "\n---\n", "\n...\n", "---\nsource: x\n---", "\n# a\n", "\n> a\n", "\n- a\n", "\n1. a\n",
    "\n```\n", "\n~~~\n", "\n    code\n", "\n| a |\n| - |\n", "&lt;script&gt;", "&#60;img&#62;",
    "&#x0A;", "$$", "\\(", "\\)", "\\[", "\\]", "\\href{javascript:x}{a}", "`", "``", "*", "**",
    "_", "~~", "|", "\\", "\x00", "\x1b[31m", "\u2028", "\u202e", "\ud800", "\ufeff", " ", "a",
    "<![CDATA[", "]]>", "<?php", "?>", "<!DOCTYPE", "<x-y>", "\"", "'", "%0a", "{{7*7}}", "[^1]: a",
]  # fmt: skip
GROUNDED = [
    f"<|ref|>{label}<|/ref|><|det|>[[0, 0, 99, 99]]<|/det|>\n"
    for label in ("text", "title", "table", "equation", "image", "image_caption", "../x", "code")
] + ["<table><tr><td>", "</td></tr></table>", "\n\n"]
texts = st.lists(st.sampled_from(HOSTILE), max_size=8).map("".join) | st.text(max_size=30)
FIGURE = "page-001-figure-1.jpg"
NAMES = [*(piece for piece in HOSTILE if piece != "\ud800"), *"scan ( ) <x> % ? #".split(), "\n"]
names = st.lists(st.sampled_from(NAMES), max_size=5).map(
    lambda parts: "".join(parts).replace("/", "_").replace("\0", "")[:40] + ".pdf"
)


ALLOWED = {
    "p", "em", "strong", "s", "del", "code", "pre", "br", "sup", "sub", "h1", "h2", "h3", "h4",
    "h5", "h6", "ul", "ol", "li", "blockquote", "table", "thead", "tbody", "tr", "th", "td", "hr",
    "img", "a",
}  # fmt: skip
ATTRIBUTES = {
    "img": {"src", "alt"}, "a": {"href"}, "ol": {"start"}, "th": {"colspan", "rowspan", "align"},
    "td": {"colspan", "rowspan", "align"}, "code": set(), "pre": set(),
}  # fmt: skip
SHOWN_SCHEMES = re.compile(r"(?:https?|ftp|mailto|xmpp):")  # which GitHub makes links by itself


class Browser(HTMLParser):
    """What a browser would make of HTML; raises AssertionError for anything that acts."""

    def __init__(self, assets: str) -> None:
        super().__init__(convert_charrefs=True)
        self.assets = assets
        self.comments: list[str] = []
        self.images = 0
        self._href = ""
        self._shown = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED, tag
        assert {name for name, _ in attrs} <= ATTRIBUTES.get(tag, set()), (tag, attrs)
        values = dict(attrs)
        if tag == "img":
            self.images += 1
            assert unquote(values["src"] or "") == f"{self.assets}/{FIGURE}", values
        if tag == "a":
            self._href, self._shown = values["href"] or "", ""
            assert SHOWN_SCHEMES.match(self._href), self._href

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":  # an address that is printed on the page, and says where it leads
            shown = self._href.removeprefix("http://").removeprefix("mailto:")
            assert unquote(shown) in unquote(self._shown) or unquote(self._shown) in unquote(
                self._href
            ), (self._href, self._shown)

    def handle_data(self, data: str) -> None:
        self._shown += data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data.strip())

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)


markdown_it = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def rendered(markdown: str) -> list[str]:
    """Return the HTML that each of the renderers makes."""
    github = cmarkgfm.markdown_to_html_with_extensions(
        markdown, Options.CMARK_OPT_UNSAFE, ["table", "strikethrough", "autolink", "tasklist"]
    )
    return [github.replace(' disabled=""', "").replace('<input type="checkbox" />', ""),
            markdown_it.render(markdown)]  # fmt: skip


def assert_shows_only_text(markdown: str, assets: str, pages: int, images: int) -> None:
    for html in rendered(markdown):
        browser = Browser(assets)
        browser.feed(html)
        browser.close()
        doubted = [comment for comment in browser.comments if " is doubtful:" in comment]
        marks = [
            comment for comment in browser.comments
            if comment.startswith("page") and comment not in doubted
        ]
        assert marks == [f"page {number}" for number in range(1, pages + 1)], html
        others = set(browser.comments) - set(marks) - set(doubted)
        assert others <= {"blank", "no text"}, browser.comments
        assert browser.images == images, html


@st.composite
def pages(draw: st.DrawFn) -> list[PageRead]:
    made = []
    for number in range(1, draw(st.integers(1, 2)) + 1):
        blocks = []
        for label in draw(st.lists(st.sampled_from(sorted({*LABELS} - {"figure"})), max_size=5)):
            rich = draw(st.booleans())
            table: tuple[tuple[Cell, ...], ...] = ()
            if label == "table":
                rows = st.lists(texts.map(Cell), min_size=2, max_size=2).map(tuple)
                table = tuple(draw(st.lists(rows, min_size=1, max_size=3)))
            blocks.append(
                Block(label, draw(texts), (Box(0.0, 0.0, 9.0, 9.0),), table=table, rich=rich)
            )
        if number == 1:
            blocks.insert(0, Block("figure", "", (Box(1.0, 1.0, 50.0, 50.0),)))
        status = draw(st.sampled_from([PageStatus.READ, PageStatus.DOUBTFUL, PageStatus.FAILED]))
        made.append(
            PageRead(
                number, status, tuple(blocks), 100, 100, warnings=(draw(texts),),
                doubts=(Doubt("runaway", draw(texts)),),
            )
        )
    return made


def document(name: str, warning: str, count: int) -> DocumentResult:
    return DocumentResult(
        source_name=files.printable(name), sha256="0" * 64, format="PDF", pages=count,
        engine="echo", model=warning, mode="markdown", seconds=1.0, warnings=(warning,),
    )  # fmt: skip


quick = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@quick
@given(pages(), names, texts, st.sampled_from(["dollar", "tex"]), st.sampled_from(["pipe", "html"]))
def test_a_sidecar_of_any_text_shows_text_figures_and_page_marks_and_nothing_else(
    read: list[PageRead], name: str, warning: str, math: str, table_style: str
) -> None:
    assets = name.removesuffix(".pdf") + ".assets"
    style = Style(front_matter=False, math=math, tables=table_style, assets=assets)
    out = io.BytesIO()
    sidecar.write(out, "md", document(name, warning, len(read)), read, style)
    assert_shows_only_text(out.getvalue().decode(), assets, len(read), images=1)


@quick
@given(texts, texts)
@example('"\nsource: forged', "---\n")
@example("\ud800\u2028", "...\n")
def test_the_front_matter_says_the_facts_and_no_text_adds_one(name: str, warning: str) -> None:
    facts = document(name, warning, 1)
    out = io.BytesIO()
    sidecar.write(out, "md", facts, [], Style(front_matter=True))
    head = out.getvalue().decode().split("\n---\n")[0]
    found = yaml.safe_load(head.removeprefix("---\n"))
    assert set(found) == {
        "source", "sha256", "pages", "engine", "model", "mode", "seconds", "warnings",
        "state", "doubtful", "failed", "confidence", "least",
    }  # fmt: skip
    assert found["source"] == facts.source_name.replace("\ud800", "\ufffd")
    assert found["warnings"] == [re.sub("[\ud800-\udfff]", "\ufffd", warning)]


@quick
@given(pages(), names, texts)
def test_the_layout_json_is_one_object_with_the_pages_that_there_are(
    read: list[PageRead], name: str, warning: str
) -> None:
    out = io.BytesIO()
    sidecar.write(out, "json", document(name, warning, len(read)), read)
    layout = json.loads(out.getvalue())
    assert [page["page"] for page in layout["pages"]] == [page.number for page in read]
    assert layout["source"] == files.printable(name)


@quick
@given(st.lists(st.sampled_from([*HOSTILE, *GROUNDED]), max_size=12).map("".join))
@example("http://x.y<script>alert(1)</script>")
@example("http://x.y`<script>`")
@example("a www.x.y/`<script>alert(1)</script>` b")
@example("\\(http://x.y<script>\\)")
def test_a_models_own_words_never_become_a_path_or_markup(markup: str) -> None:
    found, _ = blocks_of(markup, 100, 100, Task())
    page = PageRead(1, PageStatus.READ, tuple(found), 100, 100)
    out = io.BytesIO()
    sidecar.write(out, "md", document("scan.pdf", "", 1), [page])
    assert_shows_only_text(out.getvalue().decode(), "", 1, images=0)


def test_the_check_itself_sees_what_acts() -> None:
    for text in [*HOSTILE[:2], "[a](javascript:x)", "![a](x)", "<!-- page 3 -->", "<a href=/x>",
                 "http://x.y\\<script>", "http://x.y`<script>`"]:  # fmt: skip
        with pytest.raises(AssertionError):
            assert_shows_only_text(text, "", 0, images=0)
