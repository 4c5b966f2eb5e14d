"""What the service's unit lets it do, read from the unit and the drop-ins that we ship."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ocrd.config.settings import Settings
from ocrd.daemon.sandbox import drop_in
from ocrd.daemon.unit import Unit, unit_of

SYSTEMD = Path(__file__).parents[3] / "systemd"
CONFIG = Path("/etc/ocrd/config.toml")


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """The administrator's units, and the package's with our service."""
    own, package = tmp_path / "etc", tmp_path / "lib"
    (own / "ocrd.service.d").mkdir(parents=True)
    package.mkdir()
    for unit in SYSTEMD.glob("*.service"):
        shutil.copy(unit, package)
    return own, package


def unit(folders: tuple[Path, Path], config: Path = CONFIG) -> Unit:
    found = unit_of(config, folders)
    assert found is not None
    return found


def test_the_unit_is_the_one_that_runs_the_configuration(folders: tuple[Path, Path]) -> None:
    assert (unit(folders).name, unit(folders).user) == ("ocrd.service", "ocrd")
    assert unit_of(Path("/home/anna/config.toml"), folders) is None
    assert unit_of(CONFIG, [folders[0]]) is None


def test_the_service_is_alone_until_a_drop_in_opens_it(folders: tuple[Path, Path]) -> None:
    assert unit(folders).is_alone
    shutil.copy(SYSTEMD / "drop-ins" / "api.conf", folders[0] / "ocrd.service.d")
    assert not unit(folders).is_alone


def test_what_the_service_manager_makes_is_known(folders: tuple[Path, Path]) -> None:
    assert unit(folders).made == [Path("/var/lib/ocrd"), Path("/run/ocrd")]


@pytest.mark.parametrize(
    ("path", "is_shut"),
    [
        ("/srv/ocrd/inbox", False),
        ("/var/lib/ocrd", False),
        ("/run/ocrd", False),
        ("/srv/scans", True),
        ("/var/lib/ocrd2", True),
        ("/home/anna/scans", True),
        ("/tmp/scans", True),
    ],
)
def test_the_service_as_it_is_may_write_to_its_own_places_only(
    folders: tuple[Path, Path], path: str, is_shut: bool
) -> None:
    assert unit(folders).shuts(Path(path)) is is_shut


def test_our_own_drop_in_opens_every_folder_of_its_configuration(
    folders: tuple[Path, Path],
) -> None:
    paths = ["/srv/my scans", "/home/anna/scans", "/tmp/in", "/mnt/50%"]
    settings = Settings.model_validate({"inbox": [{"path": path} for path in paths]})
    assert all(unit(folders).shuts(Path(path)) for path in paths)
    drop = folders[0] / "ocrd.service.d" / "paths.conf"
    drop.write_text(drop_in(settings, "config.toml"))
    for path in paths:
        assert not unit(folders).shuts(Path(path)), path
    assert unit(folders).shuts(Path("/home/berta/scans"))


def test_a_drop_in_of_the_administrator_counts_and_an_empty_value_takes_back(
    folders: tuple[Path, Path],
) -> None:
    drop = folders[0] / "ocrd.service.d" / "own.conf"
    drop.write_text(
        "[Unit]\nUser=wrong\n[Service]\n# User=wrong\nUser=scanner\nExecStart=\n"
        "ExecStart=/opt/ocrd/bin/ocrd \\\n  run -c /srv/c.toml\n"
        "ReadWritePaths=\nReadWritePaths=/data\n"
    )
    assert unit_of(CONFIG, folders) is None
    found = unit(folders, Path("/srv/c.toml"))
    assert found.user == "scanner"
    assert found.shuts(Path("/srv/ocrd")) and not found.shuts(Path("/data/in"))


def test_an_administrators_unit_takes_the_place_of_the_packages(
    folders: tuple[Path, Path],
) -> None:
    (folders[0] / "ocrd.service").write_text(
        f"[Service]\nExecStart=/usr/bin/ocrd run --config {CONFIG}\nProtectSystem=full\n"
    )
    found = unit(folders)
    assert found.user == "root"
    assert not found.shuts(Path("/srv/scans")) and not found.shuts(Path("/tmp/scans"))
    assert found.shuts(Path("/usr/share/scans")) and found.shuts(Path("/etc/scans"))
