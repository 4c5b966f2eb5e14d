"""What the recipes allow a device, what they keep from it, and what goes wrong without them."""

from __future__ import annotations

import pytest

from tests.recipes import page
from tests.recipes.office import PASSWORD, Office

SMB = f"smbclient //server/scans --user 'scanner%{PASSWORD}' --command"
FTP = f"curl --silent --show-error --user 'scanner:{PASSWORD}'"
SSH = "-i /home/anna/key -o StrictHostKeyChecking=accept-new -o BatchMode=yes"


def test_samba_shows_results_and_not_what_ocrd_keeps_for_itself(
    office: Office, letter: bytes
) -> None:
    office.follow("Samba")
    inbox = page.inbox_of("Samba")
    office.path(inbox / "seen.png").write_bytes(letter)
    office.wait_until_read(inbox, "seen.png", letter)
    office.path(inbox / "done" / ".ocrd-1.tmp").touch()
    listing = office.run(f"{SMB} 'cd done; ls'").stdout
    assert "seen.md" in listing
    assert ".ocrd-" not in listing
    office.run(f"! {SMB} 'put /etc/hostname ._hostname'")
    assert not office.path(inbox / "._hostname").exists()


def test_ftp_is_for_the_scanner_and_its_folder_alone(office: Office) -> None:
    office.follow("FTP")
    office.run('echo "anna:$password" | chpasswd')
    anna = office.run(f"{FTP.replace('scanner:', 'anna:')} ftp://server/", check=False)
    assert "530" in anna.stderr
    names = office.run(f"{FTP} --list-only ftp://server/ ftp://server/%2F..%2F/").stdout.split()
    assert set(names) == {"inbox"}
    outside = office.run(f"{FTP} --upload-file /etc/hostname ftp://server/hostname", check=False)
    assert "553" in outside.stderr


def test_what_ftp_uploads_under_another_name_is_read_when_it_is_renamed(
    office: Office, letter: bytes
) -> None:
    office.follow("FTP")
    inbox = page.inbox_of("FTP")
    office.path("/home/anna/scan.png").write_bytes(letter)
    office.run(f"{FTP} --upload-file /home/anna/scan.png ftp://server/inbox/scan.png.part")
    office.outlive_the_settle_time(inbox, letter)
    assert not {"scan.png", "scan.png.part"} & set(office.jobs(inbox))
    rename = "--quote 'RNFR inbox/scan.png.part' --quote 'RNTO inbox/scan.png'"
    office.run(f"{FTP} {rename} --list-only ftp://server/inbox/")
    office.wait_until_read(inbox, "scan.png", letter)


@pytest.fixture
def key(office: Office) -> Office:
    """The scanner's SSH key, let in as the recipe says."""
    office.follow("SFTP")
    office.run(
        "cd /home/anna; test -e key || ssh-keygen -q -t ed25519 -N '' -f key\n"
        "cp key.pub /etc/ssh/keys-of-scanner"
    )
    return office


def sftp(office: Office, commands: str) -> str:
    return office.run(f"sftp {SSH} -b - scanner@server <<'END'\n{commands}\nEND").stdout


def test_sftp_is_for_its_folder_alone_and_no_login(key: Office) -> None:
    assert "inbox" in sftp(key, "ls /")
    refused = key.run(f"sftp {SSH} -b - scanner@server <<< 'get /etc/hostname'", check=False)
    assert refused.returncode != 0
    login = key.run(f"ssh {SSH} scanner@server id", check=False)
    assert login.returncode != 0
    assert "sftp connections only" in login.stdout + login.stderr


def test_a_file_that_sftp_made_unreadable_waits_and_says_why(key: Office, letter: bytes) -> None:
    inbox = page.inbox_of("SFTP")
    private = key.path("/home/anna/private.png")
    private.write_bytes(letter)
    private.chmod(0o600)
    sftp(key, "put -p /home/anna/private.png")
    problem = key.wait(lambda: problem_of(key, str(inbox)), "ocrd says what is wrong")
    assert "private.png" in problem
    assert "ermission denied" in problem
    key.run(f"chmod g+r {inbox}/private.png")
    key.wait_until_read(inbox, "private.png", letter)


def problem_of(office: Office, inbox: str) -> str:
    inboxes = office.service.client.status()["inboxes"]
    (problem,) = (folder["error"] for folder in inboxes if folder["path"] == inbox)
    return str(problem)
