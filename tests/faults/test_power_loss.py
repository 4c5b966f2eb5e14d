"""When the power goes: whatever was not synced may be lost, and nothing else is."""

from __future__ import annotations

import os
import random
import re
import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.faults.campaign import order, seccomp
from tests.faults.campaign.disk import Disk, State
from tests.faults.campaign.recording import Recording
from tests.faults.campaign.shapes import POWER_LOSS_SHAPES
from tests.faults.campaign.supervisor import Call
from tests.faults.torture import ANOTHER_DISK

SHAPES = {shape.name: shape for shape in POWER_LOSS_SHAPES}
RECOVERED = 2  # states of each shape that the real daemon recovers from; make torture takes more
SEED = 4

pytestmark = pytest.mark.skipif(
    not seccomp.is_supported(), reason="system calls are held on x86_64 and aarch64 only"
)


@pytest.fixture(scope="module", params=SHAPES)
def recording(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Recording]:  # fmt: skip
    """Provide the calls of one document of each shape."""
    outside = Path(tempfile.mkdtemp(prefix="power-", dir=ANOTHER_DISK))
    root = tmp_path_factory.mktemp("power")
    yield Recording(SHAPES[request.param], root / "site", outside / "outside")
    shutil.rmtree(outside)


def test_a_power_loss_leaves_the_source_whole_and_no_half_sidecar(recording: Recording) -> None:
    ledgers: dict[int, str] = {}
    states = list(recording.states())
    for call, state in states:
        faults = list(recording.faults(state, ledgers))
        assert faults == [], f"after {call}: {faults}"
    assert len(states) > 100


ORDERS = {  # the letters are explained in campaign/order.py
    "move": "S+CP+NM(NH|HN)C+$",
    "across": "S+CP+NMYLNAUHC+$",
    "replace": "S+CX[NX]*NC+$",
    "delete": "S+CP+NAUHC+$",
    "fails-across": "SCPNMYLNAUHC+$",
    "retry-across": "^CMYLHAUNA?U?N?C+SCPNMYLNAUHC+$",
}


def test_syncs_stand_where_the_design_says(recording: Recording) -> None:
    """Staged and synced, intent committed, published, names synced; only then the source moves."""
    found = order.line(recording)
    assert re.search(ORDERS[recording.shape.name], found), found


def test_without_any_one_of_these_syncs_something_could_be_lost(recording: Recording) -> None:
    """The model that finds nothing wrong is one that would."""
    steps = list(order.lettered(recording))
    ledgers: dict[int, str] = {}
    tried = 0
    for number, (letter, forgotten) in enumerate(steps[:-1]):
        before, following = steps[number - 1][0] if number else "", steps[number + 1][0]
        is_another = letter == before == "S"  # one of them tells as much as all
        if is_another or not is_needed(letter, before, following, recording):
            continue
        # What is put in another's place is synced at once, and the names again with the others.
        twice = [steps[number - 1][1]] if letter == before == "N" else []
        without = recording.states(partial(is_none_of, (forgotten, *twice)))
        faults = (fault for _, state in without for fault in recording.faults(state, ledgers))
        assert next(faults, ""), f"nothing is lost without {forgotten}"
        tried += 1
    assert tried >= 3


def is_none_of(forgotten: tuple[Call, ...], call: Call) -> bool:
    return all(call is not one for one in forgotten)


def is_needed(letter: str, before: str, following: str, recording: Recording) -> bool:
    """Say whether something hangs on this sync alone, by what is next to it."""
    shape = recording.shape
    if letter == "C":
        return following in "PX" and not shape.again
    if letter in "NH" and following == "A":
        return before == "L" or shape.deleted
    if letter == "N":
        return (following == "M" and not shape.outside) or (following == "C" and shape.kept)
    if letter == "H":
        return following == "C" and (shape.outside or shape.deleted) and not shape.again
    return letter in "SY"


def test_a_daemon_recovers_from_what_a_power_loss_leaves(recording: Recording) -> None:
    states = list(recording.states())
    for call, state in random.Random(SEED).sample(states, RECOVERED):
        assert recording.recover(state) == [], f"after {call}"


# The model itself


def made(tmp_path: Path, *calls: Call) -> list[State]:
    """Return what a disk with a file "old" may hold after these calls."""
    (tmp_path / "old").write_bytes(b"old")
    (tmp_path / "below").mkdir(exist_ok=True)
    disk = Disk([tmp_path], [])
    for call in calls:
        disk.apply(call)
    return [
        {path.removeprefix(f"{tmp_path}/"): content for path, content in state.items()
         if path != str(tmp_path)}
        for state in disk.states()
    ]  # fmt: skip


def call(name: str, *paths: Path, data: bytes = b"", flags: int = 0) -> Call:
    arguments = (0, 0, flags, 0, 0, 0) if name == "openat" else (0, 0, 0, 0, flags, 0)
    return Call(name, "daemon", 1, 1, tuple(map(str, paths)), arguments, data)


def test_a_file_that_was_not_synced_may_be_there_with_any_part_of_its_bytes(tmp_path: Path) -> None:
    new = tmp_path / "new"
    written = [call("openat", new, flags=os.O_CREAT), call("write", new, data=b"content")]
    contents = {state.get("new", "no name") for state in made(tmp_path, *written)}
    assert contents == {"no name", b"", b"con", b"content"}


def test_a_sync_of_a_file_is_none_of_its_name(tmp_path: Path) -> None:
    new = tmp_path / "new"
    synced = [
        call("openat", new, flags=os.O_CREAT), call("write", new, data=b"content"),
        call("fsync", new),
    ]  # fmt: skip
    assert {state.get("new", "no name") for state in made(tmp_path, *synced)} == {
        "no name", b"content",
    }  # fmt: skip
    states = made(tmp_path, *synced, call("fsync", tmp_path))
    assert [state["new"] for state in states] == [b"content"]


def test_a_rename_is_there_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "below" / "new"
    states = made(tmp_path, call("renameat2", old, new))
    assert {("old" in state, "below/new" in state) for state in states} == {
        (True, False), (False, True),
    }  # fmt: skip
    synced = made(tmp_path, call("renameat2", old, new), call("fsync", tmp_path / "below"))
    assert [("old" in state, "below/new" in state) for state in synced] == [(False, True)]


def test_changes_of_names_come_to_the_disk_in_any_order(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    states = made(tmp_path, call("linkat", old, new), call("unlinkat", old))
    assert {"old" in state or "new" in state for state in states} == {True, False}
