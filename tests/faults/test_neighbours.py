"""An inbox that others may write: what they plant and swap harms nobody, and the work goes on.

The daemon is a real one, as root (a careless installation) and as a user of its own; the neighbour
is a third user, who has only what a member of the inbox's group has.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.labs.truth import copies, letter
from tests.faults.neighbours.house import (
    LODGER,
    House,
    as_neighbour,
    interpreter_for,
    swapping,
)
from tests.faults.neighbours.outside import Outside, leaks
from tests.faults.neighbours.swaps import NEIGHBOUR
from tests.installation import LETTER, eventually

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become other users")


@pytest.fixture
def place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ocrd-") as folder:
        yield Path(folder)


@pytest.fixture
def outside(place: Path) -> Iterator[Outside]:
    """Somebody's folder, which root may read and the neighbour may not."""
    names = ("scan.png", "other.png", "0.png", "0.md", "1.md", "2.md", "scan.md")
    documents = {name: LETTER.read_bytes() for name in names}
    with Outside(place / "outside", documents) as outside:
        (place / "outside").chmod(0o711)
        outside.events()
        yield outside


def house_of(place: Path, user: int) -> Iterator[House]:
    interpreter = interpreter_for(user)
    if interpreter is None or interpreter_for(NEIGHBOUR) is None:
        pytest.skip("there is no interpreter for other users")
    (place / "house").mkdir()
    place.chmod(0o755)
    house = House(place / "house", user, interpreter)
    yield house
    house.stop()
    log = house.log.read_text() if house.log.exists() else ""
    assert "Traceback" not in log, log


@pytest.fixture(params=[0, LODGER], ids=["root", "own user"])
def house(place: Path, request: pytest.FixtureRequest) -> Iterator[House]:
    yield from house_of(place, request.param)


@pytest.fixture
def root_house(place: Path) -> Iterator[House]:
    """A daemon with all rights: what it does not do, it refrains from."""
    yield from house_of(place, 0)


def link(path: Path, target: Path) -> None:
    path.symlink_to(target)
    os.lchown(path, NEIGHBOUR, NEIGHBOUR)


def test_folders_that_are_swapped_for_links_without_end_lead_nowhere(
    house: House, outside: Outside
) -> None:
    house.configure(inbox="recursive = true", settle="100ms")
    sub, done = house.share(house.inbox / "sub"), house.share(house.done)
    house.share(done / "sub")
    links = [house.root / name for name in ("to outside", "to done")]
    house.root.chmod(0o777)
    for path in links:
        link(path, outside.path)
    hashes = [letter(sub / f"{number}.png", number) for number in range(3)]
    with swapping((sub, links[0]), (done, links[1])) as exchanges:
        house.start()
        hashes += [letter(house.inbox / f"{number}.png", number) for number in range(3, 6)]
        eventually(lambda: "retry-later" in house.log.read_text() or house.jobs()["done"], 40)
    assert exchanges[0] > 1000
    everywhere = [house.inbox]
    eventually(lambda: house.jobs()["done"] >= 6, 90, "all are read in the end")
    assert copies(everywhere, hashes) == dict.fromkeys(hashes, 1)
    outside.assert_untouched()
    assert not leaks(house.root, outside.path)


def test_what_is_no_file_is_left_alone_and_the_files_beside_it_are_read(
    root_house: House, outside: Outside
) -> None:
    house, inbox = root_house, root_house.inbox
    house.configure(inbox="recursive = true")
    link(inbox / "link.png", outside.path / "scan.png")
    link(inbox / "folder", outside.path)
    link(inbox / "loop", inbox)
    os.mkfifo(inbox / "pipe.png")
    os.mknod(inbox / "device.png", 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(inbox / "socket.png"))
    (inbox / ".ocrd-1-0.tmp").mkdir()
    (inbox / ".ocrd-1-0.tmp" / "kept").write_bytes(b"kept")
    house.drop(LETTER, "letter.png")
    house.start()
    house.wait_for("done/letter.png", "done/letter.md")
    eventually(lambda: house.jobs()["done"] == 1, 20)
    house.drop(LETTER, "later.png")  # seen by one more scan
    eventually(lambda: house.jobs()["done"] == 2, 20)
    assert house.jobs()["failed"] == 0
    assert {path.name for path in inbox.iterdir()} - {".ocrd-owner"} == {
        "link.png", "folder", "loop", "pipe.png", "device.png", "socket.png", ".ocrd-1-0.tmp",
        "done",
    }  # fmt: skip
    assert stat.S_ISCHR((inbox / "device.png").lstat().st_mode)
    assert (inbox / ".ocrd-1-0.tmp" / "kept").read_bytes() == b"kept"
    outside.assert_untouched()


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_done_folder_that_is_none_holds_up_its_inbox_and_no_other(
    root_house: House, outside: Outside, kind: str
) -> None:
    """It must not keep the daemon from starting either: anybody could have put it there."""
    house, second = root_house, root_house.share(root_house.root / "second")
    quick = 'settle = "100ms"\nscan_interval = "1s"'
    house.configure(more=f'[[inbox]]\npath = "{second}"\n{quick}')
    if kind == "link":
        link(house.done, outside.path)
    else:
        os.mkfifo(house.done)
    house.drop(LETTER, "scan.png")
    house.start()
    shutil.copy(LETTER, second / "other.png")
    house.wait_for("../second/done/other.md")
    problem = eventually(lambda: str(house.done) in house.problems() and house.problems(), 20)
    assert "failed" not in problem
    assert (house.inbox / "scan.png").exists()
    outside.assert_untouched()
    house.done.unlink()
    house.wait_for("done/scan.png", "done/scan.md")
    outside.assert_untouched()


