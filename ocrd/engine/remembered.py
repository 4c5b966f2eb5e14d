"""What an engine is to know at its next start: the GPUs that it had, and its own words to itself.

Who owns the engine keeps it over restarts of the daemon, and is told of what is new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ocrd.engine.protocol import Hello

Memo = dict[str, Any]  # an engine's own words to itself


class Remembered:
    """What is known of an engine's last start."""

    def __init__(
        self,
        gpus: tuple[str, ...] = (),
        on_gpus: Callable[[tuple[str, ...]], None] = lambda _: None,
        memos: Mapping[str, Memo] | None = None,
        on_memos: Callable[[dict[str, Memo]], None] = lambda _: None,
    ) -> None:
        """Begin with what was kept; ``memos`` are by device, and ``on_memos`` is told of all."""
        self.gpus = gpus  # that there were when a worker last had one, by their names
        self._on_gpus = on_gpus
        self._memos = dict(memos or {})
        self._on_memos = on_memos

    def memo_of(self, device: str) -> Memo:
        """Return what a worker on this device wanted to be told at the next start."""
        return self._memos.get(device, {})

    def note_memo(self, device: str, memo: Memo) -> None:
        """Keep what a worker wants to be told at the next start."""
        if self.memo_of(device) == memo:
            return
        self._memos[device] = memo
        self._on_memos(dict(self._memos))

    def note_gpus(self, heard: Sequence[Hello | None]) -> None:
        """Take note of the GPUs of all workers, of which one was heard just now.

        Before all have told theirs (None), those there were count as well.
        """
        gpus = tuple(name for hello in heard if hello is not None for name in hello.gpus)
        if None in heard:
            gpus = tuple((Counter(self.gpus) | Counter(gpus)).elements())
        if gpus != self.gpus:
            self.gpus = gpus
            self._on_gpus(gpus)
