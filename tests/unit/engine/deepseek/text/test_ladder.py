"""What is tried in turn with a page that ran away."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from ocrd.engine.deepseek.network.preprocessing import view_spec
from ocrd.engine.deepseek.text.ladder import STRICT, Attempt, ladder
from ocrd.engine.deepseek.text.prompts import RepeatRule, prompt_of, repeat_rule
from ocrd.tasks import EVERY_MODE, MODES, SIZES_OF, Task

KINDS = ("deepseek-ocr", "deepseek-ocr-2", "unlimited-ocr")


def tasks(kind: str) -> Iterator[Task]:
    sizes = ("", *SIZES_OF.get(kind, ()))
    for mode, size in itertools.product(MODES[kind], sizes):
        target = "the total" if mode == "locate" else ""
        prompt = "List the names." if mode == "prompt" else ""
        yield Task(mode, target, prompt, size)


@pytest.mark.parametrize("kind", KINDS)
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
    # One prompt for both: the other size is what may help.
    assert ladder("unlimited-ocr", Task(size="base")) == (
        Attempt(Task(size="base"), RepeatRule(35, 128), 0.0),
        Attempt(Task(size="base"), strict, 0.0),
        Attempt(Task(size="gundam"), strict, 0.0),
        Attempt(Task(size="base"), strict, 0.2),
    )


@pytest.mark.parametrize("mode", sorted(set(EVERY_MODE) - {"markdown", "text"}))
def test_what_has_no_second_prompt_is_only_read_warmer(mode: str) -> None:
    attempts = ladder("deepseek-ocr", Task(mode, target="x", prompt="y"))
    assert {attempt.task.mode for attempt in attempts} == {mode}
    assert {attempt.repeat for attempt in attempts} == {repeat_rule("deepseek-ocr")}
    assert [attempt.temperature for attempt in attempts] == [0.0, 0.2, 0.5]


def test_the_stricter_rule_is_stricter_than_either_models() -> None:
    for kind in KINDS:
        rule = repeat_rule(kind)
        assert STRICT.ngram < rule.ngram
        assert STRICT.window > rule.window
