"""Runaways are told from pages that repeat themselves for a reason."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrd.engine.deepseek.network.preprocessing import view_spec
from ocrd.engine.deepseek.text.prompts import (
    DET,
    DET_END,
    REF,
    REF_END,
    TD,
    TD_END,
    TR,
    TR_END,
    RepeatRule,
    prompt_of,
    repeat_rule,
)
from ocrd.engine.deepseek.text.runaway import (
    BLOCK,
    REPEATED_TOKENS,
    STALE_EVERY,
    STALE_WINDOW,
    STRICT,
    Attempt,
    Watch,
    as_read,
    has_content,
    judge,
    ladder,
    visible,
)
from ocrd.tasks import EVERY_MODE, MODES, SIZES, Task
from tests.unit.soundpages import SOUND_PAGES, grounded, html, prose

SPECIAL = {
    "<td>": TD, "</td>": TD_END, "<tr>": TR, "</tr>": TR_END,
    "<|ref|>": REF, "<|/ref|>": REF_END, "<|det|>": DET, "<|/det|>": DET_END,
}  # fmt: skip
PLAIN = SOUND_PAGES["plain_page"]


class Vocabulary:
    """A tokenizer like the models': tags, short words, up to three digits, single signs."""

    def __init__(self) -> None:
        self._ids = dict(SPECIAL)
        self._pieces = {number: piece for piece, number in SPECIAL.items()}

    def encode(self, text: str) -> list[int]:
        return [
            self._id(piece)
            for piece in re.findall(r"<\|?/?\w+\|?>|\d{1,3}|[^\W\d]{1,6}|\s|[^\w\s]", text)
        ]

    def decode(self, ids: list[int] | tuple[int, ...]) -> str:
        return "".join(self._pieces[number] for number in ids)

    def _id(self, piece: str) -> int:
        if piece not in self._ids:
            self._ids[piece] = 100 + len(self._ids)
            self._pieces[self._ids[piece]] = piece
        return self._ids[piece]


def watched(text: str) -> tuple[str, int]:
    """Return why a watch stops this text, and how many tokens it let pass before."""
    words = Vocabulary()
    watch = Watch(lambda ids: words.decode(list(ids)))
    ids = words.encode(text)
    for number, token in enumerate(ids, start=1):
        if reason := watch.take([token]):
            return reason, number
    return "", len(ids)


def judged(text: str, finished: str = "eos") -> str:
    return judge(text, finished=finished, has_ink=True)


@pytest.mark.parametrize("name", SOUND_PAGES)
def test_a_sound_page_is_neither_stopped_nor_doubted(name: str) -> None:
    assert watched(SOUND_PAGES[name])[0] == ""
    assert judged(SOUND_PAGES[name]) == ""


@pytest.mark.parametrize("name", SOUND_PAGES)
def test_a_sound_page_becomes_doubtful_once_a_loop_follows(name: str) -> None:
    loop = "and then the clerk came back to the harbour " * 150
    assert "clerk" in judged(SOUND_PAGES[name] + loop)
    reason, tokens = watched(SOUND_PAGES[name] + loop)
    assert reason
    sound = len(Vocabulary().encode(SOUND_PAGES[name]))
    assert tokens <= sound + REPEATED_TOKENS + 2 * BLOCK


LOOPS = {
    "a word": "tide " * 2000,
    "a letter": "A" * 12000,
    "a spaced letter": "l " * 3000,
    "a sentence": "The boat was written into the book. " * 300,
    "a paragraph": (prose(70, 3) + "\n") * 20,
    "a list's line": "- nobody leaves without a receipt\n" * 200,
    "a numbered digit": "7 1 " * 1000,
    "a cell": "<table><tr>" + "<td>Timber</td>" * 1500,
    "rows of a cell": html([["48.20"] * 6] * 200),
    "a row": html([["Timber, sawn", "12 m", "100.80"]] * 150),
    "a block in one place": grounded("text", "The harbour office", 100, 200) * 100,
    "TeX": "\\[ \\frac{a}{b} + \\frac{a}{b} \\]\n" * 150,
    "far east": "潮が満ちる前に帳簿に記入される。" * 200,
}  # fmt: skip


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.parametrize("before", ["", PLAIN])
def test_a_loop_is_stopped_early_and_doubted(name: str, before: str) -> None:
    text = before + LOOPS[name]
    reason, tokens = watched(text)
    assert reason
    first = len(Vocabulary().encode(before))
    unit = 0 if name != "a paragraph" else 130 * 5
    assert tokens - first <= max(REPEATED_TOKENS + unit, 3 * 300) + 3 * BLOCK
    assert judged(text)


