"""Has a file stopped changing? Decisions on values, without a file in sight.

A file is settled when its listing said the same for the settle time, on our monotonic clock, and
a look at the open file then says what was seen before: a network listing can show a stale size.
Its modification time is never compared with "now": copies keep old times, other machines have
other clocks.
"""

from __future__ import annotations

from typing import NamedTuple

from ocrd.job import FileKey

LOCAL_SECONDS = 5.0  # between two pages a scanner closes its file for up to 4 s
NETWORK_SECONDS = 15.0  # and another machine's writes show up late


class Sighting(NamedTuple):
    """How a file was last seen, and since when it has looked so."""

    listed: int  # digest of what the listing says
    opened: int  # digest of what the open file said, or else of the listing
    since: float  # seconds on the monotonic clock
    problem: str = ""  # why it could not be opened, at the last look


def digest(inode: int, size: int, mtime_ns: int) -> int:
    """Press a file's state into one number, so that 100,000 of them stay small."""
    return hash((inode, size, mtime_ns))


def sight(previous: Sighting | None, listed: int, now: float) -> Sighting:
    """Note what the listing says; the settle time starts again where that is new."""
    if previous is not None and previous.listed == listed:
        return previous
    return Sighting(listed, listed, now)


def is_due(sighting: Sighting, settle_seconds: float, now: float) -> bool:
    """Say whether the listing has been the same for long enough to look at the file itself."""
    return now - sighting.since >= settle_seconds


def look(sighting: Sighting, key: FileKey, writer: bool | None, now: float) -> Sighting | None:
    """Judge a due file by its open file; None says settled, else the settle time starts again.

    ``writer`` says whether anyone has it open for writing; None where that cannot be told.
    """
    opened = digest(key.inode, key.size, key.mtime_ns)
    if key.size > 0 and not writer and opened == sighting.opened:
        return None
    return Sighting(sighting.listed, opened, now)
