"""rsync and Syncthing: they write under a name of their own and rename."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator

import pytest

from tests.recipes import page
from tests.recipes.office import PASSWORD, Office, cut

SYNC = page.inbox_of("Syncthing")
RSYNC = page.inbox_of("rsync")
SCANS = "/home/anna/scans"
LAPTOP = "/home/anna/Sync"
RUN_RSYNC = f"cd /home/anna && RSYNC_PASSWORD={PASSWORD!r} {page.block('rsync', 'client').strip()}"


def put(office: Office, name: str, content: bytes) -> None:
    """Have a document in a folder of another machine."""
    place = office.path(SCANS)
    place.mkdir(exist_ok=True)
    (place / name).write_bytes(content)


# rsync


@pytest.fixture
def rsync(office: Office) -> Office:
    office.follow("rsync")
    return office


def test_rsync_brings_a_document_and_takes_it_away_at_its_source(
    rsync: Office, letter: bytes
) -> None:
    put(rsync, "letter.png", letter)
    rsync.path(f"{SCANS}/letter.png").chmod(0o600)
    rsync.run(RUN_RSYNC)
    rsync.wait_until_read(RSYNC, "letter.png", letter)
    assert not rsync.path(f"{SCANS}/letter.png").exists()
    rsync.run(f"runuser -u anna -- cat {RSYNC}/done/letter.png > /dev/null")


def test_what_rsync_has_not_finished_is_not_seen(
    rsync: Office, letter: bytes, photo: bytes
) -> None:
    put(rsync, "photo.png", photo)
    slowly = RUN_RSYNC.replace("rsync -rt", "exec rsync --bwlimit=300 -rt")
    inbox = rsync.path(RSYNC)
    with rsync.begun("bash", "-c", slowly) as sender:
        rsync.wait(lambda: list(inbox.glob(".photo.png.*")), "rsync's temporary file")
        rsync.outlive_the_settle_time(RSYNC, letter)
        assert sender.poll() is None
        assert "photo.png" not in rsync.jobs(RSYNC)
        cut(sender, signal.SIGINT)
        sender.communicate(timeout=30)
    rsync.wait((inbox / ".rsync-partial" / "photo.png").exists, "what has come is kept")
    rsync.outlive_the_settle_time(RSYNC, letter)
    assert "photo.png" not in rsync.jobs(RSYNC)
    rsync.run(RUN_RSYNC)
    rsync.wait_until_read(RSYNC, "photo.png", photo)
    assert rsync.times_begun(RSYNC, "photo.png") == 1
    assert {name for name in rsync.jobs(RSYNC) if name.startswith(".")} == set()


@pytest.mark.parametrize("option", ["--inplace", "--append", "--delete"])
def test_rsync_is_refused_what_would_do_harm(rsync: Office, letter: bytes, option: str) -> None:
    put(rsync, "refused.png", letter)
    refused = rsync.run(RUN_RSYNC.replace("--partial-dir=.rsync-partial", option), check=False)
    assert refused.returncode != 0
    assert f"configured to refuse {option}" in refused.stderr
    assert not rsync.path(RSYNC / "refused.png").exists()
    rsync.path(f"{SCANS}/refused.png").unlink()


# Syncthing


class Peer:
    """One of the two Syncthings, asked as its owner asks it."""

    def __init__(self, office: Office, user: str) -> None:
        self.office = office
        self.command = f"runuser -u {user} -- syncthing"
        self.unit = f"syncthing@{user}"

    def start(self) -> None:
        self.office.machine.systemctl("start", self.unit)
        show = f"{self.command} cli show system"
        self.office.wait(lambda: not self.office.run(show, check=False).returncode, show)

    def cli(self, arguments: str) -> str:
        return self.office.run(f"{self.command} cli {arguments}").stdout

    def rest(self, method: str, path: str, body: str = "") -> None:
        """Ask its REST interface for what its command line cannot do."""
        key = self.cli("config gui apikey get").strip()
        place = self.cli("config gui raw-address get").strip()
        self.office.run(
            f"curl --fail --silent --show-error --request {method} --header 'X-API-Key: {key}'"
            f" --data '{body}' 'http://{place}/rest/{path}'"
        )

    def scan(self) -> None:
        """Have it look for changes now, and not only when its pause after an event is over."""
        self.rest("POST", "db/scan?folder=scans")

    @property
    def id(self) -> str:
        return str(json.loads(self.cli("show system"))["myID"])


@pytest.fixture(scope="module")
def peers(office: Office) -> Iterator[tuple[Peer, Peer]]:
    """The server's Syncthing, and that of anna's laptop, which shares ~/Sync with it."""
    office.follow("Syncthing")
    server, laptop = Peer(office, "syncthing"), Peer(office, "anna")
    server.start()  # and take the ports that the other would otherwise take
    office.run(f"{laptop.command} generate --no-default-folder; install -d -o anna {LAPTOP}")
    laptop.start()
    laptop.rest("PATCH", "config/options", '{"reconnectionIntervalS": 5}')  # not a minute
    office.run(f"device={laptop.id}\n{page.block('Syncthing', 'pair')}")
    laptop.cli(f"config devices add --device-id {server.id}")
    laptop.cli(f"config folders add --id scans --path {LAPTOP}")
    laptop.cli(f"config folders scans devices add --device-id {server.id}")
    # Last, so that they do not meet before they know what they share.
    laptop.rest("PATCH", f"config/devices/{server.id}", '{"addresses": ["tcp://127.0.0.1:22000"]}')
    yield server, laptop
    office.machine.systemctl("stop", server.unit, laptop.unit)


def test_syncthing_brings_a_document_and_takes_it_away_where_it_came_from(
    office: Office, peers: tuple[Peer, Peer], letter: bytes, photo: bytes
) -> None:
    server, laptop = peers
    here = office.path(LAPTOP)
    (here / "photo.png").write_bytes(photo)
    (here / "letter.png").write_bytes(letter)
    office.run(f"chown anna: {LAPTOP}/*.png && chmod 600 {LAPTOP}/*.png")
    laptop.scan()
    office.wait((office.path(SYNC) / "done" / "letter.png").exists, "they have met", limit=60)
    office.wait_until_read(SYNC, "letter.png", letter)
    office.wait_until_read(SYNC, "photo.png", photo)
    server.scan()
    office.wait(lambda: not list(here.glob("*.png")), "the laptop's folder is empty")
    assert set(office.jobs(SYNC)) == {"letter.png", "photo.png"}
    assert {path.name for path in here.iterdir()} == {".stfolder"}
    assert office.path(SYNC / ".stfolder").is_dir()
    office.run(f"runuser -u anna -- cat {SYNC}/done/letter.png > /dev/null")
