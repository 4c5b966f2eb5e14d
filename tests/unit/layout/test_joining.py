"""What two rows of a paragraph are as one text."""

import pytest

from ocrd.layout.joining import join

PAGE = frozenset({"tip-toeing", "machine", "encoded", "selfish", "sea", "side", "test", "bench"})


@pytest.mark.parametrize(
    ("before", "after", "joined"),
    [
        ("the wa-", "ter is", "the water is"),
        ("the wa\u00ad", "ter is", "the water is"),
        ("the wa\u2010", "ter is", "the water is"),
        ("an", "other", "an other"),
        # The page has the whole word, or it with its hyphen.
        ("a self-", "ish man", "a selfish man"),
        ("of tip-", "toeing along", "of tip-toeing along"),
        ("Of Tip-", "toeing along", "Of Tip-toeing along"),
        # Some words begin with a hyphenated part whatever the page has.
        ("a self-", "made man", "a self-made man"),
        ("a self\u00ad", "made man", "a selfmade man"),
        ("Half-", "way there", "Half-way there"),
        # Both parts are words of the page, and no short ones.
        ("by machine-", "encoded text", "by machine-encoded text"),
        ("a test-", "bench", "a test-bench"),
        ("the sea-", "bench", "the seabench"),
        ("the test-", "side", "the test-side"),
        ("the bench-", "sea", "the benchsea"),
        ("by machine-", "decoded text", "by machinedecoded text"),
        ("by number-", "encoded text", "by numberencoded text"),
        # Names keep their hyphen, but for one that says that it is none.
        ("an Anglo-", "Saxon word", "an Anglo-Saxon word"),
        ("an Anglo\u00ad", "Saxon word", "an AngloSaxon word"),
        # What a hanging hyphen leaves out comes behind the next word.
        ("Vor-", "und Nachteile", "Vor- und Nachteile"),
        ("pre-", "AND post-war", "pre- AND post-war"),
        ("Grun\u00ad", "de", "Grunde"),
        ("en\u00ad", "of", "enof"),
        # A single letter is no part of a word that was cut.
        ("the x-", "axis", "the x-axis"),
        ("a 5-", "fold one", "a 5-fold one"),
    ],
)
def test_a_word_that_was_cut_is_whole_again_and_a_hyphenated_one_keeps_its_hyphen(
    before: str, after: str, joined: str
) -> None:
    assert join(before, after, PAGE) == joined


def test_a_page_of_two_words_knows_them() -> None:
    words = frozenset({"machine", "encoded"})
    assert join("machine-", "encoded", words) == "machine-encoded"
    assert join("machine-", "encoded", words - {"machine"}) == "machineencoded"


@pytest.mark.parametrize(
    ("before", "after", "joined"),
    [
        ("from 2010-", "2012", "from 2010-2012"),
        ("from 2010–", "2012", "from 2010–2012"),
        ("sleepy—", "if you", "sleepy—if you"),
        ("(b—", "that is", "(b—that is"),
        ("it was so —", "and then", "it was so — and then"),
        ("(it was so)—", "and then", "(it was so)— and then"),
        ("—", "and then", "— and then"),
        ("4 - 3", "= 1", "4 - 3 = 1"),
        ("cut-", "(or not)", "cut-(or not)"),
    ],
)
def test_a_dash_behind_a_word_needs_no_space_and_one_that_stands_free_does(
    before: str, after: str, joined: str
) -> None:
    assert join(before, after) == joined


@pytest.mark.parametrize(
    ("before", "after", "joined"),
    [
        ("漢字", "かな", "漢字かな"),
        ("漢字。", "カナ", "漢字。カナ"),
        ("漢字", "and kana", "漢字 and kana"),
        ("kana and", "漢字", "kana and 漢字"),
        ("漢字a", "漢字", "漢字a 漢字"),
        ("漢字", "a漢字", "漢字 a漢字"),
    ],
)
def test_chinese_and_japanese_rows_are_joined_without_a_space(
    before: str, after: str, joined: str
) -> None:
    assert join(before, after) == joined
