"""How this ocrd was installed, and the command line that adds something to it.

ocrd-daemon is on no package index: what is added has to come with the checkout or the wheel that
ocrd itself came from. pip, pipx and uv each note that place (PEP 610).
"""

from __future__ import annotations

import json
import re
import shlex
import sys
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

DISTRIBUTION = "ocrd-daemon"
PACKAGE = Path("/opt/ocrd")  # of the Debian package
_PYPI = "--index-url https://pypi.org/simple"  # whatever index the other build came from
_UV_PYPI = "--default-index https://pypi.org/simple"
_CONSTRAINTS = ("packaging/locks/constraints.txt", "locks/constraints.txt")


def adding(extra: str, prefix: Path | None = None) -> str:
    """Return the command that adds one of ocrd's extras here, or where it is described."""
    prefix = prefix or Path(sys.prefix)
    origin = _origin(prefix)
    if prefix == PACKAGE and origin is None:
        return (
            "make an environment beside the Debian package, as docs/install.md says"
            f" ({_heading(extra)})"
        )
    return _command(prefix, origin, f"[{extra}]")


def again(prefix: Path | None = None) -> str:
    """Return the command that installs ocrd once more, with what it needs."""
    prefix = prefix or Path(sys.prefix)
    origin = _origin(prefix)
    if prefix == PACKAGE and origin is None:
        return "apt install --reinstall ocrd"
    return _command(prefix, origin, "", is_again=True)


def replacing(package: str, extra: str, prefix: Path | None = None) -> str:
    """Return the command that takes another build of a package, of the extra, from PyPI.

    The version stays that which was tested. pip would not look where a build of it is there.
    """
    prefix = prefix or Path(sys.prefix)
    origin = _origin(prefix)
    if prefix == PACKAGE and origin is None:
        return adding(extra, prefix)
    limits = _constraints(origin)
    if (prefix / "uv-receipt.toml").exists():
        return _command(
            prefix, origin, f"[{extra}]", uv=f"--reinstall-package {package} {_UV_PYPI}"
        )
    what = package if limits else shlex.quote(_requirement(package, prefix))
    options = f"install --force-reinstall {_PYPI} {_option('--constraint', limits)}{what}"
    if (prefix / "pipx_metadata.json").exists():
        return f"pipx runpip {shlex.quote(prefix.name)} {options}"
    return f"{_pip(prefix)} {options}"


def _requirement(package: str, prefix: Path) -> str:
    """Return what ocrd says of a package that it needs, or the bare name."""
    found = _distribution(prefix)
    for line in (found.requires or []) if found else []:
        requirement = line.partition(";")[0].strip()
        if re.split(r"[^\w.-]", requirement, maxsplit=1)[0] == package:
            return requirement
    return package


def _heading(extra: str) -> str:
    return "A GPU beside the package" if extra == "gpu" else "For all users"


def _command(
    prefix: Path, origin: Path | None, extra: str, *, is_again: bool = False, uv: str = ""
) -> str:
    """Return the line for the program that made the environment; ``uv`` is what that one needs."""
    place = f"{origin}{extra}" if origin is not None else f".{extra}"
    what = shlex.quote(place)
    limits = _constraints(origin)
    if (prefix / "pipx_metadata.json").exists():
        line = f"{_set('PIP_CONSTRAINT', limits)}pipx install --force {what}"
    elif (prefix / "uv-receipt.toml").exists():
        more = f"{uv} " if uv else ""
        line = f"uv tool install --force {more}{_option('--constraints', limits)}{what}"
    else:
        force = "--force-reinstall " if is_again else ""
        line = f"{_pip(prefix)} install {force}{_option('--constraint', limits)}{what}"
    return line if origin is not None else f"{line} (in a checkout of ocrd)"


def _pip(prefix: Path) -> str:
    return shlex.quote(str(prefix / "bin" / "python")) + " -m pip"


def _set(name: str, path: Path | None) -> str:
    return f"{name}={shlex.quote(str(path))} " if path else ""


def _option(name: str, path: Path | None) -> str:
    return f"{name} {shlex.quote(str(path))} " if path else ""


def _origin(prefix: Path) -> Path | None:
    """Return the checkout or wheel that ocrd was installed from, if it is still there."""
    found = _distribution(prefix)
    text = found.read_text("direct_url.json") if found else None
    if not text:
        return None
    address = urlsplit(str(json.loads(text).get("url", "")))
    path = Path(unquote(address.path))
    return path if address.scheme == "file" and path.exists() else None


def _distribution(prefix: Path) -> metadata.Distribution | None:
    places = [str(place) for place in (prefix / "lib").glob("python3*/site-packages")]
    return next(iter(metadata.distributions(name=DISTRIBUTION, path=places)), None)


def _constraints(origin: Path | None) -> Path | None:
    """Return the versions that were tested, where they lie with the checkout or the wheel."""
    if origin is None:
        return None
    folder = origin if origin.is_dir() else origin.parent
    return next((folder / name for name in _CONSTRAINTS if (folder / name).exists()), None)
