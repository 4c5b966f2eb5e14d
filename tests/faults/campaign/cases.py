"""What the campaign does once, and can repeat from its name; and what it counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.faults.campaign.supervisor import DAEMON


@dataclass(frozen=True)
class Case:
    """One kill before one call of one document's way, and perhaps one more during recovery.

    The call is told by its place among the steps of its way, or by what it does (``step``): not
    every way has all steps, and not always in the same order.
    """

    shape: str
    role: str = DAEMON
    place: int = 1
    step: str = ""
    torn: bool = False  # half of a write is done before
    again: int = 0  # then the daemon is killed before this call of its next start

    def __str__(self) -> str:
        if self.step:
            return f"{self.shape}:{self.role}:{self.step}"
        again = f"+{self.again}" if self.again else ""
        return f"{self.shape}:{self.role}:{self.place}{'t' * self.torn}{again}"

    @classmethod
    def parse(cls, text: str) -> Case:
        """Return the case of its name."""
        shape, role, place = text.split(":")
        if not place[0].isdigit():
            return cls(shape, role, step=place)
        place, _, again = place.partition("+")
        number = int(place.rstrip("t"))
        return cls(shape, role, number, torn=place.endswith("t"), again=int(again or 0))


@dataclass
class Figures:
    """What a part of the campaign did and found."""

    kills: Counter[str] = field(default_factory=Counter)  # by kind
    boundaries: set[str] = field(default_factory=set)  # steps at which a process was killed
    recorded: set[str] = field(default_factory=set)  # steps that undisturbed documents have
    documents: int = 0
    starts: int = 0
    states: int = 0  # that a power loss may leave, judged
    recovered: int = 0  # of them, by a real daemon
    violations: list[str] = field(default_factory=list)

    def add(self, other: Figures) -> None:
        """Take the other's figures in."""
        self.kills += other.kills
        self.boundaries |= other.boundaries
        self.recorded |= other.recorded
        self.documents += other.documents
        self.starts += other.starts
        self.states += other.states
        self.recovered += other.recovered
        self.violations += other.violations

    @property
    def total(self) -> int:
        return sum(self.kills.values())