def test_a_file_with_the_name_of_the_done_folder_is_taken_for_a_document(root_house: House) -> None:
    """One that cannot be read: it goes to failed/, and the name is free for the folder."""
    house = root_house
    house.configure()
    house.done.write_bytes(b"mine")
    house.drop(LETTER, "scan.png")
    house.start()
    house.wait_for("failed/done", "failed/done.error.json", "done/scan.png", "done/scan.md")
    assert (house.failed / "done").read_bytes() == b"mine"


def test_an_inbox_that_becomes_a_neighbours_link_is_offline_until_it_is_a_folder_again(
    root_house: House, outside: Outside
) -> None:
    house, second = root_house, root_house.share(root_house.root / "second")
    quick = 'settle = "100ms"\nscan_interval = "1s"'
    house.configure(more=f'[[inbox]]\npath = "{second}"\n{quick}')
    house.start()
    house.drop(LETTER, "first.png")
    house.wait_for("done/first.md")
    aside = house.root / "aside"
    house.inbox.rename(aside)
    link(house.inbox, outside.path)
    eventually(lambda: "belongs to somebody else" in house.problems(), 20)
    shutil.copy(LETTER, second / "other.png")
    eventually(lambda: (second / "done" / "other.md").exists(), 30)
    outside.assert_untouched()
    house.inbox.unlink()
    aside.rename(house.inbox)
    house.drop(LETTER, "later.png")
    house.wait_for("done/later.png", "done/later.md")
    outside.assert_untouched()


def test_links_that_the_administrator_put_into_a_configured_path_are_followed(
    root_house: House,
) -> None:
    house = root_house
    real = house.share(house.root / "real")
    shutil.rmtree(house.inbox)
    house.inbox.symlink_to("real")
    house.configure()
    house.start()
    shutil.copy(LETTER, real / "scan.png")
    house.wait_for("done/scan.png", "done/scan.md")


def test_a_folder_that_is_renamed_while_its_document_is_read_loses_nothing(
    root_house: House,
) -> None:
    house = root_house
    engine = 'kind = "module"\nmodule = "tests.engines.echo"\n[engine.options]\ndelay = 1.5'
    house.configure(engine, inbox="recursive = true")
    house.start()
    sub = house.share(house.inbox / "sub")
    expected = letter(sub / "scan.png", 1)
    eventually(lambda: house.jobs()["leased"], 20)
    assert as_neighbour("mv", str(sub), str(house.inbox / "renamed")).returncode == 0
    house.wait_for("done/renamed/scan.png", "done/renamed/scan.md")
    assert copies([house.inbox], [expected]) == {expected: 1}
    assert house.jobs()["failed"] == 0


def test_names_that_a_neighbour_took_ahead_are_neither_overwritten_nor_followed(
    root_house: House, outside: Outside
) -> None:
    house = root_house
    house.configure()
    house.share(house.done)
    link(house.done / "scan.md", outside.path / "scan.md")
    link(house.done / ".ocrd-1-0.tmp", outside.path / "scan.md")
    (house.done / "scan.png.md").write_bytes(b"mine")
    (house.done / "scan.png").mkdir()
    house.drop(LETTER, "scan.png")
    house.start()
    house.wait_for("done/scan-2.png", "done/scan-2.md")
    assert (house.done / "scan.md").readlink() == outside.path / "scan.md"
    assert (house.done / "scan.png.md").read_bytes() == b"mine"
    outside.assert_untouched()


def test_a_predictable_name_in_a_folder_where_it_cannot_be_removed_is_done_without(
    house: House,
) -> None:
    """In a sticky folder nobody removes what belongs to another, but for root."""
    house.configure()
    house.share(house.done)
    house.done.chmod(0o1777)
    assert as_neighbour("mkdir", str(house.done / ".ocrd-1-0.tmp")).returncode == 0
    assert as_neighbour("touch", str(house.done / ".ocrd-1-0.tmp" / "own")).returncode == 0
    house.drop(LETTER, "scan.png")
    house.start()
    house.wait_for("done/scan.png", "done/scan.md")
    assert (house.done / ".ocrd-1-0.tmp" / "own").exists()


def test_a_hard_link_to_what_the_neighbour_may_not_read_is_not_read_for_him(
    root_house: House, place: Path
) -> None:
    secret = place / "secret.png"
    shutil.copy(LETTER, secret)
    secret.chmod(0o600)
    house = root_house
    theft = as_neighbour("ln", str(secret), str(house.inbox / "kernel.png"))
    if Path("/proc/sys/fs/protected_hardlinks").read_text().strip() == "1":
        assert "Operation not permitted" in theft.stderr
    # As on a network share, where another machine makes the links.
    house.configure(inbox="network = true")
    os.link(secret, house.inbox / "scan.png")
    house.start()
    house.wait_for("failed/scan.png", "failed/scan.error.json")
    assert json.loads((house.failed / "scan.error.json").read_text())["code"] == "linked"
    assert secret.read_bytes() == LETTER.read_bytes()
    assert not list(house.inbox.rglob("*.md"))
