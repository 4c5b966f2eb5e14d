"""The windowed no-repeat n-gram rule for all slots at once: fixed shapes, no loop, no sync.

The rule is that of vLLM's logits processor for DeepSeek-OCR. A token is banned if it would complete
an n-gram that lies, whole, within the last ``window`` generated tokens; the token to come is not
one of them. So with n = 2 and window = 2 only the pair of the last two tokens counts, and with
window < n nothing is banned. Prompt and image tokens do not count. Exempt tokens, those of table
cells, are never banned. An n below 2 switches the rule off.

Instead of comparing n-grams, each slot keeps for every lag d how many of its latest tokens equal
the one d places before them. If that run is n-1 or longer, the n-1 latest tokens have occurred d
places earlier, and what followed them there, d-1 places before the latest token, completes a
repetition. That n-gram reaches n+d-1 tokens back, hence d <= window-n+1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ocrd.engine.deepseek.network.staging import staged

EMPTY = -1  # no token: equal to none
NEVER = 2**40  # a run that no page reaches
FILLERS = (EMPTY, 0, NEVER, EMPTY)  # of the tables, where a rule has nothing to say
LAGS, EXEMPT = 256, 2  # what the rules of retries need


class RepeatBan:
    """The latest tokens of each slot and what its rule forbids to come next.

    Tables are replaced by wider ones when a rule needs them, and ``version`` then changes: a
    recorded step that worked on the old ones is void.
    """

    def __init__(self, slots: int, device: torch.device, *, lags: int = 1, exempt: int = 1) -> None:
        """Make tables for rules of so many lags and exempt tokens; they are widened as need be."""
        self._device = device
        self.version = 0
        options: dict[str, Any] = {"dtype": torch.long, "device": device}
        # Column d-1 of the first three is about lag d: the token d-1 places before the latest one,
        # the run at that lag, and how long that has to be. A rule looks no further than it reaches,
        # so widening loses nothing.
        self._past = torch.full((slots, lags), EMPTY, **options)
        self._run = torch.zeros((slots, lags), **options)
        self._need = torch.full((slots, lags), NEVER, **options)
        self._exempt = torch.full((slots, exempt), EMPTY, **options)
        self._forbidden = torch.full((), -torch.inf, device=device)
        self._allowed = torch.full((), torch.inf, device=device)

    @property
    def state(self) -> tuple[Tensor, ...]:
        """Return what a step changes."""
        return self._past, self._run

    def seat(self, slot: int, ngram: int, window: int, exempt: Sequence[int]) -> None:
        """Begin a page, which has generated nothing yet, in a slot."""
        reach = max(0, window - ngram + 1) if ngram > 1 else 0
        self._widen(reach, len(exempt))
        for table, filler in zip(self._tables, FILLERS, strict=True):
            table[slot].fill_(filler)
        self._need[slot, :reach].fill_(ngram - 1)
        if exempt:
            self._exempt[slot, : len(exempt)] = staged(exempt, self._device)

    def begin(self, slot: int, token: Tensor) -> None:
        """Take the first token, a tensor without dimensions, of the page in a slot."""
        self._past[slot, 0] = token

    def forbid(self, scores: Tensor) -> None:
        """Set what the first slots may not say to minus infinity in ``scores [slots, V]``."""
        count = scores.shape[0]
        past = self._past[:count]
        exempt = (past[:, :, None] == self._exempt[:count, None, :]).any(-1)
        # Where the run is long enough and the token not exempt: true is greater than false.
        banned = torch.gt(self._run[:count] >= self._need[:count], exempt)
        # A token may stand in several columns, banned in one and free in another: the minimum.
        limit = torch.where(banned, self._forbidden, self._allowed)
        scores.scatter_reduce_(1, past.clamp(min=0), limit, "amin")

    def push(self, tokens: Tensor) -> None:
        """Take the next token of each of the first slots: ``tokens [slots]``."""
        count = tokens.shape[0]
        past, run = self._past[:count], self._run[:count]
        latest = tokens[:, None]
        # All memory is taken before anything changes: running out of it leaves the state whole.
        goes_on = past == latest
        next_past = torch.cat([latest, past[:, :-1]], dim=1)
        run.add_(1).mul_(goes_on)
        past.copy_(next_past)

    def move(self, source: int, target: int) -> None:
        """Copy a slot's page to another slot."""
        for table in self._tables:
            table[target] = table[source]

    def save(self, slot: int) -> tuple[Tensor, ...]:
        """Return a copy of a slot's page, on the host."""
        return tuple(table[slot].to("cpu", copy=True) for table in self._tables)

    def restore(self, slot: int, saved: tuple[Tensor, ...]) -> None:
        """Seat a saved page in a slot."""
        past, *_, exempt = saved
        self._widen(past.shape[0], exempt.shape[0])
        for table, row, filler in zip(self._tables, saved, FILLERS, strict=True):
            table[slot].fill_(filler)
            table[slot, : row.shape[0]] = row.to(self._device)

    @property
    def _tables(self) -> tuple[Tensor, ...]:
        return self._past, self._run, self._need, self._exempt

    def _widen(self, lags: int, exempt: int) -> None:
        before = self._tables
        self._past = _padded(self._past, lags, EMPTY)
        self._run = _padded(self._run, lags, 0)
        self._need = _padded(self._need, lags, NEVER)
        self._exempt = _padded(self._exempt, exempt, EMPTY)
        if any(one is not other for one, other in zip(before, self._tables, strict=True)):
            self.version += 1


def _padded(table: Tensor, columns: int, filler: int) -> Tensor:
    missing = columns - table.shape[1]
    if missing <= 0:
        return table
    return torch.nn.functional.pad(table, (0, missing), value=filler)
