"""What a JPEG file's headers say: of which kind it is, and which marks belong into its pixels."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import BinaryIO

_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length
_FRAMES = {
    0xC3: "a lossless JPEG", 0xC5: "a hierarchical JPEG", 0xC6: "a hierarchical JPEG",
    0xC7: "a hierarchical JPEG", 0xC9: "a JPEG in arithmetic coding",
    0xCA: "a JPEG in arithmetic coding", 0xCB: "a lossless JPEG in arithmetic coding",
    0xCD: "a hierarchical JPEG", 0xCE: "a hierarchical JPEG", 0xCF: "a hierarchical JPEG",
    0xF7: "a JPEG-LS picture",
}  # fmt: skip
_BY_ROWS = frozenset({0xC0, 0xC1})  # baseline, extended
_USUAL = _BY_ROWS | {0xC2}  # progressive


_SCAN = 0xDA
_RESTART_INTERVAL = 0xDD
# What a mark may be between the scans of a picture; DNL, RST and EOI stand in them.
_BETWEEN = frozenset({0xC4, 0xDA, 0xDB, 0xDC, 0xDD, 0xFE, *range(0xE0, 0xF0)})
_MARK = re.compile(rb"\xff([^\x00\xff])")


def _headers(file: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
    """Yield the marks up to the first scan's: each one's number, place and first bytes behind."""
    at = 2
    while True:
        file.seek(at)
        head = file.read(10)
        if len(head) < 5 or head[0] != 0xFF:
            return
        mark = head[1]
        if mark == 0xFF:
            at += 1
            continue
        yield mark, at, head[2:]
        if mark == _SCAN:
            return
        at += 2 if mark in _ALONE else 2 + int.from_bytes(head[2:4], "big")


def unusual(file: BinaryIO) -> str:
    """Return what the file is that a decoder may not know, "" for what all know."""
    for mark, _, head in _headers(file):
        if mark in _FRAMES:
            return _FRAMES[mark]
        if mark in _USUAL:
            return "" if head[2] == 8 else f"a JPEG of {head[2]} bits a sample"
    return ""


def lone_scan(file: BinaryIO) -> int | None:
    """Return where the pixels begin of a picture that is written row by row, None of another."""
    components = 0
    for mark, at, head in _headers(file):
        if mark in _USUAL:
            components = head[7] if mark in _BY_ROWS and len(head) > 7 else 0
        if mark == _SCAN:
            return at + 2 + int.from_bytes(head[:2], "big") if head[2] == components else None
    return None


def without_strays(content: bytes) -> bytes:
    """Return a JPEG whose pixels are damaged without the marks that do not belong there.

    A decoder gives up at some of them, or takes the rest for something else. Made into pixels they
    spoil a few blocks, and it finds its way again.
    """
    file = io.BytesIO(content)
    begin = lone_scan(file)
    restarts = any(mark == _RESTART_INTERVAL for mark, *_ in _headers(file))
    if begin is None:
        begin = next((at + 2 for mark, at, _ in _headers(file) if mark == _SCAN), len(content))
        belong = _BETWEEN
    else:
        belong = frozenset()
    if restarts or begin is None:
        belong |= frozenset(range(0xD0, 0xD8))
    end = content.rfind(b"\xff\xd9", begin)
    end = len(content) if end < 0 else end

    def mended(found: re.Match[bytes]) -> bytes:
        return found[0] if found[1][0] in belong else b"\xff\x00"

    return content[:begin] + _MARK.sub(mended, content[begin:end]) + content[end:]
