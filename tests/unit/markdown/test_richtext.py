"""A model's Markdown to Markdown that is safe to show."""

import re
import time
import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ocrd.markdown import richtext

gfm = MarkdownIt("commonmark").enable(["table", "strikethrough"])
PIECES = [
    "<script>", "</script>", "<img src=x onerror=alert(1)>", "<!-- page 3 -->", "<!--", "-->",
    "<a href='javascript:x'>", "[a](javascript:x)", "![a](http://x)", "![a](data:x)", "[a]: /x",
    "<http://x>", "[a]", "](", "![", "(x)", "<b>", "</b>", "<i>", "</i>", "<sup>", "</sup>",
    "<sub>", "</sub>", "<u>", "</u>", "<s>", "</s>", "<br>", "<center>", "</center>",
    "<svg/onload>",
    "*", "**", "***", "_", "__", "~~", "~", "`", "``", "```", "\\", "\\\\", "\\(", "\\)", "\\[",
    "\\]", "$", "$$", "\\href{javascript:x}", "&lt;", "&#60;", "&#10;", "&", "|", "#", "- ", "+ ",
    "1. ", "> ", "---", "===", "\n", "\n\n", " ", "    ", "a", "b1", "é", "中", ".", "<", ">", "!",
    "{", "}", "%", "<div", "<?x?>", "<![CDATA[", "\t", "\x00", "\u00a0",
]  # fmt: skip
nasty = st.lists(st.sampled_from(PIECES), max_size=14).map("".join) | st.text(
    st.sampled_from("<>&`*_~[]()!\\$#-+=|:/ab1. \n\"'{}%;"), max_size=40
)
maths = st.sampled_from(["dollar", "tex"])


