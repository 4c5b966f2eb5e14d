"""Entries of a list that a model ran together."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocrd.markdown.entries import parted


@pytest.mark.parametrize(
    ("entry", "entries"),
    [
        ("- many mails, or financial offers- Shortly after, a caller rings",
         ["- many mails, or financial offers", "- Shortly after, a caller rings"]),
        ("- one thing- Another thing- A third- In the end",
         ["- one thing", "- Another thing", "- A third", "- In the end"]),
        ("- Milk- Bread- Eggs", ["- Milk", "- Bread", "- Eggs"]),
        ("- it ends.- The next (see 3)- Third in 2024- Über alles",
         ["- it ends.", "- The next (see 3)", "- Third in 2024", "- Über alles"]),
        ("- it ends.- The next", ["- it ends.", "- The next"]),
        ("- so in 2024- The next", ["- so in 2024", "- The next"]),
        ("- x- Y, then one thing- Another", ["- x- Y, then one thing", "- Another"]),
        ("  - one thing- Another", ["  - one thing", "  - Another"]),
        ("* one thing* Another", ["* one thing", "* Another"]),
        ("– one thing– Another", ["– one thing", "– Another"]),
        ("- one\nthing-\nAnother", ["- one\nthing", "- Another"]),
        ("• one thing• another•third • \\(x\\)", ["• one thing", "• another", "• third • \\(x\\)"]),
        ("1. One thing2. Another3. Third", ["1. One thing", "2. Another", "3. Third"]),
        ("7) One thing.8) Another", ["7) One thing.", "8) Another"]),
    ],
)  # fmt: skip
def test_an_entry_ends_where_its_bullet_stands_between_a_words_end_and_a_capital(
    entry: str, entries: list[str]
) -> None:
    assert parted(entry) == entries


@pytest.mark.parametrize(
    "entry",
    [
        "- one thing - Another thing",  # a dash
        "- one thing-Another thing",
        "- one thing- another thing",
        "- one thing* Another thing",  # no bullet of this list
        "- in x- Y plots",
        "- DeepSeek- OCR and UPC- A, EAN- 8",
        "- vitamin- A, then B",
        "- the non- English, pro- European and anti- American",
        "- Self- Attention and Re- Ranking",
        "- We use the Cross- Entropy loss",
        "- Kaffee- Maschine",
        "- - Another",
        "1. One thing3. Third",
        "1. One thing2. third",
        "1. One thing2) Another",
        "1. H2. O",
        "In prose, offers- Shortly after.",
        "offers- Shortly",
        "-Shortly- After that",
        "",
        "- ",
    ],
)
def test_what_may_be_a_compound_stays_in_one_piece(entry: str) -> None:
    assert parted(entry) == [entry]


@given(st.text(st.sampled_from("-*• .)12aBÄ\n"), max_size=60))
def test_no_sign_is_lost_and_each_entry_has_its_mark(text: str) -> None:
    entries = parted(text)
    assert "".join("".join(entries).split()) == "".join(text.split())
    if len(entries) > 1:
        assert all(entry.strip()[0] in "-*•12" for entry in entries)


@pytest.mark.parametrize("piece", ["a- ", "a- B", "-", "- ", "a• ", "1. A", "a2. B", "é", " "])
def test_time_grows_with_the_length_only(piece: str) -> None:
    """A quadratic step would take minutes for this many."""
    for start in ("- ", "• ", "1. "):
        began = time.process_time()
        parted(start + piece * (60_000 // len(piece)))
        assert time.process_time() - began < 10
