"""What a JPEG file's headers say: whether it is of a kind that few programs know."""

from __future__ import annotations

from typing import BinaryIO

_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length
_FRAMES = {
    0xC3: "a lossless JPEG", 0xC5: "a hierarchical JPEG", 0xC6: "a hierarchical JPEG",
    0xC7: "a hierarchical JPEG", 0xC9: "a JPEG in arithmetic coding",
    0xCA: "a JPEG in arithmetic coding", 0xCB: "a lossless JPEG in arithmetic coding",
    0xCD: "a hierarchical JPEG", 0xCE: "a hierarchical JPEG", 0xCF: "a hierarchical JPEG",
    0xF7: "a JPEG-LS picture",
}  # fmt: skip
_USUAL = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended, progressive


def unusual(file: BinaryIO) -> str:
    """Return what the file is that a decoder may not know, "" for what all know."""
    at = 2
    while True:
        file.seek(at)
        head = file.read(5)
        if len(head) < 5 or head[0] != 0xFF:
            return ""
        mark = head[1]
        if mark in _FRAMES:
            return _FRAMES[mark]
        if mark in _USUAL:
            return "" if head[4] == 8 else f"a JPEG of {head[4]} bits a sample"
        if mark == 0xDA:
            return ""
        at += 1 if mark == 0xFF else 2 if mark in _ALONE else 2 + int.from_bytes(head[2:4], "big")
