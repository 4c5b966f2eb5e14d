"""Which hyphens at the ends of rows belong to the word."""

import pytest

from ocrd.layout.hyphens import belongs, language
from ocrd.layout.joining import is_cut, join

ENGLISH = frozenset("the of and that with which this from are was in".split())
FRENCH = frozenset("les des est une dans que pour qui sur avec du et il elle".split())
PORTUGUESE = frozenset("que não uma com os da do para em dos mais".split())
GERMAN = frozenset("der die und das ist nicht mit den von ein".split())


@pytest.mark.parametrize(
    ("words", "spoken"),
    [
        (ENGLISH, "en"), (FRENCH, "fr"), (PORTUGUESE, "pt"), (GERMAN, "de"),
        (frozenset({"the", "of"}), ""), (frozenset(), ""),
        (frozenset({"the", "of", "and", "der", "die", "das"}), ""),
        (frozenset("el los las una por con del".split()), "es"),
        (frozenset("het een van en dat niet".split()), "nl"),
    ],
)  # fmt: skip
def test_a_language_is_known_by_its_usual_words(words: frozenset[str], spoken: str) -> None:
    assert language(words) == spoken


@pytest.mark.parametrize(
    ("before", "after", "joined", "seen"),
    [
        # By what the document has elsewhere, in any language.
        ("in the long-", "term view", "in the long-term view", "long-term"),
        ("in the long-", "term view", "in the longterm view", "longterm"),
        ("many well-", "beings", "many well-beings", "well-being"),
        ("two side-", "lines here", "two sidelines here", "sideline"),
        ("one side-", "lines here", "one side-lines here", "side-line"),
        ("of nation-", "al parks", "of national parks", ""),
        # By habit: long before term, based behind whatever it is.
        ("in the long-", "term view", "in the long-term view", ""),
        ("a high-", "level one", "a high-level one", ""),
        ("a high-", "er one", "a higher one", ""),
        ("the short-", "age", "the shortage", ""),
        ("a new-", "ly made", "a newly made", ""),
        ("a computer-", "based one", "a computer-based one", ""),
        ("it was de-", "based", "it was debased", ""),
        # Two whole words of the document, but not those that are always written as one.
        ("a river-", "bank", "a river-bank", "river bank"),
        ("with some-", "thing", "with something", "some thing"),
        ("to under-", "stand", "to understand", "under stand"),
        # Of several parts.
        ("my mother-in-", "law", "my mother-in-law", ""),
        ("a state-", "of-the-art one", "a state-of-the-art one", "state"),
        ("a state-of-the-", "art one", "a state-of-the-art one", ""),
        ("the long-stand-", "ing", "the long-standing", "standing"),
        ("the mo-", "ther-in-law", "the mother-in-law", "mother"),
    ],
)
def test_english(before: str, after: str, joined: str, seen: str) -> None:
    assert join(before, after, ENGLISH | set(seen.split())) == joined


@pytest.mark.parametrize(
    ("before", "after", "joined", "seen"),
    [
        ("il viendra peut-", "être demain", "il viendra peut-être demain", ""),
        ("il viendra peut-", "être demain", "il viendra peut-être demain", "peut-être"),
        ("c'est-à-", "dire que", "c'est-à-dire que", ""),
        ("c'est-", "à-dire que", "c'est-à-dire que", ""),
        ("a-t-", "il dit", "a-t-il dit", ""),
        ("« Oui », dit-", "il alors", "« Oui », dit-il alors", ""),
        ("il faut contre-", "dire", "il faut contredire", "contre"),
        ("celui-", "là même", "celui-là même", "celui"),
        ("la nouv-", "elle loi", "la nouvelle loi", ""),
        ("la nouvel-", "le loi", "la nouvelle loi", "nouvel nouvelle"),
        ("il par-", "le bien", "il parle bien", "par parle"),
        ("la révolu-", "tion", "la révolution", ""),
        ("vis-à-", "vis de", "vis-à-vis de", ""),
        ("l'après-", "midi", "l'après-midi", "après midi"),
    ],
)
def test_french(before: str, after: str, joined: str, seen: str) -> None:
    assert join(before, after, FRENCH | set(seen.split())) == joined


@pytest.mark.parametrize(
    ("before", "after", "joined", "seen"),
    [
        ("o homem disse-", "lhe que", "o homem disse-lhe que", ""),
        ("o homem disse-", "-lhe que", "o homem disse-lhe que", ""),
        ("contou-", "lhes tudo", "contou-lhes tudo", ""),
        ("com mais deta-", "lhe aqui", "com mais detalhe aqui", ""),
        ("ela tornou-", "se rica", "ela tornou-se rica", "tornou"),
        ("ele dis-", "se que", "ele disse que", ""),
        ("os meni-", "nos vêm", "os meninos vêm", ""),
        ("a informa-", "ção", "a informação", ""),
    ],
)
def test_portuguese(before: str, after: str, joined: str, seen: str) -> None:
    assert join(before, after, PORTUGUESE | set(seen.split())) == joined


@pytest.mark.parametrize(
    ("before", "after", "joined", "seen"),
    [
        ("an der Haus-", "tür klopfen", "an der Haustür klopfen", "haus tür"),
        ("die Donau-", "Auen", "die Donau-Auen", ""),
        ("die Vor-", "und Nachteile", "die Vor- und Nachteile", ""),
        ("die INTER-", "NATIONALE", "die INTERNATIONALE", "internationale"),
        ("die MS-", "DOS", "die MS-DOS", ""),
    ],
)
def test_german(before: str, after: str, joined: str, seen: str) -> None:
    assert join(before, after, GERMAN | set(seen.split())) == joined


def test_a_given_language_needs_not_be_found() -> None:
    assert belongs("haus", "tür", frozenset({"haus", "tür"}), "sv") is False
    assert belongs("river", "bank", frozenset({"river", "bank"}), "en") is True


@pytest.mark.parametrize(
    ("before", "after", "is_open"),
    [
        ("peut-", "être", True),
        ("wa\u00ad", "ter", False),
        ("Anglo-", "Saxon", False),
        ("Vor-", "und", False),
        ("x-", "axis", False),
        ("wa-", "(ter)", False),
        ("water", "level", False),
    ],
)
def test_what_says_itself_what_it_is_is_asked_nobody(
    before: str, after: str, is_open: bool
) -> None:
    assert is_cut(before, after) is is_open
