"""The campaign of writers: ``python -m tests.faults.hot_folders --seconds 120 --files 20000``.

First so many files at once, more than inotify's queue of events holds, through the whole daemon;
then, for so long, writers of every kind against one daemon that is killed and started again, with
files edited, replaced and taken away while they are read. In the end every file that was left in
the inbox is in done/, whole, once, with a sidecar that names its bytes. Prints figures; the exit
status is 1 where one is lost, doubled, half or mixed.
"""

from __future__ import annotations

import argparse
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.faults.labs import writers
from tests.faults.labs.truth import letter, sha256
from tests.installation import ECHO, Installation, eventually

KINDS = [kind.__name__ for kind in writers.KINDS]
AT_ONCE = 6  # writers
KILL_SECONDS = 12.0  # between two kills, about
LIMIT_SECONDS = 1200.0


def main() -> int:
    """Run both parts and print their figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    violations: list[str] = []
    with tempfile.TemporaryDirectory(prefix="hot-", dir="/tmp") as folder:
        if arguments.files:
            violations += overflow(Path(folder, "o"), arguments.files)
        if arguments.seconds:
            violations += storm(Path(folder, "s"), arguments.seconds, arguments.seed)
    for violation in violations[:50]:
        print(f"VIOLATION: {violation}")
    print(f"violations: {len(violations)}")
    return 1 if violations else 0


def overflow(root: Path, count: int) -> list[str]:
    """Drop so many files at once; each has to be queued once, and none is read twice."""
    root.mkdir()
    daemon = Installation(root)
    daemon.configure(settle="1s")
    daemon.start()
    daemon.command("pause")  # the queue is what is looked at here
    began = time.monotonic()
    for number in range(count):
        (daemon.inbox / f"{number}.png").write_bytes(b"%d" % number)
    dropped = time.monotonic() - began
    eventually(lambda: daemon.status()["jobs"]["queued"] >= count, LIMIT_SECONDS)
    queued = time.monotonic() - began
    jobs = daemon.status()["jobs"]
    stop = daemon.stop(60)
    print(f"files at once: {count}, written in {dropped:.1f} s, all queued after {queued:.1f} s")
    problems = [] if jobs["queued"] == count else [f"{jobs['queued']} of {count} are queued"]
    return problems + ([] if stop == 0 else [f"the stop ended with {stop}"])


class Storm:
    """One daemon, many writers, and what they will have left."""

    def __init__(self, root: Path, seed: int) -> None:
        root.mkdir()
        self.random = random.Random(seed)
        self.daemon = Installation(root)
        self.daemon.configure(
            ECHO + "\n[engine.options]\ndelay = 0.1", settle="1s", patience="600s",
            inbox="recursive = true\nfront_matter = true",
        )  # fmt: skip
        self.sources = root / "sources"
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.written: dict[str, str] = {}  # name -> hash
        self.done = Counter[str]()

    def write_on(self) -> None:
        """Start writers until enough are at work; take note of those that have ended."""
        for name, writer in list(self.running.items()):
            if writer.poll() is not None:
                del self.running[name]
                self.done["writers"] += 1
        while len(self.running) < AT_ONCE:
            number = len(self.written)
            kind = self.random.choice(KINDS)
            name = f"{number % 7}/{number}-{kind}.png"
            (self.daemon.inbox / name).parent.mkdir(exist_ok=True)
            source = self.sources / f"{number}.png"
            self.written[name] = letter(source, number)
            self.running[name] = writers.start(kind, source, self.daemon.inbox / name)

    def violations(self) -> list[str]:
        """Compare what is in done/ with what was written."""
        found = [path for path in self.daemon.done.rglob("*") if path.is_file()]
        contents = Counter(sha256(path) for path in found if path.suffix == ".png")
        told = Counter(
            match[1]
            for path in found
            if path.suffix == ".md" and (match := re.search(r"([0-9a-f]{64})", path.read_text()))
        )
        wrong = [f"{name}: {contents[each]} times in done/" for name, each in self.written.items()
                 if contents[each] != 1]  # fmt: skip
        wrong += [f"{name}: {told[each]} sidecars" for name, each in self.written.items()
                  if told[each] != 1]  # fmt: skip
        if extra := len(found) - 2 * len(self.written):
            wrong.append(f"{extra} files too many in done/")
        return wrong + [f"left: {name}" for name in self.daemon.tree() if "done/" not in name]


def storm(root: Path, seconds: float, seed: int) -> list[str]:
    """Have writers of every kind write for so long, the daemon killed now and then."""
    run = Storm(root, seed)
    run.daemon.start()
    end = time.monotonic() + seconds
    kill = time.monotonic() + KILL_SECONDS
    while time.monotonic() < end:
        run.write_on()
        if time.monotonic() > kill:
            run.daemon.kill()
            run.daemon.start()
            run.done["kills"] += 1
            kill = time.monotonic() + KILL_SECONDS * run.random.uniform(0.5, 1.5)
        time.sleep(0.05)
    for writer in run.running.values():
        writer.wait(60)
    wanted = len(run.written)
    try:
        eventually(lambda: len(list(run.daemon.done.rglob("*.md"))) >= wanted, 120)
        eventually(lambda: not run.daemon.status()["working"], 60)
    except AssertionError as error:
        print(error)
    run.daemon.stop(60)
    print(f"writers: {wanted} of {len(KINDS)} kinds, kills of the daemon: {run.done['kills']}")
    return run.violations()


if __name__ == "__main__":
    sys.exit(main())
