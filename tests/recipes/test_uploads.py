"""Samba, FTP and SFTP: the server has the file open under its final name while it comes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.recipes import page
from tests.recipes.office import PASSWORD, Office

# Of the first SMB 2, which small devices have: it writes in pieces of 64 kB, as they come.
SMB = (
    "smbclient", "//server/scans", "--user", f"scanner%{PASSWORD}",
    "--max-protocol", "SMB2_02", "--command",
)  # fmt: skip
CURL = (
    "curl", "--silent", "--show-error", "--insecure", "--user", f"scanner:{PASSWORD}",
    "--upload-file", "-",
)  # fmt: skip


class Way(NamedTuple):
    """How a device sends what it is given on a pipe."""

    recipe: str
    inbox: Path
    command: Callable[[str], tuple[str, ...]]


WAYS = {
    "Samba": lambda name: (*SMB, f"put - {name}"),
    "FTP": lambda name: (*CURL, f"ftp://server/inbox/{name}"),
    "SFTP": lambda name: (*CURL, f"sftp://server/inbox/{name}"),
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, office: Office) -> Way:
    """One of the three, set up."""
    office.follow(request.param)
    return Way(request.param, page.inbox_of(request.param), WAYS[request.param])


def send(office: Office, way: Way, name: str, content: bytes) -> None:
    """Send a whole document."""
    with office.begun(*way.command(name)) as device:
        finish(device, content)


def finish(device: subprocess.Popen[bytes], content: bytes) -> None:
    """Send the rest, and see that the device takes it for sent."""
    output, _ = device.communicate(content, timeout=30)
    assert device.returncode == 0, output.decode()


def send_half(
    office: Office, way: Way, device: subprocess.Popen[bytes], name: str, content: bytes
) -> bytes:
    """Send the first half and stall; return the other."""
    half = len(content) // 2
    assert device.stdin is not None
    device.stdin.write(content[:half])
    device.stdin.flush()
    here = office.path(way.inbox / name)
    office.wait(lambda: here.exists() and here.stat().st_size > 0, f"some of {name} is there")
    return content[half:]


def test_a_document_is_read_and_belongs_to_the_group(
    office: Office, way: Way, letter: bytes
) -> None:
    send(office, way, "letter.png", letter)
    office.wait_until_read(way.inbox, "letter.png", letter)
    done = way.inbox / "done"
    group = office.run(f"stat --format=%G {done}/letter.png {done}/letter.md").stdout
    assert group.split() == ["ocrd", "ocrd"]
    office.run(f"runuser -u anna -- cat {done}/letter.png {done}/letter.md > /dev/null")
    office.run(f"runuser -u anna -- rm {done}/letter.png {done}/letter.md")
    office.run(f"! runuser -u nobody -- ls {way.inbox}")


def test_an_upload_that_stalls_is_left_alone_until_it_ends(
    office: Office, way: Way, letter: bytes, photo: bytes
) -> None:
    with office.begun(*way.command("slow.png")) as device:
        rest = send_half(office, way, device, "slow.png", photo)
        office.outlive_the_settle_time(way.inbox, letter)
        assert "slow.png" not in office.jobs(way.inbox)
        finish(device, rest)
    office.wait_until_read(way.inbox, "slow.png", photo)
    assert office.times_begun(way.inbox, "slow.png") == 1


def test_an_upload_that_is_cut_off_is_read_when_it_was_sent_again(
    office: Office, way: Way, letter: bytes, photo: bytes
) -> None:
    with office.begun(*way.command("cut.png")) as device:
        send_half(office, way, device, "cut.png", photo)
    office.wait(lambda: "cut.png" in office.jobs(way.inbox), "the server has let go of it")
    office.outlive_the_settle_time(way.inbox, letter)
    assert office.jobs(way.inbox)["cut.png"]["state"] not in {"done", "failed"}
    send(office, way, "cut.png", photo)
    office.wait_until_read(way.inbox, "cut.png", photo)
