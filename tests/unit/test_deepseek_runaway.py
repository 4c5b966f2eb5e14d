"""Runaways are told from pages that repeat themselves for a reason."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrd.engine.deepseek.preprocessing import view_spec
from ocrd.engine.deepseek.prompts import (
    DET,
    DET_END,
    REF,
    REF_END,
    TD,
    TD_END,
    TR,
    TR_END,
    prompt_of,
    repeat_rule,
)
from ocrd.engine.deepseek.repetition import Periods, runs
from ocrd.engine.deepseek.runaway import (
    BLOCK,
    REPEATED_TOKENS,
    RETRY_TEMPERATURE,
    STALE_EVERY,
    STALE_WINDOW,
    STRICT,
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


@given(st.lists(st.integers(0, 2), max_size=200), st.integers(1, 40))
@settings(deadline=None)
def test_matched_counts_are_those_of_a_plain_loop(tokens: list[int], size: int) -> None:
    periods = Periods(25)
    for start in range(0, len(tokens), size):
        periods.take(np.array(tokens[start : start + size], np.int32))
    for period in range(1, 26):
        assert periods.matched[period - 1] == matched_at_the_end(tokens, period)


def matched_at_the_end(tokens: list[int], period: int) -> int:
    count = 0
    for index in range(len(tokens) - 1, period - 1, -1):
        if tokens[index] != tokens[index - period]:
            break
        count += 1
    return count


@given(st.lists(st.integers(0, 1), max_size=60), st.integers(1, 8), st.integers(1, 6))
def test_runs_are_those_of_a_plain_loop(tokens: list[int], period: int, least: int) -> None:
    expected = []
    repeated = [
        index >= period and tokens[index] == tokens[index - period] for index in range(len(tokens))
    ]
    for is_run, group in itertools.groupby(range(len(tokens)), key=repeated.__getitem__):
        places = list(group)
        if is_run and len(places) >= least:
            expected.append((places[0], len(places)))
    assert runs(np.array(tokens, np.int32), period, least) == expected


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
    _, strict, other, free, warm = ladder("deepseek-ocr", Task())
    assert (strict.repeat, strict.task) == (STRICT, Task())
    assert other.task == Task(size="base")
    assert free.task == Task("text")
    assert (warm.task, warm.temperature) == (Task(), RETRY_TEMPERATURE)
    assert [attempt.task.mode for attempt in ladder("deepseek-ocr-2", Task())] == [
        "markdown", "markdown", "text", "markdown",
    ]  # fmt: skip


@pytest.mark.parametrize("mode", sorted(set(EVERY_MODE) - {"markdown", "text"}))
def test_what_has_no_second_prompt_is_only_read_warmer(mode: str) -> None:
    attempts = ladder("deepseek-ocr", Task(mode, target="x", prompt="y"))
    assert {attempt.task.mode for attempt in attempts} == {mode}
    assert {attempt.repeat for attempt in attempts} == {repeat_rule("deepseek-ocr")}
    assert [attempt.temperature for attempt in attempts] == sorted(
        attempt.temperature for attempt in attempts
    )


def test_the_stricter_rule_is_stricter_than_either_models() -> None:
    for kind in ("deepseek-ocr", "deepseek-ocr-2"):
        rule = repeat_rule(kind)
        assert STRICT.ngram < rule.ngram
        assert STRICT.window > rule.window
