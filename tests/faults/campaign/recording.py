"""One undisturbed document's calls, and what a power loss among them may leave."""

from __future__ import annotations

import contextlib
import copy
import os
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.faults.campaign.cases import Figures
from tests.faults.campaign.disk import Disk, State, every_state
from tests.faults.campaign.documents import Document
from tests.faults.campaign.invariant import OWNER
from tests.faults.campaign.shapes import SHAPES, Shape
from tests.faults.campaign.supervisor import DAEMON, Call
from tests.faults.campaign.sweep import Sweep

LEDGER = "ledger.sqlite3"


class Recording:
    """An installation at rest, the calls of its next document, and the files at its end."""

    def __init__(self, shape: Shape, root: Path, outside: Path) -> None:
        self.sweep = Sweep(shape, root, outside)
        self.shape = shape
        self.state_dir = root / "state"
        site = self.sweep.site
        site.start()
        assert site.supervisor is not None
        self.sweep.drop()
        self._rest()
        self._at_rest = Disk([self.sweep.inbox, outside, self.state_dir], self._passing())
        owner = self.sweep.inbox / OWNER
        self._owner = owner.read_bytes()
        calls: list[Call] = []
        site.supervisor.record = calls
        self.sweep.send()
        self.document: Document = self.sweep.documents[-1]
        source = self.document.path
        if shape.again:
            source = self.document.path.parent.parent / "failed" / self.document.path.name
        else:
            self._at_rest.adopt(source)
        self._number = self._at_rest.number(str(source))
        self._modified = self.sweep.modified
        self._rest()
        site.supervisor.record = None
        site.kill()
        self.calls = [call for call in calls if call.role == DAEMON]
        self.files = dict(shape.files(self.document, outside))
        self.final = {path: path.read_bytes() for path in self.files}

    @property
    def filed(self) -> Path:
        """The place of the source at the end, or of the first sidecar where it is deleted."""
        return next(iter(self.files))

    def _rest(self) -> None:
        self.sweep.settle()
        assert not (wrong := self.sweep.violations()), wrong

    def _passing(self) -> list[Path]:
        """Name what no recovery looks at: it is made anew by every start."""
        own = ("tmp", "run", "lock", f"{LEDGER}-shm")
        return [*(self.state_dir / name for name in own), self.sweep.inbox / OWNER]

    # Judging

    def states(
        self, keep: Callable[[Call], bool] = lambda _call: True
    ) -> Iterator[tuple[Call | None, State]]:
        """Yield every state that a power loss may leave, each once, with the last call before."""
        return every_state(copy.deepcopy(self._at_rest), self.calls, keep)

    def faults(self, state: State, ledgers: dict[int, str]) -> Iterator[str]:
        """Yield what is wrong with a state before anything recovers it.

        ``ledgers`` remembers what was found in ledgers that were looked into.
        """
        sources = {self.document.path, *self._of_kind("source")}
        there = {path for path in sources if state.get(str(path)) == self.document.content}
        sidecars = set(self.final) - sources
        missing = {path for path in sidecars if state.get(str(path)) != self.final[path]}
        if not there and (missing or not self.shape.deleted):
            yield "the source is nowhere"
        for path in missing:
            content = state.get(str(path))
            if content is not None and content not in self._earlier(path):
                yield f"{path.name} is there and not whole"
        is_home = state.get(str(self.document.path)) is not None
        if missing and not is_home and not self.shape.again:
            yield f"the source is gone from its inbox, and {missing} are not there"
        verdict = self._job(state, ledgers)
        if verdict not in {"", "queued", "leased", "filing", "done", "failed", "withdrawn"}:
            yield f"the ledger: {verdict}"
        published = any(
            state.get(str(path)) == self.final[path] and self.final[path] not in self._earlier(path)
            for path in sidecars
        )
        if published and verdict in {"", "queued", "leased"} and not self.shape.again:
            yield "a sidecar is published, and the ledger knows of no intent"
        if verdict in {"done", "failed"} and not self.shape.again:
            if missing:
                yield f"the ledger says {verdict}, and {missing} are not there"
            if is_home and not self.shape.kept:
                yield f"the ledger says {verdict}, and the source is still in its inbox"

    def _earlier(self, path: Path) -> list[bytes]:
        """Return what was at a path before: a kept source's earlier sidecar may still be there."""
        return [content for content in (self._at_rest.content(str(path)),) if content is not None]

    def _of_kind(self, kind: str) -> list[Path]:
        return [path for path, found in self.files.items() if found == kind]

    def _job(self, state: State, ledgers: dict[int, str]) -> str:
        """Return what the ledger says of the document's job, "" if it knows of none."""
        found = {
            path: content for path, content in state.items()
            if Path(path).name.startswith(LEDGER) and content is not None
        }
        mark = hash(frozenset(found.items()))
        if mark not in ledgers:
            with tempfile.TemporaryDirectory() as folder:
                for path, content in found.items():
                    Path(folder, Path(path).name).write_bytes(content)
                ledgers[mark] = self._read_job(Path(folder, LEDGER))
        return ledgers[mark]

    def _read_job(self, path: Path) -> str:
        with contextlib.closing(sqlite3.connect(path)) as ledger:
            (verdict,) = ledger.execute("PRAGMA integrity_check").fetchone()
            if verdict != "ok":
                return str(verdict)
            row = ledger.execute(
                "SELECT state FROM jobs WHERE relpath = ? AND sha256 = ? ORDER BY id DESC LIMIT 1",
                (os.fsencode(self.document.name), self.document.sha256),
            ).fetchone()
        return "" if row is None else str(row[0])

    # Recovering

    def recover(self, state: State) -> list[str]:
        """Put the state onto the real disk, start the daemon, and return what is wrong then."""
        site = self.sweep.site
        for root in (self.sweep.inbox, self.sweep.outside, self.state_dir):
            shutil.rmtree(root)
        inodes = self._lay_out(state)
        _correct_keys(self.state_dir / LEDGER, inodes)
        site.begin()
        try:
            self.sweep.settle()
            self.sweep.readings.forgive()  # pages whose results went with the power are read again
            return self.sweep.violations()
        finally:
            site.kill()

    def _lay_out(self, state: State) -> dict[str, int]:
        """Write the state; return the inode that the source now has, by its old number."""
        for path, content in sorted(state.items()):
            target = Path(path)
            if content is None:
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.write_bytes(content)
            if content == self.document.content:
                os.utime(target, ns=(self._modified, self._modified))
        (self.sweep.inbox / OWNER).write_bytes(self._owner)
        names = [self.document.path]  # where the inode of the source may be, by renames alone
        if not self.shape.outside:
            names += self._of_kind("source")
        there = [path for path in names if state.get(str(path)) == self.document.content]
        return {str(self._number): there[0].stat().st_ino} if there else {}


