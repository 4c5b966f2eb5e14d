"""Plain text as CommonMark that shows it as it is (pure).

Whatever the text holds, it makes no markup of its own: no emphasis, no link, no HTML, no comment.
"""

from __future__ import annotations

import re
from urllib.parse import quote

# Control characters but newline, and what would break a line: no reader shows them.
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]+")

# What CommonMark and GFM take for markup inside a line (spec 0.31, sections 2 and 6).
_INLINE = re.compile(
    r"""
      \\(?=[!-/:-@\[-`{-~])            # a backslash before punctuation escapes it
    | [`*|~]                           # code, emphasis, table cells, strikethrough
    | (?<![^\W_])_ | _(?![^\W_])       # emphasis, but not inside a word
    | <(?=[A-Za-z/!?])                 # HTML, comments, autolinks
    | &(?=\#?\w+;)                     # entities
    | \[(?=\[) | \](?=[(\[])           # links and images
    """,
    re.VERBOSE,
)
# What they take for a block at the start of a line (sections 4 and 5).
_AT_START = re.compile(
    r"""
      (?P<mark>[#>])
    | (?P<bullet>[-+])(?=\s|$)
    | (?P<rule>[-=])(?=[-=\s:]*$)      # setext underlines, thematic breaks
    | (?P<reference>\[)(?=[^\]]*\]:)
    | (?P<number>\d{1,9})(?=[.)](?:\s|$))
    """,
    re.VERBOSE,
)
_CLOSING_HASHES = re.compile(r"(?<!\S)#+$")
_HYPHENS = re.compile(r"--+|(?<=.)-$")  # what ends a comment, in CommonMark or in HTML
_BACKTICKS = re.compile(r"`+")
# An address that GFM makes a link by itself, as far as nothing in it is escaped.
_ADDRESS = re.compile(r"\b(?:https?|ftp)(?=://[^\s<\\]{0,999}\\)|\bwww(?=\.[^\s<\\]{0,999}\\)")


def escape(text: str) -> str:
    """Return the text so that Markdown shows it as it is; line breaks stay line breaks."""
    lines = (line.strip() for line in clean(text).split("\n"))
    return "  \n".join(escape_line(line) for line in lines if line)


def escape_line(line: str) -> str:
    """Escape one stripped line that stands at the start of a block."""
    return escape_start(escape_inline(line))


def escape_inline(text: str) -> str:
    """Escape a piece of a line."""
    escaped = _INLINE.sub(_escaped, text)
    # In an address that GFM links, a backslash would be shown: then it must not be one.
    return _ADDRESS.sub(r"\g<0>\\", escaped) if "\\" in escaped else escaped


def _escaped(found: re.Match[str]) -> str:
    # GFM takes a bare address up to a space or a <, and a backslash before that along with it.
    return "&lt;" if found[0] == "<" else f"\\{found[0]}"


def escape_start(line: str) -> str:
    """Escape what would begin a block at the start of a line that is otherwise escaped."""
    start = _AT_START.match(line)
    if start is None:
        return line
    if start["number"]:
        return f"{start['number']}\\{line[start.end() :]}"
    return f"\\{line}"


def heading(line: str, level: int) -> str:
    """Return a line that is escaped inside as a heading, "" if it is empty.

    Nothing begins a block behind the mark: its start needs no escape.
    """
    # A closing run of # would be dropped.
    line = _CLOSING_HASHES.sub(lambda run: "\\#" * len(run[0]), line)
    return f"{'#' * level} {line}" if line else ""


def code_block(text: str) -> str:
    """Return the text as a fenced code block, "" if there is none.

    One with a line that begins with # is indented by a space, fence and all, which no reader of
    Markdown shows (section 4.5): what merely looks for # would take the line for a heading.
    """
    text = clean(text, keep="\t").strip("\n")
    if not text.strip():
        return ""
    fence = "`" * max(3, _longest_run(text) + 1)
    block = f"{fence}\n{text}\n{fence}"
    if any(line.startswith("#") for line in text.split("\n")):
        return "\n".join(f" {line}" for line in block.split("\n"))
    return block


def code_span(text: str) -> str:
    """Return the text, which must hold more than spaces, as code inside a line."""
    text = " ".join(clean(text).split("\n"))
    fence = "`" * (_longest_run(text) + 1)
    # One space inside each fence is taken off again (section 6.1).
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def comment(text: str) -> str:
    """Return the text as a comment, which nothing in it ends; it may not begin with > or -."""
    return f"<!-- {_HYPHENS.sub('–', ' '.join(clean(text).split()))} -->"


def destination(path: str) -> str:
    """Return a relative path as a link's destination; letters of any script stay readable."""
    return "".join(
        character if character.isalnum() or character in "-._~/" else _percent(character)
        for character in path
    )


def clean(text: str, keep: str = "") -> str:
    """Return the text without characters that are none for a reader."""
    return _CONTROL.sub(lambda found: found[0] if found[0] == keep else " ", text)


def _longest_run(text: str) -> int:
    return max((len(run) for run in _BACKTICKS.findall(text)), default=0)


def _percent(character: str) -> str:
    try:
        return quote(character.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:  # a surrogate that stands for no byte of a file name
        return quote("\N{REPLACEMENT CHARACTER}")
