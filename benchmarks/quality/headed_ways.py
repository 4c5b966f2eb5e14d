"""Ways in which documents set their headings, as Typst has them: in two halves, one held back.

A way says how a chapter's, a section's and a subsection's words are set; `None` leaves a rank out.
`{}` stands for the words, `{n}` and `{m}` for the section's and the subsection's number, `{roman}`
and `{letter}` for the same as a roman number and a letter. `{rest}` stands for the text that a side
heading stands beside.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.quality.headed_words import OTHERS


@dataclass(frozen=True, slots=True)
class Way:
    """How a document's headings are set."""

    name: str
    language: str
    font: str
    size: float  # of the running text
    title: str
    section: str
    subsection: str | None = None
    columns: int = 1
    indent: float = 0.0  # of paragraphs, in heights; 0 parts them by white
    says: tuple[str, str] = ("{}", "{}")  # what is printed of a section's and a subsection's words
    is_side: bool = False  # sections stand left of their text
    is_run_in: bool = False  # subsections begin a paragraph; they are no lines of their own
    others: tuple[str, ...] = OTHERS  # what stands between paragraphs and is no heading
    page: str = ""  # what else Typst is told of pages: what runs over them
    is_lone: bool = False  # each page is a document of its own
    begins_pages: bool = False  # sections begin pages
    is_short: bool = False  # some sections begin with a paragraph of one row


def block(body: str, above: float = 1.3, below: float = 0.7) -> str:
    """Return a heading with white above and below it, in heights of a line."""
    return (
        f"#block(width: 100%, above: {above}em, below: {below}em, sticky: true)"
        f"[#set par(first-line-indent: 0em)\n{body}]"
    )


LARGE = block('#text(size: 1.7em, weight: "bold")[{}]', 0, 1.4)
CENTRED = block("#align(center, text(size: 1.6em)[{}])", 0, 1.6)

TUNED = (
    Way("italic", "en", "Liberation Serif", 10.5, LARGE,
        block('#text(size: 1.1em, weight: "bold")[{}]', 1.6), block("_{}_", 1.2, 0.6),
        indent=1.2),
    Way("bold", "en", "Liberation Sans", 9.5, LARGE,
        block("*{n} #h(0.6em) {}*", 1.5), block("*{}*", 1.3, 0.75), says=("{n} {}", "{}")),
    Way("capitals", "en", "Liberation Serif", 11, CENTRED,
        block("#upper[{}]", 1.6, 0.8), block("_{}_"), indent=1.0, says=("{upper}", "{}")),
    Way("numbers", "en", "DejaVu Sans", 9, LARGE,
        block("{n}. {}", 1.6, 0.8), block("{n}.{m} {}", 1.3, 0.8),
        says=("{n}. {}", "{n}.{m} {}")),
    Way("run-in", "en", "Libertinus Serif", 11, CENTRED,
        block('#text(size: 1.15em, weight: "bold")[{}]'), "*{}.* ", indent=1.0, is_run_in=True),
    Way("conference", "en", "Liberation Serif", 9.5, CENTRED,
        block("#align(center, smallcaps[{roman}. {}])"), block("_{letter}. {}_", 1.1, 0.6),
        columns=2, indent=1.0, says=("{roman}. {}", "{letter}. {}")),
    Way("chapter", "de", "Libertinus Serif", 11, block(
        "#align(center)[#text(size: 1.3em)[Kapitel 3]\n\n#text(size: 2em)[{}]]", 0, 2),
        block("#align(center, text(size: 1.15em)[_{}_])", 1.7, 1), block("_{}_"), indent=1.2),
    Way("side", "en", "Liberation Sans", 9.5, LARGE,
        "#grid(columns: (3.6cm, 1fr), column-gutter: 6mm, par(justify: false)[*{}*], [{rest}])",
        is_side=True),
    Way("underlined", "en", "Liberation Serif", 11, LARGE,
        block("#underline[{}]", 1.5, 0.8)),
    Way("law", "de", "Liberation Serif", 10.5, CENTRED,
        block("#align(center)[*§ {n} {}*]", 1.6, 0.9), says=("§ {n} {}", "{}")),
    Way("questions", "fr", "DejaVu Serif", 9.5, LARGE,
        block("*{} ?*", 1.5, 0.8), block("_{} ?_", 1.3, 0.7), says=("{} ?", "{} ?")),
    Way("spaced", "en", "Libertinus Serif", 11, CENTRED,
        block("#align(center, text(tracking: 0.14em)[#upper[{}]])", 1.8, 1), indent=1.2,
        says=("{upper}", "{}")),
)  # fmt: skip
HELD = (
    Way("italic-centred", "en", "EB Garamond 12", 11.5, CENTRED,
        block("#align(center, text(size: 1.2em)[_{}_])", 1.6, 0.9), block("_{}_", 1.1, 0.65),
        indent=1.5),
    Way("bold-long", "de", "Open Sans", 9, LARGE,
        block("*{} und was daraus für die Arbeit der nächsten beiden Jahre in allen Orten folgt*",
               1.5, 0.8),
        says=("{} und was daraus für die Arbeit der nächsten beiden Jahre in allen Orten folgt",
              "{}")),
    Way("roman-capitals", "fr", "TeX Gyre Schola", 10, CENTRED,
        block("*{roman}. #upper[{}]*", 1.7, 0.8), block("_{letter}. {}_", 1.2, 0.7), indent=1.0,
        says=("{roman}. {upper}", "{letter}. {}")),
    Way("numbers-bracket", "en", "TeX Gyre Pagella", 10.5, LARGE,
        block("{n} #h(1em) {}", 1.5, 0.9), block("{n}.{m} #h(0.7em) {}", 1.2, 0.8), indent=1.2,
        says=("{n} {}", "{n}.{m} {}")),
    Way("run-in-italic", "en", "New Computer Modern", 10, CENTRED,
        block('#text(size: 1.2em, weight: "bold")[{n} #h(0.8em) {}]'), "_{}._ ", indent=1.5,
        is_run_in=True, says=("{n} {}", "{}")),
    Way("two-columns", "fr", "Open Sans", 8.5, LARGE,
        block("*{}*", 1.4, 0.7), block("_{}_", 1.1, 0.6), columns=2),
    Way("number-above", "en", "TeX Gyre Schola", 10.5, block(
        "#align(right)[#text(size: 2.6em)[4]\n\n#text(size: 1.8em)[_{}_]]", 0, 2.2),
        block('#text(size: 1.15em, weight: "bold")[{}]', 1.7, 0.8),
        block("*_{}_*", 1.2, 0.6), indent=1.3),
    Way("side-italic", "de", "TeX Gyre Pagella", 10, LARGE,
        "#grid(columns: (3.2cm, 1fr), column-gutter: 5mm,"
        " align(right, par(justify: false)[_{}_]), [{rest}])",
        is_side=True),
    Way("grey", "en", "TeX Gyre Pagella", 10.5, LARGE,
        block('#text(font: "Open Sans", fill: luma(90))[{}]', 1.6, 0.8)),
    Way("articles", "fr", "Liberation Sans Narrow", 11, CENTRED,
        block("Article {n} – {}", 1.6, 0.8), says=("Article {n} – {}", "{}")),
    Way("colons", "en", "Carlito", 11, LARGE,
        block("*{}:*", 1.4, 0.7), says=("{}:", "{}")),
    Way("small-capitals", "de", "Libertinus Serif", 11, CENTRED,
        block("#smallcaps[{}]", 1.6, 0.8), block("_{}_", 1.2, 0.7), indent=1.2),
)  # fmt: skip
