"""What the campaign does once, and can repeat from its name; and what it counts."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    """One kill before one call of one document's way, and perhaps one more during recovery.

    The call is told by what it does, and by how often that was done before: threads change places
    and a heartbeat comes when it comes, so that a place among all calls is another one each time.
    """

    shape: str
    role: str
    step: str  # the call and its paths, as ``Sweep.label`` writes them
    place: int = 1  # among the calls of one document's way that do the same
    torn: bool = False  # half of a write is done before
    again: int = 0  # then the daemon is killed before this call of its next start

    @property
    def label(self) -> str:
        """Return the step with whose it is."""
        return f"{self.shape}:{self.role}:{self.step}"

    def __str__(self) -> str:
        again = f"+{self.again}" if self.again else ""
        return f"{self.label}:{self.place}{'t' * self.torn}{again}"

    @classmethod
    def parse(cls, text: str) -> Case:
        """Return the case of its name; of a label alone, the first call of that step."""
        named = re.fullmatch(r"([^:]+):([^:]+):(.+?)(?::(\d+)(t?)(?:\+(\d+))?)?", text)
        if named is None:
            raise ValueError(f"{text!r} names no case: shape:role:step:place")
        shape, role, step, place, torn, again = named.groups()
        return cls(shape, role, step, int(place or 1), torn=bool(torn), again=int(again or 0))


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
