"""scanimage with SANE's own test scanner, whose feeder has ten pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recipes.office import Office

INBOX = Path("/srv/ocrd/inbox")
FEEDER = "--device-name test --source 'Automatic Document Feeder' --test-picture Grid"
SLOW = "--mode Color -x 200 -y 200 --resolution 200 --read-delay=yes --read-delay-duration 100000"
SCAN = "runuser -u anna -- scan-to-inbox"


@pytest.fixture
def desk(office: Office) -> Office:
    """The server as the machine that the scanner is at."""
    office.follow("scanimage")
    return office


def scanned(desk: Office) -> set[str]:
    return {name for name in desk.jobs(INBOX) if not name.startswith("witness")}


def files(desk: Office) -> set[str]:
    return {path.name for path in desk.path(INBOX).iterdir()}


def test_each_page_of_the_feeder_becomes_a_document(desk: Office) -> None:
    before = scanned(desk)
    desk.run(f"{SCAN} pages {FEEDER}")
    desk.wait(lambda: len(scanned(desk) - before) == 10, "ten documents")
    new = scanned(desk) - before
    assert [name[-8:] for name in sorted(new)] == [f"-{page:03}.png"[-8:] for page in range(1, 11)]
    desk.wait(lambda: {desk.jobs(INBOX)[name]["state"] for name in new} == {"done"}, "all read")


def test_all_pages_of_the_feeder_become_one_document(desk: Office) -> None:
    before = scanned(desk)
    desk.run(f"{SCAN} pdf {FEEDER}")
    desk.wait(lambda: scanned(desk) - before, "a document")
    (name,) = scanned(desk) - before
    desk.wait(lambda: desk.jobs(INBOX)[name]["state"] == "done", "it is read")
    assert desk.jobs(INBOX)[name]["pages_done"] == 10


def test_pages_that_are_still_scanned_are_not_seen(desk: Office, letter: bytes) -> None:
    before = scanned(desk)
    command = f"exec {SCAN} pdf --device-name test --batch-count=4 --test-picture Grid {SLOW}"
    with desk.begun("bash", "-c", command) as scanner:
        desk.wait(lambda: list(desk.path(INBOX).glob(".scan-*/*.png")), "a first page")
        desk.outlive_the_settle_time(INBOX, letter)
        assert scanned(desk) == before
        scanner.communicate(timeout=60)
        assert scanner.returncode == 0
    desk.wait(lambda: len(scanned(desk) - before) == 1, "one document")


def test_a_jam_leaves_the_pages_aside_and_says_where(desk: Office) -> None:
    before = files(desk)
    jam = f"{SCAN} pdf {FEEDER} --read-return-value SANE_STATUS_JAMMED"
    jammed = desk.run(jam, check=False)
    assert jammed.returncode == 6
    (folder,) = files(desk) - before
    assert folder.startswith(".scan-")
    assert f"What was scanned is in {INBOX}/{folder}" in jammed.stderr


def test_a_page_from_the_glass_is_one_document(desk: Office) -> None:
    before = scanned(desk)
    desk.run(f"{SCAN} pages --device-name test --batch-count=1 --test-picture Grid")
    desk.wait(lambda: len(scanned(desk) - before) == 1, "one document")
