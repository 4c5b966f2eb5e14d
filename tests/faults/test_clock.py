"""Clocks that jump, machines that sleep: nothing waits longer for it, and nothing is blamed.

The wall clock of a real daemon is set through a library that is loaded before all others and
answers for CLOCK_REALTIME alone; sleeping, waiting and the monotonic clock stay the kernel's, as
when an administrator sets the clock. A suspended machine stops the monotonic clock too, which
nobody can show from inside; a frozen control group or a paused virtual machine lets it go on while
nothing runs, and that is what SIGSTOP of the daemon and all its children is.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from ocrd.job import Candidate, FileKey
from ocrd.ledger import care
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.queue import LONGEST_WAIT
from tests.faults.conftest import daemon
from tests.installation import LETTER, Installation, eventually, make_pdf

__all__ = ["daemon"]

DAY = 86400
SET_CLOCK = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static volatile long long *ahead;
__attribute__((constructor)) static void begin(void) {
    int file = open(getenv("TEST_CLOCK"), O_RDONLY | O_CLOEXEC);
    ahead = mmap(0, sizeof *ahead, PROT_READ, MAP_SHARED, file, 0);
    close(file);
}
int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = syscall(SYS_clock_gettime, clock, now);
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) now->tv_sec += *ahead;
    return result;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec, now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *result) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (result) *result = exact.tv_sec;
    return exact.tv_sec;
}
"""
needs_compiler = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")


class SetClock:
    """A wall clock for one daemon, which can be set while it runs."""

    def __init__(self, root: Path) -> None:
        self._file = root / "clock"
        self._library = root / "clock.so"
        self._file.write_bytes(bytes(8))
        subprocess.run(
            ["gcc", "-shared", "-fPIC", "-O1", "-x", "c", "-", "-o", str(self._library)],
            input=SET_CLOCK, text=True, check=True,
        )

    def set(self, seconds: float) -> None:
        """Let the clock be so far from the right time."""
        with self._file.open("r+b", buffering=0) as file:
            file.write(int(seconds).to_bytes(8, sys.byteorder, signed=True))

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(self._library), "TEST_CLOCK": str(self._file),
            "TZ": "Europe/Berlin",
        }  # fmt: skip


def wall_of(daemon: Installation) -> float:
    """Return the time that the daemon's last event says."""
    last = json.loads(daemon.log.read_text().splitlines()[-1])["time"]
    told = subprocess.run(["date", "-d", last, "+%s"], capture_output=True, text=True, check=True)
    return float(told.stdout)


@needs_compiler
@pytest.mark.parametrize("jump", [-DAY, 30 * DAY])
def test_a_delayed_document_is_not_kept_waiting_by_a_clock_that_jumps(
    daemon: Installation, jump: int
) -> None:
    clock = SetClock(daemon.root)
    daemon.configure(patience="4s")
    daemon.start(env=clock.environment)
    (daemon.inbox / "torn.pdf").write_bytes(b"%PDF-1.4\nnothing else\n")
    eventually(lambda: daemon.status()["jobs"]["waiting"], 20, interval=0.01)
    clock.set(jump)
    began = time.monotonic()
    daemon.drop(LETTER, "letter.png")
    daemon.wait_for("done/letter.md", "failed/torn.error.json", limit=40)
    assert time.monotonic() - began > 2, "its patience is not over because a clock says so"
    assert abs(wall_of(daemon) - time.time() - jump) < 60, "the clock was set indeed"


@needs_compiler
def test_a_delayed_document_is_not_kept_waiting_over_a_start_with_an_older_clock(
    daemon: Installation,
) -> None:
    clock = SetClock(daemon.root)
    clock.set(300 * DAY)
    daemon.configure(patience="20s")
    daemon.start(env=clock.environment)
    torn = daemon.inbox / "torn.pdf"
    torn.write_bytes(b"%PDF-1.4\nnothing else\n")
    eventually(lambda: daemon.status()["jobs"]["waiting"], 20)
    daemon.kill()
    clock.set(0)
    daemon.configure(patience="1s")
    daemon.start(env=clock.environment)
    daemon.wait_for("failed/torn.error.json", limit=40)


def rest(seconds: float) -> None:
    """Let so much time pass on a clock that nobody sets."""
    began = time.monotonic()
    eventually(lambda: time.monotonic() - began > seconds, seconds + 5)


