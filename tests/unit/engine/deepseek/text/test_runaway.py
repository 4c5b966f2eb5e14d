"""Runaways are told from pages that repeat themselves for a reason."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrd.engine.deepseek.text.runaway import judge
from ocrd.engine.deepseek.text.watch import BLOCK, REPEATED_TOKENS, STALE_EVERY, STALE_WINDOW
from ocrd.job import Ink
from tests.unit.engine.deepseek.text.answers import LOOPS, PLAIN, Vocabulary, watched
from tests.unit.soundpages import SOUND_PAGES, grounded, html, prose


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


def test_a_page_of_nothing_but_filler_is_doubted() -> None:
    assert judged("." * 10000)
    assert judged("_" * 3000) == ""


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


def held(text: str, ink: Ink) -> str:
    return judge(text, finished="eos", has_ink=True, ink=ink)


@pytest.mark.parametrize(
    ("rows", "missing", "doubtful"), [(10, 1e-6, True), (10, 0.0, False), (9, 0.0019, False)]
)
def test_ten_empty_rows_want_ink_for_their_rules(
    rows: int, missing: float, doubtful: bool
) -> None:
    text = html([["Item", "Price"], *[["", ""]] * rows])
    ink = Ink(5, 100, 10 * 1e-4 + 100 * 1e-5 - missing)
    assert ("empty rows" in held(text, ink)) is doubtful


def equal_lines(count: int, length: int, less: int = 0) -> str:
    """Return so many lines of so many letters, the last of them shorter."""
    line = unit_of(length)
    return "\n".join([line] * (count - 1) + [line[: length - less]])


@pytest.mark.parametrize(
    ("text", "ink", "sound"),
    [
        pytest.param(equal_lines(45, 10), Ink(45, 1000, 0.1), True, id="45 percent"),
        pytest.param(equal_lines(45, 10, 1), Ink(45, 1000, 0.1), False, id="a letter less"),
        pytest.param(equal_lines(35, 50), Ink(35, 1000, 0.1), True, id="175 percent"),
        pytest.param(equal_lines(35, 50) + "X", Ink(35, 1000, 0.1), False, id="a letter more"),
        pytest.param(equal_lines(33, 30), Ink(20, 1000, 0.1), True, id="half as many rows more"),
        pytest.param(equal_lines(34, 30), Ink(20, 1000, 0.1), False, id="one more than these"),
        pytest.param(equal_lines(12, 80), Ink(80, 1000, 0.1), True, id="rows counted in parts"),
        pytest.param(equal_lines(12, 80), Ink(81, 1000, 0.1), False, id="in more than these"),
    ],
)
def test_lines_may_be_equal_if_they_are_about_as_much_as_the_page(
    text: str, ink: Ink, sound: bool
) -> None:
    assert judged(text)
    assert (held(text, ink) == "") is sound
