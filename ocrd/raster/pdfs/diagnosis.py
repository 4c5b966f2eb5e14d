"""What the libraries that read documents say, in words for those who have never heard of them.

Pure. The library's own words stand behind ours, in brackets, for those who have.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from ocrd.files import printable

_LONGEST = 120  # characters of a library's words

# The first that matches counts. What MuPDF, Pillow and the decoders under them say.
_MEANINGS: tuple[tuple[str, str], ...] = (
    (r"cycle|recursi|indirection|circular", "its parts contain each other without end"),
    (r"stack overflow|too deep|nesting|too many nested", "its parts are nested too deeply"),
    (r"number of pages|page (tree|count)|kids", "its list of pages contradicts itself"),
    (r"startxref|xref|trailer|no objects|catalog|root object|object stream|objstm|repair",
     "its table of contents is damaged"),
    (r"password|encrypt|crypt|authenticat", "its encryption is damaged"),
    (r"no space for|larger than|too (large|big|many)|exceed|overflow|out of range|limit",
     "it announces more than any document has"),
    (r"truncat|premature|unexpected e(nd|of)|end of (file|data)|not enough|no more data|eof"
     r"|incomplete|bytes not processed|could not read|cannot read", "it ends too early"),
    (r"jbig2|openjpeg|jpx|jpeg|jfif|huffman|png|zlib|inflate|flate|fax|ccitt|lzw|webp|gif|tiff"
     r"|bmp|decod|next frame|dimensions|xobject|pattern|data stream|image|pixel|strip|tile"
     r"|colou?r ?space|icc", "a picture in it is damaged"),
    (r"indirect reference|generation number|key in dict|not a stream|dict|array|\bobj\b|object"
     r"|cannot find .* resource|stream length", "its objects contradict each other"),
    (r"font|glyph|cmap|charproc|encoding", "a font in it is damaged"),
    (r"syntax|keyword|token|operator|operand|content", "its content is damaged"),
)  # fmt: skip
_COMPILED = tuple((re.compile(pattern, re.IGNORECASE), words) for pattern, words in _MEANINGS)
_PREFIXES = re.compile(r"^(code=\d+:|[A-Za-z]*Error:|(syntax |format )?error:|warning:)\s*", re.I)
UNKNOWN = "its content cannot be understood"


class Gravity(IntEnum):
    """What something that MuPDF warned of may cost."""

    NOTHING = 0
    ODD = 1  # nothing that is known
    GRAVE = 2  # content that it would draw otherwise; another program may have drawn it
    LOST = 3  # content that it could not decode, and another program perhaps no better


@dataclass(frozen=True, slots=True)
class Remark:
    """The gravest of what was said of a page."""

    gravity: Gravity = Gravity.NOTHING
    words: str = ""


# The first that matches counts.
_GRAVITIES: tuple[tuple[str, Gravity], ...] = (
    (r"^\.\.\. repeated|page may not be correct|^$", Gravity.NOTHING),
    (r"icc|extgstate|marked content|length incorrect|data check|ascent/descent|line feed"
     r"|off-by-one|workaround|outline|destination|parent tree|numcomps|gray to alpha|padding out"
     r"|version marker|garbage bytes|file identifier|layer config|optional content"
     r"|codespace|bfrange|gstate underflow|no current point|file header ignored|blending colo"
     r"|xref|startxref|trailer|repair|cannot be opened again|slow lookup|appearance stream"
     r"|generation|terminating marker|link|metadata|bookmark|any cmaps|circular dependencies"
     r"|ActualText|mapping via Adobe",
     Gravity.ODD),
    (r"cannot (decode|decompress|read)|failed to decode|zlib|flate|lzw|jbig2|jpx|openjpeg|jpeg"
     r"|premature|read error|truncated|end of (file|data)|bad data in|corrupt object stream"
     r"|aes|crypt|content stream is not a stream", Gravity.LOST),
    (r"", Gravity.GRAVE),
)  # fmt: skip
_JUDGED = tuple((re.compile(pattern, re.IGNORECASE), gravity) for pattern, gravity in _GRAVITIES)


def gravest(said: str) -> Remark:
    """Return the gravest of MuPDF's lines; of several that are so, the first."""
    remark = Remark()
    for line in said.splitlines():
        gravity = next(gravity for pattern, gravity in _JUDGED if pattern.search(line.strip()))
        if gravity > remark.gravity:
            remark = Remark(gravity, line.strip())
    return remark


def in_plain_words(said: str) -> str:
    """Return what a library's message means, without a full stop at the end."""
    first = printable(said.strip().partition("\n")[0])
    while stripped := _PREFIXES.match(first):
        first = first[stripped.end() :]
    first = first.rstrip("!. ")
    meant = next((words for pattern, words in _COMPILED if pattern.search(first)), UNKNOWN)
    if len(first) > _LONGEST:
        first = f"{first[:_LONGEST]}…"
    return f"{meant} ({first})" if first else meant
