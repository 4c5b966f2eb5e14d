"""A runaway is stopped while it decodes, a page that repeats itself for a reason is not."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrd.engine.deepseek.text.prompts import TD, TD_END, TR, TR_END
from ocrd.engine.deepseek.text.watch import BLOCK, Watch
from ocrd.job import Ink
from tests.unit.engine.deepseek.text.answers import LOOPS, PLAIN, Vocabulary, watched
from tests.unit.soundpages import SOUND_PAGES


@pytest.mark.parametrize("filler", [". ", "_", "<td></td>", "0 ", "<td>0</td>"])
def test_filler_without_end_is_stopped_too(filler: str) -> None:
    reason, tokens = watched(SOUND_PAGES["form_with_lines"] + filler * 12000)
    assert reason
    assert tokens < 4500


def test_without_decode_a_watch_takes_filler_for_text() -> None:
    words = Vocabulary()
    lines = words.encode("_" * 6000)
    assert Watch().take(lines)
    assert Watch(lambda ids: words.decode(list(ids))).take(lines) == ""


def test_cells_of_one_value_are_noticed_though_rows_break_anywhere() -> None:
    choose = random.Random(7)
    cells = "".join(
        "<td>tide</td>" + ("</tr><tr>" if choose.random() < 0.3 else "") for _ in range(900)
    )
    reason, tokens = watched("<table><tr>" + cells)
    assert "cells" in reason
    assert tokens < 300 * 4 + 3 * BLOCK


def test_a_watch_does_not_depend_on_how_tokens_arrive() -> None:
    words = Vocabulary()
    ids = words.encode(PLAIN + LOOPS["a paragraph"])
    choose = random.Random(1)
    reasons = set()
    for most in (1, 7, 64, 10000):
        watch, left = Watch(lambda ids: words.decode(list(ids))), list(ids)
        while left and not watch.take(()):
            count = choose.randint(1, most)
            watch.take(left[:count])
            left = left[count:]
        reasons.add(watch.take([]))
    assert len(reasons) == 1
    assert "" not in reasons


def test_a_stopped_watch_stays_stopped() -> None:
    watch = Watch()
    reason = watch.take([7] * 1000)
    assert reason
    assert watch.take(range(5000)) == reason


def fresh(count: int) -> list[int]:
    """Return tokens that stand nowhere else."""
    return list(range(10_000, 10_000 + count))


def stopped(tokens: Sequence[int], text: str | None = None) -> str:
    """Return why a watch stops where these tokens end, which is a block's end.

    ``text`` is what each of them reads as, None for a watch that cannot tell.
    """
    watch = Watch(None if text is None else lambda ids: text * len(ids))
    before = fresh(64 - len(tokens) % 32)
    assert watch.take([*before, *tokens[:-1]]) == ""
    return watch.take(tokens[-1:])


def repeated(period: int, matched: int) -> list[int]:
    """Return a unit of so many tokens, and as many more as repeat it."""
    return [50 + index % period for index in range(period + matched)]


@pytest.mark.parametrize(
    ("period", "needed", "times"),
    [(1, 400, 401), (2, 400, 201), (100, 400, 5), (101, 404, 5), (250, 1000, 5), (400, 1600, 5)],
)
def test_400_tokens_and_four_copies_that_repeat_a_unit_are_a_loop(
    period: int, needed: int, times: int
) -> None:
    assert stopped(repeated(period, needed - 1)) == ""
    assert stopped(repeated(period, needed)) == (
        f"The model wrote the same {period} tokens {times} times in a row."
    )


def test_a_unit_of_more_than_400_tokens_is_no_loop() -> None:
    assert stopped(repeated(401, 8 * 401)) == ""


@pytest.mark.parametrize(
    ("period", "needed", "times"), [(1, 1600, 1601), (100, 1600, 17), (101, 1616, 17)]
)
def test_filler_is_a_loop_when_four_times_as_much_of_it_repeats(
    period: int, needed: int, times: int
) -> None:
    assert stopped(repeated(period, needed - 1), ".") == ""
    assert stopped(repeated(period, needed), ".") == (
        f"The model wrote the same {period} tokens {times} times in a row."
    )
    assert stopped(repeated(period, needed // 4), "a").startswith("The model wrote the same")


def test_empty_rows_are_filler_even_for_a_watch_that_cannot_read() -> None:
    assert stopped([TR, TR_END] * 800 + [TR]) == ""
    assert stopped([TR, TR_END] * 801) == "The model wrote the same 2 tokens 801 times in a row."


@given(st.integers(1, 120), st.integers(0, 500), st.integers(1, 64))
@settings(deadline=None, max_examples=25)
def test_a_loop_is_stopped_soon_and_what_is_said_of_it_is_so(
    period: int, before: int, size: int
) -> None:
    tokens = fresh(before) + repeated(period, 1000)
    watch = Watch()
    taken, reason = 0, ""
    while not reason and taken < len(tokens):
        reason = watch.take(tokens[taken : taken + size])
        taken += size
    said = re.fullmatch(r"The model wrote the same (\d+) tokens (\d+) times in a row\.", reason)
    assert said
    unit, times = int(said[1]), int(said[2])
    seen = tokens[: min(taken, len(tokens)) // 32 * 32]
    assert seen[-unit * times :] == seen[-unit:] * times
    assert unit == period
    assert taken <= before + period + max(400, 4 * period) + 32 + size


def cells(count: int, value: Sequence[int]) -> list[int]:
    """Return cells of one value, between which something else stands each time."""
    between = iter(range(20_000, 20_000 + count))
    return [token for _ in range(count) for token in (next(between), TD, *value, TD_END)]


@pytest.mark.parametrize(
    ("value", "text", "needed"),
    [
        ([50], None, 300),
        ([50], "a", 300),
        ([50, 51], "5", 300),
        ([50] * 40, None, 300),  # a cell reaches over two blocks
        ([50], ".", 1200),
        ([50], "0", 1200),
        ([], None, 1200),  # an empty cell is filler whoever looks
    ],
)
def test_300_cells_of_one_value_are_a_loop_and_1200_of_filler(
    value: list[int], text: str | None, needed: int
) -> None:
    assert stopped(cells(needed - 1, value), text) == ""
    assert stopped(cells(needed, value), text) == (
        f"The model filled {needed} cells of a table with one value."
    )


def test_a_cell_of_another_value_begins_the_count_anew() -> None:
    row = [*cells(299, [50]), *cells(1, [51])]
    assert stopped(row + cells(299, [50])) == ""
    assert stopped(row + cells(300, [50])) == (
        "The model filled 300 cells of a table with one value."
    )


def alternating(one: Sequence[int], other: Sequence[int], length: int) -> list[int]:
    """Return two units, each again and again, in an order that does not repeat itself."""
    choose = random.Random(5)
    tokens: list[int] = []
    while len(tokens) < length:
        tokens += choose.choice((one, other))
    return tokens[:length]


def stale(tokens: Sequence[int], signs: str | None = None) -> tuple[str, int]:
    """Return why a watch stops, and after how many tokens.

    ``signs`` are what a token reads as, and what token 99 does; None for a watch that cannot read.
    """
    watch = Watch(signs if signs is None else lambda ids: "".join(signs[i == 99] for i in ids))
    for taken in range(0, len(tokens), 32):
        reason = watch.take(tokens[taken : taken + 32])
        if reason != "":
            return reason, taken + 32
    return "", len(tokens)


VARIATIONS = "The last 1024 tokens of the model are variations of a few."


@pytest.mark.parametrize(("length", "is_stale"), [(17, True), (18, False)])
def test_variations_are_stale_if_1024_tokens_hold_40_different_rows_of_four(
    length: int, is_stale: bool
) -> None:
    one, other = range(100, 117), range(200, 200 + length)
    tokens = alternating(one, other, 1024)
    assert len(set(itertools.pairwise(itertools.pairwise(itertools.pairwise(tokens))))) == (
        40 if is_stale else 41
    )
    assert stale(tokens) == ((VARIATIONS, 1024) if is_stale else ("", 1024))


def test_variations_are_looked_for_every_256_tokens_in_the_last_1024() -> None:
    tokens = alternating(range(100, 117), range(200, 217), 1500)
    assert stale(fresh(32) + tokens) == (VARIATIONS, 1280)
    assert stale(fresh(256) + tokens) == (VARIATIONS, 1280)
    assert stale(fresh(288) + tokens) == (VARIATIONS, 1536)
    assert stale(tokens[:992] + fresh(64)) == ("", 1056)


def test_variations_are_a_table_if_more_than_a_quarter_are_its_tags() -> None:
    one, other = ([*range(start, start + 12), TR, TR_END, TR, TR_END] for start in (100, 200))
    tokens = alternating(one, other, 1024)
    assert sum(token in (TR, TR_END) for token in tokens) == 256
    assert stale(tokens) == (VARIATIONS, 1024)
    assert stale([*tokens[:1000], TR, *tokens[1001:]]) == ("", 1024)


@pytest.mark.parametrize(
    ("signs", "is_stale"), [("aa", True), ("7a", True), ("a7", False), ("77", False)]
)
def test_variations_of_numbers_are_a_column_of_them(signs: str, is_stale: bool) -> None:
    """The last block of tokens says whether there are words."""
    tokens = alternating(range(100, 112), range(200, 212), 992) + [99] * 32
    assert stale(tokens, signs) == ((VARIATIONS, 1024) if is_stale else ("", 1024))


def ended(tokens: Sequence[int], text: str, ink: Ink) -> tuple[int, str]:
    """Return after how many tokens a watch stops that knows the page, and why.

    Each token reads as ``text``.
    """
    watch = Watch(lambda ids: text * len(ids), ink)
    for taken, token in enumerate(tokens, start=1):
        if reason := watch.take([token]):
            return taken, reason
    return 0, ""


@pytest.mark.parametrize(("characters", "taken"), [(1024, 1824), (1023, 1792), (100, 416)])
def test_text_may_repeat_itself_until_the_page_is_full(characters: int, taken: int) -> None:
    at, reason = ended([7] * 3000, "a", Ink(1000, characters, 0.1))
    assert at == taken
    assert reason == f"The model wrote the same 1 tokens {taken} times in a row."


@pytest.mark.parametrize(("rows", "taken"), [(219, 704), (218, 672)])
def test_cells_may_repeat_themselves_until_there_are_more_than_on_the_page(
    rows: int, taken: int
) -> None:
    assert ended([7] * 3000, "\ta", Ink(rows, 5000, 0.1))[0] == taken


def test_filler_repeats_itself_no_longer_on_a_page_that_is_known() -> None:
    ink = Ink(60, 4000, 0.1)
    assert ended([7] * 3000, ".", ink) == ended([7] * 3000, ".", Ink(0, 0, 0.0))
    assert 1600 < ended([7] * 3000, ".", ink)[0] < 1664


@pytest.mark.parametrize(
    ("text", "ink", "taken", "said"),
    [
        ("a", Ink(40, 10, 0.1), 256, "256 characters"),
        ("a", Ink(40, 131, 0.1), 768, "768 characters"),
        ("a", Ink(40, 49, 0.1), 512, "512 characters"),
        ("a\n", Ink(251, 5000, 0.1), 1024, "1024 rows"),
        ("a\n", Ink(250, 5000, 0.1), 768, "768 rows"),
    ],
)
def test_what_does_not_repeat_itself_is_stopped_once_it_is_more_than_the_page(
    text: str, ink: Ink, taken: int, said: str
) -> None:
    at, reason = ended(fresh(3000), text, ink)
    assert at == taken
    assert said in reason


def test_a_watch_that_cannot_read_makes_nothing_of_the_page() -> None:
    assert Watch(None, Ink(0, 0, 0.0)).take(fresh(3000)) == ""
