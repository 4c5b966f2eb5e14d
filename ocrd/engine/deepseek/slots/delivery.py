"""Tokens on their way from the device to the host, which need not wait for them at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class _Round(Generic[P]):
    pages: tuple[P, ...]
    tokens: Tensor  # on the host, once the event has happened
    event: Any  # None where tokens are there at once


class Delivery(Generic[P]):
    """Rounds of tokens, each with the pages that they belong to, in order."""

    def __init__(self) -> None:
        self._rounds: deque[_Round[P]] = deque()

    def __len__(self) -> int:
        return len(self._rounds)

    @property
    def pages(self) -> list[P]:
        """Return the pages that tokens are under way to."""
        return [page for entry in self._rounds for page in entry.pages]

    def send(self, pages: Sequence[P], tokens: Tensor) -> None:
        """Have ``tokens [pages]`` copied to the host."""
        event = None
        if tokens.is_cuda:
            # Only to pinned memory does a copy run beside the host.
            host = torch.empty(tokens.shape, dtype=tokens.dtype, pin_memory=True)
            tokens = host.copy_(tokens, non_blocking=True)
            event = torch.cuda.Event()
            event.record()
        self._rounds.append(_Round(tuple(pages), tokens, event))

    def receive(self, leave: int) -> Iterator[tuple[P, int]]:
        """Yield each page with its token, but for the latest rounds, of which so many stay."""
        while len(self._rounds) > leave:
            entry = self._rounds.popleft()
            if entry.event is not None:
                entry.event.synchronize()
            yield from zip(entry.pages, entry.tokens.tolist(), strict=True)

    def clear(self) -> None:
        """Forget what is under way."""
        self._rounds.clear()
