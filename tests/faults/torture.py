"""The crash campaign: ``python -m tests.faults.torture --kills 1000 --seed 1``.

Documents of every shape are killed before every call of theirs that changes a file, half of a
write done or none of it, once more during the recovery, and at random moments; daemon, engine
worker and rasterizer. After each kill and after each recovery the invariant is looked at from
outside. What a power loss may leave on the disk is worked out from recorded calls, judged, and
recovered from. Prints figures; the exit status is 1 where something was lost, left over, half or
twice.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from tests.faults.campaign import seccomp
from tests.faults.campaign.cases import Case, Figures
from tests.faults.campaign.recording import lose_power
from tests.faults.campaign.shapes import POWER_LOSS_SHAPES, SHAPES
from tests.faults.campaign.storm import storm
from tests.faults.campaign.sweep import repeat, sweep

ANOTHER_DISK = Path("/dev/shm")  # another file system than that of temporary files
CASES_A_SWEEP = 24  # so that the last ones to work have little left to do
RANDOM_SHARE = 0.25
KILLS_A_STORM = 30

Places = Iterator[tuple[Path, Path]]  # new folders, on two file systems, as often as asked for


def main() -> int:
    """Run the campaign and print its figures."""
    arguments = _arguments()
    if not seccomp.is_supported():
        print("This machine's system calls are not known to the campaign.", file=sys.stderr)
        return 2
    started = time.monotonic()
    figures = run(
        arguments.kills, arguments.seed, jobs=arguments.jobs, states=arguments.states,
        only=arguments.only, say=_say,
    )  # fmt: skip
    report(figures, arguments.seed, time.monotonic() - started)
    return 1 if figures.violations else 0


def run(
    kills: int,
    seed: int,
    *,
    jobs: int = 0,
    states: int = 0,
    only: str = "",
    say: Callable[[Figures], None] = lambda _figures: None,
) -> Figures:
    """Carry a campaign of about so many kills and power losses out and return its figures."""
    folders = [
        Path(tempfile.mkdtemp(prefix="torture-")),
        Path(tempfile.mkdtemp(prefix="torture-", dir=ANOTHER_DISK)),
    ]
    places = ((folders[0] / str(n), folders[1] / str(n)) for n in itertools.count())
    jobs = jobs or max(2, (os.cpu_count() or 1) * 3 // 2)  # a start waits about as much as it works
    total = Figures()
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        if only:
            _take([_submit_one(pool, seed, only, places)], total, say)
        else:
            _take(_submit(pool, kills, states, seed, places), total, say)
            more = missed(total, kills)
            _take([pool.submit(repeat, cases, *next(places)) for cases in more], total, say)
    shutil.rmtree(folders[1], ignore_errors=True)
    if not total.violations:
        shutil.rmtree(folders[0], ignore_errors=True)
    return total


def _take(futures: list[Future[Figures]], total: Figures, say: Callable[[Figures], None]) -> None:
    """Add the figures of each to the total when they come, and say so."""
    for done in as_completed(futures):
        figures = done.result()
        for violation in figures.violations:
            print(violation, file=sys.stderr, flush=True)
        total.add(figures)
        say(total)


def _submit_one(
    pool: ProcessPoolExecutor, seed: int, only: str, places: Places
) -> Future[Figures]:
    if only.startswith("random:"):
        _, own_seed, own_kills = only.split(":")
        return pool.submit(storm, int(own_seed), int(own_kills), *next(places))
    if only.startswith("power:"):
        _, name, state = only.split(":")
        return pool.submit(lose_power, name, 1, seed, *next(places), only=int(state))
    return pool.submit(repeat, [Case.parse(only)], *next(places))


def _submit(
    pool: ProcessPoolExecutor, kills: int, states: int, seed: int, places: Places
) -> list[Future[Figures]]:
    at_random = round(kills * RANDOM_SHARE)
    futures = []
    for start in range(0, at_random, KILLS_A_STORM):
        count = min(KILLS_A_STORM, at_random - start)
        futures.append(pool.submit(storm, seed * 1000 + start, count, *next(places)))
    for shape in POWER_LOSS_SHAPES if states else ():
        share = max(1, states // len(POWER_LOSS_SHAPES))
        futures.append(pool.submit(lose_power, shape.name, share, seed, *next(places)))
    each, rest = divmod(kills - at_random, len(SHAPES))
    for number, name in enumerate(SHAPES):
        mine = each + (number < rest)
        parts = max(1, round(mine / CASES_A_SWEEP))
        futures += [
            pool.submit(sweep, name, part, parts, mine // parts, seed, *next(places))
            for part in range(parts)
        ]
    return futures


def missed(total: Figures, kills: int) -> list[list[Case]]:
    """Return the recorded steps that no kill met, by shape, where so many kills are enough for all.

    A heartbeat comes when it comes: a step of one document's way need not be one of the next one's.
    """
    room = round(kills * (1 - RANDOM_SHARE)) // len(SHAPES)
    found = []
    for name in SHAPES:
        steps = {step for step in total.recorded if step.startswith(f"{name}:")}
        left = sorted(steps - total.boundaries)
        if left and len(steps) <= room:
            found.append([Case.parse(step) for step in left])
    return found


def report(figures: Figures, seed: int, seconds: float) -> None:
    """Print the figures, and how to repeat what went wrong."""
    print(f"{figures.total} kills in {seconds:.0f} s, seed {seed}:")
    for kind, count in sorted(figures.kills.items()):
        print(f"  {count:5}  {kind}")
    hit = figures.boundaries & figures.recorded
    print(f"{len(hit)} of the {len(figures.recorded)} steps of undisturbed documents were hit,")
    for step in sorted(figures.recorded - hit) if len(hit) > len(figures.recorded) / 2 else ():
        print(f"  not hit: {step}")
    print(f"{len(figures.boundaries - hit)} steps more that only a recovery has.")
    print(f"{figures.states} states that a power loss may leave were judged,")
    print(f"{figures.recovered} of them recovered from by a real daemon.")
    print(f"{figures.documents} documents, {figures.starts} starts of the daemon.")
    print(f"{len(figures.violations)} violations.")
    for violation in figures.violations:
        case = violation.split(": ")[0]
        print(f"\n{violation}\n  once more: python -m tests.faults.torture --only '{case}'")


def _say(figures: Figures) -> None:
    print(f"  {figures.total} kills, {len(figures.violations)} violations …", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=1000, help="about so many (1000)")
    parser.add_argument("--seed", type=int, default=1, help="of all that is drawn by lot (1)")
    parser.add_argument(
        "--states", type=int, default=120, help="recoveries from power losses (120)"
    )
    parser.add_argument("--jobs", type=int, default=0, help="installations side by side")
    parser.add_argument("--only", default="", help="one case, by the name that a violation has")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
