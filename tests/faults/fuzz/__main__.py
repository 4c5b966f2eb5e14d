"""Run a campaign and print its figures: ``python -m tests.faults.fuzz --minutes 5 --seed 1``."""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import sys
from pathlib import Path

from tests.faults.fuzz import seeds
from tests.faults.fuzz.campaign import Campaign, Tally

SHOWN = 20


def main() -> int:
    """Return 1 where a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--mutants", type=int, default=0, help="so many, however long it takes")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--keep", type=Path, help="a folder for the mutants that are noted")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    campaign = Campaign(seeds.small(), seeds.samples(), options.seed, keep=options.keep)
    run = campaign.run(mutants=options.mutants, seconds=60 * options.minutes)
    _print(asyncio.run(run))
    return 1 if campaign.tally.violations else 0


def _print(tally: Tally) -> None:
    rate = 60 * tally.mutants / tally.seconds
    print(f"{tally.mutants} mutants in {tally.seconds:.0f} s, {rate:.0f} a minute")
    for outcome, count in tally.outcomes.most_common():
        print(f"  {count:7} {outcome}")
    print(f"peak of a child: {tally.peak_bytes / 1e6:.0f} MB; of this process: "
          f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB")
    print(f"{len(tally.violations)} violations", *tally.violations[:SHOWN], sep="\n  ")
    print(f"{len(tally.deaths)} ended a child", *tally.deaths[:SHOWN], sep="\n  ")


if __name__ == "__main__":
    sys.exit(main())
