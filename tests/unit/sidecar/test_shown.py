"""What a reader sees of a model's words is what the model wrote: GitHub's own program is asked.

Formulas, lines of programs and prose with odd signs go the whole way, from a model's answer to a
sidecar, in every kind of region.
"""

import html
import io
import re

import cmarkgfm
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from ocrd.job import PageRead, PageStatus
from ocrd.markdown import markup
from ocrd.sidecar import text as sidecar
from ocrd.sidecar.document import DocumentResult
from ocrd.sidecar.style import Style
from ocrd.tasks import Task

PLAIN = Style(front_matter=False, page_marks=False)
DOCUMENT = DocumentResult("a.pdf", "0" * 64, "PDF", 1, "echo", "", "markdown", 1.0)

NAMES = """
    a b i p s u x1 beta1 N_x v_x_grid np.pi f(x) A[i] A[i][j] _tmp __init__ self.b Σ größe p_ x'
""".split()
NUMBERS = ["0", "2", "12", "3.5", "1e-3", "0x1F", "50%"]
TIGHT = """
    * ** + - / // ^ = == != < > <= << & && | || ~~ % -> :: := _ · @
""".split()
LOOSE = [f" {sign} " for sign in (*TIGHT, "#", "~", "[", "]", "\\")]
WRAPS = """
    ({}) [{}] ({})*({}) sqrt({}) |{}| -{} &{} !{} {}[0] {}++ <{}> {{{}}} ~{} *{}
""".split()
PROGRAM = """
    {0}={1};
    for (i=0; i<{0}; i++) {{ {1} }}
    if {0} && {1}: return {0}
    int *p = &{0};
    def f(*args, **kwargs): return {0}
    {0} = [{1} for x in y if x*2<{0}]
    print(f'{0}', {1})
    std::vector<int> v({0}); // {1}
    std::map<s, b> m;
    # {0}: {1}
    #define A(x) ({0})
    x = a*b*c + {0}; /* {1} */
    char *s, *t = {0};
    ls *.c *.h | grep '^{0}'
    $x = "{1}";
    __name__ == '__main__' or {0}
    a[b](c) = {0}
    ![x]({0})
    [a]: {1}
    </b> {0}
    x <- {0}; y ~ {1}
""".strip().split("\n    ")
WORDS = """
    the sum A Größe AT&T R&D C# C++ #3 *) Smith*, Jones** [1] [^2] <5 a<b x>y i<j snake_case _ __ ~5
    ~~ ` | || & e.g. and/or (see below) 1. - – + = === \\ C:\\temp § 3*4 2**8 (*) **) * "a*b" <not
    tag> x_1 H_2O $5 $ http://x.y/a_b*c*d www.x.y/*a* me@x.org # ## 10% ! ![ ](
""".split()

operands = st.sampled_from(NAMES) | st.sampled_from(NUMBERS)
operators = st.sampled_from(TIGHT) | st.sampled_from(LOOSE)


@st.composite
def formulas(draw: st.DrawFn, depth: int = 2) -> str:
    text = draw(operands)
    for _ in range(draw(st.integers(0, 4))):
        right = draw(formulas(depth - 1)) if depth and draw(st.booleans()) else draw(operands)
        if draw(st.integers(0, 3)) == 0:
            wrap = draw(st.sampled_from(WRAPS))
            right = wrap.format(*[right] * wrap.count("{}"))
        text += draw(operators) + right
    return text


@st.composite
def programs(draw: st.DrawFn) -> str:
    return draw(st.sampled_from(PROGRAM)).format(draw(formulas(1)), draw(formulas(0)))


prose = st.lists(st.sampled_from(WORDS), min_size=1, max_size=9).map(" ".join)
bodies = formulas() | programs() | prose

