"""How the suite is shared among processes: a file's tests stay together."""

from __future__ import annotations

from pathlib import Path

import pytest

RECIPES = Path(__file__).parent / "recipes"
MACHINES = (RECIPES, Path(__file__).parent / "system")
MACHINE_SECONDS = 900  # where it has to be made first, from Debian's packages


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each file a group of its own, for its fixtures are expensive; the recipes share one.

    Two processes do not make the same machine: who comes second waits for it.
    """
    for item in items:
        group = RECIPES if RECIPES in item.path.parents else item.path
        item.add_marker(pytest.mark.xdist_group(str(group)))
        if any(folder in item.path.parents for folder in MACHINES):
            item.add_marker(pytest.mark.timeout(MACHINE_SECONDS))
