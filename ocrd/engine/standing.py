"""How an engine stands, by its workers: what it announces, and what keeps it from reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ocrd.engine.attendance import Attendant
from ocrd.engine.protocol import Hello
from ocrd.errors import EngineError, EngineUnusableError, ServersGoneError


def announced(attendants: Sequence[Attendant]) -> Hello | None:
    """Return what the engine says of itself now, None before its first start.

    The capacity is that of all workers which have announced one, but for those that are broken
    now; one that is unloaded comes back when its slots are needed.
    """
    heard = [(one.hello, one.state) for one in attendants if one.hello is not None]
    if not heard:
        return None
    capacities = [hello.capacity for hello, state in heard if state != "broken"]
    first = heard[0][0]
    together = sum(capacities) or first.capacity
    return first if together == first.capacity else replace(first, capacity=together)


def outage(attendants: Sequence[Attendant], max_kills: int) -> EngineError | None:
    """Return what keeps the engine from reading, where that does not pass by itself in a moment.

    A worker that a page has ended comes back; one that never came, or ends again and again
    without having read a page, is waited for by documents and not by people.
    """
    failures = [attendant.failures for attendant in attendants]
    if any(one.present is None for one in failures):
        return None
    first = failures[0].present
    never_came = announced(attendants) is None or isinstance(
        first, EngineUnusableError | ServersGoneError
    )
    in_a_row = min(one.in_a_row for one in failures)
    return first if never_came or in_a_row > max_kills else None
