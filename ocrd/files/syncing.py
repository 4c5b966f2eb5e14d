"""Steps that have files and folders synced on their way: of several at once, one sync serves all.

Who goes step by step yields each file whose content, and each folder whose names have to be durable
before he goes on; what the sync says is raised where he waits for it. A folder's sync takes all in
that was done there before, by whomever.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeAlias, TypeVar

T = TypeVar("T")


class Synced(Protocol):
    """An open file or folder that can be made durable."""

    @property
    def fd(self) -> int:
        """Its descriptor."""
        ...

    def sync(self) -> None:
        """Make it durable; raise OSError."""
        ...


@dataclass(frozen=True, slots=True)
class OpenFile:
    """An open file, to be synced."""

    fd: int

    def sync(self) -> None:
        """Make its content durable; raise OSError."""
        os.fsync(self.fd)


Sync: TypeAlias = Callable[[], OSError | None]  # returns why it failed
Steps: TypeAlias = Generator[Synced, None, T]


def one_by_one(syncs: Sequence[Sync]) -> list[OSError | None]:
    """Do the syncs one after the other."""
    return [sync() for sync in syncs]


def carry_out(steps: Steps[T]) -> T:
    """Go through the steps of one; return or raise what they come to."""
    (outcome,) = carry_out_all([steps])
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def carry_out_all(
    many: Sequence[Steps[T]],
    do: Callable[[Sequence[Sync]], Sequence[OSError | None]] = one_by_one,
) -> list[T | Exception]:
    """Go through the steps of several side by side; return what each returns or raises.

    Nobody goes on before all have come to their next sync, or to their end; ``do`` has these done.
    """
    ends: dict[int, T | Exception] = {}
    waiting = _advanced(ends, many, dict.fromkeys(range(len(many))))
    while waiting:
        waiting = _advanced(ends, many, _synced(waiting, do))
    return [ends[number] for number in range(len(many))]


def _advanced(
    ends: dict[int, T | Exception], many: Sequence[Steps[T]], answers: dict[int, OSError | None]
) -> dict[int, Synced]:
    """Let those go on who have an answer; return what they wait for, and note the ends."""
    waiting = {}
    for number, error in answers.items():
        steps = many[number]
        try:
            waiting[number] = next(steps) if error is None else steps.throw(error)
        except StopIteration as end:
            ends[number] = end.value
        except Exception as failure:  # noqa: BLE001  (border: the caller gets it)
            ends[number] = failure
    return waiting


def _synced(
    waiting: dict[int, Synced], do: Callable[[Sequence[Sync]], Sequence[OSError | None]]
) -> dict[int, OSError | None]:
    """Sync each file or folder once; return for everybody why that failed, or None."""
    wanted: dict[tuple[int, int], Sync] = {}
    identities = {}
    for number, one in waiting.items():
        status = os.fstat(one.fd)
        identities[number] = identity = status.st_dev, status.st_ino
        wanted.setdefault(identity, partial(_failure, one))
    results = dict(zip(wanted, do([*wanted.values()]), strict=True))
    return {number: results[identity] for number, identity in identities.items()}


def _failure(one: Synced) -> OSError | None:
    try:
        one.sync()
    except OSError as error:
        return error
    return None
