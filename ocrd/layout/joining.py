"""Rows of text -> one text, with what line breaks cut joined again (pure)."""

from __future__ import annotations

import re
from collections.abc import Set

from ocrd.layout import hyphens

# Words after a hanging hyphen: "Vor- und Nachteile", "pre- and post-war".
CONJUNCTIONS = frozenset({"und", "oder", "bzw", "and", "or", "et", "ou", "y", "en", "of"})
HYPHENS_AND_DASHES = frozenset("-‐–—")
SOFT = "\u00ad"  # a hyphen that says that it is none of the word's

HYPHENATED = re.compile(r"(?P<head>[^\W\d_]{2,})[-‐\u00ad]$")
WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_CHAINED = re.compile(r"[^\W\d_][-‐][^\W\d_]{2,}[-‐]$")
_REPEATED = re.compile(r"[-‐](?=[^\W\d_])")  # Portuguese begins the next row with it once more
# Scripts that part no words by spaces: those of China and Japan; Thai, Lao, Burmese and Khmer.
_UNSPACED = re.compile(
    r"[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]"
)


def join(
    before: str,
    after: str,
    vocabulary: Set[str] = frozenset(),
    spoken: str | None = None,
) -> str:
    """Return two rows of one paragraph as one text, hyphenation undone.

    ``vocabulary`` has the page's or the document's words in lower case: they tell cut words from
    hyphenated ones. ``spoken`` is its language, found in it if not given.
    """
    head, by, tail = parts(before, after, vocabulary, spoken)
    return f"{head}{by}{tail}"


def parts(
    before: str,
    after: str,
    vocabulary: Set[str] = frozenset(),
    spoken: str | None = None,
) -> tuple[str, str, str]:
    """Return two rows as they are once joined, and what stands between them: first, by, second."""
    repeated = is_repeated(before, after)
    after = after[1:] if repeated else after
    cut, tail = HYPHENATED.search(before), WORD.match(after)
    if cut and tail:
        is_soft = before[-1] == SOFT
        if tail[0].lower() in CONJUNCTIONS and not is_soft and not repeated:
            return before, " ", after
        kept = repeated or _keeps(before, cut["head"], tail[0], vocabulary, spoken)
        return (before[:-1] if is_soft or not kept else before), "", after
    if before[-1:] in HYPHENS_AND_DASHES and before[-2:-1].isalnum():
        return before, "", after
    if _UNSPACED.match(before[-1:]) and _UNSPACED.match(after[:1]):
        return before, "", after
    return before, " ", after


def is_cut(before: str, after: str) -> bool:
    """Say whether words have to tell if the hyphen at the end of a row is the word's."""
    tail = WORD.match(after)
    if not HYPHENATED.search(before) or before[-1] == SOFT or not tail:
        return False
    return after[0].islower() and tail[0].lower() not in CONJUNCTIONS


def _keeps(
    before: str, head: str, tail: str, vocabulary: Set[str], spoken: str | None
) -> bool:
    chained = _CHAINED.search(before) is not None
    return hyphens.belongs(head, tail, vocabulary, spoken, chained=chained)


def is_repeated(before: str, after: str) -> bool:
    """Say whether both rows have the hyphen, the first at its end and the second at its start."""
    return bool(HYPHENATED.search(before) and _REPEATED.match(after))
