"""Wherever a page is, it ends once, its image is let go, and nobody holds it any more."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch

from ocrd.engine.deepseek.slots.generation import Generation, Rules
from ocrd.engine.deepseek.slots.pages import Pages
from ocrd.engine.deepseek.slots.slots import Slots
from ocrd.engine.deepseek.slots.step import Round
from ocrd.engine.deepseek.slots.waiting import Page


def pages() -> Pages:
    slots = SimpleNamespace(
        save=lambda slot, length: ("saved", slot, length), restore=lambda *_: None,
        move=lambda *_: None, clear=lambda _: None,
    )  # fmt: skip
    return Pages(cast("Slots", slots))


def page(number: int, taken: list[int], *, due: int = 9, most_new: int = 9) -> Page:
    return Page(
        generation=Generation(lambda: None), rules=Rules(most_new), prompt=[number], image=object(),
        due=due, order=(number,), on_taken=lambda: taken.append(number), most=99,
    )  # fmt: skip


def run(held: Pages, one: Page) -> None:
    one.asked, one.length = 1, 3
    held.running.enter(one)


def park(held: Pages, one: Page) -> None:
    run(held, one)
    held.park(one)


PLACES: dict[str, Callable[[Pages, Page], None]] = {
    "arrived": lambda held, one: held.arrived.append(one),
    "waiting": lambda held, one: held.waiting.push(one),
    "entering": lambda held, one: held.entering.append(one),
    "running": run,
    "parked": park,
}


@pytest.mark.parametrize("place", PLACES)
def test_all_end_wherever_they_are(place: str) -> None:
    held, taken = pages(), list[int]()
    some = [page(number, taken) for number in range(3)]
    for one in some:
        PLACES[place](held, one)
    held.end_all("failed", fault := ValueError("x"))
    assert [(one.generation.finished, one.generation.error) for one in some] == [
        ("failed", fault)
    ] * 3
    assert sorted(taken) == [0, 1, 2]
    assert not held and held.idle


@pytest.mark.parametrize("place", ["waiting", "running", "parked"])
def test_one_ends_and_the_others_stay(place: str) -> None:
    held, taken = pages(), list[int]()
    some = [page(number, taken) for number in range(3)]
    for one in some:
        PLACES[place](held, one)
    held.end(some[1], "eos")
    assert some[1].generation.finished == "eos" and taken == [1]
    left: Any = {
        "waiting": held.waiting.pages, "running": held.running.pages, "parked": held.parked,
    }[place]  # fmt: skip
    assert {one.prompt[0] for one in left} == {0, 2}


def test_who_arrives_waits_and_who_can_say_nothing_ends() -> None:
    held, taken = pages(), list[int]()
    waits, full, unasked = (
        page(0, taken), page(1, taken, due=0), page(2, taken, due=0, most_new=0),
    )  # fmt: skip
    held.arrived.extend([waits, full, unasked])
    held.receive()
    assert held.waiting.pages == [waits] and not held.arrived
    assert (full.generation.finished, unasked.generation.finished) == ("context", "length")
    assert taken == [1, 2]
    waits.generation.cancel()
    held.receive()
    assert waits.generation.finished == "cancelled" and not held


def test_all_retreat_and_come_back_in_their_order() -> None:
    held, taken = pages(), list[int]()
    entering, *running = [page(number, taken) for number in range(4)]
    held.entering.append(entering)
    for one in (running[2], running[0], running[1]):
        run(held, one)
    held.retreat()
    assert held.waiting.pages == [entering] and held.entering == []
    assert held.parked == running and len(held.running) == 0
    held.come_back(running[0])
    assert held.running.pages == [running[0]] and held.parked == running[1:]
    assert running[0].saved is None and taken == []


def test_tokens_under_way_are_something_to_do() -> None:
    held, taken = pages(), list[int]()
    assert not held and held.idle
    held.under_way.send([page(0, taken)], Round(torch.tensor([5]), torch.tensor([-0.5])))
    assert held and not held.idle
