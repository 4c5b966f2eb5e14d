"""A recording that does nothing, or always the same, is found out; a right one is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from ocrd.engine.deepseek.slots.freshness import StaleGraphError, require_fresh, spoil


class Machine:
    """A step with a state: tokens go in, tokens and scores come out, positions move on."""

    def __init__(self) -> None:
        self.tokens = torch.tensor([3, 1, 4])
        self.positions = torch.tensor([7, 8, 9])
        self.recorded = self.compute()  # what a recording keeps from its time

    def compute(self) -> list[Tensor]:
        scores = (self.tokens * 10 + self.positions).float()
        return [self.tokens * 2 + 1, scores]

    def step(self) -> list[Tensor]:
        found = self.compute()
        self.tokens.copy_(found[0])
        self.positions += 1
        return found

    def move(self) -> None:
        self.tokens += 5

    def check(self, replay: Callable[[], object]) -> None:
        require_fresh(
            replay=replay, plain=self.step, outputs=self.recorded,
            state=[self.tokens, self.positions], move=self.move,
        )  # fmt: skip

    def replay(self) -> None:
        """Do what a right recording does: the step, into the outputs of its recording."""
        for output, found in zip(self.recorded, self.step(), strict=True):
            output.copy_(found)


def test_a_right_recording_passes_and_nothing_has_changed() -> None:
    machine = Machine()
    machine.check(machine.replay)
    assert machine.tokens.tolist() == [3, 1, 4]
    assert machine.positions.tolist() == [7, 8, 9]


def test_an_empty_recording_cannot_pass() -> None:
    machine = Machine()
    with pytest.raises(StaleGraphError, match="output 0"):
        machine.check(lambda: None)
    assert machine.tokens.tolist() == [3, 1, 4]


def test_a_recording_that_gives_what_it_gave_when_it_was_made_cannot_pass() -> None:
    machine = Machine()
    first = [output.clone() for output in machine.recorded]

    def replay() -> None:
        for output, old in zip(machine.recorded, first, strict=True):
            output.copy_(old)

    with pytest.raises(StaleGraphError, match="3 of 3 values of output 0"):
        machine.check(replay)


@pytest.mark.parametrize("left_out", [0, 1])
def test_a_recording_that_leaves_one_output_as_it_was_cannot_pass(left_out: int) -> None:
    machine = Machine()

    def replay() -> None:
        kept = machine.recorded[left_out].clone()
        machine.replay()
        machine.recorded[left_out].copy_(kept)

    with pytest.raises(StaleGraphError, match=f"output {left_out}"):
        machine.check(replay)


def test_numbers_may_differ_by_their_rounding_and_no_further() -> None:
    for factor, passes in ((1.001, True), (1.1, False)):
        machine = Machine()

        def replay(machine: Machine = machine, factor: float = factor) -> None:
            machine.replay()
            machine.recorded[1].mul_(factor)

        if passes:
            machine.check(replay)
        else:
            with pytest.raises(StaleGraphError, match="output 1 is off by"):
                machine.check(replay)


def test_banned_scores_are_no_fault() -> None:
    scores = torch.tensor([1.0, -torch.inf])
    output = scores.clone()
    require_fresh(
        replay=lambda: output.copy_(scores), plain=lambda: [scores], outputs=[output],
        state=[], move=lambda: None,
    )  # fmt: skip


def test_an_error_of_the_step_leaves_the_state_as_it_was() -> None:
    machine = Machine()

    def replay() -> None:
        machine.positions += 100
        raise torch.OutOfMemoryError("injected")

    with pytest.raises(torch.OutOfMemoryError):
        machine.check(replay)
    assert machine.positions.tolist() == [7, 8, 9]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.int64, torch.int32])
def test_what_is_spoilt_holds_nothing_that_a_step_writes(dtype: torch.dtype) -> None:
    output = torch.zeros(3, dtype=dtype)
    spoil(output)
    assert not bool((output >= 0).any())
