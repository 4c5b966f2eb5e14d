from __future__ import annotations

from pathlib import Path

import pytest

from ocrd.config.settings import load
from ocrd.daemon import sandbox
from ocrd.errors import ConfigError

CONFIG = Path("/etc/ocrd/config.toml")


def drop_in(tmp_path: Path, text: str) -> list[str]:
    config = tmp_path / "config.toml"
    config.write_text(text)
    lines = sandbox.drop_in(load(config, {}), str(CONFIG)).splitlines()
    assert lines[:3] == [
        "# Made from /etc/ocrd/config.toml by 'ocrd systemd-paths --write'.",
        "# Make it again when a folder changes there.",
        "[Service]",
    ]
    return lines[3:]


def inbox(path: str, more: str = "") -> str:
    return f"[[inbox]]\npath = '{path}'\n{more}\n"


def test_each_folder_is_opened_once_and_what_is_inside_of_it_stays_in_its_mount(
    tmp_path: Path,
) -> None:
    elsewhere = 'done = "/mnt/archive/done"\nfailed = "/mnt/archive/done/failed"'
    lines = drop_in(tmp_path, inbox("/srv/a") + inbox("/srv/b", elsewhere))
    assert lines == [
        "ReadWritePaths=-/mnt/archive/done", "ReadWritePaths=-/srv/a", "ReadWritePaths=-/srv/b",
    ]  # fmt: skip


def test_what_the_unit_opens_already_is_not_repeated(tmp_path: Path) -> None:
    inboxes = inbox("/var/lib/ocrd/inbox") + inbox("/srv/ocrd/inbox", 'done = "/srv/ocrd/done"')
    assert drop_in(tmp_path, 'temp_dir = "/var/tmp"\n' + inboxes) == []


def test_a_state_directory_elsewhere_is_opened_and_its_socket_named(tmp_path: Path) -> None:
    assert drop_in(tmp_path, 'state_dir = "/data/ocrd"\n' + inbox("/data/ocrd/inbox")) == [
        "ReadWritePaths=-/data/ocrd",
        'Environment="CONTROL_SOCKET=/data/ocrd/run/ocrd.sock"',
    ]


def test_folders_in_home_and_temporary_directories_are_bound(tmp_path: Path) -> None:
    lines = drop_in(tmp_path, inbox("/home/anna/Scans") + inbox("/tmp/scans"))
    assert lines == [
        "ProtectHome=tmpfs", "BindPaths=-/home/anna/Scans", "BindPaths=-/tmp/scans",
    ]  # fmt: skip


def test_a_model_in_a_home_directory_can_be_read_and_not_written(tmp_path: Path) -> None:
    engine = '[engine]\nkind = "deepseek-ocr-2"\nmodel = "/home/anna/model"\n'
    hub = '[engines.hub]\nkind = "deepseek-ocr-2"\nmodel = "owner/name"\n'
    assert drop_in(tmp_path, engine + hub + inbox("/srv/a")) == [
        "ReadWritePaths=-/srv/a", "ProtectHome=tmpfs", "BindReadOnlyPaths=-/home/anna/model",
    ]  # fmt: skip


def test_names_with_signs_that_mean_something_to_systemd_are_written_literally(
    tmp_path: Path,
) -> None:
    lines = drop_in(tmp_path, inbox('/srv/a b%i"c\\d') + inbox("/srv/ä$HOME"))
    assert lines == [
        r'ReadWritePaths=-"/srv/a b%%i\"c\\d"', "ReadWritePaths=-/srv/ä$HOME",
    ]  # fmt: skip


@pytest.mark.parametrize("path", ["/home/anna/a:b", "/home/anna/a'b", "/home/anna/a\\b"])
def test_a_name_that_a_unit_cannot_carry_is_refused(tmp_path: Path, path: str) -> None:
    text = f"[[inbox]]\npath = {path!r}" if "'" not in path else f'[[inbox]]\npath = "{path}"'
    with pytest.raises(ConfigError, match="cannot be named in a unit"):
        drop_in(tmp_path, text.replace("\\\\", "\\"))


def test_a_socket_that_a_service_would_have_in_a_tmp_of_its_own_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="too long a path for a socket") as caught:
        drop_in(tmp_path, f'state_dir = "/srv/{"x" * 90}"\n{inbox("/srv/in")}')
    assert 'runtime_dir = "/run/ocrd"' in caught.value.hint
