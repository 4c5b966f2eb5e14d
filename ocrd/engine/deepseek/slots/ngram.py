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

import torch
from torch import Tensor

EMPTY = -1  # no token: equal to none


class RepeatBan:
    """The latest tokens of each slot and what its rule forbids to come next."""

    def __init__(self, slots: int, device: torch.device) -> None:
        self._device = device
        # Column d-1 of both is about lag d: the token d-1 places before the latest one, and the
        # run at that lag. The columns are as many as the widest rule seated so far needs; a slot
        # never looks beyond the reach of its own rule, so widening loses nothing.
        self._past = torch.full((slots, 1), EMPTY, dtype=torch.long, device=device)
        self._run = torch.zeros((slots, 1), dtype=torch.long, device=device)
        self._lag = torch.arange(1, 2, device=device)
        # A rule that is off reaches no lag, whatever run it needs.
        self._need = torch.zeros((slots, 1), dtype=torch.long, device=device)
        self._reach = torch.zeros((slots, 1), dtype=torch.long, device=device)
        self._exempt = torch.full((slots, 1), EMPTY, dtype=torch.long, device=device)

    def seat(self, slot: int, ngram: int, window: int, exempt: Sequence[int]) -> None:
        """Begin a page, which has generated nothing yet, in a slot."""
        reach = max(0, window - ngram + 1) if ngram > 1 else 0
        self._widen(reach, len(exempt))
        self._past[slot] = EMPTY
        self._run[slot] = 0
        self._need[slot] = ngram - 1
        self._reach[slot] = reach
        padded = [*exempt, *[EMPTY] * (self._exempt.shape[1] - len(exempt))]
        self._exempt[slot] = torch.tensor(padded, dtype=torch.long).to(self._device)

    def begin(self, slot: int, token: Tensor) -> None:
        """Take the first token, a tensor without dimensions, of the page in a slot."""
        self._past[slot, 0] = token

    def forbid(self, scores: Tensor) -> None:
        """Set what the first slots may not say to minus infinity in ``scores [slots, V]``."""
        count = scores.shape[0]
        past = self._past[:count]
        exempt = (past[:, :, None] == self._exempt[:count, None, :]).any(-1)
        banned = (self._run[:count] >= self._need[:count]) & (self._lag <= self._reach[:count])
        # A token may stand in several columns, banned in one and free in another: the minimum.
        limit = torch.where(banned & ~exempt, -torch.inf, torch.inf).to(scores.dtype)
        scores.scatter_reduce_(1, past.clamp(min=0), limit, "amin")

    def push(self, tokens: Tensor) -> None:
        """Take the next token of each of the first slots: ``tokens [slots]``."""
        count = tokens.shape[0]
        past, run = self._past[:count], self._run[:count]
        latest = tokens[:, None]
        next_run = (run + 1) * (past == latest)
        next_past = torch.cat([latest, past[:, :-1]], dim=1)
        # All memory is taken before anything changes: running out of it leaves the state whole.
        run.copy_(next_run)
        past.copy_(next_past)

    def move(self, source: int, target: int) -> None:
        """Copy a slot's page to another slot."""
        for table in (self._past, self._run, self._need, self._reach, self._exempt):
            table[target] = table[source]

    def save(self, slot: int) -> tuple[Tensor, ...]:
        """Return a copy of a slot's page, on the host."""
        tables = (self._past, self._run, self._need, self._reach, self._exempt)
        return tuple(table[slot].to("cpu", copy=True) for table in tables)

    def restore(self, slot: int, saved: tuple[Tensor, ...]) -> None:
        """Seat a saved page in a slot."""
        past, run, need, reach, exempt = saved
        self._widen(past.shape[0], exempt.shape[0])
        self._need[slot] = need.to(self._device)
        self._reach[slot] = reach.to(self._device)
        for table, row, filler in (
            (self._past, past, EMPTY),
            (self._run, run, 0),
            (self._exempt, exempt, EMPTY),
        ):
            table[slot] = filler
            table[slot, : row.shape[0]] = row.to(self._device)

    def _widen(self, lags: int, exempt: int) -> None:
        self._past = _padded(self._past, lags, EMPTY)
        self._run = _padded(self._run, lags, 0)
        self._exempt = _padded(self._exempt, exempt, EMPTY)
        if self._lag.shape[0] < lags:
            self._lag = torch.arange(1, lags + 1, device=self._device)


def _padded(table: Tensor, columns: int, filler: int) -> Tensor:
    missing = columns - table.shape[1]
    if missing <= 0:
        return table
    return torch.nn.functional.pad(table, (0, missing), value=filler)