@needs_compiler
def test_a_writer_is_waited_for_and_a_warm_engine_kept_whatever_the_clock_does(
    daemon: Installation,
) -> None:
    clock = SetClock(daemon.root)
    engine = 'kind = "module"\nmodule = "tests.engines.echo"\nidle_unload = "10m"'
    daemon.configure(engine, settle="1s")
    daemon.start(env=clock.environment)
    daemon.drop(LETTER, "first.png")
    daemon.wait_for("done/first.md")
    pid = daemon.status()["engines"][0]["pid"]
    content = LETTER.read_bytes()
    target = daemon.inbox / "slow.png"
    for number in range(6):  # each part comes within the settle time
        with target.open("ab") as out:
            out.write(content[number * len(content) // 6 : (number + 1) * len(content) // 6])
        clock.set(DAY * (0, 1, -1)[number % 3])
        rest(0.4)
    daemon.wait_for("done/slow.png", "done/slow.md")
    assert (daemon.done / "slow.png").read_bytes() == content
    assert daemon.status()["engines"][0]["pid"] == pid, "nobody was idle for ten minutes"


@needs_compiler
def test_files_are_noticed_at_once_after_the_clock_went_back(daemon: Installation) -> None:
    clock = SetClock(daemon.root)
    daemon.configure(inbox="", settle="200ms")
    text = daemon.config.read_text().replace('scan_interval = "1s"', 'scan_interval = "10m"')
    daemon.config.write_text(text)
    daemon.start(env=clock.environment)
    daemon.drop(LETTER, "first.png")
    daemon.wait_for("done/first.md")
    for number in range(5):  # events that are on their way while the clock is set
        daemon.drop(LETTER, f"during-{number}.png")
    clock.set(-DAY)
    daemon.wait_for(*(f"done/during-{number}.md" for number in range(5)), limit=30)
    daemon.drop(LETTER, "after.png")
    daemon.wait_for("done/after.md", limit=30)


@needs_compiler
def test_a_night_on_which_the_hour_changes_is_like_any_other(daemon: Installation) -> None:
    clock = SetClock(daemon.root)
    change = 1_792_890_000  # 2026-10-25T01:00:00Z: in Berlin it is 2 o'clock for the second time
    clock.set(int(change - 4 - time.time()))
    began = time.monotonic()
    daemon.start(env=clock.environment)
    (daemon.inbox / "torn.pdf").write_bytes(b"%PDF-1.4\nnothing else\n")
    daemon.drop(LETTER, "before.png")
    daemon.wait_for("done/before.md", "failed/torn.error.json")
    eventually(lambda: time.monotonic() - began > 5, 20, "the hour has changed")
    daemon.drop(LETTER, "after.png")
    daemon.wait_for("done/after.md")
    told = json.loads((daemon.failed / "torn.error.json").read_text())
    assert told["time"].startswith("2026-10-25T0") and told["time"].endswith("Z")


def freeze(daemon: Installation, seconds: float) -> None:
    """Stop the daemon and all its children for a while, as a frozen control group does."""
    assert daemon.process is not None
    parent = psutil.Process(daemon.process.pid)
    processes = [parent, *parent.children(recursive=True)]
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    rest(seconds)
    for process in reversed(processes):
        process.send_signal(signal.SIGCONT)


def saboteur(how: str, more: str = "", *, page_timeout: str = "3s") -> str:
    return (
        f'kind = "module"\nmodule = "tests.engines.saboteur"\npage_timeout = "{page_timeout}"\n'
        f'restart_backoff = "50ms"\n[engine.options]\nhow = "{how}"\n{more}'
    )


def in_flight(daemon: Installation) -> bool:
    engines = daemon.status().get("engines", [])
    return bool(engines and engines[0]["in_flight"] and engines[0]["silent_seconds"] > 0.5)


def test_a_page_in_work_while_the_machine_sleeps_is_not_taken_for_hung(
    daemon: Installation,
) -> None:
    daemon.configure(saboteur("slow", 'on = "."\nseconds = 2'))
    daemon.start()
    daemon.drop(LETTER, "letter.png")
    eventually(lambda: in_flight(daemon), 30)
    freeze(daemon, 4)
    daemon.wait_for("done/letter.md", limit=30)
    assert daemon.status()["engines"][0]["restarts"] == 0
    assert "standstill" not in daemon.log.read_text()


def test_a_page_that_hung_before_the_machine_slept_is_ended_after_it(
    daemon: Installation,
) -> None:
    daemon.configure(saboteur("hang", page_timeout="2s"), inbox="tolerance = 0.5")
    make_pdf(daemon.root / "book.pdf", 4)
    daemon.start()
    daemon.drop(daemon.root / "book.pdf")
    eventually(lambda: in_flight(daemon), 30)
    freeze(daemon, 3)
    eventually(lambda: daemon.status()["engines"][0]["restarts"], 15)


def test_an_engine_that_loads_while_the_machine_sleeps_gets_its_time(daemon: Installation) -> None:
    daemon.configure(
        'kind = "module"\nmodule = "tests.engines.slow_start"\nstart_timeout = "5s"\n'
        '[engine.options]\nstart = 1'
    )
    daemon.drop(LETTER, "letter.png")
    daemon.start()
    eventually(lambda: daemon.status()["engines"][0]["pid"], 20)
    freeze(daemon, 6)
    daemon.wait_for("done/letter.md", limit=30)
    assert daemon.status()["engines"][0]["restarts"] == 0


# The ledger's part alone


def enqueued(ledger: Ledger, now: float, *names: str) -> None:
    key = FileKey(1, 1, 1000, 1)
    with ledger.transaction():
        ledger.enqueue([Candidate("/in", name, key) for name in names], 0, now)


def order(ledger: Ledger, now: float) -> list[str]:
    found = []
    with ledger.transaction():
        while job := ledger.lease(now, inboxes=["/in"], active=()):
            found.append(job.relpath)
    return found


def test_what_came_before_the_clock_went_back_stays_first_and_in_order(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path)
    now = 2_000_000.0
    enqueued(ledger, now, "first")
    enqueued(ledger, now + 50, "second")
    now -= DAY
    with ledger.transaction():
        assert care.settle_times(ledger, now, DAY) == 2
    enqueued(ledger, now + 10, "third")
    assert order(ledger, now + 20) == ["first", "second", "third"]
    ledger.close()


@pytest.mark.parametrize("back", [0.0, DAY])
def test_no_delay_is_longer_than_the_longest_whatever_the_clock_did(
    tmp_path: Path, back: float
) -> None:
    ledger = Ledger.open(tmp_path)
    now = 2_000_000.0
    enqueued(ledger, now, "one")
    with ledger.transaction():
        job = ledger.lease(now, inboxes=["/in"], active=())
        assert job is not None
        ledger.release(job.id, not_before=now + 200, refund=True)
    now -= DAY
    if back:
        with ledger.transaction():
            care.settle_times(ledger, now, back)
        assert ledger.next_due(now) == now + 200
        assert order(ledger, now) == []
    assert order(ledger, now + (201 if back else 0)) == ["one"]
    assert LONGEST_WAIT > 300
    ledger.close()
