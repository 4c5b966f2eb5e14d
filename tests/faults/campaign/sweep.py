"""Documents of one shape one after the other, each killed before a given call of its way."""

from __future__ import annotations

import contextlib
import random
import re
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ocrd.errors import OcrdError
from tests.faults.campaign.cases import Case, Figures
from tests.faults.campaign.documents import Document
from tests.faults.campaign.invariant import Readings, Tree, kept_pages, wrong_state
from tests.faults.campaign.shapes import SHAPES, Shape
from tests.faults.campaign.site import Site
from tests.faults.campaign.supervisor import DAEMON, WORKER, Call, Trap
from tests.installation import eventually

QUIET_SECONDS = 120.0
MOMENT_SECONDS = 20.0  # for what is done behind a document's end
TORN_SHARE = 0.25  # of the cases behind the first of each step
LONGEST_RECOVERY = 40  # steps of a start, among which the second kill is
SEEK_DOCUMENTS = 3  # for a step that not every document has
LONG_SEEK_DOCUMENTS = 30  # for one that only a heartbeat has
MORE_CASES = 20  # for those whose step was not met
FINAL = {"done", "failed"}


class Sweep:
    """One installation and its documents of one shape."""

    def __init__(self, shape: Shape, root: Path, outside: Path) -> None:
        root.mkdir(parents=True)
        self.shape = shape
        self.site = Site(root)
        self.inbox = root / "inbox"
        self.outside = outside
        outside.mkdir(parents=True)
        self.site.outside.append(outside)
        more = shape.settings.format(outside=outside)
        self.site.configure({self.inbox: more}, refuse=shape.refuse)
        self.tree = Tree(shape, self.inbox, outside)
        self.readings = Readings(self.site.journal)
        self.figures = Figures()
        self.documents: list[Document] = []
        self.before: dict[str, Document] = {}
        self.dropped = 0
        self.renamings = 0
        self.modified = 0  # when the last of them was, in nanoseconds
        self.recorded: list[Call] = []  # the calls of an undisturbed document
        self.asking: threading.Thread | None = None
        self.moment_seconds = MOMENT_SECONDS
        self.seek_documents = SEEK_DOCUMENTS

    def run(self, cases: Iterable[Case]) -> Figures:
        """Go through the cases; a violation ends the sweep, since what follows would suffer too."""
        case: Case | None = None
        try:
            self.begin()
            for case in cases:
                if violations := self.carry_out(case):
                    self.figures.violations += [f"{case}: {text}" for text in violations]
                    break
        except Exception as error:
            self.figures.violations.append(
                f"{case or self.shape.name}: {error!r}\n{self.site.said()}"
            )
        finally:
            self.end()
        return self.figures

    def begin(self) -> None:
        """Start, and have the first document pass undisturbed: it is what the others must equal."""
        self.site.start()
        assert self.site.supervisor is not None
        self.drop()
        self.settle()
        self.site.supervisor.record = self.recorded
        self.send()
        self.settle()
        if violations := self.violations():
            raise AssertionError(f"undisturbed: {violations}")
        self.site.supervisor.record = None
        self.figures.recorded |= self.labels(self.recorded)

    def end(self) -> None:
        """Kill what is left."""
        if self.site.process is not None:
            self.site.kill()
        self.figures.starts = self.site.starts
        self.figures.documents = self.dropped
        shutil.rmtree(self.outside, ignore_errors=True)
        if not self.figures.violations:
            shutil.rmtree(self.site.root, ignore_errors=True)

    def carry_out(self, case: Case) -> list[str]:
        """Kill as the case says, let it recover, and return what is wrong then."""
        trap = self.spring(case)
        if trap.sprung is None:
            return self.violations()  # its way was shorter this time
        self.count(case.role, trap.sprung)
        if case.role != DAEMON:
            if case.role == WORKER:
                self.readings.note_dead_worker()
        elif violations := self.recover(case):
            return violations
        self.settle()
        return self.violations()

    def spring(self, case: Case) -> Trap:
        """Send documents into the trap: one, or more where the step comes only now and then."""
        assert self.site.supervisor is not None
        for _ in range(self.seek_documents):
            trap = Trap(
                case.role, case.place, case.torn, lambda call: self.label(call) == case.label
            )
            self.site.supervisor.set(trap)
            self.send()
            self.settle(trap)
            self.site.supervisor.set(None)  # before the look: what is not sprung now never will be
            if trap.sprung is not None:
                break
        return trap

    def recover(self, case: Case) -> list[str]:
        """Start again after a kill, and kill once more where that is asked for."""
        if violations := self.look_at_the_dead():
            return violations
        self.site.begin()
        if case.again:
            assert self.site.supervisor is not None
            trap = Trap(DAEMON, case.again)
            self.site.supervisor.set(trap)
            self.settle(trap)
            self.site.supervisor.set(None)
            if trap.sprung is not None:
                self.count("daemon, once more in recovery", trap.sprung)
                if violations := self.look_at_the_dead():
                    return violations
                self.site.begin()
        return []

    def look_at_the_dead(self) -> list[str]:
        """Bury the daemon; return what is wrong before anything recovers it."""
        self.site.kill()
        recent = self.documents[-1:]
        self.readings.note_kill(kept_pages(self.site.root / "state", recent))
        return list(self.tree.lost(recent, self.before))

    def count(self, kind: str, call: Call) -> None:
        self.figures.kills[kind] += 1
        self.figures.boundaries |= self.labels([call])

    # Documents

    def send(self) -> None:
        """Set the next document on its way."""
        if self.shape.again:
            self.ask_again()
        elif self.shape.renamed and self.documents:
            self.rename()
        else:
            self.drop()

    def drop(self) -> None:
        """Put the next document into the inbox, whole at once."""
        self.dropped += 1
        document = self.shape.document(self.dropped, self.inbox)
        if self.shape.one_name and self.documents:
            old = self.documents.pop()
            self.before[old.name] = old
        self.documents.append(document)
        staged = self.site.root / "staged"
        staged.write_bytes(document.content)
        self.modified = staged.stat().st_mtime_ns
        document.path.parent.mkdir(parents=True, exist_ok=True)
        staged.rename(document.path)

    def rename(self) -> None:
        """Give the document another name."""
        old = self.documents.pop()
        self.renamings += 1
        new = replace(old, name=f"{old.name.split('-to-')[0].removesuffix('.pdf')}"
            f"-to-{self.renamings}.pdf")  # fmt: skip
        self.documents.append(new)
        old.path.rename(new.path)

    def ask_again(self) -> None:
        """Have the failed document read once more; the daemon may die of it."""

        def ask() -> None:
            with contextlib.suppress(OcrdError):
                self.site.client.retry(None)

        self.asking = threading.Thread(target=ask, daemon=True)
        self.asking.start()

    # Quiet

    def settle(self, trap: Trap | None = None) -> None:
        """Wait until all is quiet, or the trap is sprung."""
        end = time.monotonic() + QUIET_SECONDS
        while time.monotonic() < end:
            if trap is not None and trap.event.is_set():
                return
            if self.is_quiet():
                return
            time.sleep(0.01)
        raise AssertionError(
            f"not quiet after {QUIET_SECONDS} s: {self.newest(self.documents[-1])}"
        )

    def is_quiet(self) -> bool:
        if self.asking is not None and self.asking.is_alive():
            return False
        status = self.site.status()
        if not status or status["state"] != "running":
            return False
        counts = status["jobs"]
        if any(counts[state] for state in ("queued", "leased", "filing", "waiting")):
            return False
        if any(not inbox["online"] or inbox["settling"] for inbox in status["inboxes"]):
            return False
        return self.is_final(self.documents[-1])

    def is_final(self, document: Document) -> bool:
        job = self.newest(document)
        if job is None or job["state"] not in FINAL or job["sha256"] != document.sha256:
            return False
        return self.shape.kept or not document.path.exists()

    def newest(self, document: Document) -> dict[str, Any] | None:
        """Return the document's last job."""
        jobs = [job for job in self.jobs() if job["relpath"] == document.name]
        return max(jobs, key=lambda job: int(job["id"]), default=None)

    def jobs(self) -> list[dict[str, Any]]:
        try:
            jobs: list[dict[str, Any]] = self.site.client.jobs(limit=20)["jobs"]
        except OcrdError:
            return []
        return jobs

    def violations(self) -> list[str]:
        """Return what is wrong now that all is quiet, and stays so."""
        found: list[str] = []

        def is_right() -> bool:
            found[:] = [
                *self.tree.wrong(self.documents),
                *self.readings.wrong(),
                *wrong_state(self.site.root / "state"),
            ]
            if "Traceback" in self.site.said():
                found.append(self.site.said())
            return not found

        try:
            eventually(is_right, self.moment_seconds, interval=0.02)
        except AssertionError:
            return found
        return []

    def labels(self, calls: Iterable[Call]) -> set[str]:
        """Return the names of those calls that are steps."""
        return {self.label(call) for call in calls if call.is_step}

    def label(self, call: Call) -> str:
        """Return a name that the call has in every document and every run."""
        where = " -> ".join(
            path.replace(str(self.site.root), "").replace(str(self.outside), "outside")
            for path in call.paths
        )
        where = re.sub(r"\b[0-9a-f]{16}\b|\d+", "#", where)
        return Case(self.shape.name, call.role, f"{call.name} {where}").label

    def cases(self) -> list[Case]:
        """Return a case for each step of an undisturbed document."""
        done: Counter[str] = Counter()
        found = []
        for call in self.recorded:
            if call.is_step:
                label = self.label(call)
                done[label] += 1
                found.append(replace(Case.parse(label), place=done[label]))
        return found


