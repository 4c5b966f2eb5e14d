"""Plain text as CommonMark that shows it as it is."""

import html
import re
from urllib.parse import unquote

import cmarkgfm
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ocrd.markdown import commonmark

gfm = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# Text as engines give it, rich in what Markdown takes for markup.
markup = st.text(st.sampled_from("#>-+*=_`~|[](){}<>!&;:\\/.01 aB\tx\n\"'$^"), max_size=60)
texts = markup | st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def words(text: str) -> list[str]:
    """Return the words that a reader sees: Unicode's and ours white space are the same to him."""
    return "".join(char if char.isprintable() else " " for char in text).split()


def shown(markdown: str) -> list[str]:
    """Return the words that Markdown shows, failing on any markup but paragraphs."""
    found: list[str] = []
    for token in gfm.parse(markdown):
        assert token.type in {"paragraph_open", "inline", "paragraph_close"}, markdown
        for child in token.children or ():
            assert child.type in {"text", "text_special", "softbreak", "hardbreak"}, markdown
            found.append(child.content or "\n")
    return words("".join(found))


@given(texts)
@example("- - -")
@example("a\n===")
@example("a\n---")
@example("a|b\n-|-")
@example("1. a")
@example("[a]: b")
@example("![a](b) [a][b] [[a]]")
@example("\\<b> \\\\*x*")
@example("<!-- page 9 -->")
@example("&amp; &#35;")
@example("    code")
@example("a\\")
@example("a\\\nb")
@example("~~~\n```\n~a~")
@example("_a_ a_b_c __init__")
@example("*\u00a0a*")
def test_model_text_makes_no_markup(text: str) -> None:
    assert shown(commonmark.escape(text)) == words(text)


@given(st.text(st.characters(exclude_characters="\r\n"), min_size=1, max_size=30))
@example("a`b``c")
@example("`a`")
@example(" a ")
def test_code_spans_show_their_text_and_nothing_else(text: str) -> None:
    if not commonmark.clean(text).strip():
        return
    (paragraph,) = gfm.parseInline(f"a {commonmark.code_span(text)} b")
    assert [child.type for child in paragraph.children or ()] == ["text", "code_inline", "text"]
    code = (paragraph.children or [])[1]
    assert words(code.content.replace("\ufffd", "")) == words(text.replace("\ufffd", ""))


@pytest.mark.parametrize(
    "folder", ["scan.assets", "a b (1) %20#é", "<x>'\"[y](z)", "javascript:a", "文件 x", "a\\b?c&d"]
)
def test_destinations_lead_to_the_folder_whatever_its_name(folder: str) -> None:
    (inline,) = gfm.parseInline(f"![x]({commonmark.destination(folder)}/1.jpg)")
    assert inline.children is not None
    assert [child.type for child in inline.children] == ["image"]
    image = inline.children[0]
    source = str(image.attrs["src"])
    assert unquote(source) == f"{folder}/1.jpg"
    assert ":" not in source


def test_a_name_that_is_no_unicode_keeps_its_bytes() -> None:
    assert commonmark.destination("a\udcff") == "a%FF"


def test_headings_keep_hashes_at_their_end() -> None:
    assert commonmark.heading("a #", 2) == "## a \\#"
    assert commonmark.heading("#", 2) == "## \\#"
    assert commonmark.heading("", 1) == ""


def test_no_line_of_a_code_block_looks_like_a_heading() -> None:
    text = "# mount /mnt\nls\n  # and look"
    block = commonmark.code_block(text)
    assert not any(line.startswith("#") for line in block.splitlines())
    assert [token.content for token in gfm.parse(block)] == [text + "\n"]


@given(texts)
def test_code_blocks_hold_any_text(text: str) -> None:
    block = commonmark.code_block(text)
    assert [token.type for token in gfm.parse(block)] == (["fence"] if block else [])


def as_github_shows(markdown: str) -> str:
    """Return the HTML that GitHub's own program makes of it."""
    return str(cmarkgfm.github_flavored_markdown_to_html(markdown)).strip()


@given(texts)
@example("http://x.y/a*b*c www.x.y/_a_ ftp://x/~a|b")
@example("*a* <b> &amp; [c](d) `e` ~~f~~ www.example.org")
@example("# a\n> b\n- c\n2. d")
def test_github_shows_escaped_text_as_it_was(text: str) -> None:
    page = as_github_shows(commonmark.escape(text))
    tags = set(re.findall(r"</?[a-z]+", page))
    assert tags <= {"<p", "</p", "<br", "<a", "</a"}  # it makes links of bare addresses
    plain = re.sub(r"<[^>]*>", "", page)
    assert words(html.unescape(plain)) == words(text.replace("\0", " "))


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("a", "`a`"),
        ("a b", "`a b`"),
        ("a`b", "``a`b``"),
        ("a``b`c", "```a``b`c```"),
        ("`a", "`` `a ``"),
        ("a`", "`` a` ``"),
        ("a ", "` a  `"),
        (" a", "`  a `"),
        ("a\nb", "`a b`"),
    ],
)
def test_code_in_a_line_has_no_longer_fence_and_no_more_space_than_it_needs(
    text: str, span: str
) -> None:
    assert commonmark.code_span(text) == span
    shown = text.replace("\n", " ")
    assert as_github_shows(f"x{span}x") == f"<p>x<code>{shown}</code>x</p>"


@pytest.mark.parametrize(
    ("text", "fence"),
    [("a", "```"), ("``", "```"), ("a```b", "````"), ("````", "`````"), ("~~~", "```")],
)
def test_a_fence_is_longer_than_any_within(text: str, fence: str) -> None:
    block = commonmark.code_block(text)
    assert block == f"{fence}\n{text}\n{fence}"
    assert as_github_shows(block) == f"<pre><code>{text}\n</code></pre>"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("Büro/文件 1.assets/a-b_c~2", "Büro/文件%201.assets/a-b_c~2"),
        ("100%", "100%25"),
        ("a(b)", "a%28b%29"),
        ("a\ud800", "a%EF%BF%BD"),  # a surrogate that stands for no byte
    ],
)
def test_letters_of_any_script_stay_readable_in_a_destination(path: str, shown: str) -> None:
    assert commonmark.destination(path) == shown


@pytest.mark.parametrize(
    ("line", "escaped"),
    [
        ("# one", "\\# one"),
        ("> one", "\\> one"),
        ("- one", "\\- one"),
        ("-one", "-one"),
        ("+", "\\+"),
        ("==", "\\=="),
        ("[a]: b", "\\[a]: b"),
        ("[a] b", "[a] b"),
        ("12. one", "12\\. one"),
        ("12) one", "12\\) one"),
        ("12.5", "12.5"),
        ("1234567890. one", "1234567890. one"),
    ],
)
def test_only_what_would_begin_a_block_is_escaped_at_the_start_of_a_line(
    line: str, escaped: str
) -> None:
    assert commonmark.escape_start(line) == escaped
