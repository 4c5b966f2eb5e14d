"""How long the owner of a folder has shown no sign of life, on our own clock.

No two clocks are compared: what counts is since when we have seen its record say the same, and only
as long as we looked.
"""

from __future__ import annotations

from collections.abc import Callable

from ocrd.intake.record import Record

BEAT_SECONDS = 10.0  # between two rounds of an owner's own thread, which mostly write nothing
LEASE_SECONDS = 60.0  # longer than what NFS and sshfs keep in their caches, and several beats


def patience_seconds(owner: Record) -> float:
    """Return how long an owner may say nothing before its folder is free.

    Owners of earlier versions count all the time. The others are challenged: that may take a lease
    to reach them, they answer at their next look, and the answer may take a lease to reach us.
    """
    return 2 * LEASE_SECONDS + owner.answers if owner.answers else LEASE_SECONDS


class Silence:
    """Since when another's record has said the same."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._said: bytes | None = None
        self._since = self._looked = 0.0

    def note(self, said: bytes) -> float:
        """Note what the record says; return for how long it has, in seconds: 0.0 if it is news.

        Who did not look for a lease, because it slept or its share was gone, begins anew.
        """
        now = self._clock()
        if said != self._said or now - self._looked > LEASE_SECONDS:
            self._said, self._since = said, now
        self._looked = now
        return now - self._since

    def begin_anew(self) -> None:
        """Count from now on."""
        self._since = self._looked = self._clock()

    def forget(self) -> None:
        """Take whatever is said next as news."""
        self._said = None
