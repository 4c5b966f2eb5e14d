"""What a process may take is what its unit and its container leave it, not what the machine has."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocrd.engine.deepseek.network import hostmemory
from ocrd.engine.deepseek.network.hostmemory import HostMemory, host_memory

MIB = 1 << 20
UNIT = "system.slice/ocrd.service"


@pytest.fixture(name="groups")
def _groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of 16,000 MiB with 10,000 free and 500 of swap, and the unit of ocrd on it."""
    (tmp_path / "meminfo").write_text(
        f"MemTotal: {16_000 * 1024} kB\nMemAvailable: {10_000 * 1024} kB\n"
        f"SwapFree: {500 * 1024} kB\nHugePages_Total: 0\n"
    )
    (tmp_path / "cgroup").write_text(f"4:memory:/elsewhere\n0::/{UNIT}\n")
    groups = tmp_path / "groups"
    (groups / UNIT).mkdir(parents=True)
    for name, path in (("MEMORY", "meminfo"), ("OWN_GROUP", "cgroup"), ("GROUPS", "groups")):
        monkeypatch.setattr(hostmemory, name, tmp_path / path)
    return groups


def limit(group: Path, used: int, cached: int = 0, **limits: int | str) -> None:
    """Give a group its limits, in MiB or "max"."""
    for name, value in {"max": "max", "high": "max", "current": used, **limits}.items():
        text = value if isinstance(value, str) else str(value * MIB)
        (group / f"memory.{name.replace('_', '.')}").write_text(f"{text}\n")
    stat = (
        f"anon {used * MIB}\nactive_file {cached * MIB // 2}\ninactive_file {cached * MIB // 2}\n"
    )
    (group / "memory.stat").write_text(stat)


MACHINE = HostMemory(10_000 * MIB, 16_000 * MIB, 500 * MIB)


def test_without_limits_it_is_the_machines(groups: Path) -> None:
    assert host_memory() == MACHINE
    limit(groups / UNIT, used=100)
    assert host_memory() == MACHINE


def test_a_units_limit_counts_with_what_it_uses_and_without_cached_files(groups: Path) -> None:
    limit(groups / UNIT, used=3000, cached=1000, max=6000)
    assert host_memory() == HostMemory(
        4000 * MIB, 6000 * MIB, 500 * MIB, "MemoryMax of ocrd.service"
    )


def test_the_tightest_bound_of_all_around_it_counts(groups: Path) -> None:
    limit(groups / UNIT, used=100, max=9000, high=7000)
    limit(groups / "system.slice", used=2000, max=5000)
    found = host_memory()
    assert (found.free, found.bound) == (3000 * MIB, "MemoryMax of system.slice")
    limit(groups / "system.slice", used=2000)
    found = host_memory()
    assert (found.free, found.bound) == (6900 * MIB, "MemoryHigh of ocrd.service")


def test_a_limit_above_what_the_machine_has_is_none(groups: Path) -> None:
    limit(groups / UNIT, used=0, max=32_000)
    assert host_memory() == MACHINE


def test_a_unit_may_be_kept_from_the_swap(groups: Path) -> None:
    limit(groups / UNIT, used=0, max=6000, swap_max=0, swap_current=0)
    assert host_memory().swap == 0


def test_in_a_container_the_limit_stands_at_the_root(groups: Path, tmp_path: Path) -> None:
    (tmp_path / "cgroup").write_text("0::/../../of/the/host\n")
    limit(groups, used=1000, max=4000)
    found = host_memory()
    assert (found.free, found.bound) == (3000 * MIB, "MemoryMax of the container")


@pytest.mark.parametrize("text", ["", "4:memory:/a\n", "0::/not/there\n"])
def test_where_no_group_can_be_seen_it_is_the_machines(
    groups: Path, tmp_path: Path, text: str
) -> None:
    (tmp_path / "cgroup").write_text(text)
    assert host_memory() == MACHINE


def test_this_very_machine_has_some() -> None:
    found = host_memory()
    assert 0 < found.free <= found.total
