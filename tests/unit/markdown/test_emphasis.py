"""Marks of emphasis at a word's edge, and signs everywhere else."""

import cmarkgfm
import pytest

from ocrd.markdown import emphasis, richtext


def shown(text: str) -> str:
    """Return the paragraph that GitHub shows of a model's text, without its own tags."""
    page = str(cmarkgfm.github_flavored_markdown_to_html(richtext.markdown(text)))
    return page.strip().removeprefix("<p>").removesuffix("</p>")


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("we *see* it", "we <em>see</em> it"),
        ("*see* it, *see*", "<em>see</em> it, <em>see</em>"),
        ("(*ibid.*), “*so*”, *p*.", "(<em>ibid.</em>), “<em>so</em>”, <em>p</em>."),
        ("**Note:** so", "<strong>Note:</strong> so"),
        ("**1. Scope** so", "<strong>1. Scope</strong> so"),
        ("**Theorem 1 (Gauss)** so", "<strong>Theorem 1 (Gauss)</strong> so"),
        ("**“Quoted words”** so", "<strong>“Quoted words”</strong> so"),
        ("***both*** so", "<em><strong>both</strong></em> so"),
        ("_see_ and __Note__", "<em>see</em> and <strong>Note</strong>"),
        ("_some more words_ so", "<em>some more words</em> so"),
        ("~~gone~~ so", "<del>gone</del> so"),
        ("Figure *1* and No. *5*", "Figure <em>1</em> and No. *5*"),
        ("non-*linear* and *pre*-set", "non-<em>linear</em> and <em>pre</em>-set"),
        ("**bold \\(x\\)** so", "<strong>bold $x$</strong> so"),
        ("**\\(x\\)** so", "<strong>$x$</strong> so"),
        ("中文**粗体**中文，**粗体**。", "中文<strong>粗体</strong>中文，<strong>粗体</strong>。"),
        ("Ünïcode *größe* über", "Ünïcode <em>größe</em> über"),
    ],
)
def test_what_models_emphasise_is(text: str, page: str) -> None:
    assert shown(text) == page


@pytest.mark.parametrize(
    "text",
    [
        "p=b**4+a**3*b-a**2*b**2-a*b**3;",
        "2*3*4 and 2 * 3 * 4",
        "(a+b)*c*(d+e)",
        "(x)*y*(z), [a]*b*[c]",
        "(net income)*(tax rate)*(share)",
        "a *(b+c)* d",
        "2 *3* 4, x **2** y",
        "f(*args, **kwargs)*2",
        "int *p = a*!b;",
        "char *s, *t;",
        "x=*p+*q, -*p-*q",
        "/*comment*/ a",
        "*.c *.h *.py",
        "Smith*, Jones**, Brown***",
        "*) p, **) q",
        "def __init__(self, __name__): _private_name = __all__",
        "a_b_ _c_d",
        "f(_a, b_)",
        "_a*(b_)",
        "x'_p_;",
        "_____ and ____",
        "a~~b~~c ~5",
        "长*宽*高",
        "word**bold**word",
        "**never closed",
        "never opened**",
        "* * *",
        "****",
        "**",
        "a-*b*c-d*",
    ],
)
def test_signs_within_words_formulas_and_programs_are_shown(text: str) -> None:
    assert shown(f"so {text}") == f"so {text}"


@pytest.mark.parametrize(
    ("before", "after", "mark", "expected"),
    [
        ("  ", "a", "*", True), ("  ", "1", "*", True), ("  ", "(", "*", True),
        ("  ", " ", "*", False), ("  ", ".", "*", False),
        ("x(", "a", "*", True), ("x)", "a", "*", False), ("xy", "a", "*", False),
        ("x(", "(", "*", False),
        ("x'", "a", "*", False), (" '", "a", "*", True), ("x-", "a", "*", True),
        ("x=", "a", "*", False), ("x/", "a", "*", False), ("x.", "a", "*", False),
        ("中中", "粗", "**", True), ("中中", "粗", "*", False), ("中中", "粗", "__", False),
    ],
)  # fmt: skip
def test_what_may_open_emphasis(before: str, after: str, mark: str, expected: bool) -> None:
    assert emphasis.opens(before, after, mark) is expected


@pytest.mark.parametrize(
    ("before", "after", "mark", "expected"),
    [
        ("a", "  ", "*", True), ("1", "  ", "*", True), (")", "  ", "*", True),
        (" ", "  ", "*", False), ("(", "  ", "*", False), ("=", "  ", "*", False),
        (".", "  ", "*", True), (":", "x ", "*", False),
        ("a", ". ", "*", True), ("a", ".x", "*", False), ("a", ")x", "*", False),
        ("a", "(x", "*", False), ("a", "xy", "*", False), ("a", "-x", "*", True),
        (")", ", ", "*", True), (")", ") ", "*", False), ("a", "，文", "*", True),
        ("体", "中中", "**", True), ("体", "中中", "*", False),
    ],
)  # fmt: skip
def test_what_may_close_emphasis(before: str, after: str, mark: str, expected: bool) -> None:
    assert emphasis.closes(before, after, mark) is expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (" ", "a", True), ("a", "a", True), ("a", " ", False), ("a", "(", False), ("a", "$", False),
        (" ", "(", True), ("-", "(", True), ("=", "(", True),
    ],
)  # fmt: skip
def test_markdown_takes_a_mark_by_what_flanks_it(before: str, after: str, expected: bool) -> None:
    assert emphasis.is_flanking(before, after) is expected


def test_prose_is_meant_and_formulas_are_not() -> None:
    def is_meant(words: str, mark: str = "*", *, solid: bool = False) -> bool:
        return emphasis.is_meant(mark, words, ("", ""), solid=solid)

    assert emphasis.is_meant("*", "pre", ("", "-set"), solid=False)
    assert not emphasis.is_meant("*", "pre set", ("", "-set"), solid=False)
    assert not emphasis.is_meant("*", "pre set", ("a-", ""), solid=False)
    assert emphasis.is_meant("*", "1", (f"{'so ' * 9}Figure ", ""), solid=False)
    assert is_meant("a")
    assert is_meant("a*b")  # a letter on either side
    assert not is_meant("3")
    assert not is_meant(" ")
    assert is_meant(" ", solid=True)
    assert is_meant("(some words)")
    assert not is_meant("(a+b)")
    assert is_meant("see:")
    assert not is_meant("x:")
    assert is_meant("3 words")
    assert not is_meant("init", "__")
    assert is_meant("Init", "__")
    assert not is_meant("a b", "_")
    assert is_meant("some words", "_")
    assert not is_meant("some*words", "_")
