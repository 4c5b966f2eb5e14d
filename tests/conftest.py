"""How the suite is shared among processes: a file's tests stay together."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
RECIPES = TESTS / "recipes"
MACHINES = (RECIPES, TESTS / "system")
# With several processes the longest begin, so that none of them is left alone with one at the end.
FIRST = (TESTS / "system" / "test_package.py", *MACHINES, TESTS / "faults", TESTS / "flow")
MACHINE_SECONDS = 900  # where it has to be made first, from Debian's packages


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give each file a group of its own, for its fixtures are expensive; the recipes share one.

    Two processes do not make the same machine: who comes second waits for it.
    """
    for item in items:
        group = RECIPES if RECIPES in item.path.parents else item.path
        item.add_marker(pytest.mark.xdist_group(str(group)))
        if any(folder in item.path.parents for folder in MACHINES):
            item.add_marker(pytest.mark.timeout(MACHINE_SECONDS))
    if hasattr(config, "workerinput"):
        items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    """Return when the test's turn is among the groups that ``--no-loadscope-reorder`` keeps."""
    around = (item.path, *item.path.parents)
    return next((place for place, first in enumerate(FIRST) if first in around), len(FIRST))
