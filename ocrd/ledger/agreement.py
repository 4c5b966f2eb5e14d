"""Does the ledger agree with the folders? Looks only, also while a daemon works.

What counts as lost: a document that the ledger has open, that failed or was done, and whose source
is at none of the places where the ledger says it is. People move filed documents away, so of those
that are finished it is a remark, no fault.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ocrd import files
from ocrd.ledger.care import Trace, traces
from ocrd.wording import worded

if TYPE_CHECKING:
    from ocrd.config.settings import InboxSettings
    from ocrd.ledger.jobs import Ledger

NAMED = 20  # documents named one by one


@dataclass(slots=True)
class Agreement:
    """What a comparison found."""

    lost: list[str] = field(default_factory=list)  # open documents whose source is nowhere
    remarks: list[str] = field(default_factory=list)


def compare(ledger: Ledger, folders: Sequence[InboxSettings]) -> Agreement:
    """Look for every source where the ledger says it is. Raises LedgerError."""
    watched = {str(folder.path): folder for folder in folders}
    offline = {path for path in watched if not _is_there(path)}
    counted: Counter[str] = Counter()
    told = Agreement()
    missing = 0
    for trace in traces(ledger):
        if trace.inbox not in watched:
            counted[f"{files.printable(trace.inbox)} is not watched any more"] += 1
        elif trace.inbox in offline:
            counted[f"{files.printable(trace.inbox)} is offline, not looked for"] += 1
        elif trace.state in {"queued", "leased", "filing"}:
            if not _is_somewhere(trace) and _is_still(ledger, trace):
                missing += 1
                if missing <= NAMED:
                    told.lost.append(_name(trace))
        elif trace.state != "withdrawn" and not _is_somewhere(trace):
            counted[f"{worded(trace.state)}, and moved or deleted since"] += 1
    if missing > NAMED:
        told.lost.append(f"and {missing - NAMED} more")
    told.remarks = [
        f"{text}: {count} {'document' if count == 1 else 'documents'}"
        for text, count in counted.items()
    ]
    return told


def _is_there(path: str) -> bool:
    try:
        return Path(path).is_dir()
    except OSError:
        return False


def _is_somewhere(trace: Trace) -> bool:
    home = os.path.join(trace.inbox, trace.relpath)  # noqa: PTH118 - bytes that need not be UTF-8
    return os.path.lexists(home) or bool(trace.destination and os.path.lexists(trace.destination))


def _is_still(ledger: Ledger, trace: Trace) -> bool:
    """Say whether the job is as it was: a daemon may have filed the document meanwhile."""
    job = ledger.job(trace.job)
    return job is not None and job.state.value == trace.state and not job.plan


def _name(trace: Trace) -> str:
    return (
        f"job {trace.job} ({worded(trace.state)}): its source {files.printable(trace.relpath)} is"
        f" not in {files.printable(trace.inbox)} any more; the daemon will call it gone"
    )
