"""packaging/locks: complete, agreeing, hashed, naming no host; and whatever installs uses them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent.parent
LOCKS = ROOT / "packaging" / "locks"
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
MACHINES = ("x86_64", "aarch64")

# The layers that are installed for what needs these extras.
LAYERS = {
    "": ["base"],
    "systemd": ["base", "systemd"],
    "mcp": ["base", "mcp"],
    "gpu": ["base", "gpu", "torch"],
    "dev": ["base", "gpu", "dev", "torch"],
    "mutants": ["base", "gpu", "dev", "mutants", "torch"],
    "quantise": ["base", "gpu", "dev", "quantise", "torch"],
}
UNHASHED = {"torch", "constraints"}


@dataclass(frozen=True)
class Pin:
    """One line of a lock."""

    requirement: Requirement
    hashes: int

    @property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        (specifier,) = self.requirement.specifier
        assert specifier.operator == "==", self.requirement
        return specifier.version

    def applies(self, python: str, machine: str) -> bool:
        marker = self.requirement.marker
        return marker is None or marker.evaluate(environment(python, machine))


def environment(python: str, machine: str) -> dict[str, str]:
    return {
        "python_version": python,
        "python_full_version": f"{python}.5",
        "platform_machine": machine,
        "sys_platform": "linux",
        "os_name": "posix",
        "platform_system": "Linux",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }


def pins(name: str) -> Iterator[Pin]:
    text = (LOCKS / f"{name}.txt").read_text().replace("\\\n", " ")
    for line in text.splitlines():
        if line and not line.startswith(("#", "-c ")):
            requirement, *hashes = line.split("--hash=sha256:")
            yield Pin(Requirement(requirement.strip()), len(hashes))


def names() -> list[str]:
    return sorted(path.stem for path in LOCKS.glob("*.txt"))


def locked(layers: Iterable[str], python: str, machine: str) -> dict[str, str]:
    return {
        pin.name: pin.version
        for layer in layers
        for pin in pins(layer)
        if pin.applies(python, machine)
    }


def wanted(extra: str) -> list[Requirement]:
    project = PROJECT["project"]
    more = project["optional-dependencies"][extra] if extra else []
    return [Requirement(text) for text in (*project["dependencies"], *more)]


def test_every_extra_is_locked_or_said_not_to_be() -> None:
    extras = set(PROJECT["project"]["optional-dependencies"])
    assert extras == set(LAYERS) - {""}


@pytest.mark.parametrize("extra", LAYERS)
def test_what_pyproject_wants_is_locked_within_its_range(extra: str) -> None:
    for python, machine in product(PYTHONS, MACHINES):
        versions = locked(LAYERS[extra], python, machine)
        for requirement in wanted(extra):
            version = versions.get(canonicalize_name(requirement.name))
            assert version is not None, f"{requirement} is not locked: make lock"
            assert version in requirement.specifier, f"{requirement}: {version}: make lock"


@pytest.mark.parametrize("group", ["build", "lock"])
def test_what_builds_and_locks_is_locked_within_its_range(group: str) -> None:
    versions = locked([group], "3.11", "x86_64")
    needed = [*PROJECT["dependency-groups"][group]]
    if group == "build":
        needed += PROJECT["build-system"]["requires"]
    for requirement in map(Requirement, needed):
        assert versions[canonicalize_name(requirement.name)] in requirement.specifier


def test_every_range_has_both_ends() -> None:
    """A range without an upper end admits what nobody has tried."""
    project = PROJECT["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    lists += [*PROJECT["dependency-groups"].values(), PROJECT["build-system"]["requires"]]
    for requirement in (Requirement(text) for texts in lists for text in texts):
        operators = {specifier.operator for specifier in requirement.specifier}
        assert operators == {">=", "<"}, str(requirement)


@pytest.mark.parametrize(("python", "machine"), [*product(PYTHONS, MACHINES)])
def test_a_package_has_one_version_in_all_locks(python: str, machine: str) -> None:
    found = locked(["constraints"], python, machine)
    for name in names():
        for pin in pins(name):
            if pin.applies(python, machine):
                assert found[pin.name] == pin.version, f"{name}: {pin.requirement}"


def test_no_package_stands_in_two_layers() -> None:
    seen: dict[str, str] = {}
    for layer in ("base", "systemd", "gpu", "dev", "torch"):
        for name in {pin.name for pin in pins(layer)}:
            assert seen.setdefault(name, layer) == layer, name


def test_all_but_pytorch_is_locked_with_hashes_and_its_parts_only_as_constraints() -> None:
    for name in names():
        for pin in pins(name):
            assert bool(pin.hashes) == (name not in UNHASHED), f"{name}: {pin.requirement}"
            if name != "constraints":
                assert not re.match("nvidia-|cuda-|triton", pin.name), f"{name}: {pin.name}"
    assert [pin.name for pin in pins("torch")] == ["torch"]
    assert "-c constraints.txt" in (LOCKS / "torch.txt").read_text()


def test_what_is_installed_here_is_what_is_locked() -> None:
    """bootstrap.sh and the locks agree; other versions are the business of test-newest."""
    from importlib.metadata import distributions

    if not (ROOT / ".venv" / "installed-dev").exists():
        pytest.skip("not the environment that bootstrap.sh makes")
    import platform
    import sys

    if Path(sys.prefix) != ROOT / ".venv":
        pytest.skip("not the environment that bootstrap.sh makes")
    python = ".".join(platform.python_version_tuple()[:2])
    expected = locked(["constraints"], python, platform.machine())
    for found in distributions():
        name = canonicalize_name(found.metadata["Name"])
        if name in expected:
            assert found.version.partition("+")[0] == expected[name], f"{name}: run bootstrap.sh"


def test_locks_name_no_place_to_fetch_from() -> None:
    for name in names():
        text = (LOCKS / f"{name}.txt").read_text()
        assert not re.search(r"https?://|file:|--(extra-)?index|--find-links|\s/|\.\./", text), name


INSTALL = re.compile(
    r"\bpip\b.*\b(install|wheel|download)\b|\bpip_install \S|\$pip |pipx install|uv tool install"
)
LOCK = re.compile(r"locks[^ ]*\.txt|\$\{files\[@\]\}")
FETCHES_NOTHING = "--no-deps"  # what is there is built or installed, and nothing that it needs


def shell_of(path: Path) -> Iterator[str]:
    """Yield the commands of a script or a recipe, or those that a page shows."""
    text = path.read_text()
    if path.suffix == ".md":
        text = "\n".join(re.findall(r"```(?:sh|console)[^\n]*\n(.*?)```", text, re.DOTALL))
    for line in text.replace("\\\n", " ").splitlines():
        yield line.partition("#")[0].strip()


def files_that_install() -> list[Path]:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    recipes = [ROOT / "Makefile", ROOT / "packaging" / "Containerfile"]
    return [*pages, *recipes, *(ROOT / "packaging").rglob("*.sh"), *(ROOT / ".ci").glob("*")]


def test_every_installation_names_a_lock() -> None:
    """Scripts, the Makefile, the container's recipe, and the commands in the documentation."""
    found = 0
    ranges = ROOT / "packaging" / "ranges.sh"  # tries what the locks are not
    for path in files_that_install():
        if path == ranges:
            continue
        constrained = "export PIP_CONSTRAINT=" in path.read_text()
        for command in filter(INSTALL.search, shell_of(path)):
            if '"$@"' in command or command.startswith("pip="):
                continue  # whoever calls it says what
            found += 1
            is_locked = LOCK.search(command) or FETCHES_NOTHING in command
            is_constrained = constrained and re.search("^(pipx|uv tool) install", command)
            assert is_locked or is_constrained, f"{path.relative_to(ROOT)}: {command}"
    assert found > 20, "the pattern no longer finds them"