@pytest.mark.parametrize(
    "text",
    [
        LOOPS["a sentence"] + "</td></tr></table>",
        prose(40) + "\n" + LOOPS["a sentence"] + "\n" + prose(300, 8),
        "The boat was written into the book. " * 12,
        prose(12) + " Nobody leaves without a receipt." * 8,
    ],
)
def test_a_loop_is_doubted_wherever_it_stands_and_however_it_ends(text: str) -> None:
    assert judged(text)


def test_a_loop_that_the_no_repeat_rule_disturbs_is_stopped_and_doubted() -> None:
    """The rule bans one token of each loop; what comes instead belongs to a few, too."""
    choose = random.Random(2)
    line = "Nobody leaves without a receipt for it"
    text = "".join(f"{line}{choose.choice(('.', ',', ' !', ''))}\n" for _ in range(400))
    reason, tokens = watched(PLAIN + text)
    assert "variations" in reason
    assert tokens <= len(Vocabulary().encode(PLAIN)) + STALE_WINDOW + STALE_EVERY
    assert "again and again" in judged(text)


@pytest.mark.parametrize("filler", [". ", "_", "<td></td>", "0 ", "<td>0</td>"])
def test_filler_without_end_is_stopped_too(filler: str) -> None:
    reason, tokens = watched(SOUND_PAGES["form_with_lines"] + filler * 12000)
    assert reason
    assert tokens < 4500


def test_a_page_of_nothing_but_filler_is_doubted() -> None:
    assert judged("." * 10000)
    assert judged("_" * 3000) == ""


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


def degenerate(value: str, cells: int, rest: int) -> str:
    other = [f"{number} boats" for number in range(rest)]
    every = [value] * cells + other
    return html([every[start : start + 5] for start in range(0, len(every), 5)])


@pytest.mark.parametrize(
    ("value", "cells", "rest", "doubtful"),
    [
        ("Timber, sawn", 43, 17, True),  # 71 % of 60
        ("Timber, sawn", 41, 17, False),  # 58 cells
        ("Timber, sawn", 42, 18, False),  # 70 %
        ("0", 60, 0, True),  # nothing but zeros
        ("0", 60, 20, False),
        ("-", 60, 20, False),
        ("0.00 €", 60, 20, False),
        ("", 600, 20, False),
        ("0", 500, 40, True),
    ],
)
def test_a_table_is_degenerate_if_one_value_fills_it(
    value: str, cells: int, rest: int, *, doubtful: bool
) -> None:
    assert ("cells of a table" in judged(degenerate(value, cells, rest))) is doubtful


def test_a_degenerate_table_of_pipes_or_without_end_is_noticed_as_well() -> None:
    rows = [
        ["Timber, sawn", f"No {number}", "Timber, sawn", "Timber, sawn"] for number in range(40)
    ]
    pipes = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    assert "cells of a table" in judged(pipes)
    assert "cells of a table" in judged(html(rows).removesuffix("</td></tr></table>"))
    spread = html(rows).replace("<td>", '<td colspan="2">')
    assert "120 say “Timber, sawn”" in judged(spread)


TIMBER = "Timber, sawn, stacked behind some old scales"


def is_degenerate(text: str) -> bool:
    return "cells of a table" in judged(text)


@pytest.mark.parametrize(("length", "shown"), [(40, TIMBER[:40]), (41, TIMBER[:40] + "…")])
def test_of_a_long_value_the_first_40_characters_are_shown(length: int, shown: str) -> None:
    assert judged(degenerate(TIMBER[:length], 60, 15)) == (
        f"Of 75 cells of a table, 60 say “{shown}”."
    )


@pytest.mark.parametrize(
    ("cells", "rest", "doubtful"), [(43, 17, True), (43, 16, False), (42, 18, False)]
)
def test_a_table_is_judged_from_60_cells_on_if_more_than_70_percent_say_the_same(
    cells: int, rest: int, doubtful: bool
) -> None:
    assert is_degenerate(degenerate("Timber, sawn", cells, rest)) is doubtful


def table(*rows: tuple[int, Sequence[str]]) -> str:
    """Return a table whose rows come so many times each."""
    return html([list(row) for times, row in rows for _ in range(times)])


