"""Whether a recorded step computes what it should from what it finds: tried before it is trusted.

A recording holds its outputs from the time of recording. One that is empty, or that read its inputs
then and not now, looks right as long as neither is touched. So both are: the inputs are moved to
other values and the outputs spoilt, and only then the recording has to agree with the plain step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

SPOILT = -(2**40)  # what an output of whole numbers holds before: no token, no position
TOLERANCE = 2e-2  # of the largest value: bfloat16 has 8 bits, and its rounding adds up


class StaleGraphError(RuntimeError):
    """A recording does not do what the step does."""


def require_fresh(
    *,
    replay: Callable[[], object],
    plain: Callable[[], Sequence[Tensor]],
    outputs: Sequence[Tensor],
    state: Sequence[Tensor],
    move: Callable[[], None],
    tolerance: float = TOLERANCE,
) -> None:
    """Raise StaleGraphError unless ``replay`` gives in ``outputs`` what ``plain`` returns.

    ``state`` is all that the step reads and changes: it is the same afterwards. ``move`` changes
    those of it that decide what comes out, in place. Whole numbers have to be equal, others as
    far as ``tolerance`` of the largest.
    """
    before = [tensor.clone() for tensor in state]
    try:
        move()
        moved = [tensor.clone() for tensor in state]
        expected = [tensor.clone() for tensor in plain()]
        _put(moved, state)
        for output in outputs:
            spoil(output)
        replay()
        for number, (found, wanted) in enumerate(zip(outputs, expected, strict=True)):
            _compare(number, found, wanted, tolerance)
    finally:
        _put(before, state)


def spoil(output: Tensor) -> None:
    """Fill a tensor with what no step writes."""
    if output.dtype.is_floating_point:
        output.fill_(torch.nan)
    else:
        output.fill_(max(SPOILT, torch.iinfo(output.dtype).min))


def _put(values: Sequence[Tensor], tensors: Sequence[Tensor]) -> None:
    for value, tensor in zip(values, tensors, strict=True):
        tensor.copy_(value)


def _compare(number: int, found: Tensor, wanted: Tensor, tolerance: float) -> None:
    if not found.dtype.is_floating_point:
        wrong = int((found != wanted).sum())
        if wrong:
            raise StaleGraphError(f"{wrong} of {found.numel()} values of output {number} are wrong")
        return
    if not bool(found.isfinite().eq(wanted.isfinite()).all()):
        raise StaleGraphError(f"output {number} was not computed")
    finite = wanted.isfinite()
    difference = (found.float() - wanted.float())[finite].abs()
    largest = wanted.float()[finite].abs()
    if difference.numel() and not bool(difference.max() <= tolerance * largest.max()):
        raise StaleGraphError(f"output {number} is off by {float(difference.max()):.3g}")
