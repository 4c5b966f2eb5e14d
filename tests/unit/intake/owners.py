"""Daemons that want one folder, on a clock in the hands of the test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ocrd.errors import FolderWithheldError
from ocrd.intake.keeping import Keeping
from ocrd.intake.ownership import TRIAL_SECONDS, Claim
from ocrd.intake.record import Record, decode
from ocrd.intake.silence import LEASE_SECONDS
from tests.unit.intake.folders import Clock

OWNER, CHALLENGE = ".ocrd-owner", ".ocrd-challenge"
LOOK_SECONDS = 5.0  # between two looks of who waits
PATIENCE = 2 * LEASE_SECONDS + 30  # for an owner that scans every thirty seconds
LATEST = PATIENCE + TRIAL_SECONDS + 2 * LOOK_SECONDS


def me(name: str, **more: Any) -> Record:
    """Return what a daemon on a machine of this name writes."""
    told: dict[str, Any] = {"ledger": name, "session": f"{name}-1", "boot": name, "pid": 1}
    return Record(host=name, **(told | more))


def claim(root: Path, record: Record, clock: Clock, look_seconds: float = 30.0) -> Claim:
    """Return the claim of a daemon that scans the folder so often."""
    made = Claim(root, record, changed=lambda: None, clock=clock)
    made.look_seconds = look_seconds
    return made


def keeping(**told: Any) -> Keeping:
    """Return what an archive asks a ledger that has given one job a number."""
    answers = {"is_known": True, "looks_read": False, "serial": 1, "came_after": False, **told}
    return Keeping(
        serial=lambda: answers["serial"],
        came_after=lambda _: answers["came_after"],
        is_known=lambda: answers["is_known"],
        looks_read=lambda: answers["looks_read"],
    )


def foreign(root: Path, record: Record) -> None:
    """Write another daemon's record."""
    (root / OWNER).write_bytes(record.encode())


def owner_of(root: Path) -> Record:
    """Return what the folder says of its owner."""
    record = decode((root / OWNER).read_bytes())
    assert record is not None
    return record


def version_of(root: Path) -> int:
    """Return how daemons of earlier versions are told to understand the record."""
    return int(json.loads((root / OWNER).read_bytes())["ocrd"])


def state_of(root: Path) -> dict[str, tuple[int, int, int]]:
    """Return what any write would change: of the folder, and of all that lies in it."""
    states = {path.name: path.stat() for path in [root, *root.iterdir()]}
    return {name: (one.st_ino, one.st_mtime_ns, one.st_ctime_ns) for name, one in states.items()}


def is_taken(who: Claim) -> bool:
    """Have a claim look; say whether the folder is its."""
    try:
        who.require()
    except FolderWithheldError:
        return False
    return True


def wait(who: Claim, clock: Clock, seconds: float) -> float | None:
    """Look again and again for so long; return after how long the folder was taken."""
    began = clock.now
    while clock.now - began < seconds:
        clock.now += LOOK_SECONDS
        if is_taken(who):
            return clock.now - began
    return None
