"""One daemon a folder, on a share without locks: who waits, who takes over, who writes and when."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrd.errors import FolderWithheldError, OcrdError
from ocrd.intake import challenge, mark, ownership, silence
from ocrd.intake.ownership import STILL_SECONDS, TRIAL_SECONDS, Claim
from ocrd.intake.record import Record
from ocrd.intake.silence import LEASE_SECONDS
from tests.unit.intake.folders import Clock
from tests.unit.intake.owners import (
    CHALLENGE,
    LOOK_SECONDS,
    OWNER,
    claim,
    foreign,
    is_taken,
    keeping,
    me,
    owner_of,
    version_of,
    wait,
)

PATIENCE = 2 * LEASE_SECONDS + 30  # for an owner that scans every thirty seconds
LATEST = PATIENCE + TRIAL_SECONDS + 2 * LOOK_SECONDS


@pytest.fixture(autouse=True)
def share(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let locks of others say nothing, as on sshfs, or on NFS that is mounted with local locks."""
    monkeypatch.setattr(ownership, "locked", lambda _fd: True)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def state_of(root: Path) -> dict[str, tuple[int, int, int]]:
    """Return what any write would change: of the folder, and of all that lies in it."""
    states = {path.name: path.stat() for path in [root, *root.iterdir()]}
    return {name: (one.st_ino, one.st_mtime_ns, one.st_ctime_ns) for name, one in states.items()}


# An idle folder is left in peace


@pytest.mark.parametrize("keeps", [False, True])
def test_an_idle_folder_is_not_written_however_often_it_is_looked_at(
    tmp_path: Path, clock: Clock, keeps: bool
) -> None:
    mine = claim(tmp_path, me("a"), clock)
    mine.keeping = keeping() if keeps else None
    mine.require()
    before = state_of(tmp_path)
    for _ in range(500):
        clock.now += 10.0
        mine.require()
        mine.keep_up()
        mine.confirm()
    assert state_of(tmp_path) == before