def labelled(rows: int, cells: int, value: str) -> str:
    return html([[f"Row {number}", *[value] * cells] for number in range(rows)])


@pytest.mark.parametrize(("value", "doubtful"), [("none", False), ("n.o.n.e.", False),
                                                 ("never", True)])  # fmt: skip
def test_a_mark_has_four_letters_at_most(value: str, doubtful: bool) -> None:
    assert is_degenerate(labelled(20, 9, value)) is doubtful


@pytest.mark.parametrize(("cells", "doubtful"), [(59, False), (60, True)])
def test_marks_fill_no_row_of_60(cells: int, doubtful: bool) -> None:
    assert is_degenerate(labelled(4, cells, "0")) is doubtful


@pytest.mark.parametrize(("different", "doubtful"), [(10, True), (11, False)])
def test_400_marks_want_labels_of_their_own_in_more_than_half_of_the_rows(
    different: int, doubtful: bool
) -> None:
    rows = [(1, [f"Row {number}", *["0"] * 24]) for number in range(different - 1)]
    assert is_degenerate(table(*rows, (21 - different, ["Row", *["0"] * 24]))) is doubtful


@pytest.mark.parametrize(("marks", "doubtful"), [(95, False), (96, True)])
def test_marks_without_labels_fill_95_percent_of_a_table_at_most(
    marks: int, doubtful: bool
) -> None:
    signed = 100 - marks
    rows = ((signed, ["all", *["0"] * 9]), (10 - signed, ["0"] * 10))
    assert is_degenerate(table(*rows)) is doubtful


@pytest.mark.parametrize(("marks", "doubtful"), [(399, False), (400, True)])
def test_marks_without_labels_are_fewer_than_400(marks: int, doubtful: bool) -> None:
    plain = ["a", "b", "c", "d", "e", *["0"] * 20]
    one = plain if marks == 400 else ["f", *plain[:5], *["0"] * 19]
    assert is_degenerate(table((19, plain), (1, one))) is doubtful


def test_a_table_is_judged_behind_other_tags_too() -> None:
    assert is_degenerate("<center>Stock</center>" + degenerate("Timber, sawn", 43, 17))


def test_rows_begin_where_their_tag_stands_though_none_is_closed() -> None:
    assert judged(labelled(20, 9, "0").replace("</tr>", "")) == ""


def test_lines_that_only_end_with_a_bar_are_no_table() -> None:
    lines = [f"{number} boats |{'Timber|' * 4}" for number in range(20)]
    assert judged("\n".join(lines)) == ""
    assert is_degenerate("\n".join(f"| {line}" for line in lines))


def noise(length: int) -> str:
    """Return small letters without order."""
    return "".join(random.Random(3).choices("abcdefghij", k=length))


def unit_of(length: int) -> str:
    """Return capitals, among which nothing repeats for long."""
    return "".join(random.Random(4).choices("KLMNOPQRSTUVWXYZ", k=length))


