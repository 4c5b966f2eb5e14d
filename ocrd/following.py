"""A kept source that was renamed or moved: it is not read again, and its outputs move along.

It is the same by its hash, and its old name is gone. The moves are in the ledger before the first
of them, so that a crash in between is taken up; nothing is moved over a file, and what nobody can
say is its own stays where it is. Outputs that were moved with it by hand are found where they are.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ocrd import files
from ocrd.files import Entry, Place
from ocrd.filing import plans
from ocrd.job import Job, JobState
from ocrd.ledger import kept
from ocrd.ledger.writer import LedgerWriter
from ocrd.work import Work

log = logging.getLogger("ocrd.following")

_FOLLOWED = "followed"  # the job whose source had the old name
_KINDS = ("error.json", plans.OVERLAY, plans.ASSETS, "json", "md")
_NOT_THERE = frozenset({errno.ENOENT, errno.ENOTDIR})


@dataclass(frozen=True, slots=True)
class Move:
    """One output on its way; where both paths are one it is in its place."""

    old: str
    new: str
    sha256: str  # as it was written; a person may have edited it since


def is_begun(job: Job) -> bool:
    """Say whether what is left of the job is that its outputs move along."""
    return job.state is JobState.FILING and _FOLLOWED in job.plan


class Follower:
    """Lets outputs move along with their sources. One for the whole daemon."""

    def __init__(self, ledger: LedgerWriter, names: plans.Names) -> None:
        self._ledger = ledger
        self._names = names

    async def follow(self, work: Work, sha256: str) -> bool:
        """Finish a document that was read under another name, and say whether it was."""
        if work.settings.source != "keep":
            return False
        job = work.job
        known = await self._ledger.do(
            lambda ledger: kept.read_as(ledger, job.inbox, job.relpath, sha256)
        )
        for old in known:
            outputs = await self._ledger.do(partial(_outputs_of, old))
            await work.folder.threads.do(work.folder.require_root)  # what is gone is not offline
            moves = await work.folder.threads.do(self._planned, work, old, outputs)
            if moves is not None:
                await self._follow(work, old.id, moves, sha256)
                return True
        return False

    async def _follow(self, work: Work, old: int, moves: Sequence[Move], sha256: str) -> None:
        work.is_filing = True
        plan = {_FOLLOWED: old, "moves": [asdict(move) for move in moves]}
        try:
            await self._ledger.do(
                lambda ledger: ledger.intend(work.job.id, plan, sha256=sha256)
            )
            await self._carry_out(work, old, moves, sha256)
        finally:
            self._names.give_back(move.new for move in moves)

    async def follow_again(self, work: Work) -> None:
        """Go on with what a crash interrupted."""
        work.is_filing = True
        await work.folder.threads.do(work.folder.require_root)
        moves = [Move(**move) for move in work.job.plan["moves"]]
        old: int = work.job.plan[_FOLLOWED]
        await self._carry_out(work, old, moves, work.job.sha256 or "")

    async def _carry_out(
        self, work: Work, old: int, moves: Sequence[Move], sha256: str
    ) -> None:
        try:
            await work.folder.threads.do(_move_all, work, moves)
        except _OutdatedError:  # it is looked at anew
            await self._ledger.do(lambda ledger: ledger.reopen(work.job.id))
            return
        outputs = {move.new: move.sha256 for move in moves}
        await self._ledger.do(
            lambda ledger: kept.rename(
                ledger, old, work.job.id, sha256=sha256, outputs=outputs, destination=str(work.path)
            )
        )
        log.info(
            "It was renamed, and is not read again; its outputs moved along.",
            extra=work.about("followed", before=old, outputs=len(moves)),
        )

    def _planned(
        self, work: Work, old: Job, outputs: Mapping[str, str]
    ) -> list[Move] | None:
        """Return how the outputs of a source get to its new name, their names reserved.

        None where it is another document: the old one is there, or its outputs are not.
        """
        before = Place.below(Path(old.inbox), old.relpath)
        if not outputs or _is_there(before):
            return None
        moves: list[Move] = []
        try:
            with files.translated(work.place), files.opened_folder(work.place.parent) as folder:
                for path, sha256 in outputs.items():
                    move = self._planned_one(work, folder, before, path, sha256)
                    if move is None:
                        self._names.give_back(move.new for move in moves)
                        return None
                    moves.append(move)
        except BaseException:
            self._names.give_back(move.new for move in moves)
            raise
        return moves

    def _planned_one(
        self, work: Work, folder: files.Directory, before: Place, path: str, sha256: str
    ) -> Move | None:
        old, kind = Place.of(Path(path), before.root), _kind_of(path)
        home = work.place.parent
        if kind == plans.ASSETS:  # what links to it has its name
            new = home / old.name
            is_at_home = _is_there(new)
            if _is_there(old):
                is_free = new == old or (not is_at_home and _is_one_disk(old, folder))
                return Move(path, str(new), sha256) if is_free else None
            is_ours = is_at_home and not self._is_owned(new)
            return Move(str(new), str(new), sha256) if is_ours else None
        if _is_there(old):
            if not _is_one_disk(old, folder):
                return None
            name = self._names.name_for(home, folder, work.path.name, kind)
            return Move(path, name, sha256)
        for name in (old.name, *plans.first_names(work.path.name, kind)):
            place = home / name
            is_moved = name == old.name and home != old.parent  # it may have been edited
            if _is_there(place) and (is_moved or plans.holds(place, sha256)):
                return None if self._is_owned(place) else Move(str(place), str(place), sha256)
        return None

    def _is_owned(self, place: Place) -> bool:
        """Say whether a file is another document's; in one of the folder's threads."""
        return self._ledger.submit(lambda ledger: kept.is_owned(ledger, str(place))).result()


def _outputs_of(old: Job, ledger: Any) -> dict[str, str]:
    outputs: dict[str, str] = ledger.outputs_of(old.inbox, old.relpath)
    return outputs


def _kind_of(path: str) -> str:
    return next(kind for kind in (*_KINDS, "") if path.endswith(kind))


def _is_there(place: Place) -> bool:
    """Say whether the name is taken; raise an OcrdError where that cannot be told."""
    try:
        with files.entry_of(place) as entry:
            return entry.exists()
    except OSError as error:
        if error.errno in _NOT_THERE:
            return False
        raise files.translate(error, place.path) from error


def _is_one_disk(old: Place, folder: files.Directory) -> bool:
    """Say whether an output can be renamed into a folder: nothing is copied."""
    with files.translated(old), files.opened_folder(old.parent) as directory:
        return os.fstat(directory.fd).st_dev == os.fstat(folder.fd).st_dev


class _OutdatedError(Exception):
    """A name was taken since the moves were planned, or an output is gone."""


def _move_all(work: Work, moves: Sequence[Move]) -> None:
    """Move what is not in its place yet; raise _OutdatedError where that cannot be."""
    for move in moves:
        if move.old != move.new:
            root = work.place.root
            with _entries(Place.of(Path(move.old), root), Place.of(Path(move.new), root)) as both:
                _move(*both)


@contextlib.contextmanager
def _entries(old: Place, new: Place) -> Iterator[tuple[Entry, Entry]]:
    with contextlib.ExitStack() as stack:
        with files.translated(old):
            source = stack.enter_context(files.entry_of(old))
        with files.translated(new):
            destination = stack.enter_context(files.entry_of(new))
        yield source, destination


def _move(source: Entry, destination: Entry) -> None:
    with files.translated(destination):
        try:
            files.rename_no_replace(source, destination)
        except FileExistsError as error:
            raise _OutdatedError(str(destination)) from error
        except FileNotFoundError as error:
            if not destination.exists():
                raise _OutdatedError(str(source)) from error
        destination.directory.sync()  # also of what an earlier run moved
        source.directory.sync()
