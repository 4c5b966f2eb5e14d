"""Changes to a document's bytes, all drawn from one seeded source of chance."""

from __future__ import annotations

import random
import re
import struct
import zlib
from collections.abc import Callable, Sequence

Mutation = Callable[[random.Random, bytearray], None]

_NUMBERS = re.compile(rb"\d+")
_NAMES = re.compile(rb"/[A-Za-z0-9]+")
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_TELLING = (
    b"0", b"1", b"-1", b"65535", b"65536", b"2147483647", b"2147483648", b"4294967295",
    b"-2147483649", b"99999999999999999999", b"0.0000001", b"1e38", b"nan", b"null", b"true",
    b"[]", b"<<>>", b"()", b"1 0 R", b"2 0 R", b"3 0 R", b"9999 0 R", b"/Length", b"endobj",
)  # fmt: skip
_BYTES = (0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF)
_WORDS = (0, 1, 0x7F, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def flip_bits(chance: random.Random, content: bytearray) -> None:
    for _ in range(chance.choice((1, 1, 2, 5, 40))):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def set_bytes(chance: random.Random, content: bytearray) -> None:
    for _ in range(chance.choice((1, 3, 20))):
        content[chance.randrange(len(content))] = chance.choice(_BYTES)


def set_length_field(chance: random.Random, content: bytearray) -> None:
    """Write a telling number as two or four bytes, most often near the head."""
    width, order = chance.choice((2, 4)), chance.choice("<>")
    span = chance.choice((64, 512, len(content)))
    at = chance.randrange(max(1, min(span, len(content)) - width))
    value = chance.choice(_WORDS) & (1 << 8 * width) - 1
    content[at : at + width] = struct.pack(order + {2: "H", 4: "I"}[width], value)


def _block(chance: random.Random, content: bytearray) -> slice:
    start = chance.randrange(len(content))
    return slice(start, start + chance.choice((1, 4, 16, 64, 512, 4096)))


def delete_block(chance: random.Random, content: bytearray) -> None:
    del content[_block(chance, content)]


def repeat_block(chance: random.Random, content: bytearray) -> None:
    block = _block(chance, content)
    content[block.start : block.start] = content[block] * chance.choice((1, 2, 50))


def swap_blocks(chance: random.Random, content: bytearray) -> None:
    first, second = _block(chance, content), _block(chance, content)
    one, other = bytes(content[first]), bytes(content[second])
    content[first.start : first.start + len(one)] = other
    content[second.start : second.start + len(other)] = one


def zero_block(chance: random.Random, content: bytearray) -> None:
    block = _block(chance, content)
    content[block] = bytes(len(content[block]))


def cut(chance: random.Random, content: bytearray) -> None:
    del content[chance.randrange(len(content)) :]


def append(chance: random.Random, content: bytearray) -> None:
    content += chance.randbytes(chance.choice((1, 100, 5000)))


def _replace(chance: random.Random, content: bytearray, pattern: re.Pattern[bytes]) -> None:
    found = list(pattern.finditer(content))
    if found:
        start, end = chance.choice(found).span()
        choices = (*_TELLING, content[slice(*chance.choice(found).span())])
        content[start:end] = chance.choice(choices)


def change_number(chance: random.Random, content: bytearray) -> None:
    _replace(chance, content, _NUMBERS)


def change_name(chance: random.Random, content: bytearray) -> None:
    """Put another of the document's names, or something else, where a name stands."""
    _replace(chance, content, _NAMES)


def change_inside(chance: random.Random, content: bytearray) -> None:
    """Change what a compressed stream of a PDF holds, and compress it again."""
    found = list(_STREAM.finditer(content))
    if not found:
        return
    start, end = chance.choice(found).span(1)
    try:
        inner = bytearray(zlib.decompress(content[start:end]))
    except zlib.error:
        inner = bytearray(content[start:end])
    if not inner:
        return
    chance.choice((change_number, change_name, flip_bits, repeat_block, swap_blocks))(chance, inner)
    packed = zlib.compress(bytes(inner), 1)
    content[start:end] = packed
    head = content.rfind(b"/Length", 0, start)
    if head >= 0 and (length := re.compile(rb"/Length\s+\d+").match(content, head)):
        content[slice(*length.span())] = b"/Length %d" % len(packed)


ANY: Sequence[Mutation] = (
    flip_bits, set_bytes, set_length_field, set_length_field, delete_block, repeat_block,
    swap_blocks, zero_block, cut, append,
)  # fmt: skip
PDF: Sequence[Mutation] = (
    change_number, change_number, change_name, change_name, change_inside, change_inside,
    flip_bits, delete_block, repeat_block, swap_blocks, cut,
)  # fmt: skip


def mutant(content: bytes, chance: random.Random) -> bytes:
    """Return the document with one to four changes; it is never empty before one."""
    changed = bytearray(content)
    kinds = PDF if content.startswith(b"%PDF-") else ANY
    for _ in range(chance.choice((1, 1, 1, 2, 3, 4))):
        if changed:
            chance.choice(kinds)(chance, changed)
    return bytes(changed)
