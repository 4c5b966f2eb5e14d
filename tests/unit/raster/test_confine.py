"""A confined child, really started: what it cannot do any more, and what it still can."""

from __future__ import annotations

import contextlib
import platform
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocrd.raster import confine
from ocrd.raster.child import Limits
from ocrd.raster.isolate import LimitedChild
from ocrd.readiness import machine
from tests.installation import make_pdf

ROOT = Path(__file__).parents[3]
MODULE = "tests.unit.break_out"

whole = pytest.mark.skipif(
    confine.available().landlock < 3 or not confine.available().seccomp,
    reason="this kernel has no Landlock that knows of truncating (Linux 6.2), or no seccomp",
)


@pytest.fixture
def victim() -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with process:
        yield process.pid
        process.kill()


async def attempts(folder: Path, victim: int, *, confined: bool) -> dict[str, bool]:
    folder.mkdir()
    for name in ("kept", "first", "doomed"):
        (folder / name).write_text(name)
    with contextlib.ExitStack() as stack:
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        unix = stack.enter_context(socket.socket(socket.AF_UNIX))
        unix.bind(str(folder / "s"))
        unix.listen()
        held = stack.enter_context((folder / "kept").open("rb"))
        child = LimitedChild(MODULE, Limits(confined=confined))
        await child.start()
        try:
            done: dict[str, bool] = await child.call(
                "attempt", deadline_seconds=30, descriptors=[held.fileno()], folder=str(folder),
                port=tcp.getsockname()[1], unix_socket=str(folder / "s"), victim=victim,
            )  # fmt: skip
            return done
        finally:
            await child.close()


@pytest.fixture(autouse=True)
def path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@whole
async def test_a_confined_child_reaches_no_file_no_network_and_no_process(
    tmp_path: Path, victim: int
) -> None:
    free = await attempts(tmp_path / "free", victim, confined=False)
    # Where these are not possible without confinement either, they prove nothing.
    telling = {name for name, possible in free.items() if possible}
    assert len(telling) >= len(free) - 2, free
    kept = await attempts(tmp_path / "kept", victim, confined=True)
    assert {name for name, possible in kept.items() if possible} == set()
    names = sorted(path.name for path in (tmp_path / "kept").iterdir())
    assert names == ["doomed", "first", "kept", "s"]
    assert (tmp_path / "kept" / "kept").read_text() == "kept"


async def test_a_confined_child_uses_what_it_is_handed(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("content")
    child = LimitedChild(MODULE, Limits(confined=True))
    await child.start()
    try:
        for _ in range(3):
            with (tmp_path / "in").open("rb") as held, (tmp_path / "out").open("wb") as out:
                handed = [held.fileno(), out.fileno()]
                done = await child.call("go_on", deadline_seconds=30, descriptors=handed)
            assert done == {"held": "content", "written": 7, "to itself": True}
            assert (tmp_path / "out").read_text() == "written"
        open_now = list(Path(f"/proc/{child.pid}/fd").iterdir())
        assert len(open_now) <= 5, "what was handed over is closed again"
    finally:
        await child.close()


async def test_a_child_says_what_confines_it() -> None:
    child = LimitedChild(MODULE, Limits(confined=True))
    await child.start()
    try:
        offered = confine.available()
        there = {"landlock": offered.landlock, "seccomp": offered.seccomp}
        assert child.confinement == there
    finally:
        await child.close()


def test_a_kernel_without_landlock_or_seccomp_takes_nothing_away_and_says_so() -> None:
    """As seen where the numbers of the calls are those of no kernel."""
    program = (
        "import ctypes, struct\n"
        "from pathlib import Path\n"
        "from ocrd.raster import confine\n"
        "confine._CREATE_RULESET = 9999\n"  # a system call that no kernel has
        "confine._MACHINES = {}\n"
        "print(confine.confine([Path('/')]) == confine.Confinement(0, False))\n"
        "print(Path('/etc/passwd').read_bytes() != b'')\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert run.stdout.split() == ["True", "True"]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the header is another machine's")
def test_the_numbers_of_the_calls_are_the_kernels() -> None:
    header = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
    if not header.exists():
        pytest.skip("the kernel's headers are not installed")
    lines = (line.split() for line in header.read_text().splitlines())
    numbers = {
        line[1].removeprefix("__NR_"): int(line[2])
        for line in lines
        if len(line) == 3 and line[1].startswith("__NR_")
    }
    machine = confine._MACHINES["x86_64"]
    assert [numbers[name] for name in confine._CALLS] == list(machine.calls)
    assert (numbers["clone"], numbers["clone3"]) == (machine.clone, confine._CLONE3)
    assert (numbers["kill"], numbers["tgkill"]) == machine.kill


@pytest.mark.parametrize(
    ("landlock", "seccomp", "verdict", "words"),
    [
        (7, True, "ok", "Landlock (version 7) and seccomp"),
        (0, True, "warn", "no Landlock:"),
        (0, False, "warn", "no Landlock and no seccomp:"),
    ],
)
def test_the_check_says_what_confines_the_children_here(
    monkeypatch: pytest.MonkeyPatch, landlock: int, seccomp: bool, verdict: str, words: str
) -> None:
    there = confine.Confinement(landlock, seccomp)
    monkeypatch.setattr(confine, "available", lambda: there)
    found = machine._confinement()
    assert (found.verdict, found.subject) == (verdict, "drawing")
    assert words in found.message
    assert bool(found.remedy) == (verdict == "warn")


def test_a_pdf_is_drawn_where_no_code_may_be_made_at_run_time(tmp_path: Path) -> None:
    """As in the service, with MemoryDenyWriteExecute=yes: there each page of each PDF failed."""
    make_pdf(tmp_path / "book.pdf", 1)
    program = (
        "import asyncio, ctypes, sys; from pathlib import Path\n"
        "from ocrd.config.settings import default_settings\n"
        "from ocrd.raster.rasterize import Rasterizer, Source\n"
        "# PR_SET_MDWE of linux/prctl.h, Linux 6.3\n"
        "if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0): sys.exit(77)\n"
        "async def draw():\n"
        "    settings = default_settings({})\n"
        "    async with Rasterizer(settings.rasterize, settings.limits) as rasterizer:\n"
        "        source = Source(Path(sys.argv[1]), None, ())\n"
        "        await rasterizer.draw(source, 1, Path(sys.argv[2]), 1000)\n"
        "asyncio.run(draw())\n"
    )
    drawn = tmp_path / "page.pnm"
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "book.pdf", drawn],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode == 77:
        pytest.skip("this kernel cannot forbid it (Linux 6.3)")
    assert done.returncode == 0, done.stderr
    assert drawn.stat().st_size > 100_000