def _correct_keys(ledger: Path, inodes: dict[str, int]) -> None:
    """Give sources the inode numbers that a disk would have kept and a copy cannot."""
    if not ledger.exists() or not inodes:
        return
    with contextlib.closing(sqlite3.connect(ledger)) as connection, connection:
        for job, key in connection.execute("SELECT id, key FROM jobs").fetchall():
            device, inode, *rest = key.split(":")
            if inode in inodes:
                new = ":".join((device, str(inodes[inode]), *rest))
                connection.execute("UPDATE jobs SET key = ? WHERE id = ?", (new, job))



def lose_power(
    name: str, recoveries: int, seed: int, root: Path, outside: Path, *, only: int = 0
) -> Figures:
    """Judge every state that a power loss may leave of a shape, and recover from some of them.

    ``only`` is the number of the one state to recover from, 0 for a choice.
    """
    figures = Figures()
    try:
        recording = Recording(SHAPES[name], root, outside)
        states = list(recording.states())
        ledgers: dict[int, str] = {}
        for number, (call, state) in enumerate(states, 1):
            faults = recording.faults(state, ledgers)
            figures.violations += [f"power:{name}:{number}: after {call}: {one}" for one in faults]
        figures.states = len(states)
        dice = random.Random(f"{seed} {name}")
        chosen = [only] if only else dice.sample(range(1, len(states) + 1), recoveries)
        for number in chosen:
            call, state = states[number - 1]
            wrong = recording.recover(state)
            figures.recovered += 1
            figures.violations += [f"power:{name}:{number}: after {call}: {one}" for one in wrong]
        figures.starts = recording.sweep.site.starts
    except Exception as error:
        figures.violations.append(f"power:{name}:1: {error!r}")
    finally:
        shutil.rmtree(outside, ignore_errors=True)
    return figures
