"""The ownership of all watched folders, and what the ledger has to do with it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

from ocrd.intake import archive
from ocrd.intake.inbox import LOCAL_INTERVAL_SECONDS
from ocrd.intake.keeping import Keeping
from ocrd.intake.ownership import Claim
from ocrd.intake.record import Record, this_daemon
from ocrd.ledger import care
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.writer import LedgerWriter

if TYPE_CHECKING:
    from ocrd.config.settings import InboxSettings

CLOSE_SECONDS = 2.0  # for a folder that may hang


class Claims:
    """One claim for each watched folder, over reloads."""

    def __init__(self, ledger: LedgerWriter, me: Record) -> None:
        self._ledger = ledger
        self._me = me
        self._claims: dict[str, Claim] = {}

    def of(self, settings: InboxSettings, wake: Callable[[], None]) -> Claim:
        """Return the folder's claim; ``wake`` is called when its scan should try again."""
        path = str(settings.path)
        claim = self._claims.get(path)
        if claim is None:
            claim = self._claims[path] = Claim(settings.path, self._me, changed=wake)
            claim.start()
        claim.keeping = None if settings.source != "keep" else self._keeping(settings)
        claim.look_seconds = settings.scan_interval or LOCAL_INTERVAL_SECONDS
        return claim

    def keep_only(self, paths: Collection[str]) -> list[Claim]:
        """Return the claims on all other folders, which are to be closed."""
        return [self._claims.pop(path) for path in list(self._claims) if path not in paths]

    def _keeping(self, settings: InboxSettings) -> Keeping:
        inbox = str(settings.path)
        return Keeping(
            serial=lambda: self._ledger.submit(care.serial).result(),
            came_after=lambda number: self._ledger.submit(
                lambda one: care.came_after(one, inbox, number)
            ).result(),
            is_known=lambda: self._ledger.submit(lambda one: is_known(one, inbox)).result(),
            looks_read=lambda: archive.looks_read(settings),
        )


def this_process(ledger: Ledger, state_dir: Path) -> Record:
    """Return what this process writes into the folders that it owns."""
    return this_daemon(care.identity(ledger), state_dir)


def is_known(ledger: Ledger, inbox: str) -> bool:
    """Say whether a kept folder may be read: the ledger knows it, or a person said so."""
    return care.knows(ledger, inbox) or ledger.setting(_accepted(inbox)) is not None


def accept(ledger: Ledger, inbox: str) -> None:
    """Note that a person trusts the ledger with a kept folder, whatever lies in it."""
    ledger.set_setting(_accepted(inbox), "yes")


def _accepted(inbox: str) -> str:
    return f"accepted {inbox.encode('utf-8', 'backslashreplace').decode()}"
