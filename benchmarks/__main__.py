"""Run every benchmark; ``--quick`` with small numbers, to see that they work."""

from __future__ import annotations

import subprocess
import sys

FULL: dict[str, list[str]] = {
    "scan": [],
    "ink": [],
    "documents": [],
    "book": [],
    "overtaking": [],
    "slots": ["--rounds", "2"],
    "backlog": [],
    "decoding": [],
    "warmth": [],
    "idle": [],
}
QUICK: dict[str, list[str]] = {
    "scan": ["5000"],
    "documents": ["--documents", "200", "--waiting", "5000"],
    "book": ["--pages", "300"],
    "overtaking": ["--pages", "60", "--scans", "2"],
    "backlog": ["--images", "6", "--pages", "6"],
    "decoding": ["--pages", "12"],
    "warmth": ["--pages", "120", "--scans", "2"],
    "idle": ["--seconds", "20"],
}


def main() -> None:
    """Run them one after another, each in a process of its own."""
    chosen = QUICK if "--quick" in sys.argv else FULL
    for name, arguments in chosen.items():
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *arguments], check=True)


if __name__ == "__main__":
    main()
