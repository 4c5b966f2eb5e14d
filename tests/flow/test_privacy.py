"""What documents say is for the daemon's user alone, whatever umask it has, over an upgrade too."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import LETTER, Installation, eventually


def open_to_others(root: Path) -> list[str]:
    """Return what below a folder others may read, or enter, or write, with its mode."""
    found = []
    for path in (root, *root.rglob("*")):
        mode = stat.S_IMODE(path.lstat().st_mode)
        if mode & 0o077 and not path.is_socket() and not path.is_symlink():
            found.append(f"{path.relative_to(root)} {mode:o}")
    return found


@pytest.fixture
def careless() -> Iterator[None]:
    """Everybody may do everything with what is made without a thought."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("careless")
def test_nothing_of_the_daemons_own_is_for_others(daemon: Installation) -> None:
    daemon.configure('kind = "module"\nmodule = "tests.engines.echo"\noptions = { delay = 1.0 }')
    daemon.start()
    daemon.drop(LETTER)
    eventually(lambda: daemon.status()["working"], 30)
    assert open_to_others(daemon.root / "state") == []
    daemon.wait_for("done/typewriter.md")
    assert daemon.command("ledger", "backup", str(daemon.root / "copy")).returncode == 0
    assert stat.S_IMODE((daemon.root / "copy").stat().st_mode) == 0o600
    assert open_to_others(daemon.root / "state") == []


@pytest.mark.usefixtures("careless")
def test_what_an_earlier_version_left_open_is_tightened_at_the_start(daemon: Installation) -> None:
    daemon.start()
    daemon.drop(LETTER)
    daemon.wait_for("done/typewriter.md")
    daemon.kill()  # so that the write-ahead log is left, too
    state = daemon.root / "state"
    for path in state.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    state.chmod(0o755)
    (state / "run").chmod(0o700)
    assert any("-wal" in name for name in open_to_others(state))
    daemon.start()
    assert open_to_others(state) == []
    assert '"event": "tightened"' in daemon.log.read_text()
