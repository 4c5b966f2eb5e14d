from __future__ import annotations

import importlib.util
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocrd import errors, systemd

ROOT = Path(__file__).parent.parent.parent
UNIT = ROOT / "systemd" / "ocrd.service"

HAS_EXTRA = importlib.util.find_spec("systemd") is not None and (
    importlib.util.find_spec("systemd.daemon") is not None
)
needs_extra = pytest.mark.skipif(not HAS_EXTRA, reason="the extra systemd is not installed")


@pytest.fixture
def notify_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A real datagram socket in the place of systemd's."""
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(path))
        receiver.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        yield receiver


def call_all() -> None:
    systemd.notify_ready()
    systemd.notify_status("2 documents, page 3 of 7")
    systemd.notify_watchdog()
    systemd.notify_stopping()


@needs_extra
def test_systemd_hears_ready_status_watchdog_and_stopping(notify_socket: socket.socket) -> None:
    call_all()
    assert [notify_socket.recv(4096) for _ in range(4)] == [
        b"READY=1", b"STATUS=2 documents, page 3 of 7", b"WATCHDOG=1", b"STOPPING=1",
    ]  # fmt: skip


@needs_extra
def test_a_status_of_several_lines_cannot_say_anything_else(notify_socket: socket.socket) -> None:
    systemd.notify_status("reading x\nSTOPPING=1\r.pdf \udcff")
    assert notify_socket.recv(4096) == b"STATUS=reading x STOPPING=1 .pdf ?"


@needs_extra
def test_a_socket_that_went_away_does_not_stop_the_daemon(
    notify_socket: socket.socket, tmp_path: Path
) -> None:
    notify_socket.close()
    (tmp_path / "notify").unlink()
    call_all()


def test_nothing_happens_without_systemd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    monkeypatch.setitem(sys.modules, "systemd", None)  # an import would fail
    call_all()
    systemd.require_support()


def test_a_missing_extra_is_told_with_its_remedy(
    notify_socket: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "systemd", None)
    monkeypatch.setitem(sys.modules, "systemd.daemon", None)
    for notify in (systemd.require_support, systemd.notify_ready):
        with pytest.raises(errors.ConfigError, match=r"pip install 'ocrd-daemon\[systemd\]'"):
            notify()


def test_the_unit_does_not_restart_what_only_a_person_can_mend() -> None:
    unit = dict(re.findall(r"^(\w+)=(.*)$", UNIT.read_text(), re.MULTILINE))
    assert unit["Type"] == "notify"
    assert unit["RestartPreventExitStatus"] == str(errors.EXIT_CONFIG)
    assert unit["KillMode"] == "mixed"
    assert "Environment=ORT_DISABLE_TELEMETRY=1" in UNIT.read_text().splitlines()
    assert unit["ExecReload"].split()[1] == "reload"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_finds_no_fault_in_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "ocrd.service"
    unit.write_text(UNIT.read_text().replace("/usr/bin/ocrd", shutil.which("true") or "/bin/true"))
    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True
    )
    complaints = [line for line in result.stderr.splitlines() if "ocrd" in line]
    assert (result.returncode, complaints) == (0, []), result.stderr
