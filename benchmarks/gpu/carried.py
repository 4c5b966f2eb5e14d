"""A Transformers that travels beside the sources, for machines whose own is too old.

``packaging/gpu-carry.sh`` puts its wheel into a folder that git ignores. A wheel without compiled
parts is an archive of what ``pip install --target`` would unpack, so unpacking it installs it.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".gpu-carry"
LEAST = (5, 23)


def environment(
    inherited: Mapping[str, str], unpacked: Path, carried: Path = FOLDER
) -> dict[str, str]:
    """Return the environment of what measures: this source tree, and a Transformers new enough.

    ``unpacked`` is a folder to unpack a wheel into, if one is needed.
    """
    paths = [str(ROOT)]
    if _installed() < LEAST:
        paths += _carried(carried, unpacked)
    if before := inherited.get("PYTHONPATH"):
        paths.append(before)
    return {**inherited, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}


def _installed() -> tuple[int, ...]:
    """Return the version of Transformers that is installed, (0,) if none is."""
    try:
        version = importlib.metadata.version("transformers")
    except importlib.metadata.PackageNotFoundError:
        return (0,)
    return tuple(map(int, re.findall(r"\d+", version)[:2]))


def _carried(carried: Path, unpacked: Path) -> list[str]:
    """Return the folder with what was carried, unpacked; nothing if nothing was."""
    if (carried / "transformers").is_dir():
        return [str(carried)]
    wheels = sorted(carried.glob("*-none-any.whl"))
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(unpacked)
    return [str(unpacked)] if wheels else []