@pytest.mark.parametrize(
    ("before", "unit", "stretch"),
    [
        pytest.param(2000, 1, 501, id="500 characters, of a letter"),
        pytest.param(2000, 2, 502, id="500 characters, of a syllable"),
        pytest.param(2000, 7, 507, id="500 characters, of a word"),
        pytest.param(2000, 200, 1000, id="five copies in a long text"),
        pytest.param(200, 20, 201, id="more than half of a short one"),
        pytest.param(201, 20, 202, id="more than half of a short one again"),
        pytest.param(50, 20, 120, id="120 characters at least"),
        pytest.param(50, 6, 120, id="120 characters of a short word"),
        pytest.param(100, 60, 300, id="five copies in a short text"),
        pytest.param(100, 2000, 10_000, id="the longest unit"),
    ],
)
def test_text_is_repeated_from_so_many_characters_on(before: int, unit: int, stretch: int) -> None:
    said = unit_of(unit)
    loop = (said * (stretch // unit + 1))[:stretch]
    assert judged(noise(before) + loop) == (
        f"The model wrote “{said[:40]}” {stretch // unit} times in a row."
    )
    assert judged(noise(before) + loop[:-1]) == ""


def test_a_unit_of_more_than_2000_characters_is_a_text_in_copies() -> None:
    assert judged(noise(100) + unit_of(2001) * 5) == ""


@pytest.mark.parametrize(("length", "doubtful"), [(6001, True), (6000, False)])
def test_6000_signs_of_filler_are_too_many(length: int, doubtful: bool) -> None:
    said = "The model wrote “.” 6001 times in a row."
    assert judged("." * length) == (said if doubtful else "")


COMMON = ("The tide is in.", "The tide is out", "The boat is in.", "The ship is in.",
          "The boat is out")  # fmt: skip


def mixed(lines: int, kinds: int, length: int = 15) -> list[str]:
    """Return lines of a few kinds, as many of each, in no order."""
    every = [COMMON[number % kinds][-length:] for number in range(lines)]
    random.Random(8).shuffle(every)
    return every


def other_lines(count: int) -> list[str]:
    return [noise(2000)[20 * number :][:20] for number in range(count)]


@pytest.mark.parametrize(
    ("lines", "doubtful"),
    [
        pytest.param(mixed(30, 3), True, id="30 lines"),
        pytest.param(mixed(29, 3), False, id="29 are too few to say"),
        pytest.param(mixed(22, 3) + other_lines(8), True, id="22 of 30"),
        pytest.param(mixed(21, 3) + other_lines(9), False, id="21 of 30 are 70 percent"),
        pytest.param(mixed(40, 4), True, id="three of four make 75 percent"),
        pytest.param(mixed(40, 5), False, id="three of five make 60 percent"),
        pytest.param(mixed(40, 3, 14), False, id="14 characters are a short line"),
        pytest.param(mixed(100, 3, 14) + other_lines(30), False, id="short lines do not count"),
        pytest.param(["_" * 20, "." * 20, "- " * 10] * 4 + other_lines(4), False, id="filler"),
    ],
)
def test_lines_are_the_same_few_if_three_make_up_70_percent_of_30_long_ones(
    lines: list[str], doubtful: bool
) -> None:
    assert ("again and again" in judged("\n".join(lines))) is doubtful


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a" * 30, "Of 30 characters that the model read, 30 are the letter 'a'."),
        ("a" * 29, ""),
        ("a" * 31 + noise(19).upper(), "Of 50 characters that the model read, 31 are the letter"
                                       " 'a'."),
        ("a" * 30 + noise(20).upper(), ""),  # 60 percent
        ("1" * 40, ""),
        ("<td>a</td>" * 40, ""),
    ],
)  # fmt: skip
def test_one_letter_is_more_than_60_percent_of_30_characters(text: str, said: str) -> None:
    assert judged(text) == said


def test_every_label_of_text_without_text_is_text_that_was_not_read() -> None:
    labels = ("text", "title", "sub_title", "table", "equation")
    text = "".join(grounded(label, "", 1, 2) for label in labels)
    assert judged(text) == "The model found text on the page but read none of it."
    assert judged(text + grounded("image", "", 3, 4)) == ""


@pytest.mark.parametrize("finished", ["length", "context"])
def test_a_page_without_an_end_is_doubted(finished: str) -> None:
    assert "did not come to an end" in judged(PLAIN, finished)


@pytest.mark.parametrize("finished", ["", "cancelled"])
def test_a_page_that_was_broken_off_is_doubted(finished: str) -> None:
    assert judged(PLAIN, finished) == "The page was not read to its end."


def test_a_loop_is_named_rather_than_the_limit_that_ended_it() -> None:
    assert "in a row" in judged(PLAIN + LOOPS["a sentence"], "length")


@pytest.mark.parametrize(
    "text",
    [
        "", " \n", "<table></table>", "<center> </center>",
        "<|ref|>text<|/ref|><|det|>[[1, 2, 3, 4",
        grounded("text", "", 1, 2) + grounded("title", " ", 3, 4), "text[[1, 2, 3, 4]]\n",
    ],
)  # fmt: skip
def test_nothing_read_is_doubted_where_there_is_ink(text: str) -> None:
    assert "read no" in judged(text)
    assert judge(text, finished="eos", has_ink=False) == ""


@pytest.mark.parametrize("letter", ["A", "l ", "щ", "x\n"])
def test_one_repeated_letter_is_doubted(letter: str) -> None:
    assert "are the letter" in judged(letter * 40)
    assert "are the letter" in judged("<|ref|>text<|/ref|>" + letter * 40 + " some other words")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (grounded("title", "# Tide", 1, 2), "# Tide"),
        ("text[[1, 2, 3, 4], [5, 6, 7, 8]]Tide", "Tide"),
        ("<center>Tide</center>", "Tide"),
        ("a < b and c > d", "a < b and c > d"),
        ("<|ref|>text<|/ref|><|det|>[[1, 2", ""),
        ("Tide<｜end▁of▁sentence｜>", "Tide"),
        ("see [[3]] and [4]", "see   and [4]"),
    ],
)
def test_what_is_visible_is_neither_labels_nor_boxes_nor_tags(text: str, seen: str) -> None:
    assert visible(text) == seen


