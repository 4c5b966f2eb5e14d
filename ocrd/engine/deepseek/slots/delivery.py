"""Tokens on their way from the device to the host, which need not wait for them at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from ocrd.engine.deepseek.slots.step import Round

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class _Sent(Generic[P]):
    pages: tuple[P, ...]
    ids: Tensor  # both on the host, once the event has happened
    logprobs: Tensor
    event: Any  # None where they are there at once


class Delivery(Generic[P]):
    """Rounds of tokens, each with the pages that they belong to, in order."""

    def __init__(self) -> None:
        self._rounds: deque[_Sent[P]] = deque()

    def __len__(self) -> int:
        return len(self._rounds)

    @property
    def pages(self) -> list[P]:
        """Return the pages that tokens are under way to."""
        return [page for entry in self._rounds for page in entry.pages]

    def send(self, pages: Sequence[P], tokens: Round) -> None:
        """Have a token for each page copied to the host, with its log-probability."""
        ids, logprobs, event = _copied(tokens.ids), _copied(tokens.logprobs), None
        if tokens.ids.is_cuda:
            event = torch.cuda.Event()
            event.record()
        self._rounds.append(_Sent(tuple(pages), ids, logprobs, event))

    def receive(self, leave: int) -> Iterator[tuple[P, int, float]]:
        """Yield each page with its token and log-probability, but for the latest rounds.

        Of these so many stay.
        """
        while len(self._rounds) > leave:
            entry = self._rounds.popleft()
            if entry.event is not None:
                entry.event.synchronize()
            ids, logprobs = entry.ids.tolist(), entry.logprobs.tolist()
            yield from zip(entry.pages, ids, logprobs, strict=True)

    def clear(self) -> None:
        """Forget what is under way."""
        self._rounds.clear()


def _copied(values: Tensor) -> Tensor:
    """Return a copy on the host, from a GPU one that is there later.

    Only to pinned memory it runs beside the host. The step overwrites what it returned.
    """
    host = torch.empty(values.shape, dtype=values.dtype, pin_memory=values.is_cuda)
    return host.copy_(values, non_blocking=True)
