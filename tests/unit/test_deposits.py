"""Files that programs leave: whole or not there, their owner's alone, until their time is over."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ocrd.deposits import Deposit, Deposits
from ocrd.errors import OcrdError

MISSING = "0b8f6a52-0000-4000-8000-000000000000"


class Place:
    """A folder of deposits with a clock of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.now = 1000.0
        self.folder = root / "files"
        self.deposits = Deposits(self.folder, lambda: self.now)

    def leave(self, by: str = "anna", name: str = "a.pdf") -> Deposit:
        received = self.root / "received"
        received.write_bytes(b"%PDF-")
        return self.deposits.add(received, name, by, purpose="ocr", media_type="application/pdf")

    def again(self) -> Deposits:
        """Return the folder as a daemon that is started again sees it."""
        return Deposits(self.folder, lambda: self.now)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_file_is_taken_over_and_known_after_a_restart(place: Place) -> None:
    left = place.leave()
    assert not (place.root / "received").exists()
    found = place.again().find(left.identity, "anna")
    assert found == left
    assert found.path.read_bytes() == b"%PDF-"
    assert (found.size, found.name, found.created) == (5, "a.pdf", 1000.0)
    assert stat.S_IMODE(place.folder.stat().st_mode) == 0o700


def test_a_file_is_its_owners_alone(place: Place) -> None:
    hers, his = place.leave("anna"), place.leave("bert")
    assert place.deposits.find(hers.identity, "bert") is None
    assert place.deposits.all("bert") == [his]
    assert place.deposits.all("") == []


@pytest.mark.parametrize("identity", ["", "..", "../files", ".secret", "a" * 36, MISSING, "\0"])
def test_what_is_no_file_of_ours_is_not_found(place: Place, identity: str) -> None:
    place.leave()
    place.deposits.signature(MISSING, 1)
    assert place.deposits.find(identity, "anna") is None


def test_the_newest_come_first(place: Place) -> None:
    first = place.leave()
    place.now += 1
    second = place.leave()
    assert place.deposits.all("anna") == [second, first]


def test_a_removed_file_is_gone(place: Place) -> None:
    left = place.leave()
    assert place.deposits.remove(left)
    assert not place.deposits.remove(left)  # who comes second has removed nothing
    assert place.deposits.find(left.identity) is None
    assert [path for path in place.folder.iterdir() if path.is_dir()] == []


def test_what_is_over_its_time_goes_and_what_is_not_stays(place: Place) -> None:
    old = place.leave()
    place.now += 100
    new = place.leave()
    place.deposits.tidy(None)
    assert len(place.deposits.all("anna")) == 2
    place.deposits.tidy(1050.0)
    assert place.deposits.all("anna") == [new]
    assert not old.path.exists()


def test_what_a_killed_daemon_was_taking_over_goes(place: Place) -> None:
    nascent = place.folder / f".new-{MISSING}"
    nascent.mkdir(parents=True)
    os.utime(nascent, (0, 0))
    place.now = 3599.0
    place.deposits.tidy(None)
    assert nascent.exists()
    place.now = 3601.0
    place.deposits.tidy(None)
    assert not nascent.exists()


def test_a_file_whose_record_is_damaged_is_none(place: Place) -> None:
    left = place.leave()
    left.path.with_name("about.json").write_text('{"identity": 1')
    assert place.deposits.find(left.identity) is None
    place.deposits.tidy(0.0)
    assert not left.path.exists()


def test_a_signature_is_for_one_file_until_its_time(place: Place) -> None:
    left, other = place.leave(), place.leave()
    signature = place.deposits.signature(left.identity, 2000)
    again = place.again()
    assert again.signed(left.identity, 2000, signature) == left
    assert again.signed(other.identity, 2000, signature) is None
    assert again.signed(left.identity, 2001, signature) is None
    assert again.signed(left.identity, 2000, signature[:-1] + "é") is None
    place.now = 2000.0
    assert again.signed(left.identity, 2000, signature) is None


def test_the_secret_is_private_and_of_each_place(place: Place, tmp_path: Path) -> None:
    place.deposits.signature(MISSING, 1)
    assert stat.S_IMODE((place.folder / ".secret").stat().st_mode) == 0o600
    other = Deposits(tmp_path / "other")
    assert other.signature(MISSING, 1) != place.deposits.signature(MISSING, 1)


def test_a_disk_that_takes_nothing_leaves_nothing(place: Place) -> None:
    with pytest.raises(OcrdError) as caught:
        place.deposits.add(place.root / "missing", "a.pdf", "anna")
    assert str(place.root) not in str(caught.value)  # a client is told, who knows no path of ours
    assert [path for path in place.folder.iterdir() if path.is_dir()] == []
