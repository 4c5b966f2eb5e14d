"""How large ocrd with the embedded engine is when it is installed: itself and all it depends on."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

import ocrd

OURS = "ocrd-daemon"
LARGEST = 8
LIMIT_MIB = 600


def main() -> None:
    """Print the sum and the largest parts."""
    sizes: dict[str, int] = {}
    waiting = [OURS]
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name not in sizes:
            distribution = metadata.distribution(name)
            files = [Path(str(file.locate())) for file in distribution.files or ()]
            if name == OURS:  # its files are not listed where it is installed from its source
                files = list(Path(ocrd.__file__).parent.rglob("*"))
            sizes[name] = sum(file.stat().st_size for file in files if file.is_file())
            waiting += _needed(distribution)
    total = sum(sizes.values()) / 2**20
    print(f"{len(sizes)} packages, {total:.0f} MiB; the limit is {LIMIT_MIB}")
    for name in sorted(sizes, key=lambda name: -sizes[name])[:LARGEST]:
        print(f"  {name} {sizes[name] / 2**20:.0f}")


def _needed(distribution: metadata.Distribution) -> list[str]:
    """Return what a distribution needs without any of its extras."""
    requirements = map(Requirement, distribution.requires or ())
    return [
        requirement.name
        for requirement in requirements
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    ]


if __name__ == "__main__":
    main()