class Rendered(HTMLParser):
    """What a browser would make of HTML."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.comments: list[str] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


INLINE_TAGS = {"p", "em", "strong", "s", "code", "br", "sup", "sub"}


def assert_harmless(markdown: str, tags: set[str]) -> None:
    rendered = Rendered(gfm.render(markdown))
    assert rendered.tags <= tags, markdown
    assert not rendered.attributes, markdown
    assert not rendered.comments, markdown


@settings(max_examples=400)
@given(nasty, maths)
@example("a *b* <sup>\n2</sup> <script>x</script>", "dollar")
@example("\\(a ` b\\) `<script>`", "dollar")
@example("`a`<u>`b``<script>`", "dollar")
@example("<<u>script>alert(1)</script>", "dollar")
@example("\\[a\n\n<script>\\]", "tex")
@example("\\(![a](javascript:x)\\)", "dollar")
@example("a\\<script>", "tex")
@example("&lt;script&gt;&#10;&#10;# a", "dollar")
@example("<b>- </b>a\n===", "dollar")
@example("<div\n>a", "dollar")
@example("<_a >a_", "dollar")
def test_paragraphs_of_any_text_are_harmless(text: str, math: str) -> None:
    assert_harmless(richtext.markdown(text, math), INLINE_TAGS)
    assert_harmless(richtext.line(text, math), INLINE_TAGS)
    assert_harmless(richtext.emphasised(text, math), INLINE_TAGS)
    assert_harmless(f"| a |\n| --- |\n| {richtext.cell(text, math)} |", INLINE_TAGS | TABLE_TAGS)


TABLE_TAGS = {"table", "thead", "tbody", "tr", "th", "td"}


@given(nasty, maths)
@example("a\n===\n# b\n- c\n| d\n|-|", "dollar")
@example("```\n<script>", "tex")
@example("[a]: javascript:x\n[a]", "dollar")
def test_equations_of_any_text_are_harmless(tex: str, math: str) -> None:
    assert_harmless(richtext.equation(tex, math), INLINE_TAGS)


@given(nasty, maths)
@example("<div\n>a", "dollar")
def test_cells_stay_cells(text: str, math: str) -> None:
    table = f"| a | b |\n| --- | --- |\n| {richtext.cell(text, math)} | end |\n"
    html = gfm.render(table)
    assert html.count("<tr>") == 2
    assert html.count("<td>end</td>") == 1, table


@given(nasty, maths)
@example("a&#10;&#10;b", "dollar")
def test_paragraphs_and_plain_text_hold_no_empty_line(text: str, math: str) -> None:
    assert not re.search(r"\n\s*\n", richtext.plain(text))
    assert not re.search(r"\n\s*\n", richtext.markdown(text, math))
    assert not re.search(r"\n\s*\n", richtext.equation(text, math))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a **b** *c* `d`", "a **b** *c* `d`"),
        ("__b__ _c_ ~~d~~ snake_case_name", "__b__ _c_ ~~d~~ snake_case_name"),
        ("<b>b</b> <i>c</i> <u>d</u> <s>e</s>", "**b** *c* d ~~e~~"),
        ("x<sup>2</sup> H<sub>2</sub>O", "x<sup>2</sup> H<sub>2</sub>O"),
        ("<center>mid</center>", "mid"),
        ("a<br>b<br/>c", "a  \nb  \nc"),
        ("2 * 3 * 4 and 2*3*4", "2 \\* 3 \\* 4 and 2\\*3\\*4"),
        ("中文**粗体**中文", "中文**粗体**中文"),
        ("**never closed", "\\*\\*never closed"),
        ("a<i>(b)</i>c", "a(b)c"),
        ("<b></b>a <sup></sup>", "a"),
        ("R&amp;D &lt;b&gt; &nosuch;", "R&D &lt;b> \\&nosuch;"),
        ("a <b>one <b>two</b></b>", "a **one two**"),
        ("[a](http://b.c)", "[a\\](http://b.c)"),
        ("# a", "\\# a"),
        ("1. a", "1\\. a"),
        ("C:\\dir \\*", "C:\\dir \\*"),
        ("ends in \\", "ends in \\\\"),
        ("p=b**4+a**3*b", "p=b\\*\\*4+a\\*\\*3\\*b"),
        ("a<b and c>d, x<i && j>k", "a&lt;b and c>d, x&lt;i && j>k"),
        ("Set<s> and List<p> x<b>y", "Set&lt;s> and List&lt;p> x&lt;b>y"),
        ("<p>one</p><p>two</p>", "one  \ntwo"),
        ("<p>one", "one"),
        ("<b>never closed", "&lt;b>never closed"),
        ("never opened</i>", "never opened&lt;/i>"),
        ('<b class="x">b</b> <U>c</U>', "**b** c"),
        ("`one' and `two'", "\\`one' and \\`two'"),
        ("` a ` but ``a ` b``", "\\` a \\` but ``a ` b``"),
        ("http://x.y/a*b www.x.y/_a_", "http\\://x.y/a\\*b www\\.x.y/\\_a\\_"),
        ("http://x.y/a_b?c=d", "http://x.y/a_b?c=d"),
        ("&amp;gt; is no tag's end", "\\&gt; is no tag's end"),
    ],
)
def test_what_a_model_marks_is_kept(text: str, expected: str) -> None:
    assert richtext.markdown(text) == expected


@pytest.mark.parametrize(
    ("text", "dollar", "tex"),
    [
        ("\\(x^2\\)", "$x^2$", "\\(x^2\\)"),
        ("\\( x \\) costs $5", "$x$ costs \\$5", "\\(x\\) costs $5"),
        ("see \\[ a \\] there", "see $$a$$ there", "see \\[a\\] there"),
        ("\\(a<b\\)", "$a< b$", "\\(a< b\\)"),
        ("\\(a &lt; b\\)", "$a < b$", "\\(a < b\\)"),
        ("\\(a\\)\\(b\\)", "$a$ $b$", "\\(a\\)\\(b\\)"),
        ("\\(a\\)2", "$a$&#50;", "\\(a\\)2"),
        ("\\(5\\% + 5% \\text{$}\\)", "$5\\% + 5\\% \\text{\\$}$", "\\(5\\% + 5\\% \\text{$}\\)"),
        ("never \\(closed", "never \\\\(closed", "never \\\\(closed"),
        ("\\(\\) empty", "empty", "empty"),
        ("\\( a\n + b \\)", "$a + b$", "\\(a + b\\)"),
        ("\\( \\href{x}{y} \\)", "$\\backslash href{x}{y}$", "\\(\\backslash href{x}{y}\\)"),
        ("\\( \\begin{matrix} a \\\\(b) \\end{matrix} \\)",
         "$\\begin{matrix} a \\\\(b) \\end{matrix}$",
         "\\(\\begin{matrix} a \\\\(b) \\end{matrix}\\)"),
    ],
)  # fmt: skip
def test_tex_is_delimited_as_asked(text: str, dollar: str, tex: str) -> None:
    assert richtext.markdown(text, "dollar") == dollar
    assert richtext.markdown(text, "tex") == tex


def test_equations_stand_on_lines_of_their_own() -> None:
    assert richtext.equation("a &= b \\\\\n\n- c\n\\end") == "$$\na &= b \\\\ - c\n\\end\n$$"
    assert richtext.equation("a", "tex") == "\\[\na\n\\]"
    assert richtext.equation("- a") == "$$ - a\n$$"
    assert richtext.equation(" \n ") == ""


def test_pipes_in_cells_are_text_in_words_code_and_tex() -> None:
    cell = richtext.cell("x|y `p|q` \\(|z|\\)\nnext")
    html = gfm.render(f"| a |\n| --- |\n| {cell} |")
    assert "<td>x|y <code>p|q</code> $|z|$<br>next</td>" in html
    assert richtext.cell("\\(\\|a\\|\\)") == "$\\Vert a\\Vert$"


def test_captions_are_emphasised_once() -> None:
    assert richtext.emphasised("**Figure 1:** a *b*\nc") == "*Figure 1: a b  \nc*"
    assert gfm.render(richtext.emphasised("a \\")) == "<p><em>a \\</em></p>\n"
    assert richtext.emphasised(" ") == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**a** `b` \\(c^2\\) <i>d</i>", "a b c^2 d"),
        ("x<sup>2</sup> CO<sub>2</sub>, 2<sup>nd</sup>", "x² CO₂, 2nd"),
        ("a &amp; b<br>c", "a & b\nc"),
        ("<script>x</script>", "<script>x</script>"),
    ],
)
def test_plain_text_is_what_a_reader_sees(text: str, expected: str) -> None:
    assert richtext.plain(text) == expected


def test_plain_text_can_keep_tex_marked() -> None:
    assert richtext.plain("a \\(b\\) \\[c\\]", "dollar") == "a $b$ $$c$$"
    assert richtext.plain("a \\(b\\) \\[c\\]", "tex") == "a \\(b\\) \\[c\\]"


@given(st.lists(st.sampled_from(PIECES) | st.integers(100, 999).map("w{}".format), max_size=12))
def test_no_words_are_lost(pieces: list[str]) -> None:
    text = " ".join(piece for piece in pieces if "&" not in piece)
    expected = sorted(re.findall(r"w\d+", text))
    shown = unicodedata.normalize("NFKC", richtext.plain(text))  # lowered digits count as digits
    assert sorted(re.findall(r"w\d+", shown)) == expected
    assert sorted(re.findall(r"w\d+", richtext.markdown(text))) == expected


@pytest.mark.parametrize(
    "piece",
    ["<b>", "</b>", "<b>a</b>", "*", "*a", "**a ", "`", "` ``", "\\(", "\\)", "\\[ \\(", "<", "<a ",
     "&", "&a", " ", "\n", "~~a", "_a ", "<b><i>", "\\", "[", "![", "<sup>", "$", "<sup>a\n</sup>"],
)  # fmt: skip
def test_time_grows_with_the_length_only(piece: str) -> None:
    """A quadratic step would take minutes for this many."""
    text = piece * (60_000 // len(piece))
    started = time.process_time()
    richtext.markdown(text)
    richtext.equation(text)
    richtext.plain(text)
    assert time.process_time() - started < 10
