"""Rows of text -> one text, with what line breaks cut joined again (pure)."""

from __future__ import annotations

import re

# First parts that are hyphenated words rather than cut ones.
KEPT_PREFIXES = frozenset({"self", "half", "well", "quasi", "mid", "cross"})
# Words after a hanging hyphen: "Vor- und Nachteile", "pre- and post-war".
CONJUNCTIONS = frozenset({"und", "oder", "bzw", "and", "or", "et", "ou", "y", "en", "of"})
HYPHENS_AND_DASHES = frozenset("-‐–—")

HYPHENATED = re.compile(r"(?P<head>[^\W\d_]{2,})[-‐\u00ad]$")
WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_CJK = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")


def join(before: str, after: str, vocabulary: frozenset[str] = frozenset()) -> str:
    """Return two rows of one paragraph as one text, hyphenation undone.

    ``vocabulary`` has the page's words in lower case: they tell cut words from hyphenated ones.
    """
    cut = HYPHENATED.search(before)
    tail = WORD.match(after)
    if cut and tail:
        if tail[0].lower() in CONJUNCTIONS and before[-1] != "\u00ad":
            return f"{before} {after}"
        if not _keeps_hyphen(cut["head"], tail[0], vocabulary) or before[-1] == "\u00ad":
            return before[:-1] + after
        return before + after
    if before[-1:] in HYPHENS_AND_DASHES and before[-2:-1].isalnum():
        return before + after
    if _CJK.match(before[-1:]) and _CJK.match(after[:1]):
        return before + after
    return f"{before} {after}"


def _keeps_hyphen(head: str, tail: str, vocabulary: frozenset[str]) -> bool:
    """Say whether a hyphen at the end of a row belongs to the word."""
    if not tail[0].islower():
        return True
    first, second = head.lower(), tail.lower()
    if first + second in vocabulary:
        return False
    if f"{first}-{second}" in vocabulary or first in KEPT_PREFIXES:
        return True
    return min(len(first), len(second)) > 3 and {first, second} <= vocabulary