# Of a region, what models write around its words.
FORMS = {
    "text": "Words {}", "title": "# {}", "sub_title": "## 2.1 {}", "table_caption": "{}",
    "image_caption": "<center>{}</center>", "table_footnote": "{}", "figure_title": "{} end",
    "list": "- {}", "header": "{}", "aside_text": "{}",
    "table": "<table><tr><td>{}</td><td>1</td></tr></table>",
}  # fmt: skip
# The model's own marks at the start of a line, which are none of its words.
MARKS = re.compile(r"[-*+•–—]\s|\d{1,9}[.)](?:\s|$)|```|~~~|\\\[|\$\$|<t|-{3,}$|#{1,6}\s|<center")
OURS = re.compile(r"</?(?:table|tr|td|center)>")


def shown(markdown: str) -> list[str]:
    """Return the words that GitHub shows of Markdown."""
    page = str(cmarkgfm.github_flavored_markdown_to_html(markdown))
    page = re.sub(r"</?(?:td|th|tr|p|br|li|h\d)\b[^>]*>", " ", page)
    return html.unescape(re.sub(r"<[^>]*>", "", page)).split()


def sidecar_of(answer: str) -> str:
    """Return the sidecar of a page of which a model gave this answer."""
    blocks, _ = markup.blocks(answer, 999, 999, Task())
    out = io.BytesIO()
    style = Style(front_matter=False, page_marks=False, running_heads=True)
    sidecar.write(out, "md", DOCUMENT, [PageRead(1, PageStatus.READ, tuple(blocks))], style)
    return out.getvalue().decode()


@pytest.mark.parametrize("label", FORMS)
@settings(max_examples=120, deadline=None)
@given(body=bodies, bare=st.booleans())
@example(body="p=b**4+a**3*b-a**2*b**2-a*b**3;", bare=False)
@example(body="(a+b)*c*(d+e) and (net income)*(tax rate)*(share)", bare=False)
@example(body="if x<i && j>k then x<b>y", bare=False)
@example(body="def __init__(self, *args, **kwargs): pass", bare=False)
@example(body="a | b || c", bare=False)
@example(body="`one' and `two'", bare=False)
@example(body="x **2** y, 2 *3* 4, a *(b+c)* d", bare=False)
@example(body="int *p = &a*!a;", bare=False)
@example(body="http://x.y/a_b*c*d", bare=False)
def test_signs_of_formulas_programs_and_prose_are_shown_in_every_region(
    label: str, body: str, bare: bool
) -> None:
    assume(not MARKS.match(body))
    written = FORMS[label].format(body)
    places = f"{label}[[10, 20, 30, 40]]" if bare else (
        f"<|ref|>{label}<|/ref|><|det|>[[10, 20, 30, 40]]<|/det|>"
    )  # fmt: skip
    # In the form without tokens, a page has to begin with a label that is known.
    start = "text[[1, 2, 3, 4]]\nStart.\n\n" if bare else ""
    words = OURS.sub(" ", written).split()[label in {"title", "sub_title", "list"} :]
    markdown = sidecar_of(f"{start}{places}\n{written}\n")
    assert shown(markdown) == [*start.split()[4:], *words], markdown


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("Wir *vereinfachen* jeweils", "<p>Wir <em>vereinfachen</em> jeweils</p>"),
        ("p=b**4+a**3*b;", "<p>p=b**4+a**3*b;</p>"),
        ("**Note:** a*b", "<p><strong>Note:</strong> a*b</p>"),
    ],
)
def test_what_a_model_emphasises_at_a_words_edge_is_emphasised(text: str, page: str) -> None:
    markdown = sidecar_of(f"<|ref|>text<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\n{text}")
    assert str(cmarkgfm.github_flavored_markdown_to_html(markdown)).strip() == page


def test_a_program_is_shown_sign_by_sign() -> None:
    lines = ["# Start:", "x=a**2*b**3; // <b>", "s=`date`; y=x&&!z | 1;", "print('*a*', __name__);"]
    answer = "<|ref|>text<|/ref|><|det|>[[1, 2, 300, 400]]<|/det|>\n" + "\n".join(lines)
    page = str(cmarkgfm.github_flavored_markdown_to_html(sidecar_of(answer)))
    code = re.fullmatch(r"<pre><code>(.*)\n</code></pre>", page.strip(), re.DOTALL)
    assert code is not None, page
    assert html.unescape(code[1]).split("\n") == lines
