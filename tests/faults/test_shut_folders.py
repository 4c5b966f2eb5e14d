"""What is wrong with one folder is that folder's state: at a start, and while the daemon runs.

The daemon is a real one with a user of its own, because to root no folder is shut. Beside the bad
folder there is a good one, which is read in all that time; and when the cause is gone, what waited
in the bad one is read too.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.labs import disks
from tests.faults.labs.truth import letter, sha256
from tests.faults.neighbours.house import LODGER, House, interpreter_for
from tests.installation import ECHO, LETTER, eventually

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become other users")

QUICK = 'settle = "100ms"\nscan_interval = "500ms"'


@pytest.fixture
def house() -> Iterator[House]:
    interpreter = interpreter_for(LODGER)
    if interpreter is None:
        pytest.skip("there is no interpreter for other users")
    with tempfile.TemporaryDirectory(prefix="ocrd-") as folder:
        Path(folder).chmod(0o755)
        (Path(folder) / "house").mkdir()
        house = House(Path(folder) / "house", LODGER, interpreter)
        yield house
        house.stop()
        log = house.log.read_text() if house.log.exists() else ""
        assert "Traceback" not in log, log


@dataclass(frozen=True)
class Fault:
    """Something that can be wrong with a folder, as an administrator meets it."""

    said: str  # in what is told
    spoil: Callable[[House], None]
    mend: Callable[[House], None]
    keys: str = ""  # of the inbox
    state: str = "blocked"  # or offline
    is_refused: bool = True  # by `check` and `reload`, as a fault of the configuration


def bad(house: House) -> Path:
    return house.root / "bad"


def far(house: House) -> Path:
    return house.root / "far"


def give(path: Path, owner: int, mode: int) -> None:
    os.chown(path, owner, owner)
    path.chmod(mode)


def replace(path: Path, by: str) -> None:
    """Put something else in a folder's place, the folder beside it."""
    path.rename(path.with_name("aside"))
    if by == "file":
        path.write_text("no folder")
    elif by:
        path.symlink_to(by)
        os.chown(path, 64002, 64002, follow_symlinks=False)


