"""A ledger made, or completed, from what lies in the folders. Without a running daemon.

Folders whose sources leave them need nothing: what is there has to be read. In the others each
source with outputs beside it is taken as read, if it is still what those were made of.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ocrd import claims, files
from ocrd.errors import FolderWithheldError, OcrdError
from ocrd.intake import archive
from ocrd.intake.archive import Document
from ocrd.intake.keeping import Keeping
from ocrd.intake.ownership import Claim
from ocrd.intake.record import Record
from ocrd.job import Candidate
from ocrd.ledger import care
from ocrd.ledger.jobs import Ledger

if TYPE_CHECKING:
    from ocrd.config.settings import InboxSettings

BATCH = 200  # documents in one commit
_LOOK_SECONDS = 2.0  # between two looks whether a folder's owner has gone


@dataclass(slots=True)
class Outcome:
    """What became of one kept folder."""

    path: str
    adopted: int = 0  # documents taken as read
    known: int = 0  # that the ledger knew already
    unread: int = 0  # that will be read
    problem: str = ""  # why the folder was left as it is


def rebuild(
    ledger: Ledger,
    state_dir: Path,
    folders: Sequence[InboxSettings],
    *,
    read_again: bool = False,
    waiting: Callable[[str], None] = lambda _why: None,
) -> list[Outcome]:
    """Adopt what was read in the kept folders, or with ``read_again`` let all be read anew.

    For the holder of the DaemonLock. ``waiting`` is told why a folder takes minutes.
    Raises LedgerError.
    """
    me = claims.this_process(ledger, state_dir)
    kept = [settings for settings in folders if settings.source == "keep"]
    return [_rebuild_one(ledger, me, one, read_again=read_again, waiting=waiting) for one in kept]


def _rebuild_one(
    ledger: Ledger,
    me: Record,
    settings: InboxSettings,
    *,
    read_again: bool,
    waiting: Callable[[str], None],
) -> Outcome:
    outcome = Outcome(str(settings.path))
    claim = Claim(settings.path, me, changed=lambda: None)
    try:
        _take(claim, waiting)
        claim.keeping = Keeping(
            serial=lambda: care.serial(ledger),
            came_after=lambda _number: False,  # what is adopted is told when the folder is released
            is_known=lambda: True,
            looks_read=lambda: False,
        )
        if not read_again:
            _adopt_all(ledger, settings, outcome, claim)
        with ledger.transaction():
            claims.accept(ledger, str(settings.path))
    except OSError as error:
        outcome.problem = str(files.translate(error, settings.path))
    except FolderWithheldError as error:
        outcome.problem = str(error)
    finally:
        claim.release()
    return outcome


def _take(claim: Claim, waiting: Callable[[str], None]) -> None:
    """Make the folder ours, as soon as another owner has shown no sign of life for long enough."""
    began = time.monotonic()
    while True:
        try:
            claim.require()
        except FolderWithheldError as error:
            if time.monotonic() - began > claim.patience_seconds + 4 * _LOOK_SECONDS:
                raise
            waiting(error.what)
            time.sleep(_LOOK_SECONDS)
        else:
            return


def _adopt_all(
    ledger: Ledger, settings: InboxSettings, outcome: Outcome, claim: Claim
) -> None:
    batch: list[tuple[Candidate, str, bool]] = []
    for document in archive.documents(settings):
        claim.keep_up()
        found = _as_read(settings, document)
        if found is None:
            outcome.unread += 1
            continue
        batch.append(found)
        if len(batch) >= BATCH:
            _adopt_batch(ledger, batch, outcome)
    _adopt_batch(ledger, batch, outcome)


def _adopt_batch(
    ledger: Ledger, batch: list[tuple[Candidate, str, bool]], outcome: Outcome
) -> None:
    now = time.time()
    with ledger.transaction():
        for candidate, sha256, failed in batch:
            if care.adopt(ledger, candidate, sha256, now, failed=failed):
                outcome.adopted += 1
            else:
                outcome.known += 1
    batch.clear()


def _as_read(
    settings: InboxSettings, document: Document
) -> tuple[Candidate, str, bool] | None:
    """Return the source as the ledger is to know it; None if it has to be read.

    With a hash in its outputs the source has to have it; without one, it must not be younger.
    """
    if not document.is_read:
        return None
    path = Path(settings.path, document.relpath)
    try:
        key = files.file_key(path)
        recorded = archive.recorded_hash(settings, document)
        if recorded and files.sha256_of(path, key) != recorded:
            return None
        if not recorded and key.mtime_ns > _youngest(path.parent, document):
            return None
    except (OcrdError, OSError):
        return None
    return Candidate(str(settings.path), document.relpath, key), recorded, document.failed


def _youngest(folder: Path, document: Document) -> int:
    return max(os.lstat(folder / name).st_mtime_ns for name in document.outputs)
