"""What torch is asked to do: operations counted, and those named for which the host has to wait.

On meta tensors nothing is computed and everything is dispatched, so that a network of full size can
be counted anywhere. An operation is counted as torch has it for GPUs, in inference mode: a norm, an
attention or a product is one. What only looks at memory in another way costs nothing there.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

# They take memory or look at it, and launch nothing.
FREE = frozenset("empty empty_like empty_strided new_empty resolve_conj resolve_neg".split())
# The host has to know what the device has computed.
WAITING = frozenset(
    "_local_scalar_dense item tolist nonzero nonzero_numpy masked_select equal is_nonzero bincount"
    " unique _unique _unique2 unique_consecutive unique_dim repeat_interleave".split()
)
STAGING = "network/staging.py"  # the one door for what the host hands over


class Operations(TorchDispatchMode):  # type: ignore[misc]
    """Counts what is asked for within, and collects what the host would wait for.

    ``device`` stands for the GPU's. Whatever goes between it and another one makes the host wait,
    unless the module for that does it.
    """

    def __init__(self, device: str = "meta") -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self.waits: list[str] = []
        self._device = device

    @property
    def count(self) -> int:
        """Return how many there were."""
        return self.counts.total()

    def __torch_dispatch__(
        self, function: Any, _types: Any, arguments: Any = (), options: Any = None
    ) -> Any:
        name = function._schema.name.partition("::")[2]
        found = function(*arguments, **(options or {}))
        given = [*_tensors(arguments)]
        made = [*_tensors([found])]
        if name in WAITING or (self._is_mixed([*given, *made]) and not _is_staged()):
            self.waits.append(str(function))
        if name not in FREE and not _is_view(given, made):
            self.counts[name] += 1
        return found

    def _is_mixed(self, tensors: Iterable[torch.Tensor]) -> bool:
        devices = {tensor.device.type for tensor in tensors}
        return self._device in devices and len(devices) > 1


def _is_view(given: list[torch.Tensor], made: list[torch.Tensor]) -> bool:
    """Say whether all that came is an argument's memory, seen as another tensor."""
    if not given or not made or any(one is other for one in made for other in given):
        return False  # in place
    held = {one.untyped_storage()._cdata for one in given}
    return all(one.untyped_storage()._cdata in held for one in made)


def _is_staged() -> bool:
    frame = sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename.endswith(STAGING):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


def _tensors(values: Any) -> Iterator[torch.Tensor]:
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors(value)
