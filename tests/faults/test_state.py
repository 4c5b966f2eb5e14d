"""The ledger lost, damaged, too new, copied and brought back: never a surprise for an archive."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ocrd.errors import EXIT_LEDGER
from tests.faults.conftest import daemon
from tests.installation import LETTER, OCRD, ROOT, Installation, eventually

__all__ = ["daemon"]

KEEP = 'source = "keep"\nrecursive = true'


def ledger_of(daemon: Installation) -> Path:
    return daemon.root / "state" / "ledger.sqlite3"


def start_refused(daemon: Installation) -> str:
    """Start a daemon that has to refuse, with the exit code for it; return what it says."""
    refused = daemon.command("run")
    assert refused.returncode == EXIT_LEDGER, refused.stdout + refused.stderr
    return refused.stdout + refused.stderr


def read_some(daemon: Installation, *names: str, inbox: str = "") -> None:
    """Let a daemon read documents, then stop it."""
    daemon.configure(inbox=inbox)
    for name in names:
        daemon.drop(LETTER, name)
    daemon.start()
    eventually(lambda: daemon.status()["jobs"]["done"] == len(names), 30)
    daemon.stop()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def state_of(daemon: Installation) -> dict[str, bytes]:
    """Return the ledger's files, but for the memory that connections share, and empty ones."""
    paths = [path for path in ledger_of(daemon).parent.glob("ledger*") if path.suffix[-3:] != "shm"]
    return {str(path): path.read_bytes() for path in paths if path.stat().st_size}


