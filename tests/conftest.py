"""How the suite is shared among processes: a file's tests stay together, and so do machines."""

from __future__ import annotations

from pathlib import Path

import pytest

SYSTEM = Path(__file__).parent / "system"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each file a group of its own, and those that boot machines one together.

    Fixtures of a file are expensive here, and two files must not make the same machine.
    """
    for item in items:
        group = "system" if SYSTEM in item.path.parents else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))
