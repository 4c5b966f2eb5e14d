"""The cache is divided for the pages that there are, and no running page loses its slot by it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch

from ocrd.engine.deepseek.slots.division import Division
from ocrd.engine.deepseek.slots.generation import Generation, Rules
from ocrd.engine.deepseek.slots.kvcache import SlotCache
from ocrd.engine.deepseek.slots.running import Running
from ocrd.engine.deepseek.slots.slotplan import SlotPlan
from ocrd.engine.deepseek.slots.slots import Slots
from ocrd.engine.deepseek.slots.waiting import Page

CONFIG = SimpleNamespace(num_hidden_layers=1, num_key_value_heads=1, head_dim=2)
# Four slots of 96 tokens, or three of 128, two of 192, one of 384.
PLAN = SlotPlan(budget=384, max_slots=4, context=384, step=32, typical=96)


def division(window: int = 0) -> tuple[Division, Any]:
    cache = SlotCache(CONFIG, torch.device("cpu"), torch.float32, PLAN.max_slots)
    slots = SimpleNamespace(cache=cache, window=window, clear=lambda _: None)
    running = Running(cast("Slots", slots))
    return Division(cast("Slots", slots), running, PLAN), SimpleNamespace(
        cache=cache, running=running
    )


def page(prompt: int, length: int = 0, most: int = PLAN.context) -> Page:
    return Page(
        generation=Generation(lambda: None), rules=Rules(9), prompt=range(prompt), image=None,
        due=9, order=(prompt,), on_taken=lambda: None, most=most, length=length,
    )  # fmt: skip


def test_it_begins_with_what_is_typical_and_is_told_before() -> None:
    made, there = division()
    assert made.length == 96 and there.cache.length == 0
    assert made.find_room(20, [])
    assert (there.cache.slots, there.cache.length, made.length) == (4, 96, 96)


@pytest.mark.parametrize(
    ("lengths", "wanted", "slots"),
    [
        ([], 97, 3), ([50], 97, 3), ([50, 60], 128, 3), ([50, 60, 70], 97, 0),
        ([50], 129, 2), ([50, 60], 129, 0), ([150], 20, 2), ([150, 150], 20, 0),
        ([], 380, 1), ([1], 380, 0),
    ],
)  # fmt: skip
def test_there_is_room_where_all_slots_can_be_as_long_as_the_longest_page(
    lengths: list[int], wanted: int, slots: int
) -> None:
    made, there = division()
    made.lay_out(96 if max(lengths, default=0) < 96 else 160)
    for length in lengths:
        there.running.enter(page(1, length))
    assert made.find_room(wanted, []) is bool(slots)
    if slots:
        assert there.cache.slots == slots
        assert there.cache.length >= wanted


def test_pages_that_are_about_to_enter_count_with_what_they_need() -> None:
    made, there = division()
    assert made.find_room(20, [page(10), page(20), page(30)])
    assert not made.find_room(20, [page(10), page(20), page(30), page(40)])
    assert not made.find_room(20, [page(10), page(128), page(30)])
    assert there.cache.length == 96


def test_slots_that_were_lengthened_for_a_page_that_left_become_short_again() -> None:
    made, there = division()
    made.lay_out(192)
    there.running.enter(page(1, 20))
    there.running.enter(page(1, 30))
    assert made.find_room(20, [])
    assert (there.cache.slots, there.cache.length) == (4, 96)


def test_growing_keeps_what_the_running_pages_hold_or_does_nothing() -> None:
    made, there = division()
    made.lay_out(96)
    for number in range(3):
        there.running.enter(page(1, 90))
        there.cache.planes[:, number, :90] = number + 1.0
    assert made.grow(96) and there.cache.length == 96
    assert made.grow(97) and (there.cache.slots, there.cache.length) == (3, 128)
    assert not made.grow(129) and there.cache.length == 128
    for number in range(3):
        assert bool((there.cache.planes[:, number, :90] == number + 1.0).all())


@pytest.mark.parametrize(("window", "most", "first"), [(0, PLAN.context, 41), (16, 56, 56)])
def test_a_window_fixes_what_a_page_needs(window: int, most: int, first: int) -> None:
    made, _ = division(window)
    assert made.most(range(40)) == most
    assert made.at_first(page(40, most=most)) == first
