"""Whatever is killed, whenever: nothing is lost, half published, left over or read twice."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults import torture
from tests.faults.campaign import sabotage, seccomp
from tests.faults.campaign.cases import Case, Figures
from tests.faults.campaign.shapes import SHAPES, UNREADABLE
from tests.faults.campaign.supervisor import DAEMON, RASTERIZER, WORKER
from tests.faults.campaign.sweep import Sweep
from tests.installation import LETTER, OCRD, ROOT, Installation, eventually

KILLS = 60
SEED = 4

pytestmark = pytest.mark.skipif(
    not seccomp.is_supported(), reason="system calls are held on x86_64 and aarch64 only"
)

# Calls that a daemon makes and that change no file's name, content or place on the disk.
HARMLESS = frozenset(
    """accept accept4 access alarm arch_prctl bind brk capget capset chdir clock_getres
    clock_gettime clock_nanosleep clone clone3 close close_range connect dup dup2 dup3
    epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd2 execve
    exit exit_group faccessat faccessat2 fadvise64 fchdir fcntl flock fstat fstatfs futex
    get_mempolicy get_robust_list getcwd getdents64 getegid geteuid getgid getgroups getitimer
    getpeername getpgid getpgrp getpid getppid getpriority getrandom getresgid getresuid
    getrlimit getrusage getsid getsockname getsockopt gettid gettimeofday getuid getxattr
    inotify_add_watch inotify_init inotify_init1 inotify_rm_watch ioctl kill landlock_add_rule
    landlock_create_ruleset landlock_restrict_self lgetxattr listen llistxattr lseek lstat
    madvise mbind membarrier memfd_create mincore mlock mmap mprotect mremap munmap nanosleep
    newfstatat pause pidfd_open pidfd_send_signal pipe pipe2 poll ppoll prctl pread64 preadv
    prlimit64 pselect6 read readahead readlink readlinkat readv recvfrom recvmmsg recvmsg
    restart_syscall rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigreturn rt_sigsuspend
    rt_sigtimedwait sched_get_priority_max sched_get_priority_min sched_getaffinity
    sched_getparam sched_getscheduler sched_setaffinity sched_setscheduler sched_yield seccomp
    select sendmmsg sendmsg sendto set_mempolicy set_robust_list set_tid_address setgid
    setgroups setitimer setpgid setpriority setresgid setresuid setrlimit setsid setsockopt
    settimeofday setuid shutdown sigaltstack socket socketpair stat statfs statx sysinfo
    tgkill time timerfd_create timerfd_settime times tkill umask uname vfork wait4 waitid""".split()
)


@pytest.fixture
def places(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """Provide folders on two file systems."""
    outside = Path(tempfile.mkdtemp(prefix="crashes-", dir=torture.ANOTHER_DISK))
    yield tmp_path / "site", outside / "outside"
    shutil.rmtree(outside)


@pytest.mark.timeout(1200)
def test_sixty_kills_at_any_step_lose_nothing_and_leave_nothing_behind() -> None:
    figures = torture.run(KILLS, SEED, jobs=3)
    assert figures.violations == []
    assert figures.total >= KILLS
    kinds = " ".join(figures.kills)
    assert all(role in kinds for role in (DAEMON, WORKER, RASTERIZER, "recovery", "random"))


def test_no_call_that_changes_a_file_escapes_the_campaign(daemon: Installation) -> None:
    """The campaign kills before every call that it knows: here is that it knows them all."""
    daemon.configure(inbox='source = "keep"\noutputs = ["md", "json", "overlay"]')
    trace = daemon.root / "trace"
    command = ["strace", "-f", "-o", str(trace), *OCRD, "run", "--config", str(daemon.config)]
    source = daemon.drop(LETTER)
    with daemon.log.open("a") as log:
        daemon.process = subprocess.Popen(command, cwd=ROOT, text=True, stdout=log, stderr=log)
    pid = eventually(daemon.status, 60)["pid"]
    try:
        daemon.wait_for("typewriter.md", limit=60)
        os.kill(pid, signal.SIGTERM)  # strace itself heeds no signal
        daemon.process.wait(30)
    finally:
        if daemon.process.poll() is None:
            os.kill(pid, signal.SIGKILL)
    used = set(re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.MULTILINE))
    assert source.exists() and {"openat", "renameat2", "fsync"} <= used
    assert used - HARMLESS - set(seccomp.NUMBERS) == set()


@pytest.mark.parametrize(
    ("step", "how", "finding"),
    [
        pytest.param(  # the copy of the source on the other disk
            "fails-across:daemon:write outside/failed/.ocrd-#.tmp",
            sabotage.leave_everything_lying, "left over", id="left-overs",
        ),
        pytest.param(  # the first file of a document whose pages have been read
            "move:daemon:openat /inbox/done/.ocrd-#-#.tmp",
            sabotage.read_everything_again, "too often", id="read-twice",
        ),
    ],
)  # fmt: skip
def test_the_campaign_finds_a_daemon_that_breaks_a_promise(
    places: tuple[Path, Path], step: str, how: Callable[[], None], finding: str
) -> None:
    case = Case.parse(step)
    sweep = Sweep(SHAPES[case.shape], *places)
    sweep.moment_seconds = 3.0  # what is wrong here stays so
    sweep.site.environment["SABOTAGE"] = f"{how.__module__}:{how.__name__}"

    figures = sweep.run([case])
    assert figures.total == 1 and step in figures.boundaries
    assert figures.violations and all(finding in text for text in figures.violations)


def test_a_step_is_met_by_what_it_does_and_a_trap_that_nothing_sprang_is_taken_away(
    places: tuple[Path, Path],
) -> None:
    sweep = Sweep(UNREADABLE, *places)
    step = "unreadable:daemon:fsync /inbox/failed"

    def cases() -> Iterator[Case]:
        yield Case.parse(f"{step}:1+80")  # a start has not so many steps
        for _ in range(4):
            sweep.send()
            sweep.settle()
        yield Case.parse(step)

    figures = sweep.run(cases())
    assert figures.violations == []
    assert figures.total == 2 and figures.boundaries == {step}


@pytest.mark.parametrize(
    "case",
    [
        Case("move", DAEMON, "fsync /inbox", 1),
        Case("move", WORKER, "rename /a -> /b:c", 12, torn=True),
        Case("keep", DAEMON, "write /inbox/done/.ocrd-#.tmp", 2, torn=True, again=3),
        Case("keep", DAEMON, "write /inbox/1", 2, again=40),
    ],
    ids=str,
)
def test_a_case_is_what_its_name_says(case: Case) -> None:
    assert Case.parse(str(case)) == case
    assert Case.parse(case.label) == replace(case, place=1, torn=False, again=0)


def test_a_recorded_step_that_no_kill_met_is_gone_for_if_there_are_kills_enough() -> None:
    """Else the campaign would say of a step that comes seldom only that it was not hit."""
    met, seldom = "keep:daemon:fsync /inbox", "keep:daemon:pwrite64 /inbox/.ocrd-owner"
    figures = Figures(recorded={met, seldom, "move:daemon:fsync /inbox"}, boundaries={met})
    found = torture.missed(figures, kills=1000)
    labels = [[case.label for case in cases] for cases in found]
    assert labels == [["move:daemon:fsync /inbox"], [seldom]]
    assert torture.missed(figures, kills=10) == []


def test_a_case_is_repeated_from_its_name() -> None:
    name = "move:daemon:write /inbox/done/.ocrd-#-#.tmp:1t+3"
    result = subprocess.run(
        [sys.executable, "-m", "tests.faults.torture", "--only", name],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    assert "2 kills" in result.stdout and "0 violations" in result.stdout