def test_nothing_is_read_of_an_idle_folders_mark_which_would_wake_its_disk(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []
    pread = os.pread

    def counted(fd: int, length: int, offset: int) -> bytes:
        reads.append(fd)
        return pread(fd, length, offset)

    monkeypatch.setattr(os, "pread", counted)
    mine = claim(tmp_path, me("a"), clock)
    mine.require()
    clock.now += STILL_SECONDS
    mine.require()
    reads.clear()
    for _ in range(50):
        clock.now += 10.0
        mine.require()
        mine.keep_up()
    assert reads == []
    foreign(tmp_path, me("b"))
    assert not is_taken(mine)


def test_a_takeover_right_after_a_write_is_seen_whatever_the_files_times_say(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a file system whose times count in seconds."""
    monkeypatch.setattr(mark, "_state_of", lambda _fd: (1, 1024, 0, 0))
    mine = claim(tmp_path, me("a"), clock)
    mine.require()
    clock.now += STILL_SECONDS - 1
    foreign(tmp_path, me("b"))
    clock.now += 1
    assert not is_taken(mine)


def test_a_takeover_in_the_same_moment_as_a_write_is_known_before_anything_is_filed(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mark, "_state_of", lambda _fd: (1, 1024, 0, 0))
    mine = claim(tmp_path, me("a"), clock)
    mine.require()
    foreign(tmp_path, me("b"))
    with pytest.raises(FolderWithheldError):
        mine.confirm()


def test_an_archive_tells_how_far_it_was_read_and_says_it_once(
    tmp_path: Path, clock: Clock
) -> None:
    mine = claim(tmp_path, me("a"), clock)
    mine.keeping = keeping(serial=4)
    mine.require()
    assert owner_of(tmp_path).serial == 4
    mine.keeping = keeping(serial=9)  # jobs of other folders only
    before = state_of(tmp_path)
    mine.require()
    mine.keep_up()
    assert state_of(tmp_path) == before
    asked: list[int] = []

    def came_after(number: int) -> bool:
        asked.append(number)
        return False

    mine.keeping = replace(keeping(serial=10), came_after=came_after)
    mine.require()
    mine.keep_up()
    assert asked == [9], "what was other folders' is not asked for again"
    mine.keeping = keeping(serial=11, came_after=True)
    mine.keep_up()  # between two scans
    assert owner_of(tmp_path).serial == 11
    before = state_of(tmp_path)
    mine.require()
    mine.keep_up()
    assert state_of(tmp_path) == before


def test_a_new_interval_of_the_scans_is_told_others(tmp_path: Path, clock: Clock) -> None:
    mine = claim(tmp_path, me("a"), clock)
    mine.require()
    assert owner_of(tmp_path).answers == 30
    mine.look_seconds = 600.2
    mine.require()
    assert owner_of(tmp_path).answers == 601
    mine.look_seconds = 0.5
    mine.require()
    assert owner_of(tmp_path).answers == silence.BEAT_SECONDS, "our own thread looks no oftener"


# Challenge and answer


def test_an_owner_that_answers_keeps_its_folder_and_no_challenge_stays(
    tmp_path: Path, clock: Clock
) -> None:
    owner, other = claim(tmp_path, me("a"), clock), claim(tmp_path, me("b"), clock)
    owner.require()
    beats = set()
    for _ in range(50):
        clock.now += 5.0
        assert not is_taken(other)
        assert (tmp_path / CHALLENGE).exists()
        owner.require()
        assert not (tmp_path / CHALLENGE).exists()
        beats.add(owner_of(tmp_path).beat)
    assert len(beats) == 50
    assert owner_of(tmp_path).session == "a-1"
    before = state_of(tmp_path)
    for _ in range(100):  # the other was killed
        clock.now += 30.0
        owner.require()
    assert state_of(tmp_path) == before, "nobody asks any more"


@pytest.mark.parametrize("interval", [0.5, 30.0, 600.0, 3600.0])
def test_an_owner_is_not_robbed_however_seldom_it_scans(
    tmp_path: Path, clock: Clock, interval: float
) -> None:
    owner, other = claim(tmp_path, me("a"), clock, interval), claim(tmp_path, me("b"), clock)
    owner.require()
    for _ in range(5):
        assert wait(other, clock, max(interval, LOOK_SECONDS) + LEASE_SECONDS) is None
        owner.require()


def test_an_owner_whose_scan_takes_hours_answers_by_its_own_thread(
    tmp_path: Path, clock: Clock
) -> None:
    owner, other = claim(tmp_path, me("a"), clock), claim(tmp_path, me("b"), clock)
    owner.require()
    for _ in range(300):
        clock.now += LOOK_SECONDS
        assert not is_taken(other)
        owner.keep_up()
    owner.confirm()


def test_only_silence_for_longer_than_an_answer_may_take_hands_the_folder_over(
    tmp_path: Path, clock: Clock
) -> None:
    claim(tmp_path, me("a"), clock).require()  # and is never seen again
    other = claim(tmp_path, me("b"), clock)
    assert not is_taken(other)
    took = wait(other, clock, 10 * PATIENCE)
    assert took is not None and PATIENCE <= took <= LATEST
    assert owner_of(tmp_path).session == "b-1"
    assert not (tmp_path / CHALLENGE).exists()
    other.confirm()
    before = state_of(tmp_path)
    for _ in range(10):
        clock.now += 30.0
        other.require()
    assert state_of(tmp_path) == before


def test_a_single_answer_begins_the_wait_anew(tmp_path: Path, clock: Clock) -> None:
    owner, other = claim(tmp_path, me("a"), clock), claim(tmp_path, me("b"), clock)
    owner.require()
    assert wait(other, clock, PATIENCE - LOOK_SECONDS) is None
    owner.require()
    assert wait(other, clock, PATIENCE - LOOK_SECONDS) is None


def test_who_waits_counts_on_nothing_while_its_challenge_is_not_there(
    tmp_path: Path, clock: Clock
) -> None:
    claim(tmp_path, me("a"), clock).require()
    other = claim(tmp_path, me("b"), clock)
    for _ in range(100):
        assert wait(other, clock, PATIENCE - LOOK_SECONDS) is None
        (tmp_path / CHALLENGE).unlink()


def test_who_slept_or_lost_the_share_itself_begins_to_wait_anew(
    tmp_path: Path, clock: Clock
) -> None:
    claim(tmp_path, me("a"), clock).require()
    other = claim(tmp_path, me("b"), clock)
    assert not is_taken(other)
    for _ in range(20):
        clock.now += 3600.0
        assert not is_taken(other)
    took = wait(other, clock, 10 * PATIENCE)
    assert took is not None and took >= PATIENCE - LOOK_SECONDS


def test_no_two_clocks_are_compared(tmp_path: Path) -> None:
    clocks = Clock(), Clock()
    clocks[1].now = 9e9
    owner, other = claim(tmp_path, me("a"), clocks[0]), claim(tmp_path, me("b"), clocks[1])
    owner.require()
    os.utime(tmp_path / OWNER, (0, 0))
    for _ in range(100):
        clocks[0].now += 0.001  # it goes wrong, too
        clocks[1].now += 30.0
        assert not is_taken(other)
        owner.require()


def test_two_that_wait_do_not_keep_each_other_from_taking_over(
    tmp_path: Path, clock: Clock
) -> None:
    claim(tmp_path, me("a"), clock).require()
    waiting = [claim(tmp_path, me(name), clock) for name in ("b", "c")]
    took: list[bool] = []
    for _ in range(int(2 * LATEST / LOOK_SECONDS)):
        clock.now += LOOK_SECONDS
        took = [is_taken(one) for one in waiting]
        assert sum(took) <= 1
        if any(took):
            break
    assert sum(took) == 1
    loser = waiting[took.index(False)]
    winner = waiting[took.index(True)]
    for _ in range(100):
        clock.now += LOOK_SECONDS
        assert not is_taken(loser)
        winner.require()


def test_what_two_took_at_the_same_moment_is_only_ones(tmp_path: Path, clock: Clock) -> None:
    """Both find the owner silent before either has written: the later one's word stands."""
    foreign(tmp_path, me("a", released=True))
    first, second = claim(tmp_path, me("b"), clock), claim(tmp_path, me("c"), clock)
    first.keeping = second.keeping = keeping()
    foreign_again = (tmp_path / OWNER).read_bytes()
    for one in (first, second):
        one.keeping = None
        (tmp_path / OWNER).write_bytes(foreign_again)  # what the second saw before the first wrote
        assert not is_taken(one), "on trial"
        with pytest.raises(FolderWithheldError):
            one.confirm()
    clock.now += TRIAL_SECONDS
    assert [is_taken(first), is_taken(second)] == [False, True]
    assert owner_of(tmp_path).session == "c-1"


def test_of_two_that_start_at_once_in_a_new_folder_one_has_it(
    tmp_path: Path, clock: Clock
) -> None:
    claims = [claim(tmp_path, me(name), clock) for name in "abc"]
    assert [is_taken(one) for one in claims] == [True, False, False]


# Who comes back


def test_who_slept_while_its_folder_was_taken_files_nothing_and_gives_way(
    tmp_path: Path, clock: Clock
) -> None:
    owner, other = claim(tmp_path, me("a"), clock), claim(tmp_path, me("b"), clock)
    owner.require()
    assert wait(other, clock, 10 * PATIENCE) is not None
    before = state_of(tmp_path)
    with pytest.raises(FolderWithheldError, match="another daemon's by now"):
        owner.confirm()
    assert state_of(tmp_path) == before
    with pytest.raises(FolderWithheldError, match="on b "):
        owner.require()
    other.require()
    other.confirm()


def test_who_wakes_while_its_folder_is_on_trial_keeps_it_if_it_writes_last(
    tmp_path: Path, clock: Clock
) -> None:
    """It was stopped between reading its own record and writing it."""
    owner, other = claim(tmp_path, me("a"), clock), claim(tmp_path, me("b"), clock)
    owner.require()
    answer = (tmp_path / OWNER).read_bytes()
    clock.now += 1
    while owner_of(tmp_path).session == "a-1":
        is_taken(other)
        clock.now += LOOK_SECONDS
    (tmp_path / OWNER).write_bytes(answer)
    clock.now += TRIAL_SECONDS
    assert not is_taken(other)
    owner.require()
    owner.confirm()


def test_an_owner_that_was_robbed_does_not_take_the_folder_back_as_its_own(
    tmp_path: Path, clock: Clock
) -> None:
    mine = claim(tmp_path, me("a"), clock)
    mine.require()
    foreign(tmp_path, me("b", answers=30))
    for _ in range(20):
        with pytest.raises(FolderWithheldError, match="on b "):
            mine.require()
        foreign(tmp_path, me("b", answers=30, beat=owner_of(tmp_path).beat + 1))
        clock.now += LOOK_SECONDS


def test_a_folder_whose_mark_was_removed_is_marked_again(tmp_path: Path, clock: Clock) -> None:
    mine = claim(tmp_path, me("a"), clock)
    mine.require()
    (tmp_path / OWNER).unlink()
    with pytest.raises(FolderWithheldError):
        mine.confirm()
    mine.require()
    mine.confirm()
    (tmp_path / OWNER).write_bytes(b"")  # in place: it is still our file
    mine.require()
    assert owner_of(tmp_path).session == "a-1"


def test_an_owner_whose_file_does_not_answer_is_not_sure_of_its_folder(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = claim(tmp_path, me("a"), clock)
    mine.require()

    def fail(*_: object) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "pread", fail)
    clock.now += STILL_SECONDS
    with pytest.raises(OcrdError):
        mine.confirm()
    with pytest.raises(OSError, match="Input/output"):
        mine.require()
    monkeypatch.undo()
    mine.confirm()


# The end of an owner


@pytest.mark.parametrize("keeps", [False, True])
def test_a_folder_that_was_given_back_is_taken_at_once(
    tmp_path: Path, clock: Clock, keeps: bool
) -> None:
    owner, other = claim(tmp_path, me("a"), clock), claim(tmp_path, me("b"), clock)
    owner.keeping = keeping() if keeps else None
    owner.require()
    assert not is_taken(other)
    owner.release()
    assert (tmp_path / OWNER).exists() is keeps
    took = wait(other, clock, PATIENCE)
    assert took is not None and took <= TRIAL_SECONDS + 2 * LOOK_SECONDS


def test_who_gives_up_waiting_takes_its_challenge_along_and_no_others(
    tmp_path: Path, clock: Clock
) -> None:
    claim(tmp_path, me("a"), clock).require()
    first, second = claim(tmp_path, me("b"), clock), claim(tmp_path, me("c"), clock)
    assert not is_taken(first)
    assert not is_taken(second)
    first.release()
    assert (tmp_path / CHALLENGE).exists()
    second.release()
    assert [path.name for path in tmp_path.iterdir()] == [OWNER]


def test_the_same_ledger_goes_on_at_once_after_a_crash(tmp_path: Path, clock: Clock) -> None:
    claim(tmp_path, me("a"), clock).require()
    claim(tmp_path, me("a", session="a-2"), clock).require()
    assert owner_of(tmp_path).session == "a-2"


def test_a_copied_ledger_on_another_machine_has_no_right_of_its_own(
    tmp_path: Path, clock: Clock
) -> None:
    foreign(tmp_path, Record(ledger="same", session="x", host="a", boot="boot-a", machine="m-a"))
    cloned = claim(
        tmp_path, Record(ledger="same", session="y", host="b", boot="boot-b", machine="m-b"), clock
    )
    with pytest.raises(FolderWithheldError):
        cloned.require()


# Daemons of earlier versions, which count all the time and know no challenge


def test_an_earlier_versions_owner_is_waited_for_while_its_count_grows(
    tmp_path: Path, clock: Clock
) -> None:
    mine = claim(tmp_path, me("b"), clock)
    for beat in range(20):
        foreign(tmp_path, me("a", beat=beat))
        clock.now += LEASE_SECONDS - 1
        with pytest.raises(FolderWithheldError, match="on a "):
            mine.require()
    assert not (tmp_path / CHALLENGE).exists(), "it would not answer, and might read it"
    took = wait(mine, clock, 10 * PATIENCE)
    assert took is not None
    assert LEASE_SECONDS - LOOK_SECONDS <= took <= LEASE_SECONDS + TRIAL_SECONDS + LOOK_SECONDS
    assert owner_of(tmp_path).ledger == "b"


def test_an_earlier_version_cannot_take_silence_for_death(tmp_path: Path, clock: Clock) -> None:
    """It refuses a record of another version, and would take one of its own after a minute."""
    mine = claim(tmp_path, me("a"), clock)
    mine.keeping = keeping()
    mine.require()
    assert version_of(tmp_path) == 2
    mine.release()
    assert version_of(tmp_path) == 1, "given back, it is anybody's"


# Where a challenge cannot be left


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.EPERM, errno.EEXIST])
def test_who_cannot_ask_concludes_nothing_from_silence(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    claim(tmp_path, me("a"), clock).require()
    other = claim(tmp_path, me("b"), clock)

    def refuse(_entry: object) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(challenge, "_opened", refuse)
    assert wait(other, clock, 10 * PATIENCE) is None
    with pytest.raises(FolderWithheldError, match="cannot be written to ask") as caught:
        other.require()
    assert OWNER in caught.value.hint
    monkeypatch.undo()


def test_a_full_disk_makes_who_waits_wait(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim(tmp_path, me("a"), clock).require()
    other = claim(tmp_path, me("b"), clock)

    def fill(_fd: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fill)
    assert wait(other, clock, 10 * PATIENCE) is None
    with pytest.raises(FolderWithheldError, match="is watched by"):
        other.require()


# Whatever happens


class Machines:
    """Daemons on one share that look, sleep, die, start again and give back, as they are told."""

    def __init__(self, root: Path, count: int) -> None:
        self.root = root
        self.clock = Clock()
        self.starts = 0
        self.claims = [self.start(number) for number in range(count)]
        self.asleep = [0] * count  # looks that are missed

    def start(self, number: int) -> Claim:
        self.starts += 1
        record = me(f"m{number}", session=f"{number}-{self.starts}")
        return claim(self.root, record, self.clock)

    def owners(self) -> list[int]:
        """Return who would file a document at this moment."""
        return [number for number, one in enumerate(self.claims) if is_sure(one)]

    def go_on(self, looks: int) -> None:
        """Let everybody who is awake look so often, and see to it that nobody is robbed."""
        for _ in range(looks):
            self.clock.now += LOOK_SECONDS
            for number, one in enumerate(self.claims):
                before = self.owners()
                if self.asleep[number]:
                    self.asleep[number] -= 1
                    continue
                is_taken(one)
                after = self.owners()
                assert len(after) <= 1
                robbed = [owner for owner in before if owner not in after]
                assert not any(owner != number and not self.asleep[owner] for owner in robbed)


def is_sure(one: Claim) -> bool:
    try:
        one.confirm()
    except OcrdError:
        return False
    return True


LONG = int(2 * LATEST / LOOK_SECONDS)
EVENTS = st.tuples(
    st.sampled_from(["look", "sleep", "crash", "end", "forget", "stray"]),
    st.integers(0, 2), st.integers(1, LONG),
)  # fmt: skip


@given(st.lists(EVENTS, max_size=8))
@settings(max_examples=25, deadline=None)
def test_whatever_happens_one_daemon_has_the_folder_and_nobody_awake_is_robbed(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[str, int, int]]
) -> None:
    root = tmp_path_factory.mktemp("share")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(ownership, "locked", lambda _fd: True)
        monkeypatch.setattr(os, "fsync", lambda _fd: None)
        machines = Machines(root, 3)
        for event, number, looks in events:
            match event:
                case "sleep":
                    machines.asleep[number] = looks
                case "crash":
                    machines.claims[number] = machines.start(number)
                case "end":
                    machines.claims[number].release()
                    machines.claims[number] = machines.start(number)
                case "stray":
                    (root / CHALLENGE).write_bytes(b"left by nobody")
                case _:
                    machines.go_on(1)
            machines.go_on(looks if event == "look" else 1)
        machines.asleep = [0] * 3
        machines.go_on(LONG)
        assert len(machines.owners()) == 1, "and somebody has it in the end"
        for one in machines.claims:
            one.release()
        assert [path.name for path in root.iterdir()] in ([], [OWNER])


def test_closing_gives_the_folder_back(tmp_path: Path) -> None:
    woken: list[None] = []
    mine = Claim(tmp_path, me("a"), changed=lambda: woken.append(None))
    mine.start()
    mine.require()
    mine.close(10.0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "plant",
    [
        lambda place, victim: place.symlink_to(victim),
        lambda place, victim: place.hardlink_to(victim),
        lambda place, _: os.mkfifo(place),
        lambda place, _: place.mkdir(),
        lambda place, _: place.write_bytes(b"\xff" * 100_000),
        lambda place, _: place.write_text('{"ocrd": 1, "beat": {}, "host": ["x"]}'),
        lambda place, _: place.write_text(f'{{"ocrd": 1, "beat": {"9" * 3000}}}'),
        lambda place, _: place.write_text('{"ocrd": 1, "beat": Infinity}'),
        lambda place, _: place.write_text('{"ocrd": 3}'),
    ],
    ids=[
        "symlink", "hard link", "pipe", "folder", "noise", "half", "long number", "no number",
        "later version",
    ],
)  # fmt: skip
def test_what_is_no_owners_mark_is_never_written(
    tmp_path: Path, clock: Clock, plant: Callable[[Path, Path], object]
) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(me("victim", released=True).encode())
    before = victim.read_bytes()
    plant(tmp_path / OWNER, victim)
    planted = (tmp_path / OWNER).lstat()
    mine = claim(tmp_path, me("a"), clock)
    with pytest.raises(FolderWithheldError, match="is not what ocrd writes"):
        mine.require()
    assert victim.read_bytes() == before
    assert (tmp_path / OWNER).lstat() == planted


def test_an_empty_mark_does_not_open_an_archive_that_looks_read(
    tmp_path: Path, clock: Clock
) -> None:
    (tmp_path / OWNER).touch()
    mine = claim(tmp_path, me("a"), clock)
    mine.keeping = keeping(is_known=False, looks_read=True)
    with pytest.raises(FolderWithheldError, match="read again"):
        mine.require()
    mine.keeping = keeping(is_known=False, looks_read=False)
    mine.require()
