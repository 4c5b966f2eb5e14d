"""The command that adds an extra, for each way in which ocrd can have been installed."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pip
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


# Another build of a package

PYPI = "https://pypi.org/simple"


def test_another_build_keeps_to_the_versions_that_were_tested(prefix: Prefix) -> None:
    replacing = functools.partial(installation.replacing, "torch", "gpu", prefix.path)
    options = f"--force-reinstall --index-url {PYPI} --constraint '{prefix.constraints}' torch"
    assert replacing() == f"{prefix.path}/bin/python -m pip install {options}"
    (prefix.path / "pipx_metadata.json").touch()
    assert replacing() == f"pipx runpip environment install {options}"
    (prefix.path / "pipx_metadata.json").rename(prefix.path / "uv-receipt.toml")
    assert replacing() == (
        f"uv tool install --force --reinstall-package torch --default-index {PYPI}"
        f" --constraints '{prefix.constraints}' '{prefix.checkout}[gpu]'"
    )


def test_another_build_is_of_the_versions_that_ocrd_takes_where_nothing_says_more(
    prefix: Prefix, tmp_path: Path
) -> None:
    prefix.came_from(tmp_path / "gone")
    (prefix.info / "METADATA").write_text(
        "Name: ocrd-daemon\nVersion: 1\nRequires-Dist: torchvision>=1; extra == 'gpu'\n"
        "Requires-Dist: torch<2.14,>=2.13; extra == 'gpu'\n"
    )
    line = installation.replacing("torch", "gpu", prefix.path)
    assert line.endswith(f" --index-url {PYPI} 'torch<2.14,>=2.13'")


def test_the_debian_package_takes_no_other_build(monkeypatch: pytest.MonkeyPatch) -> None:
    if installation.PACKAGE.exists():
        pytest.skip("this machine has the package")
    line = installation.replacing("torch", "gpu", installation.PACKAGE)
    assert line == installation.adding("gpu", installation.PACKAGE)


def wheel(folder: Path, version: str) -> None:
    """Write a wheel of a package that has nothing in it but its version."""
    folder.mkdir(exist_ok=True)
    info = f"torch-{version}.dist-info"
    with zipfile.ZipFile(folder / f"torch-{version}-py3-none-any.whl", "w") as file:
        file.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n"
        )
        file.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{info}/RECORD", "")


def test_the_line_replaces_a_build_of_the_same_version(prefix: Prefix, tmp_path: Path) -> None:
    """With the real pip: PyPI is played by a folder, its torch by a wheel without content."""
    venv.create(prefix.path, with_pip=False, symlinks=True)
    site = prefix.path / f"lib/python3.{sys.version_info.minor}/site-packages"
    # As venv would put it there, in a tenth of the time.
    (site / "pip").symlink_to(Path(pip.__file__).parent)
    prefix.constraints.write_text("torch==2.13.0\n")
    for place, version in (("cpu", "2.13.0+cpu"), ("pypi", "2.13.0"), ("pypi", "2.14.0")):
        wheel(tmp_path / place, version)

    def run(line: str, place: str) -> list[str]:
        """Return the builds that are there after a line, whose index is a folder."""
        env = {
            "PATH": os.environ["PATH"], "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull,
            "PIP_FIND_LINKS": str(tmp_path / place), "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }  # fmt: skip
        result = subprocess.run(["/bin/sh", "-ec", line], capture_output=True, text=True, env=env)
        assert result.returncode == 0, result.stderr
        return [path.name for path in site.glob("torch-*.dist-info")]

    python = prefix.path / "bin" / "python"
    assert run(f"{python} -m pip install torch", "cpu") == ["torch-2.13.0+cpu.dist-info"]
    again = f"{python} -m pip install torch"
    assert run(again, "pypi") == ["torch-2.13.0+cpu.dist-info"], "the plain line would do"
    line = installation.replacing("torch", "gpu", prefix.path)
    assert run(line, "pypi") == ["torch-2.13.0.dist-info"]
