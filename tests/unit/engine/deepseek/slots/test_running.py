"""Pages sit in the first slots without gaps, and each finds in its slot what is its own."""

from __future__ import annotations

import random
from typing import Any, cast

import pytest

from ocrd.engine.deepseek.slots.generation import Generation, Rules
from ocrd.engine.deepseek.slots.running import Running
from ocrd.engine.deepseek.slots.slots import Draw, Slots
from ocrd.engine.deepseek.slots.waiting import Page


class Shelf:
    """Stands for the device: what each slot holds, and nothing in one that was cleared."""

    def __init__(self, slots: int) -> None:
        self.held: list[tuple[int, int] | None] = [None] * slots  # whose, how many tokens of it

    def save(self, slot: int, length: int) -> Any:
        held = self.held[slot]
        assert held is not None and held[1] == length
        return held

    def restore(self, slot: int, saved: Any) -> None:
        assert self.held[slot] is None
        self.held[slot] = saved

    def move(self, source: int, target: int, length: int) -> None:
        held = self.held[source]
        assert held is not None and held[1] == length
        self.held[target] = held

    def clear(self, slot: int) -> None:
        self.held[slot] = None


def page(number: int, rules: Rules | None = None) -> Page:
    return Page(
        generation=Generation(lambda: None), rules=rules or Rules(9), prompt=[number], image=None,
        due=9, order=(number,), on_taken=lambda: None, most=99,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_whoever_enters_leaves_is_parked_or_comes_back_the_slots_agree(seed: int) -> None:
    chance = random.Random(seed)
    shelf = Shelf(9)
    running = Running(cast("Slots", shelf))
    parked: list[Page] = []
    for number in range(200):
        step = chance.choice(["enter", "leave", "park", "back", "decode"])
        some = chance.choice(running.pages) if len(running) else None
        if step == "enter" and len(running) < 9:
            new = page(number)
            new.length = chance.randint(1, 5)
            shelf.held[len(running)] = (number, new.length)
            running.enter(new)
        elif step == "leave" and some:
            running.leave(some)
            assert some.slot is None
        elif step == "park" and some:
            running.park(some)
            parked.append(some)
        elif step == "back" and parked and len(running) < 9:
            running.come_back(parked.pop())
        elif step == "decode":
            for one in running:
                one.length += 1
                shelf.held[cast("int", one.slot)] = (one.prompt[0], one.length)
        pages = running.pages
        assert [one.slot for one in pages] == list(range(len(pages)))
        assert [one.saved for one in pages] == [None] * len(pages)
        held = [(one.prompt[0], one.length) for one in pages]
        assert shelf.held == held + [None] * (9 - len(pages))
        assert running.longest == max((one.length for one in pages), default=0)


def test_only_pages_with_a_temperature_draw_each_for_its_own_next_token() -> None:
    running = Running(cast("Slots", Shelf(3)))
    pages = [page(0), page(1, Rules(9, temperature=0.5, seed=7)), page(2)]
    for number, one in enumerate(pages):
        one.asked = number + 3
        running.enter(one)
    assert running.draws == [Draw(1, 0.5, 7, 4)]
