"""Which GPUs each engine had, kept in the ledger: one that is gone is waited for, restarts or not.

The memory of an engine ends when its configuration says that there is to be no GPU:
``device = "cpu"``.
"""

from __future__ import annotations

import json
from functools import partial

from ocrd.config.settings import EngineSettings
from ocrd.daemon.memos import Memos
from ocrd.engine import chain
from ocrd.engine.client import EngineClient
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.writer import LedgerWriter

GPUS = "gpus"  # the ledger's setting: the names of the GPUs, by engine


class KnownGpus:
    """Makes engines that know which GPUs they had, and what they wanted to be told."""

    def __init__(self, ledger: LedgerWriter) -> None:
        self._ledger = ledger
        self._memos = Memos(ledger)
        self._known: dict[str, list[str]] = {}

    async def recall(self) -> None:
        """Read what the ledger knows; before that, no engine has had any."""
        self._known = await self._ledger.do(known_gpus)
        await self._memos.recall()

    def of(self, name: str) -> tuple[str, ...]:
        """Return the GPUs that an engine of this name had."""
        return tuple(self._known.get(name, ()))

    def engine(self, name: str, settings: EngineSettings) -> EngineClient:
        """Return an engine of this name, which had the GPUs that it had before."""
        if set(settings.devices or (settings.device,)) == {"cpu"} and name in self._known:
            del self._known[name]
            self._keep()
        return chain.made(
            name, settings,
            had_gpus=self.of(name), on_gpus=partial(self._note, name),
            memos=self._memos.of(name), on_memos=partial(self._memos.note, name),
        )  # fmt: skip

    def _note(self, name: str, gpus: tuple[str, ...]) -> None:
        self._known[name] = [*gpus]
        self._keep()

    def _keep(self) -> None:
        """Write it down; while the ledger's disk is full, that waits and holds up nobody."""
        text = json.dumps(self._known)
        self._ledger.submit(lambda ledger: ledger.set_setting(GPUS, text))


def known_gpus(ledger: Ledger) -> dict[str, list[str]]:
    """Return the names of the GPUs that each engine had."""
    try:
        found = json.loads(ledger.setting(GPUS) or "{}")
        return {str(name): [str(gpu) for gpu in gpus] for name, gpus in found.items()}
    except (ValueError, AttributeError, TypeError):
        return {}  # as at a first start
