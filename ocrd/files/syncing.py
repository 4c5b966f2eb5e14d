"""Steps that have folders synced on their way: of several at once, one sync serves all.

Who goes step by step yields each folder whose names have to be durable before he goes on; what the
sync says is raised where he waits for it. A folder's sync takes all in that was done there before,
by whomever.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from typing import TypeAlias, TypeVar

from ocrd.files.directories import Directory

T = TypeVar("T")

Steps: TypeAlias = Generator[Directory, None, T]


def carry_out(steps: Steps[T]) -> T:
    """Go through the steps of one; return or raise what they come to."""
    (outcome,) = carry_out_all([steps])
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def carry_out_all(many: Sequence[Steps[T]]) -> list[T | Exception]:
    """Go through the steps of several side by side; return what each returns or raises.

    Nobody goes on before all have come to their next sync, or to their end.
    """
    ends: dict[int, T | Exception] = {}
    waiting = _advanced(ends, many, dict.fromkeys(range(len(many))))
    while waiting:
        waiting = _advanced(ends, many, _synced(waiting))
    return [ends[number] for number in range(len(many))]


def _advanced(
    ends: dict[int, T | Exception], many: Sequence[Steps[T]], answers: dict[int, OSError | None]
) -> dict[int, Directory]:
    """Let those go on who have an answer; return which folders they wait for, and note the ends."""
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


def _synced(waiting: dict[int, Directory]) -> dict[int, OSError | None]:
    """Sync each folder once; return for everybody why that failed, None where it did not."""
    results: dict[tuple[int, int], OSError | None] = {}
    answers = {}
    for number, folder in waiting.items():
        status = os.fstat(folder.fd)
        folder_id = status.st_dev, status.st_ino
        if folder_id not in results:
            results[folder_id] = _failure(folder)
        answers[number] = results[folder_id]
    return answers


def _failure(folder: Directory) -> OSError | None:
    try:
        folder.sync()
    except OSError as error:
        return error
    return None
