"""What must hold after any fault, seen from outside: every source once, whole, nothing else."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.installation import LETTER, Installation, eventually


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def letter(path: Path, number: int) -> str:
    """Write a letter whose bytes nobody else's has; return its hash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(LETTER.read_bytes() + number.to_bytes(4, "big"))
    return sha256(path)


def letters(folder: Path, numbers: Iterable[int]) -> dict[str, str]:
    """Write 0.png, 1.png, … into a folder; return their hashes by name."""
    return {f"{number}.png": letter(folder / f"{number}.png", number) for number in numbers}


def copies(folders: Iterable[Path], hashes: Iterable[str]) -> Counter[str]:
    """Count where each of the contents is, below the folders."""
    wanted = set(hashes)
    found = [
        sha256(path)
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    ]
    return Counter(each for each in found if each in wanted)


def all_done(daemon: Installation, expected: Mapping[str, str], limit: float = 60.0) -> None:
    """Wait until every source, by its path, is in done/ with its text; nothing else may be there.

    ``expected`` maps relative paths to hashes.
    """
    daemon.wait_for(
        *(f"done/{name}" for name in expected),
        *(f"done/{Path(name).with_suffix('.md')}" for name in expected),
        limit=limit,
    )
    eventually(lambda: daemon.status()["jobs"]["done"] >= len(expected), 20)
    for name, content in expected.items():
        assert sha256(daemon.done / name) == content, name
    assert len(daemon.tree()) == 2 * len(expected), daemon.tree()
    jobs = daemon.status()["jobs"]
    assert jobs["done"] == len(expected), jobs
    assert jobs["failed"] == jobs["queued"] == jobs["leased"] == jobs["filing"] == 0, jobs
