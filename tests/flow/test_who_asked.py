"""Who paused, cancelled and took back is in the log, in the ledger and in what is shown."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import pytest

from tests.faults.neighbours.house import interpreter_for
from tests.installation import LETTER, Installation, eventually, make_pdf

NOBODY = 65534


def said(daemon: Installation, event: str) -> list[dict[str, Any]]:
    records = [json.loads(line) for line in daemon.log.read_text().splitlines()]
    return [record for record in records if record.get("event") == event]


def test_what_a_person_asked_for_is_recorded_with_his_name(daemon: Installation) -> None:
    daemon.configure('kind = "module"\nmodule = "tests.engines.echo"\noptions = { delay = 0.5 }')
    daemon.start()
    me = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    daemon.call("pause")
    assert daemon.status()["paused"]["by"] == me
    assert f"paused by {me} for" in daemon.command("status").stdout
    daemon.stop()
    daemon.start()
    assert daemon.status()["paused"]["by"] == me, "over a restart"
    checked = daemon.command("status", "--check")
    assert checked.returncode == 1 and checked.stdout.startswith(f"OCRD WARNING: paused by {me};")
    assert checked.stdout.count("\n") == 1
    make_pdf(daemon.root / "book.pdf", 20)
    daemon.drop(daemon.root / "book.pdf")
    daemon.call("resume")
    assert daemon.status()["paused"] is None
    eventually(lambda: daemon.status()["working"], 30)
    [job] = daemon.listed()
    daemon.call("cancel", str(job["id"]))
    daemon.call("cancel", str(job["id"]))  # which is over: nobody is named twice
    assert daemon.call("show", str(job["id"]))["message"] == f"Cancelled by {me}."
    daemon.call("retry", str(job["id"]))
    assert f"taken back by {me}" in daemon.call("show", str(job["id"]))["message"]
    daemon.command("reload")
    daemon.command("stop")
    assert daemon.process is not None
    daemon.process.wait(60)
    for event, times in (
        ("paused", 2), ("cancelled", 1), ("taken-back", 1), ("reloaded", 1), ("stop-asked", 1),
    ):  # fmt: skip
        assert [record["by"] for record in said(daemon, event)] == [me] * times, event
    assert said(daemon, "cancelled")[0]["document"] == "book.pdf"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_whoever_connects_is_named_by_the_kernel(daemon: Installation) -> None:
    interpreter = interpreter_for(NOBODY)
    if interpreter is None:
        pytest.skip("there is no interpreter for other users")
    runtime_dir = daemon.root.parent / "shared"
    runtime_dir.mkdir()
    for folder in (runtime_dir, *runtime_dir.parents[:-1]):
        folder.chmod(folder.stat().st_mode | 0o011)
    daemon.configure(top=f'runtime_dir = "{runtime_dir}"\ncontrol_group = "nogroup"')
    daemon.start(wait=False)
    socket = runtime_dir / "ocrd.sock"
    eventually(socket.exists, 30)
    python, path = interpreter
    paused = subprocess.run(
        [python, "-m", "ocrd", "pause", "--socket", str(socket)], cwd="/", text=True,
        user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True,
        env={"PYTHONPATH": path, "PATH": os.environ["PATH"], "USER": "root", "LOGNAME": "root"},
    )  # fmt: skip
    assert paused.returncode == 0, paused.stderr
    assert said(daemon, "paused")[0]["by"] == "nobody"


def test_a_monitor_is_told_that_all_is_well_and_that_nobody_answers(daemon: Installation) -> None:
    down = daemon.command("status", "--check")
    assert (down.returncode, down.stdout.split(":")[0]) == (2, "OCRD CRITICAL")
    daemon.start()
    daemon.drop(LETTER)
    daemon.wait_for("done/typewriter.md")
    eventually(lambda: daemon.status()["jobs"]["done"] == 1, 10)
    well = daemon.command("status", "--check")
    assert well.returncode == 0, well.stdout + well.stderr
    assert well.stdout.startswith("OCRD OK: idle, 1 document in the last minute | queued=0 ")
    assert " done=1 " in well.stdout
    daemon.config.write_text("[[inbox]\n")  # half edited: the daemon is asked, not the file
    assert daemon.command("status", "--check").returncode == 0
    daemon.stop()
    unknown = daemon.command("status", "--check")
    assert unknown.returncode == 3 and unknown.stdout.startswith("OCRD UNKNOWN: ")