def test_rows_become_lines_and_cells_tabs() -> None:
    assert as_read("<tr><td>a</td><td>b</td></tr>").split("\n")[1].split("\t") == [
        "", "a", "", "b", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "content"),
    [("....", False), ("0.00", False), ("| - |", False), ("☐", False), ("<td></td>", False),
     ("5", True), ("é", True), ("潮", True), ("[[1, 2, 3, 4]]", True)],
)  # fmt: skip
def test_content_is_a_letter_a_number_or_a_box(text: str, *, content: bool) -> None:
    assert has_content(text) is content


PIECES = ["<td>", "</td>", "<tr>", "<table>", "<|ref|>", "<|/ref|>", "<|det|>", "[[1, 2", "]]",
          "\n", "|", "tide", " 0", "\ud800", "<", "text", "潮"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5)), st.integers(1, 60))
@settings(deadline=None, max_examples=150)
def test_any_text_is_judged(pieces: list[str], times: int) -> None:
    text = "".join(pieces) * times
    assert isinstance(judged(text), str)
    assert judged(text, "length")


@pytest.mark.parametrize("piece", ["[", "<", "<|ref|>", "<|det|>[[", "<td>", "<a ", "[[1,", "|\n"])
def test_judging_garbage_takes_no_more_work_than_a_page(piece: str) -> None:
    """A pattern that backtracks would take minutes here, and the test's limit ends it."""
    assert judged(piece * (30000 // len(piece)), "length")


def tasks(kind: str) -> Iterator[Task]:
    sizes = ("", *SIZES) if kind == "deepseek-ocr" else ("",)
    for mode, size in itertools.product(MODES[kind], sizes):
        target = "the total" if mode == "locate" else ""
        prompt = "List the names." if mode == "prompt" else ""
        yield Task(mode, target, prompt, size)


@pytest.mark.parametrize("kind", ["deepseek-ocr", "deepseek-ocr-2"])
def test_every_ladder_starts_as_asked_and_takes_at_most_four_different_retries(kind: str) -> None:
    for task in tasks(kind):
        first, *retries = ladder(kind, task)
        assert (first.task, first.repeat, first.temperature) == (task, repeat_rule(kind), 0.0)
        assert 1 <= len(retries) <= 4
        assert len({first, *retries}) == 1 + len(retries)
        for attempt in retries:
            assert prompt_of(kind, attempt.task)
            assert view_spec(kind, attempt.task.size)
            assert attempt.task.target == task.target


def test_a_page_is_retried_stricter_in_another_size_as_free_text_and_warmer() -> None:
    strict = RepeatRule(15, 256)
    assert ladder("deepseek-ocr", Task()) == (
        Attempt(Task(), RepeatRule(30, 90), 0.0),
        Attempt(Task(), strict, 0.0),
        Attempt(Task(size="base"), strict, 0.0),
        Attempt(Task("text"), strict, 0.0),
        Attempt(Task(), strict, 0.2),
    )
    assert [attempt.task.mode for attempt in ladder("deepseek-ocr-2", Task())] == [
        "markdown", "markdown", "text", "markdown",
    ]  # fmt: skip


@pytest.mark.parametrize("mode", sorted(set(EVERY_MODE) - {"markdown", "text"}))
def test_what_has_no_second_prompt_is_only_read_warmer(mode: str) -> None:
    attempts = ladder("deepseek-ocr", Task(mode, target="x", prompt="y"))
    assert {attempt.task.mode for attempt in attempts} == {mode}
    assert {attempt.repeat for attempt in attempts} == {repeat_rule("deepseek-ocr")}
    assert [attempt.temperature for attempt in attempts] == [0.0, 0.2, 0.5]


def test_the_stricter_rule_is_stricter_than_either_models() -> None:
    for kind in ("deepseek-ocr", "deepseek-ocr-2"):
        rule = repeat_rule(kind)
        assert STRICT.ngram < rule.ngram
        assert STRICT.window > rule.window
