"""The units made out to an installation, wherever that lies."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ocrd.daemon import units
from ocrd.errors import ConfigError

ROOT = Path(__file__).parents[3]
ODD = ["/opt/my ocrd/100%/$HOME/ocrd"]
CONFIG = Path("/srv/my scans/config.toml")


def system_files(called: list[str], *drop_ins: str) -> dict[str, str]:
    files = units.system_files(called, CONFIG, drop_ins)
    return {str(file.path): file.text for file in files}


def test_the_machines_service_is_all_that_the_repository_has_for_it() -> None:
    files = system_files(["/opt/ocrd/bin/ocrd"], "gpu")
    assert {Path(path).name for path in files if "systemd/system/" in path} == {
        "ocrd.service", "ocrd-gpu.service", "ocrd-backup.service", "ocrd-backup.timer", "gpu.conf",
    }  # fmt: skip
    assert {"/etc/sysusers.d/ocrd.conf", "/etc/tmpfiles.d/ocrd.conf"} <= set(files)
    for path, text in files.items():
        assert text.startswith(units.MARK), path
        assert "/usr/bin/ocrd" not in text, path
        assert "/etc/ocrd/config.toml" not in text or "d/ocrd.conf" in path, path
    unit = files["/etc/systemd/system/ocrd.service"]
    assert f'\nExecStart=/opt/ocrd/bin/ocrd run --config "{CONFIG}"\n' in unit
    assert "\nExecReload=/opt/ocrd/bin/ocrd reload --socket ${CONTROL_SOCKET}\n" in unit


def test_a_persons_unit_names_the_configuration_that_was_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    file = units.user_file(["/usr/bin/python3", "-P", "-m", "ocrd"], CONFIG)
    assert file.path == tmp_path / "systemd" / "user" / "ocrd.service"
    for verb in ("run", "reload"):
        assert f'/usr/bin/python3 -P -m ocrd {verb} --config "{CONFIG}"\n' in file.text
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    named = units.user_file(["ocrd"], CONFIG).path
    assert named == tmp_path / ".config" / "systemd" / "user" / "ocrd.service"


def test_signs_that_mean_something_to_systemd_are_escaped() -> None:
    unit = system_files(ODD)["/etc/systemd/system/ocrd.service"]
    assert 'ExecStart="/opt/my ocrd/100%%/$$HOME/ocrd" run' in unit
    with pytest.raises(ConfigError, match="cannot stand in a unit"):
        system_files(["/opt/a\nb"])


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_reads_what_is_written(tmp_path: Path) -> None:
    command = tmp_path / "my ocrd 100%" / "ocrd"
    command.parent.mkdir()
    shutil.copy("/bin/true", command)
    for path, text in system_files([str(command)], *units.DROP_INS).items():
        if "/systemd/system/" in path:
            place = tmp_path / "units" / Path(path).relative_to("/etc/systemd/system")
            place.parent.mkdir(parents=True, exist_ok=True)
            # The shell of the copy's unit is told no odd names: it is not /usr/bin/ocrd's place.
            place.write_text(re.sub(r"OnFailure=.*", "", text))
    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / "units" / "ocrd.service")],
        capture_output=True, text=True,
    )  # fmt: skip
    complaints = [line for line in result.stderr.splitlines() if "ocrd" in line]
    assert (result.returncode, complaints) == (0, []), result.stderr


def test_only_what_was_written_before_is_replaced(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.write_text(f"{units.MARK}\n[Unit]\n")
    theirs.write_text("[Unit]\n")
    assert units.is_ours(ours) and units.is_ours(tmp_path / "none")
    assert not units.is_ours(theirs)


@pytest.mark.parametrize("place", ["/home/anna/.local/bin/ocrd", "/root/bin/ocrd"])
def test_a_command_in_a_home_is_no_service_of_the_machine(place: str) -> None:
    with pytest.raises(ConfigError, match="lies in a home directory"):
        units.refuse_out_of_reach([place])


def test_a_command_behind_a_closed_door_is_no_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(units, "HOMES", ())
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "ocrd").touch(0o755)
    with pytest.raises(ConfigError, match=f"{closed} is closed to others"):
        units.refuse_out_of_reach([str(closed / "ocrd")])


def test_what_comes_with_a_wheel_is_what_the_repository_has() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    included = dict(re.findall(r'^"([^"]+)" = "ocrd/units/([^"]+)"$', project, re.MULTILINE))
    assert set(included.values()) == {"systemd", "sysusers.conf", "tmpfiles.conf", "config.toml"}
    for source, name in included.items():
        assert (ROOT / source).exists()
        assert units.shipped(name).samefile(ROOT / source)
