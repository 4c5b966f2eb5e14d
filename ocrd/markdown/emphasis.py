"""Where a run of ``*``, ``_`` or ``~`` is a mark of emphasis, and where it is signs (pure).

Models set their marks at a word's edge, white or punctuation outside and a letter inside. Within a
word, a formula or a program the same characters are signs: ``b**4+a**3*b``, ``(a+b)*c*(d+e)``,
``__init__``. A mark that is shown costs a reader nothing; signs that are taken for marks are lost.
"""

from __future__ import annotations

import re
import unicodedata

# What stands before emphasis, and behind it, besides white. Signs of formulas and programs do not,
# and no bracket that closes before or opens behind: (a+b)*c*(d+e) is a product.
_QUOTES = "\"'-–—«»‹›„“”‚‘’"
_BEFORE = frozenset(f"([{{¿¡、。，；：！？（【《「『〈〔{_QUOTES}")
_BEHIND = frozenset(f".,;:!?…)]}}、。，；：！？）】》」』〉〕{_QUOTES}")
# What emphasised prose may begin and end with besides letters and digits.
_FIRST = frozenset(f"([¿¡（【《「『〈〔{_QUOTES}\\`<")
_STOPS = frozenset(".,;:!?…%。，；：！？")
_LAST = frozenset(f")]）】》」』〉〕{_QUOTES}`>")
# Prose, as a formula is not: two words with only white between them.
_PROSE = re.compile(r"[^\W\d_]{2,}\s+[^\W_]")
_BEFORE_NUMBER = re.compile(r"[^\W\d_]{3,}[.:]?\s$")  # Figure *1*, and no factor
_WORD = re.compile(r"[^\W\d_]{2}|[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
# Between low lines, which names of programs have too, only what no program has.
_PLAIN = re.compile(r"[^\W_]+|(?P<words>(?:[^\W_]|[\s.,;:!?'’\"“”–—-])+)")
_PROGRAM_NAME = re.compile(r"[a-z][a-z0-9]+")  # between double ones: __init__
# Scripts without white between words (Thai to Khmer, kana, ideographs): an edge is everywhere.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


def opens(before: str, after: str, run: str) -> bool:
    """Say whether a run may open emphasis, by the two characters before it and the one behind.

    Of white that is not there, a space stands for it.
    """
    beside = before[-1]
    if not after.isalnum():
        return beside.isspace() and after in _FIRST
    if beside in _QUOTES and before[0].isalnum():
        return beside in "-–—"  # else an apostrophe
    return beside.isspace() or beside in _BEFORE or _is_unspaced(beside, run)


def closes(before: str, after: str, run: str) -> bool:
    """Say whether a run may close emphasis, by the character before it and the two behind."""
    beside = after[0]
    is_end = not beside.isascii() or not after[-1].isalnum()  # no operator of a formula: a*!b
    ends = beside.isspace() or (beside in _BEHIND and is_end)
    if before in _LAST:
        return ends and (beside.isspace() or beside in _STOPS)
    if not before.isalnum() and before not in _STOPS:
        return False
    return ends or beside in "-–—" or _is_unspaced(beside, run)


def _is_unspaced(character: str, run: str) -> bool:
    """Say whether a word ends beside this character though nothing stands between."""
    return run != "*" and run[0] != "_" and _UNSPACED.match(character) is not None


def is_meant(mark: str, words: str, around: tuple[str, str], *, solid: bool) -> bool:
    """Say whether what stands between two marks is prose that a model emphasised.

    A letter on either side of it is. Else it has to look like prose: a formula may stand between
    marks, too (``a *(b+c)* d``). ``around`` is the text before and behind; ``solid`` says that
    there is code or TeX between.
    """
    words = words.strip()
    if not words:
        return solid
    if (around[0].endswith("-") or around[1].startswith("-")) and not words.isalpha():
        return False  # a hyphen binds one word (non-*linear*), else it is a minus
    if mark[0] == "_":
        plain = _PLAIN.fullmatch(words)
        if not plain or (plain["words"] and not _PROSE.search(words)):
            return False
    if mark == "__" and _PROGRAM_NAME.fullmatch(words):
        return False
    first, last = words[0], words[-1]
    if first.isalpha() and last.isalpha():
        return True
    if solid or _PROSE.search(words):
        return True
    if words.isdigit():
        return _BEFORE_NUMBER.search(around[0][-20:]) is not None
    # **Note:** and **1. Scope** and **Figure 1:**, but no bracket of a formula.
    ends = last.isalnum() or last in _STOPS
    return ends and first.isalnum() and _WORD.search(words) is not None


def is_flanking(before: str, after: str) -> bool:
    """Say whether Markdown takes a mark between the two characters for one that may open.

    CommonMark 0.31, section 6.2; the other way round, for one that may close.
    """
    if after.isspace():
        return False
    return not _is_punctuation(after) or before.isspace() or _is_punctuation(before)


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"
