"""The command that adds an extra, for each way in which ocrd can have been installed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ocrd import installation


class Prefix:
    """An environment as pip, pipx or uv leave it, and the checkout or wheel that it came from."""

    def __init__(self, root: Path) -> None:
        self.path = root / "environment"
        self.info = self.path / "lib" / "python3.11" / "site-packages" / "ocrd_daemon-1.dist-info"
        self.info.mkdir(parents=True)
        (self.info / "METADATA").write_text("Name: ocrd-daemon\nVersion: 1\n")
        self.checkout = root / "my ocrd"
        (self.checkout / "packaging" / "locks").mkdir(parents=True)
        self.constraints = self.checkout / "packaging" / "locks" / "constraints.txt"
        self.constraints.touch()

    def came_from(self, path: Path) -> None:
        url = {"url": path.as_uri(), "dir_info": {}}
        (self.info / "direct_url.json").write_text(json.dumps(url))


@pytest.fixture
def prefix(tmp_path: Path) -> Prefix:
    made = Prefix(tmp_path)
    made.came_from(made.checkout)
    return made


def test_pip_takes_the_checkout_in_the_versions_that_were_tested(prefix: Prefix) -> None:
    python = prefix.path / "bin" / "python"
    assert installation.adding("gpu", prefix.path) == (
        f"{python} -m pip install --constraint '{prefix.constraints}' '{prefix.checkout}[gpu]'"
    )
    assert installation.again(prefix.path) == (
        f"{python} -m pip install --force-reinstall --constraint '{prefix.constraints}'"
        f" '{prefix.checkout}'"
    )


def test_pipx_and_uv_are_told_apart(prefix: Prefix) -> None:
    (prefix.path / "pipx_metadata.json").touch()
    assert installation.adding("gpu", prefix.path) == (
        f"PIP_CONSTRAINT='{prefix.constraints}' pipx install --force '{prefix.checkout}[gpu]'"
    )
    (prefix.path / "pipx_metadata.json").rename(prefix.path / "uv-receipt.toml")
    assert installation.again(prefix.path) == (
        f"uv tool install --force --constraints '{prefix.constraints}' '{prefix.checkout}'"
    )


def test_a_wheel_has_its_versions_beside_it(prefix: Prefix, tmp_path: Path) -> None:
    (tmp_path / "dist" / "locks").mkdir(parents=True)
    wheel = tmp_path / "dist" / "ocrd_daemon-1-py3-none-any.whl"
    wheel.touch()
    prefix.came_from(wheel)
    assert installation.adding("gpu", prefix.path).endswith(f" '{wheel}[gpu]'")
    assert "--constraint" not in installation.adding("gpu", prefix.path)
    (tmp_path / "dist" / "locks" / "constraints.txt").touch()
    assert f"--constraint {tmp_path}/dist/locks/con" in installation.adding("gpu", prefix.path)


def test_what_is_gone_or_unknown_is_asked_of_a_checkout(prefix: Prefix, tmp_path: Path) -> None:
    prefix.came_from(tmp_path / "gone")
    asked = f"{prefix.path}/bin/python -m pip install '.[gpu]' (in a checkout of ocrd)"
    assert installation.adding("gpu", prefix.path) == asked
    (prefix.info / "direct_url.json").unlink()
    assert installation.adding("gpu", prefix.path) == asked


def test_the_debian_package_points_to_its_own_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    if installation.PACKAGE.exists():
        pytest.skip("this machine has the package")
    assert "A GPU beside the package" in installation.adding("gpu", installation.PACKAGE)
    assert installation.again(installation.PACKAGE) == "apt install --reinstall ocrd"
    page = (Path(__file__).parents[2] / "docs" / "install.md").read_text()
    assert "\n## A GPU beside the package\n" in page
