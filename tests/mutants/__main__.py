"""``python -m tests.mutants [MODULE …]``: which changes of a module its unit tests do not notice.

Exit status 1 if a module stays under the share that is asked for. What was found lies in
``build/mutants/MODULE.json``; ``--again`` tries only what was not noticed there, or is new.
"""

from __future__ import annotations

import argparse
import importlib
import json
import multiprocessing
import os
import random
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.mutants.changes import Change, changes
from tests.mutants.trial import Baseline, baseline, is_noticed

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "build" / "mutants"
SHARE = 0.85  # of the changes, to be noticed in each module
LONGEST = 300.0  # seconds for the tests of an unchanged module
LOADED = (
    *("pytest", "_pytest.assertion.rewrite", "pytest_asyncio.plugin", "pytest_timeout"),
    *("xdist.plugin", "xdist.scheduler", "hypothesis.strategies", "_hypothesis_pytestplugin"),
    *("asyncio", "sqlite3"),
)


@dataclass(frozen=True)
class Module:
    """A module that decides something, and its tests."""

    name: str
    tests: list[str]
    load: list[str]  # libraries to import once for all changes
    equivalent: dict[tuple[str, str, str, int], str]  # a change that no test can notice -> why

    @property
    def path(self) -> Path:
        """Return its file."""
        return ROOT.joinpath(*self.name.split(".")).with_suffix(".py")


@dataclass
class Outcome:
    """How many changes of a module were noticed, and which were not."""

    module: Module
    tried: int
    missed: list[Change]
    equivalent: int
    seconds: float

    @property
    def share(self) -> float:
        """Return the share of changes noticed, without equivalent ones."""
        return 1 - len(self.missed) / self.tried if self.tried else 1.0


def modules() -> dict[str, Module]:
    """Return what ``modules.toml`` names."""
    tables = tomllib.loads((Path(__file__).parent / "modules.toml").read_text())["module"]
    found = [_module(table) for table in tables]
    return {module.name: module for module in found}


def _module(table: dict[str, Any]) -> Module:
    return Module(
        name=table["name"],
        tests=table["tests"],
        load=table.get("load", []),
        equivalent={
            (one["function"], one["before"], one["after"], one.get("place", 1)): one["why"]
            for one in table.get("equivalent", [])
        },
    )


def tried(module: Module, wanted: list[Change]) -> list[Change]:
    """Return the changes that the module's tests do not notice."""
    for library in module.load:
        importlib.import_module(library)
    before = baseline(module.path, module.tests, LONGEST)
    limit = 10 + 5 * before.seconds
    blame: dict[str, int] = {}  # how many changes each test noticed: the best are asked first
    missed = []
    for change in wanted:
        order = sorted(_tests_of(change, before), key=lambda test: -blame.get(test, 0))
        noticed, test = False, ""
        if order:
            noticed, test = is_noticed(
                module.name, module.path, change.source, module.tests, order, limit
            )
        if noticed:
            blame[test] = blame.get(test, 0) + 1
        else:
            missed.append(change)
    return missed


def _tests_of(change: Change, before: Baseline) -> list[str]:
    """Return the tests that come past the changed place."""
    if not change.first_line:
        return list(before.calls)
    return [test for test, lines in before.calls.items() if change.first_line in lines]


def outcome(module: Module, again: bool, sample: int) -> Outcome:
    """Try a module's changes, and keep what was found."""
    started = time.monotonic()
    every = changes(module.path.read_text())
    judged = [change for change in every if change.key not in module.equivalent]
    equivalent = len(every) - len(judged)
    if sample and len(judged) > sample:
        judged = random.Random(module.name).sample(judged, sample)
    kept = RESULTS / f"{module.name}.json"
    known = _noticed(kept) if again else set()
    missed = tried(module, [change for change in judged if change.key not in known])
    if not sample:
        RESULTS.mkdir(parents=True, exist_ok=True)
        noticed = [change.key for change in judged if change not in missed]
        found = {"noticed": noticed, "missed": [change.key for change in missed]}
        kept.write_text(json.dumps(found, indent=1))
    return Outcome(module, len(judged), missed, equivalent, time.monotonic() - started)


def _noticed(kept: Path) -> set[tuple[Any, ...]]:
    """Return what was noticed the last time; what is new in the module is not among it."""
    if not kept.exists():
        return set()
    return {tuple(key) for key in json.loads(kept.read_text()).get("noticed", [])}


def main() -> int:
    """Try the modules that are asked for, or all."""
    parser = argparse.ArgumentParser(prog="tests.mutants", description=__doc__)
    parser.add_argument("modules", nargs="*", help="as ocrd.intake.settle; by default all")
    parser.add_argument("--again", action="store_true", help="only what was not noticed last time")
    parser.add_argument("--sample", type=int, default=0, help="at most so many of each module")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--quiet", action="store_true", help="the table alone")
    options = parser.parse_args()
    known = modules()
    if unknown := [name for name in options.modules if name not in known]:
        parser.error(f"not in modules.toml: {', '.join(unknown)}")
    for library in LOADED:
        importlib.import_module(library)
    # Tests and modules are compiled once, not for each change.
    sys.dont_write_bytecode = False
    names = options.modules or list(known)
    worst = 1.0
    processes = min(options.jobs, len(names))
    with multiprocessing.get_context("fork").Pool(processes, maxtasksperchild=1) as pool:
        wanted = [(known[name], options.again, options.sample) for name in names]
        for found in pool.imap(_outcome, wanted, chunksize=1):
            worst = min(worst, found.share)
            _show(found, options.quiet)
    return int(worst < SHARE)


def _outcome(wanted: tuple[Module, bool, int]) -> Outcome:
    return outcome(*wanted)


def _show(found: Outcome, quiet: bool) -> None:
    noticed = found.tried - len(found.missed)
    print(
        f"{found.module.name:<40} {noticed:>4} of {found.tried:>4}  {found.share:>6.1%}"
        f"  {found.equivalent:>3} equivalent  {found.seconds:>5.0f} s",
        flush=True,
    )
    if not quiet:
        for change in found.missed:
            print(f"  {change}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
