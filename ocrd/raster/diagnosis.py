"""What the libraries that read documents say, in words for those who have never heard of them.

Pure. The library's own words stand behind ours, in brackets, for those who have.
"""

from __future__ import annotations

import re

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
