"""What an archive asks before it is read: with which ledger, and how far, it was read before.

A daemon that has another ledger, or an older state of it, would read all of it again: it waits
until a person has decided (``ocrd ledger rebuild``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ocrd import files
from ocrd.errors import FolderWithheldError
from ocrd.intake.record import Record


@dataclass(frozen=True, slots=True)
class Keeping:
    """What a folder whose sources stay asks of the ledger before it is read."""

    serial: Callable[[], int]  # the highest job number that the ledger ever gave
    came_after: Callable[[int], bool]  # does the ledger know a later job of this folder
    is_known: Callable[[], bool]  # does the ledger know any document of this folder
    looks_read: Callable[[], bool]  # does anything in it look like our outputs

    def refuse_other_ledger(self, root: Path, record: Record, ledger: str) -> None:
        """Refuse to read what was read with a ledger that is not ours, or further."""
        if not record.ledger:
            return
        if record.ledger != ledger:
            raise _unknown_archive(root, f"was read with another ledger, that of {record.holder}")
        if record.serial > self.serial():
            raise _unknown_archive(root, "was read further than this ledger knows")

    def refuse_unknown_archive(self, root: Path) -> None:
        """Refuse an archive without our file which looks read, though the ledger knows nothing."""
        if not self.is_known() and self.looks_read():
            raise _unknown_archive(
                root, "has documents with outputs beside them, and this ledger knows none"
            )


def _unknown_archive(root: Path, why: str) -> FolderWithheldError:
    return FolderWithheldError(
        f"{files.printable(root)} {why}: all of it would be read again.",
        hint="Stop the daemon, and bring the right ledger back with 'ocrd ledger restore FILE', or"
        " run 'ocrd ledger rebuild', which takes documents with outputs beside them as read; with"
        " --read-again it lets all be read anew.",
    )