def truncated(ledger: Path) -> None:
    os.truncate(ledger, ledger.stat().st_size * 2 // 3 // 4096 * 4096 + 100)


def random_in_the_middle(ledger: Path) -> None:
    pages = ledger.stat().st_size // 4096
    with ledger.open("r+b") as file:
        for page in range(1, pages):
            file.seek(page * 4096)
            file.write(os.urandom(2048))


def header_wiped(ledger: Path) -> None:
    with ledger.open("r+b") as file:
        file.write(b"\0" * 100)


def no_ledger_at_all(ledger: Path) -> None:
    ledger.write_bytes(b"What was here is another file now. " * 1000)


def stale_log(ledger: Path) -> None:
    """Put a write-ahead log of an older time beside the ledger."""
    older = ledger.with_name("older.sqlite3")
    shutil.copy(ledger, older)
    db = sqlite3.connect(older, isolation_level=None)
    db.execute("PRAGMA wal_autocheckpoint = 0")
    db.execute("CREATE TABLE other AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
               " FROM n WHERE i < 3000) SELECT i, hex(randomblob(50)) FROM n")  # fmt: skip
    shutil.copy(f"{older}-wal", f"{ledger}-wal")
    db.close()
    newer = sqlite3.connect(older.with_name("grown.sqlite3"), isolation_level=None)
    source = sqlite3.connect(f"{ledger.as_uri()}?mode=ro&immutable=1", uri=True)
    source.backup(newer)
    source.close()
    for number in range(60):
        newer.execute(f"CREATE TABLE t{number} AS SELECT hex(randomblob(3000)) AS x")
    newer.close()
    older.with_name("grown.sqlite3").replace(ledger)


@pytest.mark.parametrize(
    "harm", [truncated, random_in_the_middle, header_wiped, no_ledger_at_all, stale_log]
)
def test_a_damaged_ledger_is_refused_with_the_way_out_and_nothing_is_touched(
    daemon: Installation, harm: Callable[[Path], None]
) -> None:
    read_some(daemon, *(f"letter-{number}.png" for number in range(6)))
    harm(ledger_of(daemon))
    daemon.drop(LETTER, "new.png")
    before = contents(daemon.inbox) | state_of(daemon)
    said = start_refused(daemon)
    assert "is damaged" in said
    assert "ocrd ledger restore" in said and "ocrd ledger rebuild" in said
    assert contents(daemon.inbox) | state_of(daemon) == before


def test_a_ledger_of_a_newer_version_is_refused_by_every_command_that_would_write(
    daemon: Installation,
) -> None:
    read_some(daemon, "letter.png")
    with sqlite3.connect(ledger_of(daemon)) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    before = ledger_of(daemon).read_bytes()
    assert "newer ocrd" in start_refused(daemon)
    for command in (["ledger", "rebuild"], ["retry", "--all"], ["ledger", "check"]):
        refused = daemon.command(*command)
        assert refused.returncode == EXIT_LEDGER, refused.stdout + refused.stderr
    assert ledger_of(daemon).read_bytes() == before


def test_a_write_ahead_log_without_its_ledger_is_refused_and_kept(daemon: Installation) -> None:
    daemon.start()
    daemon.drop(LETTER, "letter.png")
    daemon.wait_for("done/letter.md")
    daemon.kill()
    log = Path(f"{ledger_of(daemon)}-wal")
    before = log.read_bytes()
    assert before
    ledger_of(daemon).unlink()
    assert "write-ahead log" in start_refused(daemon)
    assert log.read_bytes() == before
    ledger_of(daemon).touch()
    assert "empty" in start_refused(daemon)
    assert log.read_bytes() == before


@pytest.mark.parametrize("way", ["missing", "empty"])
def test_a_lost_ledger_does_not_stop_folders_that_sources_leave(
    daemon: Installation, way: str
) -> None:
    read_some(daemon, "first.png")
    ledger_of(daemon).unlink()
    if way == "empty":
        ledger_of(daemon).touch()
    daemon.drop(LETTER, "second.png")
    daemon.start()
    daemon.wait_for("done/second.png", "done/second.md")
    assert daemon.tree() == ["done/first.md", "done/first.png", "done/second.md", "done/second.png"]


def withheld(daemon: Installation) -> str:
    """Wait until the daemon says that it leaves its folder alone; return why."""
    said: list[str] = eventually(lambda: daemon.status().get("problems"), 20)
    assert daemon.status()["inboxes"][0]["online"] is False
    return " ".join(said)


@pytest.mark.parametrize("marked", [True, False])
def test_an_archive_whose_ledger_is_lost_is_not_read_again_until_a_person_says_so(
    daemon: Installation, marked: bool
) -> None:
    names = ("one.png", "sub/two.png")
    read_some(daemon, *names, inbox=KEEP)
    ledger_of(daemon).unlink()
    if not marked:
        (daemon.inbox / ".ocrd-owner").unlink()
    before = contents(daemon.inbox)
    daemon.start()
    said = withheld(daemon)
    assert "read again" in said and "ocrd ledger rebuild" in said
    assert daemon.status()["jobs"]["queued"] == 0
    daemon.stop()
    assert contents(daemon.inbox) == before
    rebuilt = daemon.call("ledger", "rebuild")
    assert [(one["adopted"], one["unread"]) for one in rebuilt["folders"]] == [(2, 0)]
    daemon.drop(LETTER, "three.png")
    daemon.start()
    daemon.wait_for("three.md")
    eventually(lambda: daemon.status()["jobs"]["done"] == 3, 20)
    assert daemon.tree() == sorted(
        ["one.md", "one.png", "sub/two.md", "sub/two.png", "three.md", "three.png"]
    )


def test_an_archive_is_read_anew_where_a_person_wants_that(daemon: Installation) -> None:
    read_some(daemon, "one.png", inbox=KEEP)
    ledger_of(daemon).unlink()
    assert daemon.command("ledger", "rebuild", "--read-again").returncode == 0
    daemon.start()
    daemon.wait_for("one.png.md")
    assert (daemon.inbox / "one.md").exists(), "what was there is not overwritten"


def test_a_rebuild_reads_again_what_changed_since_its_outputs(daemon: Installation) -> None:
    read_some(
        daemon, "hashed.png", "young.png", "same.png", inbox=KEEP + '\noutputs = ["md", "json"]'
    )
    ledger_of(daemon).unlink()
    with (daemon.inbox / "hashed.png").open("ab") as file:
        file.write(b"\0")
    old = time.time() - 1000
    os.utime(daemon.inbox / "hashed.png", (old, old))  # its outputs name another hash
    (daemon.inbox / "young.json").unlink()
    os.utime(daemon.inbox / "young.png", (old + 2000, old + 2000))  # younger than its Markdown
    rebuilt = daemon.call("ledger", "rebuild")
    (one,) = rebuilt["folders"]
    assert (one["adopted"], one["unread"]) == (1, 2)
    daemon.start()
    daemon.wait_for("hashed.png.md", "young.png.md")
    assert not (daemon.inbox / "same.png.md").exists()


def test_an_archive_is_not_read_again_with_an_older_ledger(daemon: Installation) -> None:
    read_some(daemon, "one.png", inbox=KEEP)
    shutil.copy(ledger_of(daemon), daemon.root / "older")
    read_some(daemon, "one.png", "two.png", inbox=KEEP)
    shutil.copy(daemon.root / "older", ledger_of(daemon))  # by hand, as people do
    daemon.start()
    assert "further than this ledger knows" in withheld(daemon)
    daemon.stop()
    assert daemon.command("ledger", "rebuild").returncode == 0
    daemon.start()
    eventually(lambda: daemon.status()["jobs"]["done"] == 2, 20)
    eventually(lambda: daemon.status()["inboxes"][0]["online"], 20)
    assert daemon.tree() == ["one.md", "one.png", "two.md", "two.png"]


def test_a_damaged_ledger_is_put_aside_by_a_rebuild(daemon: Installation) -> None:
    read_some(daemon, "one.png", inbox=KEEP)
    header_wiped(ledger_of(daemon))
    damaged = ledger_of(daemon).read_bytes()
    rebuilt = daemon.call("ledger", "rebuild")
    assert Path(rebuilt["aside"]).read_bytes() == damaged
    assert rebuilt["folders"][0]["adopted"] == 1
    daemon.start()
    eventually(lambda: daemon.status()["jobs"]["done"] == 1, 20)
    assert daemon.tree() == ["one.md", "one.png"]


def test_a_backup_is_whole_while_the_daemon_writes_and_comes_back(daemon: Installation) -> None:
    daemon.configure(top='documents_in_flight = 4')
    daemon.start()
    for number in range(20):
        daemon.drop(LETTER, f"{number:02}.png")
    copies: list[Path] = []
    while not copies or not (daemon.done / "19.png").exists():
        copy = daemon.root / f"copy-{len(copies)}"
        made = daemon.command("ledger", "backup", str(copy))
        assert made.returncode == 0, made.stderr
        copies.append(copy)
        db = sqlite3.connect(copy)
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        db.close()
    assert sorted(daemon.root.glob("copy-*")) == sorted(copies), "one file each, nothing beside"
    eventually(lambda: daemon.status()["jobs"]["done"] == 20, 30)
    last = daemon.root / "last"
    assert daemon.command("ledger", "backup", str(last)).returncode == 0
    daemon.kill()  # a write-ahead log stays, which does not belong to the copy
    ledger_of(daemon).write_bytes(b"gone")
    restored = daemon.call("ledger", "restore", str(last))
    assert Path(restored["aside"]).read_bytes() == b"gone"
    assert daemon.call("ledger", "check")["agrees"]
    daemon.start()
    assert daemon.status()["jobs"]["done"] == 20


def test_a_backup_is_there_whole_or_not_at_all(daemon: Installation) -> None:
    read_some(daemon, "one.png")
    taken = daemon.root / "taken"
    taken.write_text("mine")
    refused = daemon.command("ledger", "backup", str(taken))
    assert refused.returncode == 1 and "--overwrite" in refused.stderr
    assert taken.read_text() == "mine"
    refused = daemon.command("ledger", "backup", str(ledger_of(daemon)), "--overwrite")
    assert refused.returncode == 1 and "itself" in refused.stderr
    random_in_the_middle(ledger_of(daemon))
    refused = daemon.command("ledger", "backup", str(taken), "--overwrite")
    assert refused.returncode == EXIT_LEDGER, refused.stderr
    assert taken.read_text() == "mine"
    assert sorted(path.name for path in daemon.root.iterdir() if path.is_file()) == [
        "config.toml", "daemon.log", "taken",
    ]


def test_a_restore_of_no_ledger_changes_nothing(daemon: Installation) -> None:
    read_some(daemon, "one.png")
    before = ledger_of(daemon).read_bytes()
    for content in (b"", b"no ledger" * 1000, before[: len(before) // 2]):
        (daemon.root / "copy").write_bytes(content)
        refused = daemon.command("ledger", "restore", str(daemon.root / "copy"))
        assert refused.returncode in {1, EXIT_LEDGER}, refused.stdout
        assert ledger_of(daemon).read_bytes() == before


def test_restore_and_rebuild_are_refused_while_the_daemon_runs(daemon: Installation) -> None:
    daemon.start()
    assert daemon.command("ledger", "backup", str(daemon.root / "copy")).returncode == 0
    for command in (["restore", str(daemon.root / "copy")], ["rebuild"]):
        refused = daemon.command("ledger", *command)
        assert refused.returncode == 1
        assert "Another ocrd daemon" in refused.stderr


def test_check_tells_damage_and_lost_documents(daemon: Installation) -> None:
    read_some(daemon, "one.png")
    well = daemon.command("ledger", "check", "--json")
    assert well.returncode == 0 and json.loads(well.stdout)["whole"]
    daemon.start()
    assert daemon.command("pause").returncode == 0
    gone = daemon.drop(LETTER, "gone.png")
    eventually(lambda: daemon.status()["jobs"]["queued"] == 1, 20)
    daemon.stop()
    gone.unlink()
    told = daemon.call("ledger", "check")
    assert told["whole"] and not told["agrees"]
    assert "gone.png" in told["lost"][0]
    random_in_the_middle(ledger_of(daemon))
    damaged = daemon.command("ledger", "check")
    assert damaged.returncode in {1, EXIT_LEDGER}
    assert "damaged" in damaged.stdout + damaged.stderr


def test_a_ledger_that_becomes_damaged_stops_the_daemon_for_good(daemon: Installation) -> None:
    daemon.start()
    daemon.drop(LETTER, "one.png")
    daemon.wait_for("done/one.md")
    eventually(lambda: daemon.status()["jobs"]["done"] == 1, 20)
    db = sqlite3.connect(ledger_of(daemon), isolation_level=None)
    db.execute("CREATE TABLE other (x)")  # from outside, so that the daemon reads the file again
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    random_in_the_middle(ledger_of(daemon))
    for number in range(20):
        daemon.drop(LETTER, f"{number}.png")
    eventually(daemon.process_ended, 60)
    db.close()
    assert daemon.process is not None
    assert daemon.process.returncode == EXIT_LEDGER
    assert len(list(daemon.inbox.rglob("*.png"))) == 21


def test_ledger_commands_are_documented_by_their_help() -> None:
    said = subprocess.run(
        [*OCRD, "ledger", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert all(word in said.stdout for word in ("check", "backup", "restore", "rebuild"))
    assert sys.executable
