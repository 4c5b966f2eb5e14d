"""Whether a hyphen at the end of a row belongs to the word (pure).

The document's own words say most: seen elsewhere as one, or with its hyphen, a word is sure. Where
they are silent the language's habits decide: French and Portuguese hang pronouns behind a verb,
English sets two whole words together, German and its neighbours write such words as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Set

# First parts that are hyphenated words rather than cut ones.
KEPT_PREFIXES = frozenset({"self", "half", "well", "quasi", "mid", "cross"})
SHORT = 3  # letters: two words of no more than these are the halves of many others
TELLING = 3  # words of a language from which a text may be in it

# Words that hardly another language has, and that no page of this one is without.
_USUAL = {
    "en": "the of and that with which this from are was have not",
    "fr": "les des est une dans que pour qui sur avec du et pas au plus",
    "pt": "que não uma com os da do para em dos mais um seu sua ao",
    "es": "el los las una por con del para más su como se y lo",
    "it": "il che di una per con della non sono gli nel più anche",
    "ca": "els les amb que una del per més és dels seva aquest",
    "de": "der die und das ist nicht mit den von ein zu auf dem eine",
    "nl": "het een van en dat niet met voor zijn de op aan wordt",
    "sv": "och att det som en är på av för inte den med till",
    "da": "og at det som er på af for ikke den med til en",
    "no": "og at det som er på av for ikke den med til en",
    "fi": "ja on ei että se oli hän mutta kun joka myös",
    "hu": "az és hogy nem egy van meg csak mint volt",
    "pl": "się nie na jest że do jak przez oraz dla",
    "cs": "se na že je to jako by ale pro jsou",
}
_USUAL_WORDS = {name: frozenset(usual.split()) for name, usual in _USUAL.items()}
# Two words are written as one there.
_COMPOUNDING = frozenset({"de", "nl", "sv", "da", "no", "fi", "hu"})
# Within a word of three parts and more: "mother-in-law", "c'est-à-dire", "up-to-date".
_LINKS = frozenset(
    "in of the to and by on at for up à de du la le en au aux sous sur a o do da di del dei".split()
)

# What French hangs behind a verb, a pronoun or a place, if that is a word by itself.
_FRENCH = frozenset(
    "il ils elle elles on je tu nous vous ce y en le la les lui leur moi toi même mêmes ci là être"
    " dessus dessous delà dedans dehors".split()
)
_FRENCH_ALWAYS = frozenset({"être", "dessus", "dessous", "delà"})
# A row is never cut between a consonant and a vowel of one French word: "dit-il", not "fus-il".
_FRENCH_SUBJECTS = frozenset({"il", "ils", "elle", "elles", "on"})
_PORTUGUESE = frozenset(
    "me te se lhe lhes nos vos o a os as lo la los las no na nas".split()
)
_PORTUGUESE_VERB = re.compile(r"(?:ss?e|[aei]u|ei|[vrm]|[vr]a|ia|ou|az|ez|iz|[áêíôéó])$")
_CATALAN = frozenset("me te se lo la los les ne hi ho nos vos li els".split())

# English: what begins and what ends words of two, where both parts stand for themselves.
_ENGLISH_FIRST = frozenset(
    "long short high low full part real far ill first second third fourth one two three four"
    " five six seven eight nine ten old new left right open large small hard soft deep best"
    " better single double multi non ex co semi post pre anti all ever free fast slow wide"
    " narrow".split()
)
_ENGLISH_SECOND = frozenset(
    "term time range scale level quality speed cost risk profile class rate order based known"
    " defined established called made year years hour month week day dimensional sided minded"
    " looking driven oriented related specific purpose standing lasting frequency resolution"
    " volume density pressure temperature point page line column step stage word letter part"
    " party person name value size color colour length width depth growing moving running"
    " reaching fetched advised equipped".split()
)
_ENGLISH_LAST = frozenset(
    "based oriented driven specific minded looking shaped sized coloured colored friendly".split()
)
# English writes these together with whatever they are set to.
_ENGLISH_CLOSED = frozenset(
    "some any every thing things where what when which never there here with over under fore"
    " down back ground stand standing body ever upon other wise ward wards hand work side thou"
    " neath come came take book land water house head light tion ness ment able less".split()
)


def language(words: Set[str]) -> str:
    """Return the language that the words, in lower case, are likely of; "" if that is open."""
    counted = sorted(
        ((len(usual.intersection(words)), name) for name, usual in _USUAL_WORDS.items()),
        reverse=True,
    )
    (most, name), (next_most, _) = counted[:2]
    return name if most >= TELLING and most > next_most else ""


def belongs(
    head: str, tail: str, words: Set[str], spoken: str | None = None, *, chained: bool = False
) -> bool:
    """Say whether the hyphen between ``head`` and ``tail`` is part of their word.

    ``words`` are the document's, in lower case, ``spoken`` its language, found in them if not
    given. ``chained``: the head has a hyphen before it, too.
    """
    first, second = head.lower(), tail.lower()
    if not tail[0].islower():
        return not (head.isupper() and tail.isupper() and first + second in words)
    if any(form in words for form in _forms(first, second, "")):
        return False
    if any(form in words for form in _forms(first, second, "-")) or first in KEPT_PREFIXES:
        return True
    spoken = language(words) if spoken is None else spoken
    if "-" in second or chained:
        return _is_of_several(first, second, words)
    match spoken:
        case "fr":
            habit = second in _FRENCH_ALWAYS or (second in _FRENCH and first in words)
            habit |= second in _FRENCH_SUBJECTS and first[-1] in "td"
        case "pt":
            verb = _PORTUGUESE_VERB.search(first) is not None
            habit = second in _PORTUGUESE and (first in words or (second[:3] == "lhe" and verb))
        case "ca":
            habit = second in _CATALAN and first in words
        case "en":
            habit = _is_english(first, second, words)
        case _:
            habit = False
    return habit or (spoken not in _COMPOUNDING and _are_both_words(first, second, words, spoken))


def _forms(first: str, second: str, by: str) -> Iterable[str]:
    """Yield the word, and it with or without its plural."""
    yield f"{first}{by}{second}"
    yield f"{first}{by}{second}s"
    if second.endswith("s") and len(second) > SHORT:
        yield f"{first}{by}{second[:-1]}"


def _is_of_several(first: str, second: str, words: Set[str]) -> bool:
    """Say whether a word with another hyphen is parted at this one, and not within a part."""
    part = second.partition("-")[0]
    if first + part in words:
        return False
    linked = first in _LINKS or (part in _LINKS and first in words)
    return linked or {first, part} <= words


def _is_english(first: str, second: str, words: Set[str]) -> bool:
    if first in _ENGLISH_FIRST and second in _ENGLISH_SECOND:
        return True
    return second in _ENGLISH_LAST and (first in words or len(first) > SHORT + 1)


def _are_both_words(first: str, second: str, words: Set[str], spoken: str) -> bool:
    if spoken == "en" and not _ENGLISH_CLOSED.isdisjoint((first, second)):
        return False
    return min(len(first), len(second)) > SHORT and {first, second} <= words