def put_back(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.with_name("aside").rename(path)


def in_the_way(house: House) -> None:
    (bad(house) / "done").write_text("no folder")


def link_into(house: House, target: Path) -> None:
    shutil.rmtree(far(house) / "done", ignore_errors=True)
    (far(house) / "done").symlink_to(target)


def no_place_for_done(house: House) -> None:
    (far(house) / "done").rmdir()
    give(far(house), 0, 0o755)


def another_name(house: House) -> None:
    replace(bad(house), str(house.inbox))
    os.lchown(bad(house), 0, 0)


FAR = 'done = "../far/done"'
FAULTS = {
    "not entered": Fault(
        "Permission denied", lambda h: give(bad(h), 0, 0o700),
        lambda h: give(bad(h), LODGER, 0o755), state="offline",
    ),
    "not read": Fault(
        "Permission denied", lambda h: give(bad(h), 0, 0o733),
        lambda h: give(bad(h), LODGER, 0o755), state="offline",
    ),
    "foreign owner": Fault(
        "Permission denied", lambda h: give(bad(h), 0, 0o755),
        lambda h: give(bad(h), LODGER, 0o755),
    ),
    "not writable": Fault(
        "Permission denied", lambda h: bad(h).chmod(0o555), lambda h: bad(h).chmod(0o755)
    ),
    "missing": Fault(
        "No such file or directory", lambda h: replace(bad(h), ""), lambda h: put_back(bad(h)),
        state="offline", is_refused=False,
    ),
    "not a directory": Fault(
        "Not a directory", lambda h: replace(bad(h), "file"), lambda h: put_back(bad(h)),
        state="offline",
    ),
    "somebody's link": Fault(
        "belongs to somebody else", lambda h: replace(bad(h), "aside"), lambda h: put_back(bad(h)),
        state="offline", is_refused=False,
    ),
    "done is a file": Fault(
        "Not a directory", in_the_way, lambda h: (bad(h) / "done").unlink(),
        keys='ignore = ["done"]', is_refused=False,
    ),
    "done not writable": Fault(
        "Permission denied", lambda h: give(far(h) / "done", 0, 0o755),
        lambda h: give(far(h) / "done", LODGER, 0o755), keys=FAR,
    ),
    "failed not writable": Fault(
        "Permission denied", lambda h: give(far(h) / "failed", 0, 0o755),
        lambda h: give(far(h) / "failed", LODGER, 0o755), keys='failed = "../far/failed"',
    ),
    "done cannot be made": Fault(
        "Permission denied", no_place_for_done,
        lambda h: give(far(h), LODGER, 0o755), keys=FAR,
    ),
    "done leads into the other inbox": Fault(
        "would be read again", lambda h: link_into(h, h.inbox),
        lambda h: (far(h) / "done").unlink(), keys=FAR, state="offline",
    ),
    "done leads into its own inbox": Fault(
        "is or holds the watched folder", lambda h: link_into(h, bad(h)),
        lambda h: (far(h) / "done").unlink(), keys=FAR, state="offline",
    ),
    "the other inbox under another name": Fault(
        "is watched twice",
        another_name,
        lambda h: put_back(bad(h)), state="offline",
    ),
}  # fmt: skip


def prepare(house: House, keys: str) -> None:
    for path in (bad(house), far(house), far(house) / "done", far(house) / "failed"):
        path.mkdir()
        give(path, LODGER, 0o755)
    house.configure(
        inbox='recursive = true', more=f'[[inbox]]\npath = "{bad(house)}"\n{QUICK}\n{keys}'
    )


def state_of(house: House) -> str:
    """Return how the bad folder stands, with what is said of it."""
    found = [each for each in house.status()["inboxes"] if each["path"] == str(bad(house))]
    state = "blocked" if found[0]["blocked"] else "online" if found[0]["online"] else "offline"
    return f"{state}: {found[0]['blocked'] or found[0]['error']}"


def the_good_one_is_read(house: House, name: str) -> None:
    house.drop(LETTER, name)
    house.wait_for(f"done/{name}")


def is_told(house: House, fault: Fault) -> bool:
    state = state_of(house)
    return state.startswith(fault.state) and fault.said in state and fault.said in house.problems()


@pytest.mark.parametrize("when", ["at a start", "while it runs"])
@pytest.mark.parametrize("name", FAULTS)
def test_a_bad_folder_waits_and_says_why_and_the_good_one_is_read(
    house: House, name: str, when: str
) -> None:
    fault = FAULTS[name]
    prepare(house, fault.keys)
    if when == "while it runs":
        house.start()
        eventually(lambda: state_of(house) == "online: ", 20, "both are read")
        fault.spoil(house)
    else:
        fault.spoil(house)
        house.start()
    eventually(lambda: is_told(house, fault), 20, f"told: {state_of(house)} {house.problems()}")
    the_good_one_is_read(house, "good.png")
    if fault.is_refused:
        the_refusals_stand(house)
    the_good_one_is_read(house, "another.png")
    fault.mend(house)
    content = letter(bad(house) / "waited.png", 7)
    done = (far(house) if fault.keys == FAR else bad(house)) / "done"
    eventually((done / "waited.md").exists, 30, house.problems())
    eventually(lambda: (done / "waited.png").exists(), 10)
    assert sha256(done / "waited.png") == content
    eventually(lambda: state_of(house) == "online: " and not house.problems(), 20)


def the_refusals_stand(house: House) -> None:
    """``check`` and ``reload`` are asked by a person who can do something about it."""
    reload = house.command("reload")
    assert reload.returncode == 78, reload.stdout + reload.stderr


@pytest.mark.parametrize("fault", ["full", "read-only"])
@pytest.mark.parametrize("place", ["bad", "far"])
def test_a_disk_that_takes_nothing_at_the_start_costs_its_own_folder(
    house: House, place: str, fault: str
) -> None:
    prepare(house, FAR if place == "far" else "")
    disk = house.root / place
    with disks.tmpfs(disk, f"size=2m,mode=755,uid={LODGER},gid={LODGER}"):
        if place == "far":
            (disk / "done").mkdir()
            os.chown(disk / "done", LODGER, LODGER)
        letter(bad(house) / "waited.png", 7)
        if fault == "full":
            disks.fill(disk)
        else:
            disks.remount(disk, "ro")
        house.start()
        the_good_one_is_read(house, "good.png")
        cause = "No space left" if fault == "full" else "Read-only file system"
        eventually(lambda: state_of(house).startswith("blocked"), 20, house.problems())
        assert cause in state_of(house) and cause in house.problems()
        (disk / ".ballast").unlink() if fault == "full" else disks.remount(disk, "rw")
        eventually(((disk if place == "far" else bad(house)) / "done" / "waited.md").exists, 30)
        house.stop()


@pytest.mark.parametrize("when", ["at a start", "while it runs"])
def test_a_temporary_directory_that_is_shut_makes_all_wait_and_nothing_end(
    house: House, when: str
) -> None:
    scratch = house.root / "scratch"
    scratch.mkdir()
    give(scratch, LODGER, 0o755)
    house.configure(top=f'temp_dir = "{scratch}"')
    if when == "while it runs":
        house.start()
        the_good_one_is_read(house, "before.png")
        (own,) = scratch.iterdir()
        give(own, 0, 0o755)
    else:
        give(scratch, 0, 0o755)
        house.start()
    house.drop(LETTER, "waits.png")
    eventually(lambda: str(scratch) in house.problems(), 20)
    assert "Permission denied" in house.problems()
    assert (house.inbox / "waits.png").exists()
    for path in (scratch, *scratch.iterdir()):
        give(path, LODGER, 0o755)
    house.wait_for("done/waits.md")
    eventually(lambda: house.problems() == "", 20)


@pytest.mark.parametrize("key", ["state_dir", "runtime_dir"])
def test_a_shut_place_of_the_daemons_own_is_tried_again_and_never_final(
    house: House, key: str
) -> None:
    place = house.root / "own"
    place.mkdir(mode=0o755)
    house.configure()
    text = house.config.read_text()
    if key == "state_dir":
        text = text.replace(f'{house.root}/state"', f'{place}/state"')
    else:
        text = f'runtime_dir = "{place}/run"\n{text}'
    house.config.write_text(text)
    for _ in range(2):
        house.start(wait=False)
        assert house.process is not None
        assert house.process.wait(30) == 1, "not 78, which a service manager takes for final"
        last = json.loads(house.log.read_text().splitlines()[-1])
        assert (last["event"], last["level"]) == ("start-refused", "critical")
        assert str(place) in last["message"] and "Permission denied" in last["message"]
    give(place, LODGER, 0o755)
    house.start(wait=False)
    eventually(lambda: '"event": "ready"' in house.log.read_text(), 30)


def test_an_engine_that_cannot_be_loaded_costs_what_it_would_read(house: House) -> None:
    prepare(house, 'engine = "lost"')
    more = '[engines.lost]\nkind = "module"\nmodule = "tests.engines.of_somebody_else"\n'
    house.config.write_text(house.config.read_text().replace("[[inbox]]", f"{more}[[inbox]]", 1))
    house.start()
    letter(bad(house) / "waits.png", 7)
    eventually(lambda: "of_somebody_else" in house.problems(), 30)
    the_good_one_is_read(house, "good.png")
    assert (bad(house) / "waits.png").exists()
    assert '"event": "ready"' in house.log.read_text(), "the start is over"


def test_check_says_which_folder_is_shut_and_exits_78(house: House) -> None:
    prepare(house, "")
    give(bad(house), 0, 0o755)
    python, path = interpreter_for(LODGER) or ("", "")
    checked = subprocess.run(
        [python, "-m", "ocrd", "check", "--no-engine", "-c", str(house.config)],
        capture_output=True, text=True, user=LODGER, group=LODGER, extra_groups=[],
        env={"PYTHONPATH": path, "PATH": os.environ["PATH"], "HOME": str(house.root)}, cwd="/",
    )  # fmt: skip
    assert checked.returncode == 78
    assert f"{bad(house)} is not writable" in checked.stdout
    assert ECHO in house.config.read_text()
