"""A cluster that loses parts of itself while a daemon reads on it: what ``make cluster`` runs."""

from __future__ import annotations

import subprocess

import pytest

from tests.installation import ROOT

PYTHON = ROOT / "build" / "cluster" / "bin" / "python"  # packaging/apart.sh makes it


@pytest.mark.skipif(not PYTHON.exists(), reason="Ray is not installed: make cluster")
@pytest.mark.timeout(900)
def test_nothing_is_lost_or_doubled_when_a_replica_and_a_node_are_killed() -> None:
    run = subprocess.run(
        [PYTHON, "-m", "tests.faults.cluster"], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-4000:]
    assert "a node killed, with" in run.stdout
    assert "a node killed, with 0 replicas" not in run.stdout
    assert "nothing lost, nothing doubled" in run.stdout
