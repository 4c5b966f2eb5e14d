"""Which script a page is in, and who reads it (pure).

The embedded engine knows lines that it does not read: their boxes are full and their texts are not,
or its scores are low. A page whose longest lines are so is looked at again. That alone says little:
a worn page looks like that, too. So the script has to be seen (Tesseract's own look at the page),
and whoever is to read it has to read the longest lines better.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence

from ocrd import languages
from ocrd.doubts import REPLACEMENT
from ocrd.engine.rapidocr.turning import Reading

# What the embedded engine reads, by Tesseract's names.
OWN = frozenset({"Latin", "Fraktur", "Han", "HanS", "HanT", "Japanese", "Hiragana", "Katakana"})
LATIN = frozenset({"Latin", "Fraktur"})
ALIKE = ("Greek", "Cyrillic")  # so many of their capitals are Latin ones that a look errs

SURE = 0.9  # mean score of a page's longest lines from which it is read, if
LOST = 0.03  # no more of their signs are missing
READ = 0.6  # Tesseract's mean score from which it reads a page
UNREAD = 0.85  # worth of the longest lines below which a page may not have been read, if
SMALL = 0.5  # less of its signs are small Latin letters

_NOT_LATIN = frozenset(code for codes in languages.OF_SCRIPT.values() for code in codes) - {"vie"}
_ELSEWHERE = re.compile(r"(chi_|jpn|kor|script/|osd$|equ$)")
# Letters that only Vietnamese has: with a horn, a hook or a dot below.
_VIETNAMESE = re.compile(r"[ơưƠƯ\u1ea0-\u1ef9]")
_SMALL = re.compile(r"[a-zß-öø-ÿ]")
_OPEN_LETTERS = ("LATIN ", "GREEK ", "CYRILLIC ")
_VIETNAMESE_WORDS = 0.12  # share of a text's words with one of them from which it is that


def is_foreign(readings: Collection[Reading]) -> bool:
    """Say whether a page's longest lines may be in letters that the embedded engine has not."""
    if not readings:
        return False
    signs = "".join("".join(text.split()) for text, _ in readings)
    lost = signs.count(REPLACEMENT) / max(len(signs), 1)
    return mean(readings) < SURE or lost > LOST


def is_unread(readings: Collection[Reading]) -> bool:
    """Say whether a page's longest lines gave nothing that can be text in Latin letters.

    What is read of other letters is lost signs, or capitals and digits at random; a worn page has
    its small letters.
    """
    signs = "".join("".join(text.split()) for text, _ in readings)
    return worth(readings) < UNREAD and len(_SMALL.findall(signs)) < SMALL * max(len(signs), 1)


def worth(readings: Collection[Reading]) -> float:
    """Return the mean score of what was read, times the share of signs that were."""
    signs = "".join("".join(text.split()) for text, _ in readings)
    return mean(readings) * (1 - signs.count(REPLACEMENT) / max(len(signs), 1))


def mean(readings: Iterable[Reading]) -> float:
    """Return the mean score, long lines counting more; 0 for lines without a text."""
    some = [(max(len(text), 1), score) for text, score in readings]
    return sum(length * score for length, score in some) / max(sum(n for n, _ in some), 1)


def is_vietnamese(readings: Iterable[Reading]) -> bool:
    """Say whether lines hold letters that no other language in Latin letters has."""
    words = " ".join(text for text, _ in readings).split()
    some = sum(_VIETNAMESE.search(word) is not None for word in words)
    return some >= 2 and some >= _VIETNAMESE_WORDS * len(words)


def candidates(
    script: str, there: Collection[str], wanted: Sequence[str] = ()
) -> list[tuple[str, ...]]:
    """Return the sets of languages that may read a script, of those that are installed.

    Where the folder wants some of that script, all that it wants are one set: a page may have
    several.
    """
    written_in = languages.OF_SCRIPT.get(script, ())
    whole = f"script/{script}"
    if any(code in written_in or code == whole for code in wanted):
        some = tuple(code for code in wanted if code in there)
        return [some] if some else []
    if written_in:
        found = [code for code in (*written_in, whole) if code in there]
        return [(code,) for code in found if code != whole or found == [whole]]
    if script not in LATIN:
        return []
    latin = [code for code in there if code not in _NOT_LATIN and not _ELSEWHERE.match(code)]
    return [(code,) for code in sorted(latin, key=lambda code: (code != "eng", code))]


def is_like_latin(texts: Iterable[str]) -> bool:
    """Say whether most letters are Latin, Greek or Cyrillic: open forms, and hardly a box."""
    names = [unicodedata.name(letter, "") for text in texts for letter in text if letter.isalpha()]
    return 2 * sum(name.startswith(_OPEN_LETTERS) for name in names) > len(names)


def mistakable(script: str, there: Collection[str]) -> list[tuple[str, ...]]:
    """Return who reads the scripts that one may be taken for, one language each."""
    if script not in (*LATIN, *ALIKE):
        return []
    others = (candidates(other, there)[:1] for other in ALIKE if other != script)
    return [wanted for some in others for wanted in some]


def unread(script: str, wanted: Sequence[str], *, has_tesseract: bool) -> str:
    """Return what is to be said of a page that nobody here reads; ``script`` "": it is not seen."""
    written_in = languages.OF_SCRIPT.get(script, ())
    if not written_in:
        return (
            "Most of this page was not read: it may be in a script that the embedded engine has"
            " not. Install tesseract-ocr and the package of its language (tesseract-ocr-rus for"
            " Russian), then read it again."
        )
    some = [code for code in wanted if code in written_in] or written_in[:1]
    packages = [*["tesseract-ocr"] * (not has_tesseract), *map(languages.package, some)]
    return (
        f"The page is in the script {script}, and nothing here reads it."
        f" Install {' and '.join(packages)}, then read it again."
    )