def sweep(
    name: str, part: int, parts: int, kills: int, seed: int, root: Path, outside: Path
) -> Figures:
    """Carry out one of several parts of a shape's cases, in an installation of its own."""
    one = Sweep(SHAPES[name], root, outside)

    def cases() -> Iterator[Case]:  # asked for when an undisturbed document has been recorded
        every, dice = one.cases(), random.Random(f"{seed} {name} {part}")
        yield from choose(every, part, parts, kills, dice)
        for _ in range(MORE_CASES):
            if one.figures.total >= kills:
                break
            yield dice.choice(every)

    return one.run(cases())


def repeat(cases: Sequence[Case], root: Path, outside: Path) -> Figures:
    """Carry out cases of one shape."""
    one = Sweep(SHAPES[cases[0].shape], root, outside)
    one.seek_documents = LONG_SEEK_DOCUMENTS
    return one.run(cases)


def choose(
    every: Sequence[Case], part: int, parts: int, kills: int, dice: random.Random
) -> list[Case]:
    """Return cases for about so many kills: every step of this part, if there is room for all.

    What room is left after that goes to torn writes and second kills during recovery.
    """
    mine = sorted(every, key=lambda case: (case.role, str(case)))[part::parts]
    of_daemon = [case for case in every if case.role == DAEMON]
    singles = min(len(mine), kills if parts > 1 else kills * 3 // 4)
    cases = mine if singles == len(mine) else sorted(dice.sample(mine, singles), key=str)
    count = len(cases)
    while count < kills:
        case = dice.choice(of_daemon)
        if dice.random() < TORN_SHARE:
            cases.append(replace(case, torn=True))
            count += 1
        else:
            cases.append(replace(case, again=dice.randint(1, LONGEST_RECOVERY)))
            count += 2
    return cases
