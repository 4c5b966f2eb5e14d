"""Kills at random moments: documents keep coming into several folders while processes die."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import time
from pathlib import Path

import psutil

from tests.faults.campaign.cases import Figures
from tests.faults.campaign.documents import Document
from tests.faults.campaign.invariant import Readings, Tree, kept_pages, wrong_state
from tests.faults.campaign.shapes import ACROSS, DELETE, KEEP, MOVE, Shape
from tests.faults.campaign.site import Site
from tests.faults.campaign.supervisor import DAEMON, RASTERIZER, WORKER
from tests.installation import eventually

COMMANDS = {RASTERIZER: "ocrd.raster.child", WORKER: "ocrd.engine.worker"}
LONGEST_LIFE = 1.6  # seconds between two kills: a start takes about half of it
KILLS_A_ROUND = 6  # then all is let come to rest and looked at
QUIET_SECONDS = 240.0


class Storm:
    """One installation with four folders, and a die."""

    def __init__(self, seed: int, root: Path, outside: Path) -> None:
        root.mkdir(parents=True)
        outside.mkdir(parents=True)
        self.dice = random.Random(seed)
        self.site = Site(root)
        self.site.outside.append(outside)
        self.outside = outside
        self.trees = {
            shape.name: Tree(shape, root / shape.name, outside / shape.name)
            for shape in (MOVE, ACROSS, KEEP, DELETE)
        }
        self.site.configure(
            {
                tree.inbox: tree.shape.settings.format(outside=tree.outside)
                for tree in self.trees.values()
            }
        )
        self.readings = Readings(self.site.journal)
        self.documents: list[tuple[Shape, Document]] = []
        self.figures = Figures()

    def run(self, kills: int) -> Figures:
        """Kill so often, look at everything in between, and return the figures."""
        try:
            self.site.start()
            while self.figures.total < kills and not self.figures.violations:
                for _ in range(min(KILLS_A_ROUND, kills - self.figures.total)):
                    self.strike()
                self.rest()
        except Exception as error:
            self.figures.violations.append(f"{error!r}\n{self.site.said()}")
        finally:
            self.site.kill()
            self.figures.starts = self.site.starts
            self.figures.documents = len(self.documents)
            shutil.rmtree(self.outside, ignore_errors=True)
            if not self.figures.violations:
                shutil.rmtree(self.site.root, ignore_errors=True)
        return self.figures

    def strike(self) -> None:
        """Drop documents, wait for no event at all, and kill something."""
        for _ in range(self.dice.randint(0, 2)):
            self.drop(self.dice.choice(list(self.trees)))
        time.sleep(self.dice.uniform(0.0, LONGEST_LIFE))  # the moment is what is tried here
        role = self.dice.choices((DAEMON, WORKER, RASTERIZER), (4, 1, 1))[0]
        if role == DAEMON:
            self.kill_daemon()
        else:
            self.kill_child(role)

    def drop(self, name: str) -> None:
        tree = self.trees[name]
        document = tree.shape.document(len(self.documents) + 1, tree.inbox)
        self.documents.append((tree.shape, document))
        staged = self.site.root / "staged"
        staged.write_bytes(document.content)
        document.path.parent.mkdir(parents=True, exist_ok=True)
        staged.rename(document.path)

    def kill_daemon(self) -> None:
        self.site.kill()
        self.figures.kills["daemon, at random"] += 1
        documents = [document for _, document in self.documents]
        self.readings.note_kill(kept_pages(self.site.root / "state", documents))
        for shape, document in self.documents:
            self.figures.violations += self.trees[shape.name].lost([document], {})
        self.site.begin()

    def kill_child(self, role: str) -> None:
        """Kill a child, if there is one at this moment."""
        assert self.site.process is not None
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            for child in psutil.Process(self.site.process.pid).children():
                if COMMANDS[role] in child.cmdline():
                    if role == WORKER:
                        self.readings.note_dead_worker()
                    os.kill(child.pid, signal.SIGKILL)
                    self.figures.kills[f"{role}, at random"] += 1
                    return

    def rest(self) -> None:
        """Wait until all is done, and look at it from outside."""
        eventually(self.is_quiet, QUIET_SECONDS, "all documents are filed", interval=0.05)
        found: list[str] = []

        def is_right() -> bool:
            found[:] = [*self.readings.wrong(), *wrong_state(self.site.root / "state")]
            for name, tree in self.trees.items():
                mine = [document for shape, document in self.documents if shape.name == name]
                found.extend(tree.wrong(mine))
            if "Traceback" in self.site.said():
                found.append(self.site.said())
            return not found

        try:
            eventually(is_right, 20.0)
        except AssertionError:
            self.figures.violations += found
        self.readings.forgive()

    def is_quiet(self) -> bool:
        status = self.site.status()
        if not status or status["state"] != "running":
            return False
        jobs = status["jobs"]
        if any(jobs[state] for state in ("queued", "leased", "filing")):
            return False
        if any(not inbox["online"] or inbox["settling"] for inbox in status["inboxes"]):
            return False
        if any(not shape.kept and one.path.exists() for shape, one in self.documents):
            return False
        return int(jobs["done"]) + int(jobs["failed"]) >= len(self.documents)


def storm(seed: int, kills: int, root: Path, outside: Path) -> Figures:
    """Let one installation be struck so often."""
    figures = Storm(seed, root, outside).run(kills)
    figures.violations = [f"random:{seed}:{kills}: {text}" for text in figures.violations]
    return figures
