"""A home whose path is too long for a socket: all works as in any other."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocrd.config import runtime
from tests.installation import OCRD, PATIENCE, ROOT, Installation, eventually, make_pdf


class Far(Installation):
    """An installation whose socket is elsewhere, so that its commands alone find it."""

    def __init__(self, root: Path, own: Path) -> None:
        super().__init__(root)
        self.here = {"XDG_RUNTIME_DIR": str(own)}  # as a session has it
        self.outside = {"HOME": str(root), "XDG_RUNTIME_DIR": ""}  # as cron has it

    def ask(self, *words: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*OCRD, *words, "--config", str(self.config)],
            cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE * 60,
            env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        )  # fmt: skip

    def is_up(self) -> bool:
        return self.ask("status", "--json", env=self.here).returncode == 0


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Far]:
    own = Path(tempfile.mkdtemp(prefix="ocrd-test-"))
    root = tmp_path / ("far" * 30)
    root.mkdir()
    far = Far(root, own)
    far.configure()
    yield far
    far.stop()
    for folder in runtime.makeshifts(root / "state", far.here):
        folder.rmdir()
    shutil.rmtree(own)


def test_a_session_with_a_long_home_is_served(far: Far) -> None:
    far.start(env=far.here)
    (socket,) = Path(far.here["XDG_RUNTIME_DIR"], "ocrd").glob("*/ocrd.sock")
    assert socket.parent.stat().st_mode & 0o777 == 0o700
    make_pdf(far.inbox / "letter.pdf", 1)
    eventually(lambda: (far.done / "letter.pdf").exists())
    status = json.loads(far.ask("status", "--json", env=far.here).stdout)
    assert status["config"] == str(far.config)
    assert far.ask("stop", env=far.here).returncode == 0
    assert far.process is not None
    assert far.process.wait(PATIENCE * 30) == 0
    assert not socket.exists()
    absent = far.ask("status", env=far.here)
    assert absent.returncode == 69, absent


def test_a_daemon_without_a_session_is_found_by_one_that_has(far: Far) -> None:
    """Without its note: the folder's name follows from state_dir."""
    far.start(wait=False, env=far.outside)
    eventually(
        lambda: far.process_ended() or far.ask("status", env=far.outside).returncode == 0
    )
    assert not far.process_ended(), far.log.read_text()
    for note in (far.root / ".local/state/ocrd/daemons").glob("*.json"):
        note.unlink()
    status = json.loads(far.ask("status", "--json", env=far.here).stdout)
    assert status["config"] == str(far.config)
