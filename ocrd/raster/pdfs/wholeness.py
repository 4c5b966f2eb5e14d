"""What the bytes of a PDF tell without being understood: where it begins, whether more may come.

Pure functions on bytes. A file that has its end and no hole is as whole as it will ever be, however
damaged; only one that can still become whole is waited for.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator

HEADER = b"%PDF-"
MOST_JUNK_BYTES = 16384  # before it: what a printer, a mail or a web server put there
SEEN_BYTES = MOST_JUNK_BYTES + len(HEADER)
_END = b"%%EOF"
_END_BYTES = 1024  # before the end mark, within which the table's place stands
_HOLE_BYTES = 8192  # zeros: what a file that was given its size before its content has
_BEHIND_BYTES = 1 << 22  # of what follows the end, looked through for the start of an update
_TABLE = b"startxref"
_MOST_TABLES = 3  # of a file that was changed and changed again, left out one by one
_OBJECT = re.compile(rb"(?<![0-9])[0-9]{1,10}\s+[0-9]{1,5}\s+obj\b|\bxref\b")
_START_OF_OBJECT = re.compile(rb"[0-9]{1,10}(\s+([0-9]{1,5}(\s+(o|ob)?)?)?)?")


def start(head: bytes) -> int:
    """Return where the PDF begins in a file of this head, -1 where there is none."""
    return head.find(HEADER, 0, SEEN_BYTES)


def may_still_grow(content: mmap.mmap) -> bool:
    """Say whether a damaged file may yet become a whole one.

    It may if it lacks its end, if an update of it was begun behind that, or if a part of it is
    nothing but zeros: copies that are made from several ends have holes.
    """
    end = content.rfind(_END)
    if end < 0 or content.rfind(_TABLE, max(0, end - _END_BYTES), end) < 0:
        return True
    behind = content[end + len(_END) : end + len(_END) + _BEHIND_BYTES]
    if _OBJECT.search(behind) or _START_OF_OBJECT.fullmatch(behind.strip()):
        return True
    return content.find(bytes(_HOLE_BYTES)) >= 0


def without_tables(content: mmap.mmap) -> Iterator[int]:
    """Yield lengths at which the file ends before what says where its table is.

    A reader that finds no table makes one from the objects themselves.
    """
    end = len(content)
    for _ in range(_MOST_TABLES):
        end = content.rfind(_TABLE, 0, end)
        if end < 0:
            return
        yield end
