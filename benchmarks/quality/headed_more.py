"""More ways to set headings: with a colon or a full stop, beside the text, under running heads.

Like :mod:`benchmarks.quality.headed_ways`, in two halves. Between the sections stand lines in bold
with a colon that are no headings. The pages of some documents are each a document of its own, so
that nothing tells what runs over them but the page.
"""

from __future__ import annotations

from benchmarks.quality.headed_ways import CENTRED, LARGE, Way, block
from benchmarks.quality.headed_words import COLONS, OTHERS

_BOTH = (*OTHERS, *COLONS)


def _head(said: str, ascent: str = "0.6cm", top: str = "2.3cm") -> str:
    return (
        f"#set page(margin: (x: 1.6cm, top: {top}, bottom: 1.8cm), header-ascent: {ascent},"
        f" header: [{said}])\n"
    )


def _foot(said: str, descent: str = "0.6cm", bottom: str = "2.3cm") -> str:
    return (
        f"#set page(margin: (x: 1.6cm, top: 1.6cm, bottom: {bottom}), footer-descent: {descent},"
        f" footer: [{said}])\n"
    )


def _side(head: str, wide: str = "3.4cm", gutter: str = "5mm") -> str:
    return f"#grid(columns: ({wide}, 1fr), column-gutter: {gutter}, {head}, [{{rest}}])"


def _by(names: str, place: str, day: str) -> str:
    return block(
        f"#align(center)[#text(size: 1.7em)[{{}}]\n\n#text(size: 1.2em)[{names}]\n\n"
        f"{place}\n\n{day}]",
        0, 1.6,
    )  # fmt: skip


_NUMBER = "#context counter(page).display()"
_RULE = "#v(-0.5em)#line(length: 100%, stroke: 0.5pt)"

