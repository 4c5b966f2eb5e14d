"""File names: as people are shown them, and those of our temporary files."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

TEMPORARY_GLOB = ".ocrd-*.tmp"
# Characters that change how the rest of a line is shown (Unicode UAX #9).
_BIDI_CONTROLS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def printable(text: str | os.PathLike[str]) -> str:
    r"""Show a name on one line: undecodable bytes as ``\xff``, control characters escaped."""
    name = os.fspath(text)
    return name if name.isprintable() else "".join(map(_shown, name))


def _shown(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # os.fsdecode's mark of an undecodable byte
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x20 or 0x7F <= code < 0xA0:
        return f"\\x{code:02x}"
    if character in _BIDI_CONTROLS or character in "\u2028\u2029" or 0xD800 <= code <= 0xDFFF:
        return f"\\u{code:04x}"
    return character


def temporary_name(*state: int) -> str:
    """Return a new name that nobody can foresee, and that ``sweep`` knows.

    With ``state``, a size and a modification time, what has the name is swept only in that state.
    """
    return TEMPORARY_GLOB.replace("*", "-".join([secrets.token_hex(8), *map(str, state)]))


def temporary_path(directory: Path) -> Path:
    """Return the path of such a name in a folder."""
    return directory / temporary_name()
