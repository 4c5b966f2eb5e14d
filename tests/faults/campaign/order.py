"""A recording as a line of letters, one for each step of filing, to be read and compared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.faults.campaign.recording import Recording
from tests.faults.campaign.supervisor import Call

# C  the ledger commits: a sync of its log
# S  a staged sidecar, or a staged folder of figures, is synced
# P  a staged sidecar gets its name, X: in exchange for the one that it replaces
# N  the folder of the sidecars is synced
# M  the source gets its new name; across file systems that fails, and then:
# Y  its copy is synced, and L: gets its name
# H  the inbox is synced, where that is another folder
# A  the source is set aside, and U: unlinked
STAGED = re.compile(r"/\.ocrd-\d+-\d+\.tmp(/|$)")
COPY = re.compile(r"/\.ocrd-[0-9a-f]{16}\.tmp$")
ASIDE = re.compile(r"/\.ocrd-[0-9a-f]{16}-\d+-\d+\.tmp$")
EXCHANGE = 2


def lettered(recording: Recording) -> Iterator[tuple[str, Call]]:
    """Yield the letters of the calls that have one."""
    for call in recording.calls:
        if letter := _letter(call, recording):
            yield letter, call


def line(recording: Recording) -> str:
    """Return all the letters."""
    return "".join(letter for letter, _ in lettered(recording))


def _letter(call: Call, recording: Recording) -> str:
    first, last = call.paths[0], call.paths[-1]
    if call.name in {"fsync", "fdatasync"}:
        return _letter_of_sync(first, recording)
    if call.name.startswith("rename") and len(call.paths) == 2:
        return _letter_of_rename(call, first, last)
    return "U" if call.name.startswith("unlink") and ASIDE.search(first) else ""


def _letter_of_sync(path: str, recording: Recording) -> str:
    if path.endswith("-wal"):
        return "C"
    if STAGED.search(path):
        return "S"
    if COPY.search(path):
        return "Y"
    if path == str(recording.filed.parent):
        return "N"
    return "H" if path == str(recording.document.path.parent) else ""


def _letter_of_rename(call: Call, first: str, last: str) -> str:
    if STAGED.search(first) and not COPY.search(last):
        return "X" if call.arguments[4] & EXCHANGE else "P"
    if COPY.search(first):
        return "L"
    return "A" if ASIDE.search(last) else "M" * (not Path(last).name.startswith(".ocrd"))