MORE = (
    Way("colon-bold", "en", "DejaVu Serif", 9, LARGE, block("*{}:*", 1.5, 0.75),
        says=("{}:", "{}"), others=COLONS),
    Way("colon-large", "de", "Liberation Sans", 9.5, LARGE,
        block("#text(size: 1.3em)[{}:]", 1.6, 0.8), block("*{}:*", 1.3, 0.65),
        says=("{}:", "{}:"), others=COLONS),
    Way("colon-capitals", "es", "Liberation Serif", 11, CENTRED, block("*{upper}:*", 1.5, 0.8),
        indent=1.2, says=("{upper}:", "{}"), others=_BOTH),
    Way("colon-number", "nl", "Libertinus Serif", 11, CENTRED, block("*{n}. {}:*", 1.4, 0.7),
        says=("{n}. {}:", "{}"), others=COLONS),
    Way("colon-columns", "it", "Lato", 9, LARGE, block("*{}:*", 1.3, 0.65), columns=2,
        says=("{}:", "{}"), others=OTHERS),
    Way("full-stop", "en", "Liberation Serif", 10.5, CENTRED, block("*{}.*", 1.4, 0.7),
        indent=1.2, says=("{}.", "{}"), others=_BOTH),
    Way("no-colon", "fr", "DejaVu Sans", 9, LARGE, block("*{}*", 1.5, 0.8), others=COLONS),
    Way("no-colon-plain", "en", "Libertinus Serif", 11, LARGE,
        block('#text(size: 1.25em, weight: "bold")[{}]', 1.6, 0.9), indent=1.2, others=COLONS),
    Way("side-italic-left", "en", "Libertinus Serif", 11, LARGE,
        _side("par(justify: false)[_{}_]"), is_side=True),
    Way("side-bold-right", "it", "DejaVu Serif", 9, LARGE,
        _side("align(right, par(justify: false)[*{}*])"), is_side=True),
    Way("side-italic-right", "es", "Liberation Serif", 10.5, LARGE,
        _side("align(right, par(justify: false)[_{}_])", "3cm", "4mm"), is_side=True),
    Way("side-plain", "nl", "Lato", 9.5, LARGE,
        _side("par(justify: false)[{}]", "3.6cm", "6mm"), is_side=True),
    Way("side-capitals", "fr", "Liberation Serif", 10.5, CENTRED,
        _side("par(justify: false)[#text(size: 0.85em)[#upper[{}]]]", "3.3cm"), is_side=True,
        says=("{upper}", "{}")),
    Way("side-outer", "en", "Liberation Serif", 10.5, LARGE,
        "#grid(columns: (1fr, 3cm), column-gutter: 5mm, [{rest}],"
        " par(justify: false)[#text(size: 0.85em)[_{}_]])", is_side=True),
    Way("lone-bold-rule", "en", "Liberation Serif", 10.5, LARGE, block("*{n} #h(0.6em) {}*", 1.5),
        says=("{n} {}", "{}"), is_lone=True,
        page=_head(f"*The Canal Keeper's Handbook, Release 4.2*\n{_RULE}")
        + '#set page(numbering: "1")\n'),
    Way("lone-italic-number", "de", "Libertinus Serif", 11, CENTRED,
        block("#align(center)[*{}*]", 1.6), indent=1.2, is_lone=True,
        page=_head(f"_Handbuch für Schleusenwärter_ #h(1fr) {_NUMBER}", "0.45cm", "2cm")),
    Way("lone-capitals", "fr", "DejaVu Serif", 9, LARGE, block("*{}*", 1.5, 0.8), is_lone=True,
        page=_head("#align(center, text(size: 0.85em)[LE CANAL DE LA HAUTE VALLÉE])", "0.9cm",
                   "2.6cm")),
    Way("lone-number-bold", "es", "Liberation Sans", 9.5, LARGE,
        block('#text(size: 1.15em, weight: "bold")[{}]', 1.5), is_lone=True,
        page=_head(f"*{_NUMBER} #h(1fr) Manual del guarda*", "0.7cm", "2.4cm")),
    Way("lone-chapter", "en", "Lato", 9.5, LARGE, block("*{n}.1 {}*", 1.5),
        says=("{n}.1 {}", "{}"), is_lone=True,
        page=_head(f"*{_NUMBER} #h(0.5fr) Chapter 3. Water and its keepers #h(1fr)*")),
    Way("lone-foot", "en", "DejaVu Sans", 9, LARGE, block("*{}*", 1.5), is_lone=True,
        page=_foot(f"*The keeper's handbook, third edition* #h(1fr) *{_NUMBER}*")),
    Way("lone-foot-italic", "it", "Liberation Serif", 11, CENTRED, block("_{}_", 1.5), indent=1.2,
        is_lone=True, page=_foot(f"#align(center)[_Manuale del custode_ \\ {_NUMBER}]")),
    Way("lone-begins", "en", "Liberation Serif", 11, LARGE, block("*{}*", 1.4, 0.8),
        is_lone=True, begins_pages=True),
    Way("lone-begins-wide", "de", "Lato", 9.5, LARGE,
        block('#text(size: 1.2em, weight: "bold")[{n} #h(0.6em) {}]', 1.4, 1.6),
        says=("{n} {}", "{}"), is_lone=True, begins_pages=True),
    Way("lone-begins-head", "nl", "DejaVu Serif", 9, LARGE, block("*{}*", 1.4, 1), is_lone=True,
        begins_pages=True, page=_head(f"*Handboek voor sluiswachters* #h(1fr) *{_NUMBER}*")),
    Way("colon-short", "en", "Liberation Sans", 9.5, LARGE, block("*{}:*", 1.5, 0.75),
        says=("{}:", "{}"), others=COLONS, is_short=True),
    Way("lone-release", "en", "DejaVu Sans", 9, LARGE,
        block('#text(size: 1.2em, weight: "bold")[3.{n} #h(0.6em) {}]', 1.5), is_lone=True,
        says=("3.{n} {}", "{}"),
        page=_head(f"#align(right)[*Guide to the Canals, Release 4.6.2.0*]\n{_RULE}", "0.8cm",
                   "2.6cm")
        + "#counter(page).update(45)\n#set page(footer: context [*Chapter 3. Water* #h(1fr)"
        " *#counter(page).display()*])\n"),
    Way("lone-sans", "en", "Libertinus Serif", 11, LARGE,
        block('#text(font: "Liberation Sans", size: 1.2em, weight: "bold")[2.{n} #h(0.6em) {}]',
              1.5),
        indent=1.2, is_lone=True, says=("2.{n} {}", "{}"),
        page='#let bold(it) = text(font: "Liberation Sans", weight: "bold", it)\n'
        + _head(f"#align(right, bold[Manual of the Valley, Release 4.6.2.0])\n{_RULE}", "0.8cm",
                "2.6cm")
        + "#counter(page).update(17)\n#set page(footer: context [#bold[2.1. The keepers] #h(1fr)"
        " #bold(counter(page).display())])\n"),
    Way("lone-mixed", "it", "Liberation Serif", 10.5, LARGE,
        block('#text(font: "Liberation Sans", weight: "bold")[{}]', 1.5), is_lone=True,
        page=_head("#align(center, text(font: \"Liberation Sans\", weight: \"bold\")["
                   "Manuale del custode delle chiuse])", "0.7cm", "2.4cm")
        + '#counter(page).update(6)\n#set page(numbering: "1")\n'),
    Way("lone-centred", "de", "Liberation Serif", 11, LARGE, block("*3.{n}. {}*", 1.5), indent=1.2,
        is_lone=True, says=("3.{n}. {}", "{}"),
        page=_head("#align(center)[Kapitel 3. Das Wasser und seine Wärter]", "0.5cm")
        + '#set page(numbering: "1")\n'),
    Way("lone-journal", "fr", "Libertinus Serif", 10, LARGE, block("*{n}. {}*", 1.4, 0.7),
        says=("{n}. {}", "{}"), columns=2, is_lone=True,
        page=_head(f"{_NUMBER} #h(1fr) E. Harmer et al. / Revue des canaux 12 (2019) 33–45")),
    Way("lone-rows", "es", "DejaVu Serif", 9, LARGE, block("*{}*", 1.5, 0.8), is_lone=True,
        page=_head(f"*Manual del guarda* #h(1fr) *{_NUMBER}*\\ _El agua y sus guardas_", "0.7cm",
                   "2.6cm")),
    Way("by-names", "en", "Liberation Serif", 10.5,
        _by("Edith Harmer, Paul Weir and Anna Lock", "Institute of Waterways, Marsham",
            "14 March 2019"),
        block("*{n} #h(0.6em) {}*", 1.5), block("*{n}.{m} #h(0.6em) {}*", 1.3),
        says=("{n} {}", "{n}.{m} {}")),
    Way("by-names-bold", "de", "Libertinus Serif", 11,
        _by("*Klara Vollmer* und *Jens T. Petersen*", "_Amt für Wasserwege, Bergen_", ""),
        block("#align(center)[*{roman}. {}*]", 1.5, 0.8), columns=2, indent=1.2,
        says=("{roman}. {}", "{}")),
    Way("by-one", "fr", "DejaVu Serif", 9, _by("E. Harmer", "Revue des canaux, 12", ""),
        block('#text(size: 1.2em)[{}]', 1.6, 0.9)),
    Way("by-none", "es", "Lato", 9.5, CENTRED,
        block("#align(center, text(size: 1.25em)[{}])", 1.6, 0.9)),
    Way("lone-minutes", "en", "Liberation Sans", 9.5, block("*{}*", 0, 3), block("*{}*", 1.5, 0.8),
        is_lone=True, page='#set page(numbering: "1")\n'),
    Way("lone-memorandum", "nl", "Liberation Serif", 11,
        block("#align(center)[*{}*]", 0, 3), block("*{n}. {}*", 1.5, 0.8),
        says=("{n}. {}", "{}"), is_lone=True),
)  # fmt: skip
MORE_HELD = (
    Way("colon-sans", "fr", "Open Sans", 8.5, LARGE, block("*{} :*", 1.4, 0.7),
        says=("{} :", "{}"), others=_BOTH),
    Way("colon-larger-bold", "es", "Gentium Plus", 10.5, LARGE,
        block('#text(size: 1.12em, weight: "bold")[{}:]', 1.5, 0.8), indent=1.0,
        says=("{}:", "{}"), others=COLONS),
    Way("colon-roman", "en", "Linux Libertine O", 11.5, CENTRED, block("*{roman}. {}:*", 1.5, 0.7),
        indent=1.2, says=("{roman}. {}:", "{}"), others=COLONS),
    Way("none-with-colon", "nl", "Carlito", 11, LARGE, block("*{}*", 1.4, 0.7), others=COLONS),
    Way("stop-number", "de", "TeX Gyre Schola", 10, CENTRED, block("*{n}. {}.*", 1.4, 0.7),
        indent=1.2, says=("{n}. {}.", "{}"), others=OTHERS),
    Way("side-sans-italic", "it", "Open Sans", 8.5, LARGE, _side("par(justify: false)[_{}_]"),
        is_side=True),
    Way("side-wide", "fr", "TeX Gyre Pagella", 10, CENTRED,
        _side("align(right, par(justify: false)[_{}_])", "4cm", "7mm"), is_side=True),
    Way("side-small", "en", "EB Garamond 12", 11.5, LARGE,
        _side("par(justify: false)[#text(size: 0.9em)[{}]]", "3.2cm", "4mm"), is_side=True),
    Way("lone-head-sans", "de", "TeX Gyre Pagella", 10, LARGE, block("*{}*", 1.5, 0.8),
        is_lone=True,
        page=_head("*#text(font: \"Open Sans\", size: 0.9em)[Jahrbuch der Wasserwege 1912]*")),
    Way("lone-head-small", "it", "EB Garamond 12", 11.5, CENTRED, block("_{}_", 1.5, 0.8),
        indent=1.2, is_lone=True,
        page=_head(f"{_NUMBER} #h(1fr) #smallcaps[Il libro delle chiuse] #h(1fr)", "0.5cm")),
    Way("lone-head-number", "en", "Open Sans", 8.5, LARGE,
        block('#text(size: 1.1em, weight: "bold")[{}]', 1.5), is_lone=True,
        page=_head(f"*Locks and weirs, Volume 2 #h(1fr) {_NUMBER}*\n{_RULE}", "0.8cm", "2.6cm")),
    Way("lone-foot-rule", "es", "Carlito", 11, LARGE, block("*{}*", 1.5), is_lone=True,
        page=_foot(f"#line(length: 100%, stroke: 0.5pt)*Manual de canales* #h(1fr) {_NUMBER}")),
    Way("lone-starts", "fr", "TeX Gyre Schola", 10, LARGE, block("*{n} #h(0.8em) {}*", 1.4, 1.1),
        says=("{n} {}", "{}"), is_lone=True, begins_pages=True),
    Way("lone-starts-head", "en", "Gentium Plus", 10.5, LARGE,
        block("#align(center)[*{}*]", 1.4, 1), is_lone=True, begins_pages=True,
        page=_head(f"_The waterways of the valley_ #h(1fr) {_NUMBER}", "0.7cm")),
)  # fmt: skip
