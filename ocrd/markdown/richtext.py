r"""A model's Markdown with TeX -> Markdown that is safe to show, or plain text (pure).

What a model wrote is untrusted: of what it holds, only emphasis, code, TeX, line breaks and raised
or lowered characters stay markup. HTML, links, images and comments are shown as the text that they
are; no destination of theirs is ever followed. ``math`` says how TeX is marked: ``dollar`` is
``$…$`` and ``$$…$$``, ``tex`` is ``\(…\)`` and ``\[…\]``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from ocrd.markdown import commonmark
from ocrd.markdown.inline import Kind, Token, decoded, joined, tokens

DELIMITERS = {"dollar": ("$", "$", "$$", "$$"), "tex": ("\\(", "\\)", "\\[", "\\]")}
BARE = ("", "", "", "")

_TEX_KINDS = frozenset({Kind.MATH, Kind.DISPLAY})

# TeX that acts where it is shown (KaTeX and MathJax: links, images, HTML, definitions).
_ACTING = frozenset(
    """
    href url includegraphics htmlClass htmlId htmlStyle htmlData class cssId style require
    csname def edef gdef xdef let futurelet global long newcommand renewcommand providecommand
    newenvironment renewenvironment DeclareMathOperator mathchardef char unicode data
    """.split()
)
_TEX = re.compile(r"\\([A-Za-z]+)|\\(.)|\\$|[`%$|]|<(?=[A-Za-z/!?])|\](?=\()")
_SPACES = re.compile(r"\s+")
# An address that GFM makes a link by itself, at the end of a line.
_ADDRESS = re.compile(r"(?:://|www\.)\S*$", re.IGNORECASE)
# Lines of TeX that begin otherwise might begin a block of Markdown.
_OWN_LINE = re.compile(r"[A-Za-z\\{(&]")

_SCRIPTS = {
    "sup": str.maketrans("0123456789+-()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾"),
    "sub": str.maketrans("0123456789+-()", "₀₁₂₃₄₅₆₇₈₉₊₋₍₎"),
}


def markdown(text: str, math: str = "dollar") -> str:
    """Return a paragraph; line breaks stay line breaks."""
    return "  \n".join(_lines(tokens(_clean(text)), math))


def line(text: str, math: str = "dollar", *, start: str = "") -> str:
    """Return the text on one line, as a list entry or a heading, ``start`` its mark, needs it."""
    return " ".join(_lines(tokens(_clean(text)), math, start=start))


def emphasised(text: str, math: str = "dollar") -> str:
    """Return a paragraph that is emphasised as a whole."""
    kept = (
        token
        for token in tokens(_clean(text))
        if token.kind not in {Kind.OPEN, Kind.CLOSE} or token.text in _SCRIPTS
    )
    lines = _lines(joined(kept), math, start="*")
    return "*" + "  \n".join(lines) + "*" if lines else ""


def cell(text: str, math: str = "dollar") -> str:
    """Return the text as a cell of a GFM table, which is one line without bare pipes."""
    lines = _lines(tokens(_clean(text)), math, in_table=True)
    return "<br>".join(lines)


def equation(tex: str, math: str = "dollar") -> str:
    """Return TeX as a display equation on lines of its own, "" if there is none."""
    lines: list[str] = []
    for row in decoded(_clean(tex)).split("\n"):
        content = _safe_tex(row.strip(), math)
        if content and (not lines or _OWN_LINE.match(content)):
            lines.append(content)
        elif content:
            lines[-1] += f" {content}"
    if not lines:
        return ""
    _, _, opening, closing = DELIMITERS[math]
    if not _OWN_LINE.match(lines[0]):
        opening, lines = f"{opening} {lines[0]}", lines[1:]
    return "\n".join([opening, *lines, closing])


def plain(text: str, math: str = "") -> str:
    """Return the text without markup; TeX in the delimiters of ``math``, or bare."""
    inside, inside_end, display, display_end = DELIMITERS.get(math, BARE)
    pieces: list[str] = []
    script: Mapping[int, int] = {}
    for token in tokens(_clean(text)):
        if token.kind is Kind.MATH:
            pieces.append(inside + _one_line(decoded(token.text)) + inside_end)
        elif token.kind is Kind.DISPLAY:
            pieces.append(display + _one_line(decoded(token.text)) + display_end)
        elif token.kind in {Kind.OPEN, Kind.CLOSE}:
            if token.text in _SCRIPTS:
                script = _SCRIPTS[token.text] if token.kind is Kind.OPEN else {}
        else:
            pieces.append(token.text.translate(script))
    lines = (line.strip() for line in "".join(pieces).split("\n"))
    return "\n".join(line for line in lines if line)


def _clean(text: str) -> str:
    return commonmark.clean(text)


def _one_line(text: str) -> str:
    return _SPACES.sub(" ", text).strip()


def _lines(
    found: Sequence[Token], math: str, *, in_table: bool = False, start: str = ""
) -> list[str]:
    """Return the tokens as lines of Markdown, empty ones left out.

    ``start`` is what the caller puts before the first line: no block begins behind it.
    """
    lines: list[list[str]] = [[]]
    for token in found:
        if token.kind is Kind.BREAK:
            lines.append([])
            continue
        piece = _piece(token, math, in_table=in_table)
        so_far = lines[-1]
        if math == "dollar" and piece:
            if so_far and so_far[-1].endswith("$") and token.kind in _TEX_KINDS:
                so_far.append(" ")  # $a$$b$ would be something else
            if token.kind is Kind.WORDS and so_far and so_far[-1].endswith("$"):
                piece = _no_digit_first(piece)
        if token.kind is Kind.WORDS and piece.endswith("\\"):
            piece += "\\"  # or it would escape what follows
        if token.kind is Kind.CODE and "<" in piece and _ADDRESS.search("".join(so_far)):
            so_far.append(" ")  # GFM would take the backtick for the address's end, not the code's
        so_far.append(piece)
    return _escaped(lines, start)


def _escaped(lines: Iterable[list[str]], start: str) -> list[str]:
    """Return the lines as they may stand at the start of a line, empty ones left out."""
    escaped: list[str] = []
    for pieces in lines:
        text = "".join(pieces).strip()
        if text:
            escaped.append(text if start and not escaped else commonmark.escape_start(text))
    return escaped


def _piece(token: Token, math: str, *, in_table: bool) -> str:
    """Return one token as Markdown."""
    match token.kind:
        case Kind.WORDS:
            text = commonmark.escape_inline(token.text)
            return text.replace("$", "\\$") if math == "dollar" else text
        case Kind.CODE:
            code = commonmark.code_span(token.text)
            return code.replace("|", "\\|") if in_table else code
        case Kind.MATH | Kind.DISPLAY:
            inside, inside_end, display, display_end = DELIMITERS[math]
            tex = _safe_tex(_one_line(decoded(token.text)), math, in_table=in_table)
            if token.kind is Kind.DISPLAY:
                return f"{display}{tex}{display_end}" if tex else ""
            return f"{inside}{tex}{inside_end}" if tex else ""
        case _ if token.text in _SCRIPTS:
            return f"<{token.text}>" if token.kind is Kind.OPEN else f"</{token.text}>"
        case _:
            return token.text


def _safe_tex(tex: str, math: str, *, in_table: bool = False) -> str:
    """Return one line of TeX that shows the same and that Markdown, too, takes for text."""

    def safe(found: re.Match[str]) -> str:
        command, character = found[1], found[2]
        if command:
            return f"\\backslash {command}" if command in _ACTING else found[0]
        if character:
            return {"`": "\\grave ", "|": "\\Vert "}.get(character, found[0])
        return {
            "\\": "",  # at the end, where it would escape the delimiter
            "`": "\\lq ",
            "%": "\\%",  # a comment would swallow the rest
            "$": "\\$" if math == "dollar" else "$",
            "|": "\\|" if in_table else "|",
            "<": "< ",
            "]": "] ",
        }[found[0]]

    return _TEX.sub(safe, tex).strip()


def _no_digit_first(piece: str) -> str:
    """Return the piece so that a $ before it still ends TeX (Pandoc's rule of digits)."""
    return f"&#{ord(piece[0])};{piece[1:]}" if piece[0].isdigit() else piece
