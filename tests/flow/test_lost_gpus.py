"""The real daemon waits for a GPU that is gone, over restarts, until a person says otherwise.

The machine's GPUs are scripted below the real placement; in the last test PyTorch itself looks.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ocrd.daemon.gpus import GPUS, known_gpus
from ocrd.ledger.jobs import Ledger
from tests import checkpoints
from tests.installation import LETTER, Installation, eventually

pytestmark = pytest.mark.timeout(600)
LIMIT = 150.0  # seconds; a worker loads PyTorch first
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
SHORT = "doubt_tolerance = 1.0"  # a scripted answer is shorter than its page
H200 = "NVIDIA H200"
UNKNOWN = "CUDA unknown error - this may be due to an incorrectly set up environment"


def on(machine: Path, device: str = "auto") -> str:
    return (
        f'kind = "module"\nmodule = "tests.engines.gpu"\nrestart_backoff = "50ms"\n'
        f'devices = ["{device}"]\n[engine.options]\nmachine = "{machine}"'
    )


def waits_for_its_gpu(daemon: Installation) -> dict[str, Any]:
    """Return the status once it says that the GPU is gone."""

    def told() -> dict[str, Any] | None:
        status = daemon.status()
        return status if any(H200 in each for each in status.get("problems", ())) else None

    status: dict[str, Any] = eventually(told, LIMIT, "the GPU is missed")
    return status


def events(daemon: Installation) -> list[str]:
    records = [json.loads(line) for line in daemon.log.read_text().splitlines()]
    return [record.get("event", "") for record in records if record["level"] != "debug"]


def test_documents_wait_over_a_restart_for_a_gpu_that_is_gone_and_go_on_when_it_is_back(
    daemon: Installation, tmp_path: Path
) -> None:
    machine = tmp_path / "machine.json"
    machine.write_text(json.dumps({"names": [H200]}))
    daemon.configure(on(machine), SHORT)
    daemon.drop(LETTER, "first.png")
    daemon.start()
    daemon.wait_for("done/first.png", limit=LIMIT)
    assert "Read on cuda:0" in (daemon.done / "first.md").read_text()
    daemon.stop()
    machine.write_text(json.dumps({"names": [H200], "init": UNKNOWN}))  # a driver's upgrade
    daemon.drop(LETTER, "second.png")
    daemon.start()
    status = waits_for_its_gpu(daemon)
    (problem,) = status["problems"]
    assert UNKNOWN in problem and 'device = "cpu"' in problem
    eventually(lambda: events(daemon).count("ready") == 2, LIMIT, "ready without its GPU")
    checked = daemon.command("check")
    assert checked.returncode == 1
    assert f"had ({H200}) cannot be used any more" in " ".join(checked.stdout.split())
    restarts = daemon.status()["engines"][0]["restarts"]
    eventually(lambda: daemon.status()["engines"][0]["restarts"] > restarts, LIMIT, "another look")
    assert (daemon.inbox / "second.png").exists()
    machine.write_text(json.dumps({"names": [H200]}))
    daemon.wait_for("done/second.png", limit=LIMIT)
    assert "Read on cuda:0" in (daemon.done / "second.md").read_text()
    assert daemon.status()["problems"] == []
    told = events(daemon)
    assert told.count("gpu-gone") == 1
    assert told.count("gpu-back") == 1


def test_a_person_who_says_that_there_is_none_any_more_has_the_processor(
    daemon: Installation, tmp_path: Path
) -> None:
    model = checkpoints.make_scripted(tmp_path / "model", "deepseek-ocr-2", "The quay is dredged.")
    table = f'kind = "deepseek-ocr-2"\nmodel = "{model}"\nrestart_backoff = "50ms"\n'
    state = tmp_path / "state"
    state.mkdir()
    remember(state, {"default": [H200], "other": [H200]})
    daemon.configure(table, SHORT)
    daemon.drop(LETTER)
    daemon.start(env=ONE_THREAD)
    waits_for_its_gpu(daemon)
    assert (daemon.inbox / LETTER.name).exists()
    daemon.configure(f'{table}device = "cpu"', SHORT)
    assert daemon.command("reload").returncode == 0
    daemon.wait_for(f"done/{LETTER.name}", limit=LIMIT)
    assert "The quay is dredged." in (daemon.done / LETTER.with_suffix(".md").name).read_text()
    assert daemon.status()["engines"][0]["workers"][0]["device"] == "cpu, float32"
    daemon.stop()
    assert remembered(state) == {"other": [H200]}


def remember(state_dir: Path, gpus: dict[str, list[str]]) -> None:
    """Have the ledger know that these engines had these GPUs."""
    ledger = Ledger.open(state_dir)
    with ledger.transaction():
        ledger.set_setting(GPUS, json.dumps(gpus))
    ledger.close()


def remembered(state_dir: Path) -> dict[str, list[str]]:
    ledger = Ledger.open(state_dir, readonly=True)
    try:
        return known_gpus(ledger)
    finally:
        ledger.close()
