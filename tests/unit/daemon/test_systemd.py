from __future__ import annotations

import importlib.util
import io
import logging
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import pytest

from ocrd import errors
from ocrd import log as logs
from ocrd.config.settings import default_settings
from ocrd.daemon import daemon, systemd

ROOT = Path(__file__).parents[3]
UNIT = ROOT / "systemd" / "ocrd.service"

HAS_EXTRA = importlib.util.find_spec("systemd") is not None and (
    importlib.util.find_spec("systemd.daemon") is not None
)


@pytest.fixture(params=["our own datagrams", "the extra systemd"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to systemd: that of the library, where it is installed, and without it."""
    if request.param != "the extra systemd":
        for name in ("systemd", "systemd.daemon", "systemd.journal"):
            monkeypatch.setitem(sys.modules, name, None)
    elif not HAS_EXTRA:
        pytest.skip("the extra systemd is not installed")


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
    systemd.ask_for_time(1.5)
    systemd.notify_stopping(30)


@pytest.mark.usefixtures("way")
def test_systemd_hears_what_it_is_told(notify_socket: socket.socket) -> None:
    call_all()
    assert [notify_socket.recv(4096) for _ in range(5)] == [
        b"READY=1", b"STATUS=2 documents, page 3 of 7", b"WATCHDOG=1",
        b"EXTEND_TIMEOUT_USEC=1500000", b"STOPPING=1\nEXTEND_TIMEOUT_USEC=30000000",
    ]  # fmt: skip


@pytest.mark.usefixtures("way")
def test_a_status_of_several_lines_cannot_say_anything_else(notify_socket: socket.socket) -> None:
    systemd.notify_status("reading x\nSTOPPING=1\r.pdf \udcff")
    assert notify_socket.recv(4096) == b"STATUS=reading x STOPPING=1 .pdf ?"


@pytest.mark.usefixtures("way")
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


@pytest.mark.parametrize(
    ("usec", "pid", "seconds"),
    [
        ("120000000", None, 120.0),
        ("120000000", str(os.getpid()), 120.0),
        ("120000000", "1", None),  # another process is watched
        ("0", None, None),
        ("soon", None, None),
        (None, None, None),
    ],
    ids=["unset", "ours", "another", "off", "nonsense", "no watchdog"],
)
def test_the_watchdogs_patience_is_read(
    monkeypatch: pytest.MonkeyPatch, usec: str | None, pid: str | None, seconds: float | None
) -> None:
    for name, value in (("WATCHDOG_USEC", usec), ("WATCHDOG_PID", pid)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert systemd.watchdog_seconds() == seconds


# The journal


@pytest.fixture
def standard_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TextIO]:
    """A standard error that systemd says to be its journal."""
    with (tmp_path / "stderr").open("w") as stream:
        status = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
        yield stream


def record(**values: Any) -> logging.LogRecord:
    made = logging.makeLogRecord({"name": "ocrd.x", "levelno": logging.INFO, "levelname": "INFO"})
    for name, value in values.items():
        setattr(made, name, value)
    return made


def test_records_go_to_the_journal_where_standard_error_is_it(standard_error: TextIO) -> None:
    assert isinstance(systemd.journal(standard_error), systemd.JournalHandler)


def test_records_do_not_go_to_the_journal_where_standard_error_is_a_file(
    standard_error: TextIO, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with (tmp_path / "log").open("w") as other:
        assert systemd.journal(other) is None
    assert systemd.journal(io.StringIO()) is None
    monkeypatch.delenv("JOURNAL_STREAM")
    assert systemd.journal(standard_error) is None


def test_a_record_has_a_field_for_each_of_its_fields() -> None:
    about = logs.fields(
        "failed", job=7, page=3, inbox="/srv/scans", document="a.pdf", code="corrupt", hint="",
        kept=False, error=None,
    )  # fmt: skip
    values = systemd.journal_fields(record(msg="Damaged.", levelno=logging.ERROR, **about))
    ours = {name: value for name, value in values.items() if name.startswith("OCRD_")}
    assert ours == {
        "OCRD_EVENT": "failed", "OCRD_JOB": "7", "OCRD_PAGE": "3", "OCRD_INBOX": "/srv/scans",
        "OCRD_DOCUMENT": "a.pdf", "OCRD_CODE": "corrupt", "OCRD_KEPT": "false",
    }  # fmt: skip
    assert values["MESSAGE"] == "a.pdf: Damaged."
    assert values["MESSAGE_ID"] == logs.message_id("failed")
    assert (values["PRIORITY"], values["SYSLOG_IDENTIFIER"]) == ("3", "ocrd")


def test_a_record_of_a_library_has_its_message_and_priority() -> None:
    values = systemd.journal_fields(record(name="uvicorn", msg="Slow.", levelno=logging.WARNING))
    assert (values["MESSAGE"], values["PRIORITY"], values["LOGGER"]) == ("Slow.", "4", "uvicorn")
    assert "MESSAGE_ID" not in values
    assert systemd.journal_fields(record(msg="x", levelno=5))["PRIORITY"] == "7"


def test_a_record_is_sent_whole_with_any_file_name_and_its_traceback() -> None:
    sent: list[bytes] = []
    handler = systemd.JournalHandler(lambda *parts: sent.extend(parts))
    try:
        raise ValueError("torn\nin two")
    except ValueError:
        handler.handle(
            record(msg="Oh.", exc_info=sys.exc_info(), **logs.fields("x", document="\udcff.pdf"))
        )
    [message] = [part for part in sent if part.startswith(b"MESSAGE=")]
    assert message.startswith(b"MESSAGE=\\udcff.pdf: Oh.\nTraceback")
    assert message.endswith(b"ValueError: torn\nin two")


def test_a_journal_that_refuses_a_record_stops_nobody(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_parts: bytes) -> None:
        raise OSError("no journal")

    systemd.JournalHandler(refuse).handle(record(msg="Lost."))
    assert "no journal" in capsys.readouterr().err


# The units


def test_the_unit_does_not_restart_what_only_a_person_can_mend() -> None:
    unit = dict(re.findall(r"^(\w+)=(.*)$", UNIT.read_text(), re.MULTILINE))
    assert unit["Type"] == "notify"
    prevented = [str(code) for code in (errors.EXIT_USAGE, errors.EXIT_LEDGER, errors.EXIT_CONFIG)]
    assert unit["RestartPreventExitStatus"].split() == prevented
    assert unit["KillMode"] == "mixed"
    assert "Environment=ORT_DISABLE_TELEMETRY=1" in UNIT.read_text().splitlines()
    assert unit["ExecReload"].split()[1] == "reload"


def test_the_unit_stops_later_than_the_daemon_by_default() -> None:
    unit = dict(re.findall(r"^(\w+)=(.*)$", UNIT.read_text(), re.MULTILINE))
    assert float(unit["TimeoutStopSec"]) > default_settings({}).stop_timeout + daemon.STOP_SECONDS


HAS_SYSTEMD = shutil.which("systemd-analyze") is not None
needs_systemd = pytest.mark.skipif(not HAS_SYSTEMD, reason="no systemd here")


def installation(root: Path, *drop_ins: str) -> list[str]:
    """Install the units below a root; return how systemd-analyze is called for them."""
    system = root / "etc" / "systemd" / "system"
    (system / "ocrd.service.d").mkdir(parents=True)
    binary = root / "usr" / "bin" / "ocrd"
    binary.parent.mkdir(parents=True)
    binary.touch(0o755)
    for unit in UNIT.parent.glob("*.service"):
        shutil.copy(unit, system)
    for name in drop_ins:
        shutil.copy(UNIT.parent / "drop-ins" / f"{name}.conf", system / "ocrd.service.d")
    return ["systemd-analyze", f"--root={root}", "--no-pager"]


@needs_systemd
@pytest.mark.parametrize(
    ("drop_ins", "exposure"),
    [
        ((), 1.5), (("home",), 1.5), (("gpu",), 1.5), (("api",), 1.5), (("network",), 2.0),
        (("gpu", "network"), 2.0),
    ],
)  # fmt: skip
def test_the_exposure_is_at_most_what_is_promised(
    tmp_path: Path, drop_ins: tuple[str, ...], exposure: float
) -> None:
    analyze = installation(tmp_path, *drop_ins)
    result = subprocess.run(
        [*analyze, "security", "--offline=true", f"--threshold={10 * exposure:.0f}", UNIT.name],
        capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout[-200:] + result.stderr


@needs_systemd
@pytest.mark.parametrize("unit", sorted(UNIT.parent.rglob("*.service")), ids=lambda unit: unit.name)
def test_systemd_finds_no_fault_in_the_units(tmp_path: Path, unit: Path) -> None:
    copy = tmp_path / unit.name
    copy.write_text(re.sub(r"=/usr/bin/[a-z-]+", "=/bin/true", unit.read_text()))
    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy)], capture_output=True, text=True
    )
    complaints = [line for line in result.stderr.splitlines() if "ocrd" in line]
    assert (result.returncode, complaints) == (0, []), result.stderr
