"""How the suite is shared among processes: a file's tests stay together, and so do machines."""

from __future__ import annotations

from pathlib import Path

import pytest

TOGETHER = [Path(__file__).parent / name for name in ("system", "recipes")]
MACHINE_SECONDS = 900  # where it has to be made first, from Debian's packages


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each file a group of its own, and those that boot machines one together.

    Fixtures of a file are expensive here, and two files must not make the same machine.
    """
    for item in items:
        shared = [folder.name for folder in TOGETHER if folder in item.path.parents]
        group = shared[0] if shared else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))
        if shared:
            item.add_marker(pytest.mark.timeout(MACHINE_SECONDS))
