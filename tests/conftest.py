"""How the suite is parted, and shared among processes: a file's tests stay together.

``make test`` runs what is not marked ``more``, ``make test-more`` the rest: what boots machines,
mounts shares, fills disks, or starts and kills daemons by the dozen.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.deprecations import Deprecations

# Users do not have it, and with it nothing is left to be written when a command ends.
os.environ.pop("PYTHONUNBUFFERED", None)

# A busy machine is no defect: an example may take its time, and be slow to make.
PATIENT = hypothesis.settings(
    deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile("patient", PATIENT)
# tests/mutants: the same examples for each change, none remembered, none made smaller.
hypothesis.settings.register_profile(
    "same",
    PATIENT,
    derandomize=True,
    database=None,
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
)
hypothesis.settings.load_profile(os.environ.get("OCRD_EXAMPLES", "patient"))

# The longest first, or one process works on while the others are done.
ORDER = ("system", "recipes", "flow", "faults", "unit")
MORE_FOLDERS = frozenset({"system", "recipes", "benchmarks"})
MORE_FAULTS = frozenset(
    f"test_{name}.py"
    for name in (
        *("crashes", "shares", "space", "state", "state_two_daemons", "engines", "long_run"),
        *("documents_flow", "neighbours", "bootstrap", "odd_machines", "shut_folders", "cluster"),
    )
)
# Whose tests share a machine, which two processes would each make.
MACHINES = frozenset({"system", "recipes"})
MACHINE_SECONDS = 900  # where it has to be made first, from Debian's packages


def pytest_configure(config: pytest.Config) -> None:
    """List at the end what others deprecate; keep our daemons' notes apart from the machine's."""
    config.pluginmanager.register(Deprecations())
    runtime = tempfile.TemporaryDirectory(prefix="ocrd-tests-run-", ignore_cleanup_errors=True)
    config.add_cleanup(runtime.cleanup)
    os.environ["XDG_RUNTIME_DIR"] = runtime.name


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is long, put the longest folders first, give a machine the time that it takes."""
    items.sort(key=lambda item: _rank(_folder(item.nodeid)))
    for item in items:
        folder = _folder(item.nodeid)
        if folder in MORE_FOLDERS or (folder == "faults" and item.path.name in MORE_FAULTS):
            item.add_marker(pytest.mark.more)
        if _folder(item.nodeid) in MACHINES:
            item.add_marker(pytest.mark.timeout(MACHINE_SECONDS))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Share the tests as we do, whatever ``--dist`` says."""
    return ByFile(config, log)


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """Gives a process whole files, for their fixtures are expensive.

    Markers of groups would do, but pytest-xdist 3.8 loses them under pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        folder = _folder(nodeid)
        return folder if folder in MACHINES else nodeid.partition("::")[0]


def _folder(nodeid: str) -> str:
    """Return the folder of ``tests`` that a test is in; "" for ``tests`` itself."""
    parts = Path(nodeid.partition("::")[0]).parts
    return parts[1] if len(parts) > 2 else ""


def _rank(folder: str) -> int:
    return ORDER.index(folder) if folder in ORDER else len(ORDER)
