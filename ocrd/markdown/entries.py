"""Entries of a list that a model ran together -> one each (pure).

``- … or financial offers- Shortly after, a caller …`` are two: the list's own bullet stands
between a word's end and a capital. A hyphen does so, too, and models set a space behind it
(``DeepSeek- OCR``, ``x- Y``, ``non- English``): what only may be a compound stays in one piece.
"""

from __future__ import annotations

import re
from itertools import pairwise

_ENTRY = re.compile(
    r"(?P<indent>[ \t]*)(?P<mark>[-*+–—•●◦○▪■□◆►▶‣⁃∙]|(?P<number>\d{1,3})[.)])\s+(?=\S)"
)
_AMBIGUOUS = frozenset("-–—*+")  # that are signs within a line, too
# What a compound begins with before its hyphen, however it is cased.
_PREFIXES = frozenset(
    """
    anti auto bi co cross de deep eco ex extra hyper infra inter intra macro mega meta micro mid
    mini mono multi neo non pan para poly post pre pro proto pseudo quasi re self semi sub super
    supra trans tri ultra un under wi
    """.split()
)


def parted(entry: str) -> list[str]:
    """Return the entries that a list entry holds, each with its indent and its mark."""
    begun = _ENTRY.match(entry)
    if begun is None:
        return [entry]
    cuts = _numbered(entry, begun) if begun["number"] else _bulleted(entry, begun)
    ends = [0, *cuts, len(entry)]
    pieces = [entry[start:end].rstrip() for start, end in pairwise(ends)]
    return [pieces[0], *(begun["indent"] + _begun_anew(piece) for piece in pieces[1:])]


def _begun_anew(piece: str) -> str:
    """Return an entry with white behind its mark."""
    mark = re.match(r"\d+[.)]|.", piece)
    return f"{mark[0]} {piece[mark.end() :].lstrip()}" if mark else piece


def _bulleted(entry: str, begun: re.Match[str]) -> list[int]:
    """Return where further entries with the bullet of the first begin."""
    mark = begun["mark"]
    if mark not in _AMBIGUOUS:  # no word has one: what stands before and behind it is as it is
        bullets = re.finditer(rf"{mark}(?=\s*\w)", entry)
        return [bullet.start() for bullet in bullets if bullet.start() > begun.end()]
    cuts: list[int] = []
    doubtful: list[int] = []
    start = begun.end()
    pattern = rf"(?<=[^\W_]|[.!?…)\]»”’\"']){re.escape(mark)}[ \t\n]+(?=\w)"
    for found in re.finditer(pattern, entry):
        before, behind = entry[start : found.start()], entry[found.end() :]
        if found.start() <= start or not _begins(behind):
            continue
        sure = _ends(before)
        if sure is not None:
            (cuts if sure else doubtful).append(found.start())
            start = found.end()
    # A capital before the hyphen may be a name (Cross- Entropy), or the end of an entry: where
    # there are several of them, or one that is sure, the list was run together.
    return sorted(cuts + doubtful) if cuts or len(doubtful) > 1 else []


def _begins(text: str) -> bool:
    """Say whether an entry may begin like this: a capital, and no abbreviation (OCR, AI, A)."""
    word = re.match(r"[^\W\d_]+", text)
    if word is None or not word[0][0].isupper():
        return False
    if len(word[0]) == 1:  # "A caller", "I am"
        return re.match(r"\s+[^\W\d_]", text[1:]) is not None
    return not word[0].isupper()


def _ends(text: str) -> bool | None:
    """Say whether an entry may end like this; None if not, False where only others can tell."""
    word = re.search(r"[^\W\d_]+$", text)
    if word is None:
        return True  # a number, a bracket, a full stop
    if len(word[0]) < 2 or word[0].lower() in _PREFIXES:
        return None
    return not word[0][0].isupper()


def _numbered(entry: str, begun: re.Match[str]) -> list[int]:
    """Return where entries begin that count on: ``1. One2. Two3. Three``."""
    cuts: list[int] = []
    number, end = int(begun["number"]), begun["mark"][-1]
    pattern = rf"(?:(?<=[^\W\d_]{{2}})|(?<=[.!?…)\]»”]))(\d{{1,3}}){re.escape(end)}\s+(?=[^\W\d_])"
    for found in re.finditer(pattern, entry):
        if int(found[1]) == number + 1 and entry[found.end()].isupper():
            cuts.append(found.start())
            number += 1
    return cuts
