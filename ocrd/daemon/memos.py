"""What engines want to be told at their next start, kept in the ledger: each one's own words."""

from __future__ import annotations

import json

from ocrd.engine.remembered import Memo
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.writer import LedgerWriter

MEMOS = "engine-memos"  # the ledger's setting: by engine and device


class Memos:
    """The memos of all engines."""

    def __init__(self, ledger: LedgerWriter) -> None:
        self._ledger = ledger
        self._known: dict[str, dict[str, Memo]] = {}

    async def recall(self) -> None:
        """Read what the ledger knows; before that, there is none."""
        self._known = await self._ledger.do(known_memos)

    def of(self, name: str) -> dict[str, Memo]:
        """Return an engine's memos by device."""
        return self._known.get(name, {})

    def note(self, name: str, memos: dict[str, Memo]) -> None:
        """Write an engine's memos down; a ledger whose disk is full holds up nobody."""
        self._known[name] = memos
        text = json.dumps(self._known)
        self._ledger.submit(lambda ledger: ledger.set_setting(MEMOS, text))


def known_memos(ledger: Ledger) -> dict[str, dict[str, Memo]]:
    """Return the memos of each engine, by device."""
    try:
        found = json.loads(ledger.setting(MEMOS) or "{}")
        return {
            str(name): {str(device): dict(memo) for device, memo in memos.items()}
            for name, memos in found.items()
        }
    except (ValueError, AttributeError, TypeError):
        return {}  # as at a first start
